"""Teams and their members: their contract, and a server with faults to choose."""

import itertools
import json
import re
import threading
from typing import Any

from conformance.target.exchange import Answer, Forward, Request
from tests.mock_server.kept.contracts import answer, array, contract, obj, operation, text
from tests.other_contracts.crates import answered

_ERROR = answer(obj("message", message=text()))
_REFUSALS = {"400": _ERROR, "401": _ERROR, "404": _ERROR}
_USER = obj("id", "name", id=text(), name=text())
_NEW = obj("name", name=text(minLength=1, maxLength=90))


def teams(*, is_read: bool = True, is_listed: bool = True) -> dict[str, Any]:
    """The contract of teams, whose members a GET of each, or a list, may show."""
    empty = {"204": answer(), **_REFUSALS}
    paths: dict[str, Any] = {
        path: operations
        for noun in ("team", "user")
        for path, operations in {
            f"/{noun}s": {
                "post": operation({"201": answer(_USER), **_REFUSALS}, _NEW),
                "get": operation({"200": answer(array(_USER)), **_REFUSALS}),
            },
            f"/{noun}s/{{{noun}_id}}": {
                "get": operation({"200": answer(_USER), **_REFUSALS}),
                "delete": operation(empty),
            },
        }.items()
    }
    one = {"put": operation(empty), "delete": operation(empty)}
    paths["/teams/{team_id}/members/{user_id}"] = one | (
        {"get": operation(empty)} if is_read else {}
    )
    if is_listed:
        paths["/teams/{team_id}/members"] = {
            "get": operation({"200": answer(array(_USER)), **_REFUSALS})
        }
    document = contract(paths)
    document["security"] = [{"bearer": []}]
    return document


class Teams:
    """A server of teams, which may have one fault."""

    def __init__(self, fault: str = "", *, adds_its_owner: bool = False) -> None:
        self.fault, self.adds_its_owner = fault, adds_its_owner
        self.items: dict[tuple[int, str, str], dict[str, Any]] = {}
        self.members: dict[str, list[str]] = {}
        self.ids = itertools.count(1000)
        self.lock = threading.Lock()

    def __call__(self, request: Request, _: Forward) -> Answer:
        with self.lock:
            return self.answer(request)

    def answer(self, request: Request) -> Answer:
        """The answer to a request of a partner."""
        if request.partner is None:
            return answered(401, {"message": "who are you?"})
        path = request.path.partition("?")[0]
        member = re.fullmatch("/teams/([^/]+)/members(?:/([^/]+))?", path)
        if member is None:
            return self.on_item(request, path)
        is_shared = self.fault == "of anybody"
        owners = {0, 1} if is_shared else {request.partner}
        if not any((owner, "teams", member[1]) in self.items for owner in owners):
            return answered(404, {"message": "no such team"})
        return self.on_members(request, member[1], member[2])

    def on_item(self, request: Request, path: str) -> Answer:
        """The answer of an operation on teams or users."""
        _, noun, *rest = path.split("/")
        own = {key: one for key, one in self.items.items() if key[:2] == (request.partner, noun)}
        if request.method == "POST":
            made = {"id": f"{noun[0]}{next(self.ids)}", "name": json.loads(request.body)["name"]}
            self.items[request.partner or 0, noun, made["id"]] = made
            self.members[made["id"]] = ["owner"] if self.adds_its_owner else []
            return answered(201, made)
        if not rest:
            return answered(200, [*own.values()])
        key = request.partner or 0, noun, rest[0]
        if key not in own:
            return answered(404, {"message": "none"})
        if request.method == "DELETE":
            del self.items[key]
            return Answer(204)
        return answered(200, own[key])

    def on_members(self, request: Request, team: str, user: str | None) -> Answer:
        """The answer of an operation on the members of a team."""
        members = self.members[team]
        if user is None:
            shown = members[:-1] if self.fault == "listed late" else members
            return answered(200, [{"id": one, "name": one} for one in shown])
        if request.method == "PUT":
            if self.fault != "added not" and (self.fault == "added twice" or user not in members):
                members.append(user)
            return Answer(204)
        if user not in members:
            return answered(404, {"message": "no member"})
        if request.method == "DELETE":
            if self.fault == "removes all":
                members.clear()
            elif self.fault != "stays":
                members.remove(user)
        return Answer(204)
