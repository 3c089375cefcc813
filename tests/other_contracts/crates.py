"""Crates: a contract with filters, optional members and an action, and a server in this process."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from conformance.results.result import Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import (
    FLAG,
    TEXT,
    WHOLE,
    answer,
    document,
    parameter,
    taken,
    thing,
)

SETTABLE = {
    "title": {**TEXT, "minLength": 1, "maxLength": 80},
    "size": {**WHOLE, "minimum": 1, "maximum": 100},
    "colour": {**TEXT, "enum": ["red", "green", "blue"]},
    "fragile": FLAG,
    "packed": {**TEXT, "format": "date"},
    "note": {**TEXT, "maxLength": 100},
    "label": {**TEXT, "pattern": "^[A-Z]{2}-[0-9]{3}$"},
}
STATE = {**TEXT, "enum": ["open", "closed"]}
CRATE = thing(["id", "title", "state"], id=TEXT, **SETTABLE, state=STATE)
WRONG = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404", "415")}

Item = dict[str, Any]
Compare = Callable[[Any, Any], bool]
"""Whether an item with the first value is shown where the second is asked for."""


def contract(closed: Any = CRATE) -> Contract:
    """The contract of crates, whose end is answered with something else where that is given."""
    page = thing(["crates"], crates={"type": "array", "items": CRATE})
    paging = [parameter("offset", "query", {**WHOLE, "minimum": 0}),
              parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 20})]  # fmt: skip
    filters = [parameter(name, "query", one) for name, one in {**SETTABLE, "state": STATE}.items()]
    body = {"required": True, **taken(thing(["title"], **SETTABLE))}
    shown = {"responses": {"200": answer(CRATE), **WRONG}}
    return Contract(
        document("Crates", {
            "/crates": {
                "post": {"requestBody": body, "responses": {"201": answer(CRATE), **WRONG}},
                "get": {"parameters": [*paging, *filters],
                        "responses": {"200": answer(page), **WRONG}},
            },
            "/crates/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": shown,
                "put": {"requestBody": body, **shown},
            },
            "/crates/{id}/close": {
                "parameters": [parameter("id", "path", TEXT)],
                "post": {"responses": {"200": answer(closed), **WRONG}},
            },
        })
    )  # fmt: skip


class Crates:
    """A server of crates, which keeps the contract but for what is overridden."""

    def __init__(self, compares: Mapping[str, Compare] | None = None) -> None:
        self.compares = compares or {}
        self.items: dict[str, Item] = {}
        self.ids = map(str, itertools.count(1000))
        self.contract = contract()

    def __call__(self, request: Request, _: Forward) -> Answer:
        path, _, query = request.path.partition("?")
        _, _, own, *action = [*path.split("/"), ""][:4]
        if path == "/crates" and request.method == "GET":
            return self.listed(dict(parse_qsl(query, keep_blank_values=True)))
        if path != "/crates" and own not in self.items:
            return answered(404, {})
        if request.body:
            return self.written(request, own)
        return self.closed(own) if any(action) else self.read(own)

    def written(self, request: Request, own: str) -> Answer:
        """A new crate, or one that is replaced."""
        if not self.takes(request):
            return answered(415, {})
        data = json.loads(request.body)
        operation = "PUT /crates/{id}" if request.method == "PUT" else "POST /crates"
        body = self.contract.operations[operation].json_body
        if body is None or body.schema is None or self.refuses(body.schema.errors(data)):
            return answered(400, {})
        if request.method == "PUT":
            self.items[own] = self.replaced(self.items[own], data)
            return answered(200, self.items[own])
        made = {"id": f"c{next(self.ids)}", "state": "open", **data}
        self.items[made["id"]] = made
        return answered(201, made)

    def takes(self, request: Request) -> bool:
        """Whether the media type of a body is taken."""
        return ("Content-Type", "application/json") in request.headers

    def refuses(self, errors: list[Any]) -> bool:
        """Whether a body with these errors is refused."""
        return bool(errors)

    def read(self, own: str) -> Answer:
        """The read of a crate."""
        return answered(200, self.items[own])

    def closed(self, own: str) -> Answer:
        """The end of a crate."""
        self.items[own]["state"] = "closed"
        return answered(200, self.items[own])

    def replaced(self, before: Item, data: Item) -> Item:
        """A crate after a PUT."""
        return {"id": before["id"], "state": before["state"], **data}

    def listed(self, query: dict[str, str]) -> Answer:
        """A page, of the crates that the filters of a query show."""
        parameters = {one.name: one for one in self.contract.operations["GET /crates"].parameters}
        given = {name: json.loads(text) if text.isdigit() or text in {"true", "false"} else text
                 for name, text in query.items()}  # fmt: skip
        if not all(self.accepts(parameters[name], one) for name, one in given.items()):
            return answered(400, {})
        start, size = int(given.pop("offset", 0)), int(given.pop("limit", 20))
        found = [
            item for item in self.items.values()
            if all(name in item and self.compares.get(name, equal)(item[name], one)
                   for name, one in given.items())
        ]  # fmt: skip
        return answered(200, {"crates": found[start : start + size]})

    def accepts(self, parameter: Any, value: Any) -> bool:
        """Whether a value of the query is taken."""
        return bool(parameter.schema.is_valid(value))


def equal(value: Any, asked: Any) -> bool:
    """Items with the value itself."""
    return bool(value == asked)


def answered(status: int, body: Any) -> Answer:
    """An answer in JSON."""
    return Answer(status, (("content-type", "application/json"),), json.dumps(body).encode())


class Hasty(Target):
    """A target that is never waited for: it is late by looks alone."""

    def rest(self, seconds: float) -> None:
        """Wait for nothing."""


def judged_crates(requirement: str, server: Crates, operation: str) -> Result:
    """What a requirement finds on an operation of a server."""
    own = server.contract
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.LISTING)
        one = catalogue()[requirement]
        assert one.applies_to(own.operations[operation])
        return Run(own, target, [], seed=1).check(one, own.operations[operation])
