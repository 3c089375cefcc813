"""Reads by id of servers that conform in other ways than the mock, and of some that do not."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from conformance.probe.not_verified import Unverified
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract
from tests.fake_server import FakeRequest, Reply, fake_server, reply
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

TOKENS = ("reads_first_6b1f0c7a92d4e358", "reads_second_d07a51c98be2f643")
READS = [one for one in catalogue().values() if one.section == "reads"]
LATE_SECONDS = 0.4

Item = dict[str, Any]


def notes(id_: Mapping[str, Any] = TEXT, *, wrapped: bool = False) -> Contract:
    """A contract of notes, each made, read and deleted."""
    tags = {"type": "array", "items": TEXT}
    state = {"type": "string", "enum": ["draft", "ready", "deleted"]}
    more = {"name": TEXT, "tags": tags, "dueAt": {**TEXT, "format": "date-time"}, "status": state}
    note = thing(["id", "name"], id=id_, **more, updatedAt=TEXT)
    shown = answer(thing(["data"], data=note) if wrapped else note)
    body = taken({**thing(["name"], **more), "example": {
        "name": "x", "tags": ["b", "a"], "dueAt": "2030-01-02T03:04:05.123456Z", "status": "draft",
    }})  # fmt: skip
    wrong = {one: answer(thing([], detail=TEXT)) for one in ("400", "401", "404")}
    return Contract(document("Notes", {
        "/notes": {"post": {"requestBody": body, "responses": {"201": shown, **wrong}}},
        "/notes/{id}": {
            "parameters": [parameter("id", "path", id_)],
            "get": {"responses": {"200": shown, **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        },
    }))  # fmt: skip


class Notes:
    """A server of notes that keeps the contract; its kinds change a method."""

    id_form: Mapping[str, Any] = TEXT
    is_wrapped = False

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.made_at: dict[str, float] = {}
        self.lock = threading.Lock()

    def __call__(self, request: FakeRequest) -> Reply:
        method, path, _ = request.line.split(" ")
        partner = request.headers.get("Authorization", request.headers.get("authorization", ""))
        _, *parts = path.split("/")
        with self.lock:
            if method == "POST":
                return self.made(partner, json.loads(request.body))
            if len(parts) != 2:
                return self.refused("There is no such path.")
            key = partner, parts[1]
            return self.read(key) if method == "GET" else self.deleted(key)

    def new_id(self, partner: str) -> Any:
        return secrets.token_hex(8)

    def made(self, partner: str, item: Item) -> Reply:
        item = {"id": self.new_id(partner), **item, "updatedAt": str(time.time())}
        self.items[partner, str(item["id"])] = item
        self.made_at[str(item["id"])] = time.monotonic()
        return self.shown(201, item)

    def shown(self, status: int, item: Item) -> Reply:
        return reply(status, json.dumps({"data": item} if self.is_wrapped else item).encode())

    def refused(self, detail: str, status: int = 404) -> Reply:
        return reply(status, json.dumps({"detail": detail}).encode())

    def read(self, key: tuple[str, str]) -> Reply:
        item = self.items.get(key)
        return self.shown(200, item) if item else self.refused("There is no such note.")

    def deleted(self, key: tuple[str, str]) -> Reply:
        found = self.items.pop(key, None)
        return reply(204) if found else self.refused("There is no such note.")


class Wrapped(Notes):
    is_wrapped = True


class Late(Notes):
    """A new note is there a moment later, and a deleted one a moment longer."""

    def read(self, key: tuple[str, str]) -> Reply:
        is_new = time.monotonic() - self.made_at.get(key[1], 0) < LATE_SECONDS
        return self.refused("There is no such note.") if is_new else super().read(key)

    def deleted(self, key: tuple[str, str]) -> Reply:
        threading.Timer(LATE_SECONDS, self.items.pop, [key, None]).start()
        return reply(204)


class Counted(Notes):
    """Each partner's notes have the numbers from 1 on."""

    id_form = WHOLE

    def new_id(self, partner: str) -> int:
        return 1 + max((int(id_) for of, id_ in self.items if of == partner), default=0)


class Strict(Notes):
    """Ids are of the letters A to F alone, which the contract does not say; others get 400."""

    def new_id(self, partner: str) -> str:
        return "N-" + "".join(secrets.choice("ABCDEF") for _ in range(16))

    def read(self, key: tuple[str, str]) -> Reply:
        fits = key[1].startswith("N-") and not set(key[1][2:]) - set("ABCDEF")
        return super().read(key) if fits else self.refused("It is no id.", 409)


class Rewriting(Notes):
    """A read has what it keeps in other words, and what it may change."""

    def read(self, key: tuple[str, str]) -> Reply:
        item = self.items.get(key)
        if item is None:
            return self.refused("There is no such note.")
        changed = {"tags": sorted(item["tags"]), "dueAt": "2030-01-02T04:04:05+01:00",
                   "status": "ready", "updatedAt": str(time.time())}  # fmt: skip
        return self.shown(200, {**item, **changed})


class MarkedByStatus(Notes):
    def deleted(self, key: tuple[str, str]) -> Reply:
        self.items[key] = {**self.items[key], "status": "deleted"}
        return reply(204)


class MarkedByTime(Notes):
    def deleted(self, key: tuple[str, str]) -> Reply:
        self.items[key] = {**self.items[key], "deletedAt": "2026-01-02T03:04:05Z"}
        return reply(204)


class TouchedAlone(Notes):
    """A deletion changes nothing but the time of the last change."""

    def deleted(self, key: tuple[str, str]) -> Reply:
        self.items[key] = {**self.items[key], "updatedAt": str(time.time())}
        return reply(204)


class Blind(Notes):
    """No read finds anything."""

    def read(self, key: tuple[str, str]) -> Reply:
        return self.refused("There is no such note.")


class Unserved(Notes):
    """There is no read, and its path is answered as any other."""

    def read(self, key: tuple[str, str]) -> Reply:
        return self.refused("There is no such path.")


class Losing(Notes):
    """A read has lost the tags."""

    def read(self, key: tuple[str, str]) -> Reply:
        item = self.items.get(key)
        return self.shown(200, {**item, "tags": []}) if item else super().read(key)


class SharedWithAll(Notes):
    """Any partner reads any note."""

    def read(self, key: tuple[str, str]) -> Reply:
        found = [one for (_, id_), one in self.items.items() if id_ == key[1]]
        return self.shown(200, found[0]) if found else super().read(key)


def results(server: Callable[[], Notes], *names: str) -> list[Result]:
    """The results on the server of the requirements of the section, or of those named."""
    notes_server = server()
    contract = notes(notes_server.id_form, wrapped=notes_server.is_wrapped)
    chosen = [one for one in READS if not names or one.id.removeprefix("reads.") in names]
    with fake_server(notes_server) as url, Target(url, TOKENS) as target:
        run = Run(contract, target, chosen, seed=1)
        return [run.check(*one) for one in run.checks]


def outcomes(server: Callable[[], Notes], *names: str) -> dict[str, str]:
    """The outcomes by the names of the requirements."""
    found = results(server, *names)
    return {one.requirement.id.removeprefix("reads."): f"{one.outcome}" for one in found}


ALL_PASS = {
    one.id.removeprefix("reads."): f"{Outcome.PASSED}" for one in READS
    if any(map(one.applies_to, notes().operations.values()))
}  # fmt: skip
"""The requirements on notes, which are in no parent and have no list."""


@pytest.mark.parametrize(
    "server", [Notes, Wrapped, Late, Counted, Strict, Rewriting, MarkedByStatus, MarkedByTime]
)
def test_a_server_that_conforms_is_not_accused(server: Callable[[], Notes]) -> None:
    assert outcomes(server) == ALL_PASS


@pytest.mark.parametrize(
    ("server", "name"),
    [
        (TouchedAlone, "deleted-is-gone"),
        (Blind, "shows-what-was-made"),
        (Losing, "shows-what-was-made"),
        (SharedWithAll, "belongs-to-its-partner"),
    ],
)
def test_a_server_that_does_not_is(server: Callable[[], Notes], name: str) -> None:
    assert outcomes(server, name) == {name: f"{Outcome.FAILED}"}


@pytest.mark.parametrize("name", ["shows-what-was-made", "deleted-is-gone"])
def test_a_read_that_is_not_served_leaves_a_verdict(name: str) -> None:
    found = results(Unserved, name)

    assert [(one.outcome, one.why) for one in found] == [(Outcome.NOT_VERIFIED, Unverified.ABSENT)]
