"""Notes: a contract whose changes ask for the entity tag of the item, and a server of it."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

NAMED = {"title": {**TEXT, "minLength": 1, "maxLength": 80}, "text": TEXT}
NOTE = thing(["id", "title"], id=TEXT, **NAMED)
TAGGED = {**answer(NOTE), "headers": {"ETag": {"required": True, "schema": TEXT}}}
WRONG = {status: answer(thing(["message"], message=TEXT)) for status in ("400", "401", "404")}
REFUSED = {**WRONG, "412": WRONG["400"], "415": WRONG["400"]}


def notes(tag: Mapping[str, Any] = TEXT, *, is_required: bool = True) -> dict[str, Any]:
    """The contract of notes, whose changes and deletions have an ``If-Match`` of this schema."""
    match = parameter("If-Match", "header", tag, required=is_required)
    page = thing(["notes"], notes={"type": "array", "items": NOTE})
    whole = {"required": True, **taken(thing(["title"], **NAMED))}
    part = {"application/merge-patch+json": {"schema": thing([], **NAMED)}}
    changed = {"parameters": [match], "responses": {"200": TAGGED, **REFUSED}}
    return document("Notes", {
        "/notes": {
            "post": {"requestBody": whole, "responses": {"201": TAGGED, **WRONG}},
            "get": {"responses": {"200": answer(page), **WRONG}},
        },
        "/notes/{id}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"parameters": [parameter("If-None-Match", "header", TEXT)],
                    "responses": {"200": TAGGED, "304": answer(), **WRONG}},
            "put": {"requestBody": whole, **changed},
            "patch": {"requestBody": {"required": True, "content": part}, **changed},
            "delete": {"parameters": [match], "responses": {"204": answer(), **REFUSED}},
        },
    })  # fmt: skip


class Notes:
    """A server of notes in this process, which keeps the contract but for what is overridden."""

    def __init__(self, contract: Contract | None = None) -> None:
        self.contract = contract or Contract(notes())
        self.items: dict[str, dict[str, Any]] = {}
        self.versions = itertools.count(1)
        self.tags: dict[str, str] = {}

    def __call__(self, request: Request, _: Forward) -> Answer:
        headers = {name.lower(): value for name, value in request.headers}
        own = request.path.partition("?")[0].removeprefix("/notes").removeprefix("/")
        if request.method == "POST":
            own = f"n{next(self.versions):06}"
            return self.stored(201, own, {"id": own, **json.loads(request.body)})
        if not own:
            return answered(200, {"notes": [*self.items.values()]})
        if own not in self.items:
            return answered(404, {"message": "none"})
        if request.method == "GET":
            is_same = self.is_unchanged(headers.get("if-none-match"), own)
            return self.shown(304 if is_same else 200, own)
        return self.changed(request, headers, own)

    def changed(self, request: Request, headers: Mapping[str, str], own: str) -> Answer:
        """A note that is changed, or deleted."""
        if not self.may_change(request.method, headers.get("if-match"), own):
            return answered(412, {"message": "stale"})
        if request.method == "DELETE":
            del self.items[own]
            return Answer(204)
        before = {"id": own} if request.method == "PUT" else self.items[own]
        return self.stored(200, own, {**before, **json.loads(request.body)})

    def stored(self, status: int, own: str, item: dict[str, Any]) -> Answer:
        """The answer with a note that is stored."""
        self.items[own] = item
        self.tags[own] = self.new_tag(own)
        return self.shown(status, own)

    def shown(self, status: int, own: str) -> Answer:
        """The answer with a note that is there."""
        found = answered(status, self.items[own])
        return Answer(status, (*found.headers, ("etag", self.tags[own])), found.body)

    def new_tag(self, own: str) -> str:
        """The tag of a note from now on."""
        return f'"{next(self.versions)}"'

    def is_unchanged(self, none_match: str | None, own: str) -> bool:
        """Whether the client of a read has the note as it is."""
        return none_match in {"*", self.tags[own]}

    def may_change(self, method: str, match: str | None, own: str) -> bool:
        """Whether the client of a change has the note as it is."""
        tag = self.tags[own]
        return match in {None, "*", tag} and not (match == tag and tag.startswith("W/"))


def answered(status: int, body: Any) -> Answer:
    """An answer in JSON."""
    return Answer(status, (("content-type", "application/json"),), json.dumps(body).encode())


def with_tags(of: Callable[[int], str]) -> Notes:
    """A server whose tags are these of the version."""
    server = Notes()
    server.new_tag = lambda _: of(next(server.versions))  # type: ignore[method-assign]
    return server
