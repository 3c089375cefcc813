"""Items that a PUT makes by their names: they are judged as what a POST makes, and none stays."""

import json
import random
import re
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.clean_up import revoke_all
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

TOKENS = ("first_4c1e9a77d0b25f83", "second_90b7f3e6c8d1a254")
NAMED = thing(["name"], name={**TEXT, "maxLength": 80})
PROJECT = thing(["slug", "name"], slug=TEXT, name=TEXT)
NOTE = thing(["id", "name"], id=TEXT, name=TEXT)
REFUSED = {"400": answer(TEXT), "401": answer(TEXT), "404": answer(TEXT)}
BODY = {"requestBody": {"required": True, **taken(NAMED)}}
SLUG_TEXT = {**TEXT, "pattern": "^[a-z][a-z0-9-]{2,30}$"}


class Fault(StrEnum):
    """What a server does wrong with what a PUT has made."""

    KEPT_AS_IT_WAS = "a second PUT changes nothing"
    OTHERS_TAKEN = "a PUT replaces the project of any partner"
    READ_BY_ANYBODY = "a project is shown to any partner"
    STORED_IN_CAPITALS = "a project is shown with another name than its PUT was answered with"
    NOT_DELETED = "a DELETE deletes nothing"
    LISTED_FOR_ANYBODY = "the list has the projects of all partners"
    NOT_LISTED = "the list has the first projects alone"
    ANY_NAME = "a PUT takes a name of any length"
    ANY_PROJECT = "a note is made in a project that is not there"
    NOTES_OF_ALL = "the notes of all projects are listed in each"


FOUND_BY: Mapping[Fault, tuple[str, str]] = {
    Fault.KEPT_AS_IT_WAS: ("operations.change-is-shown", "PUT /projects/{slug}"),
    Fault.OTHERS_TAKEN: ("operations.belongs-to-its-partner", "PUT /projects/{slug}"),
    Fault.READ_BY_ANYBODY: ("reads.belongs-to-its-partner", "GET /projects/{slug}"),
    Fault.STORED_IN_CAPITALS: ("reads.shows-what-was-made", "GET /projects/{slug}"),
    Fault.NOT_DELETED: ("reads.deleted-is-gone", "GET /projects/{slug}"),
    Fault.LISTED_FOR_ANYBODY: ("lists.only-ones-own", "GET /projects"),
    Fault.NOT_LISTED: ("lists.created-is-listed", "GET /projects"),
    Fault.ANY_NAME: ("operations.wrong-data-is-refused", "PUT /projects/{slug}"),
    Fault.ANY_PROJECT: ("operations.parent-must-be-there", "POST /projects/{slug}/notes"),
    Fault.NOTES_OF_ALL: ("reads.list-is-of-its-parent", "GET /projects/{slug}/notes"),
}
"""By the fault: the requirement that it breaks, and the operation."""


def projects(slug: Any = SLUG_TEXT, body: Any = NAMED, made: Any = PROJECT) -> dict[str, Any]:
    """The document of projects by their slugs, and of the notes in them."""
    parameters = [parameter("slug", "path", slug, example="demo")]
    sent = {"requestBody": {"required": True, **taken(body)}}
    refused = {status: one for status, one in REFUSED.items() if status != "404"}
    return document("Projects", {
        "/projects": {
            "get": {"responses": {"200": answer({"type": "array", "items": PROJECT}), **refused}},
        },
        "/projects/{slug}": {
            "parameters": parameters,
            "put": {"responses": {"200": answer(made), "201": answer(made), **REFUSED}, **sent},
            "get": {"responses": {"200": answer(PROJECT), **REFUSED}},
            "delete": {"responses": {"204": answer(), **REFUSED}},
        },
        "/projects/{slug}/notes": {
            "parameters": parameters,
            "post": {"responses": {"201": answer(NOTE), **REFUSED}, **BODY},
            "get": {"responses": {"200": answer({"type": "array", "items": NOTE}), **REFUSED}},
        },
    })  # fmt: skip


CONTRACT = Contract(projects())


class Refused(Exception):
    """A request that is refused with a status."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = httpx.Response(status, json="refused", headers=headers)


class Projects:
    """A server that knows whose its projects are, and their notes.

    It makes what is not there, or as one that ``only_replaces`` has 404 for that.
    """

    def __init__(self, fault: Fault | None = None, *, only_replaces: bool = False) -> None:
        self.fault = fault
        self.only_replaces = only_replaces
        self.projects = {(token, "demo"): {"slug": "demo", "name": "Demo"} for token in TOKENS}
        self.asked: set[tuple[str, str]] = set()
        """What was asked to be changed, by its method."""
        self.notes: dict[tuple[str, str], list[dict[str, str]]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._served(request)
        except Refused as refused:
            return refused.response

    def _served(self, request: httpx.Request) -> httpx.Response:
        _, *parts = [unquote(one) for one in request.url.path.split("/")]
        token, method = request.headers.get("authorization", "")[7:], request.method
        if token not in TOKENS:
            challenge = 'Bearer error="invalid_token"' if token else "Bearer"
            raise Refused(401, {"WWW-Authenticate": challenge})
        if parts[:1] != ["projects"] or parts[2:] not in ([], ["notes"]):
            raise Refused(404)
        if len(parts) == 1:
            return self._listed(method, token)
        self.asked |= set() if method not in {"PUT", "POST", "DELETE"} else {(method, parts[1])}
        own = self._owned((token, parts[1]), method)
        name = self._name(request.content) if method in {"PUT", "POST"} else ""
        if name is None:
            raise Refused(400)
        if len(parts) == 3:
            return self._noted(method, own, name)
        if method == "PUT":
            return self._put(own, name)
        return self._read_or_deleted(method, own)

    def _read_or_deleted(self, method: str, own: tuple[str, str]) -> httpx.Response:
        if own not in self.projects:
            raise Refused(404)
        if method == "DELETE":
            if self.fault is not Fault.NOT_DELETED:
                del self.projects[own]
                self.notes.pop(own, None)
            return httpx.Response(204)
        if method not in {"GET", "HEAD"}:
            raise Refused(405, {"Allow": "GET"})
        return httpx.Response(200, json=self.projects[own])

    def _owned(self, own: tuple[str, str], method: str) -> tuple[str, str]:
        """The project that a request is on, by its partner and its slug."""
        faults = {"PUT": Fault.OTHERS_TAKEN, "GET": Fault.READ_BY_ANYBODY}
        if own in self.projects or self.fault is not faults.get(method, ""):
            return own
        return next((one for one in self.projects if one[1] == own[1]), own)

    def _noted(self, method: str, own: tuple[str, str], name: str) -> httpx.Response:
        if own not in self.projects and self.fault is not Fault.ANY_PROJECT:
            raise Refused(404)
        if method == "POST":
            note = {"id": secrets.token_hex(8), "name": name}
            self.notes.setdefault(own, []).append(note)
            return httpx.Response(201, json=note)
        if method not in {"GET", "HEAD"}:
            raise Refused(405, {"Allow": "GET"})
        of_all = [note for (of, _), notes in self.notes.items() if of == own[0] for note in notes]
        shown = of_all if self.fault is Fault.NOTES_OF_ALL else self.notes.get(own, [])
        return httpx.Response(200, json=shown)

    def _put(self, own: tuple[str, str], name: str) -> httpx.Response:
        is_there = own in self.projects
        if not re.fullmatch(r"[a-z][a-z0-9-]{2,30}", own[1]):
            raise Refused(404)
        if self.only_replaces and not is_there:
            raise Refused(404)
        project = {"slug": own[1], "name": name}
        if not is_there or self.fault is not Fault.KEPT_AS_IT_WAS:
            self.projects[own] = project
        if self.fault is Fault.STORED_IN_CAPITALS:
            self.projects[own] = {**project, "name": name.upper()}
        return httpx.Response(200 if is_there else 201, json=project)

    def _listed(self, method: str, token: str) -> httpx.Response:
        if method not in {"GET", "HEAD"}:
            raise Refused(405, {"Allow": "GET"})
        shown = [one for (of, _), one in self.projects.items()
                 if of == token or self.fault is Fault.LISTED_FOR_ANYBODY]  # fmt: skip
        return httpx.Response(200, json=shown[: 2 if self.fault is Fault.NOT_LISTED else None])

    def _name(self, body: bytes) -> str | None:
        try:
            value = json.loads(body.decode(), parse_constant=int)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return None
        name = value.get("name") if isinstance(value, dict) else None
        is_short = isinstance(name, str) and (len(name) <= 80 or self.fault is Fault.ANY_NAME)
        return name if is_short else None


def judged(server: Projects, contract: Contract, *ids: str) -> list[Result]:
    """The results of a run, also of some requirements alone, after all of it was removed."""
    settings = TargetSettings(replay_delay=0)
    transport = httpx.MockTransport(server)
    chosen = [one for one in catalogue().values() if not ids or one.id in ids]
    with Target("http://target", TOKENS, settings, transport=transport) as target:
        results = list(Run(contract, target, chosen, seed=1).results())
        revoke_all(contract, target, target.created)
    return results


def accused(results: list[Result]) -> list[str]:
    return [f"{one.requirement.id} [{one.operation}] {one.actual}" for one in results
            if one.outcome in {Outcome.FAILED, Outcome.WARNING, Outcome.ERROR}]  # fmt: skip


def test_projects_are_of_the_run_and_nothing_stays() -> None:
    server = Projects()
    before = dict(server.projects)
    results = judged(server, CONTRACT)

    assert "\n".join(accused(results)) == ""
    passed = {(one.requirement.id, one.operation) for one in results
              if one.outcome is Outcome.PASSED}  # fmt: skip
    assert passed >= {*FOUND_BY.values()}
    assert not any(slug == "demo" for _, slug in server.asked)
    assert server.projects == before
    unopened = {CONTRACT.operations[one.operation].method: one.outcome for one in results
                if one.requirement.id == "authentication.no-token-is-refused"
                and CONTRACT.operations[one.operation].path == "/projects/{slug}"}  # fmt: skip
    assert unopened == dict.fromkeys(("PUT", "GET", "DELETE"), Outcome.PASSED)


@pytest.mark.parametrize("fault", FOUND_BY, ids=lambda one: one.name)
def test_each_fault_is_found_by_its_requirement(fault: Fault) -> None:
    id_, operation = FOUND_BY[fault]
    results = judged(Projects(fault), CONTRACT, id_)

    assert any(f"{id_} [{operation}]" in one for one in accused(results))


def test_nothing_is_accused_where_a_put_only_replaces() -> None:
    server = Projects(only_replaces=True)
    before = dict(server.projects)
    results = judged(server, CONTRACT)

    assert "\n".join(accused(results)) == ""
    assert server.projects == before
    outcomes = {one.outcome for one in results
                if (one.requirement.id, one.operation) in FOUND_BY.values()}  # fmt: skip
    assert Outcome.PASSED not in outcomes


WITH_SLUG = thing(["slug", "name"], slug=SLUG_TEXT, name=TEXT)


@pytest.mark.parametrize(
    ("slug", "body", "has_id"),
    [
        (SLUG_TEXT, WITH_SLUG, True),
        ({**TEXT, "maxLength": 16}, WITH_SLUG, True),
        (WHOLE, thing(["slug", "name"], slug=WHOLE, name=TEXT), True),
        (TEXT, thing(["slug", "name"], slug={**TEXT, "format": "uuid"}, name=TEXT), True),
        (SLUG_TEXT, NAMED, False),
        ({**TEXT, "format": "email"}, NAMED, False),
    ],
)
def test_the_id_in_a_path_is_new_and_in_the_body(slug: Any, body: Any, has_id: object) -> None:
    contract = Contract(projects(slug, body))
    put = contract.operations["PUT /projects/{slug}"]
    schema = put.json_body.schema if put.json_body else None
    assert schema is not None
    with Target("http://target", TOKENS) as target:
        probe = Probe(contract, put, target, random.Random(1))
        requests = [probe.request() for _ in range(20)]

    paths = {request.path for request in requests}
    assert len(paths) == 20
    assert "/projects/demo" not in paths
    for request in requests:
        sent = json.loads(request.body)
        assert schema.is_valid(sent)
        assert not has_id or request.path == f"/projects/{sent['slug']}"


def test_an_address_names_nothing() -> None:
    contract = Contract(projects({**TEXT, "format": "email"}))
    read = contract.operations["GET /projects/{slug}"]
    with Target("http://target", TOKENS) as target:
        probe = Probe(contract, read, target, random.Random(1))
        unknown = {probe.unknown_handle(["ann@mail.com"]) for _ in range(20)}

    assert len(unknown) == 20
    assert all(one.count("@") == 1 for one in unknown)


def test_nothing_is_made_by_a_name_that_may_be_taken() -> None:
    contract = Contract(projects({**TEXT, "enum": ["demo", "live"]}))
    with Target("http://target", TOKENS) as target:
        probe = Probe(
            contract, contract.operations["PUT /projects/{slug}"], target, random.Random(1)
        )
        with pytest.raises(NotServed):
            probe.request()


def test_what_an_answer_lacks_is_known_by_the_path() -> None:
    contract = Contract(projects(made=NAMED))
    put = contract.operations["PUT /projects/{slug}"]
    transport = httpx.MockTransport(lambda _: httpx.Response(201, json={"name": "one"}))
    with Target("http://target", TOKENS, transport=transport) as target:
        probe = Probe(contract, put, target, random.Random(1))
        made = probe.make()
        [(request, _)] = probe.recording.exchanges
        assert probe.known_handle_of(made) == request.path.rpartition("/")[2]
        assert made.text("name") == "one"
        assert target.created == {CreatedResource(0, probe.known_handle_of(made), request.path)}
