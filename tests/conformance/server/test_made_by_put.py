"""Items that a PUT makes by their names: others are made in them, and none of them stays."""

import json
import secrets
from urllib.parse import unquote

import httpx

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.clean_up import revoke_all
from conformance.target.target import Target, TargetSettings
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

TOKENS = ("first_4c1e9a77d0b25f83", "second_90b7f3e6c8d1a254")
NAMED = thing(["name"], name=TEXT)
PROJECT = thing(["slug", "name"], slug=TEXT, name=TEXT)
NOTE = thing(["id", "name"], id=TEXT, name=TEXT)
REFUSED = {"400": answer(TEXT), "401": answer(TEXT), "404": answer(TEXT)}
BODY = {"requestBody": {"required": True, **taken(NAMED)}}
SLUG = parameter("slug", "path", {**TEXT, "pattern": "^[a-z][a-z0-9-]{2,30}$"}, example="demo")
CONTRACT = Contract(document("Projects", {
    "/projects/{slug}": {
        "parameters": [SLUG],
        "put": {"responses": {"200": answer(PROJECT), "201": answer(PROJECT), **REFUSED}, **BODY},
        "get": {"responses": {"200": answer(PROJECT), **REFUSED}},
        "delete": {"responses": {"204": answer(), **REFUSED}},
    },
    "/projects/{slug}/notes": {
        "parameters": [SLUG],
        "post": {"responses": {"201": answer(NOTE), **REFUSED}, **BODY},
        "get": {"responses": {"200": answer({"type": "array", "items": NOTE}), **REFUSED}},
    },
}))  # fmt: skip


class Refused(Exception):
    """A request that is refused with a status."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = httpx.Response(status, json="refused", headers=headers)


class Projects:
    """A server that knows whose its projects are, and their notes."""

    def __init__(self) -> None:
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
        if parts[:1] != ["projects"] or len(parts) < 2 or parts[2:] not in ([], ["notes"]):
            raise Refused(404)
        own, is_note = (token, parts[1]), len(parts) == 3
        self.asked |= set() if method not in {"PUT", "POST", "DELETE"} else {(method, parts[1])}
        name = self._name(request.content) if method in {"PUT", "POST"} else ""
        if name is None:
            raise Refused(400)
        if not is_note and method == "PUT":
            status = 200 if own in self.projects else 201
            self.projects[own] = {"slug": parts[1], "name": name}
            return httpx.Response(status, json=self.projects[own])
        if own not in self.projects:
            raise Refused(404)
        if not is_note and method == "DELETE":
            del self.projects[own]
            self.notes.pop(own, None)
            return httpx.Response(204)
        if is_note and method == "POST":
            note = {"id": secrets.token_hex(8), "name": name}
            self.notes.setdefault(own, []).append(note)
            return httpx.Response(201, json=note)
        if method not in {"GET", "HEAD"}:
            raise Refused(405, {"Allow": "GET"})
        return httpx.Response(200, json=self.notes.get(own, []) if is_note else self.projects[own])

    @staticmethod
    def _name(body: bytes) -> str | None:
        try:
            value = json.loads(body.decode(), parse_constant=int)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return None
        name = value.get("name") if isinstance(value, dict) else None
        return name if isinstance(name, str) else None


def test_notes_are_in_projects_of_the_run_and_nothing_stays() -> None:
    server = Projects()
    before = dict(server.projects)
    settings = TargetSettings(replay_delay=0)
    transport = httpx.MockTransport(server)
    with Target("http://target", TOKENS, settings, transport=transport) as target:
        results = list(Run(CONTRACT, target, catalogue().values(), seed=1).results())
        revoke_all(CONTRACT, target, target.created)

    accused = [f"{one.requirement.id} {one.actual}" for one in results
               if one.outcome in {Outcome.FAILED, Outcome.WARNING, Outcome.ERROR}]  # fmt: skip
    assert "\n".join(accused) == ""
    assert not any(slug == "demo" for _, slug in server.asked)
    assert server.projects == before
    unopened = {CONTRACT.operations[one.operation].method: one.outcome for one in results
                if one.requirement.id == "authentication.no-token-is-refused"
                and CONTRACT.operations[one.operation].path == "/projects/{slug}"}  # fmt: skip
    assert unopened == dict.fromkeys(("PUT", "GET", "DELETE"), Outcome.PASSED)
