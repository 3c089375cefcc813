"""Tickets: a contract with actions and their opposites, and a server in this process."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from conformance.results.result import Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import FLAG, TEXT, answer, document, parameter, taken, thing

STATES = ("open", "paused", "closed")
TICKET = thing(["id", "title", "status"], id=TEXT, title=TEXT, status={**TEXT, "enum": [*STATES]},
               archived=FLAG)  # fmt: skip
WRONG = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404", "409")}

ACTIONS = {
    "pause": ({"open"}, {"status": "paused"}),
    "resume": ({"paused"}, {"status": "open"}),
    "close": ({"open", "paused"}, {"status": "closed"}),
    "reopen": ({"closed"}, {"status": "open"}),
    "archive": ({*STATES}, {"archived": True}),
    "unarchive": ({*STATES}, {"archived": False}),
}
"""The states that each action is taken in, and what it changes."""

Item = dict[str, Any]


def contract(told: Any = TICKET) -> dict[str, Any]:
    """The contract, whose actions are answered with a schema, or without a body for None."""
    key = parameter("Idempotency-Key", "header", TEXT)
    page = thing(["tickets"], tickets={"type": "array", "items": TICKET})
    body = {"required": True, **taken(thing(["title"], title={**TEXT, "maxLength": 80}))}
    done = {"200": answer(told)} if told else {"204": answer()}
    own = [parameter("id", "path", TEXT)]
    return document("Tickets", {
        "/tickets": {
            "post": {"parameters": [key], "requestBody": body,
                     "responses": {"201": answer(TICKET), **WRONG}},
            "get": {"responses": {"200": answer(page), **WRONG}},
        },
        "/tickets/{id}": {
            "parameters": own,
            "get": {"responses": {"200": answer(TICKET), **WRONG}},
            "delete": {"responses": {"204": answer(), **WRONG}},
        },
        "/tickets/{id}/restore": {
            "parameters": own, "post": {"responses": {**done, **WRONG}},
        },
        **{
            f"/tickets/{{id}}/{one}": {
                "parameters": own, "post": {"parameters": [key], "responses": {**done, **WRONG}},
            }
            for one in ACTIONS
        },
    })  # fmt: skip


class Tickets:
    """A server of tickets, which keeps the contract but for what is overridden."""

    def __init__(self, told: Any = TICKET) -> None:
        self.told = told
        self.contract = Contract(contract(told))
        self.items: dict[tuple[int, str], Item] = {}
        self.gone: dict[tuple[int, str], Item] = {}
        self.calls: dict[tuple[int, str, str], tuple[bytes, Answer]] = {}
        self.ids = map(str, itertools.count(1000))

    def __call__(self, request: Request, _: Forward) -> Answer:
        """The answer to a request; one with a key that was used is answered as before."""
        partner = request.partner
        if partner is None:
            return answered(401, {})
        known = self.calls.get((partner, request.path, request.key)) if request.key else None
        if known:
            return known[1] if known[0] == request.body else answered(409, {})
        made = self.answer(request, partner)
        if request.key and made.is_success:
            self.calls[partner, request.path, request.key] = request.body, made
        return made

    def answer(self, request: Request, partner: int) -> Answer:
        """The answer to a request that is new."""
        _, _, own, action = [*request.path.partition("?")[0].split("/"), "", ""][:4]
        if not own:
            own_items = [one for (of, _), one in self.items.items() if of == partner]
            made = request.method == "POST"
            return self.made(request, partner) if made else answered(200, {"tickets": own_items})
        at = partner, own
        if action == "restore":
            return self.restored(at)
        if at not in self.items:
            return answered(404, {})
        if action:
            return self.acted(at, action)
        if request.method == "DELETE":
            self.gone[at] = self.items.pop(at)
            return Answer(204)
        return answered(200, self.items[at])

    def made(self, request: Request, partner: int) -> Answer:
        """The answer to a creation."""
        body: Any = json.loads(request.body)
        made = {"id": f"t{next(self.ids)}", "title": body["title"], "status": "open",
                "archived": False}  # fmt: skip
        self.items[partner, made["id"]] = made
        return answered(201, made)

    def restored(self, at: tuple[int, str]) -> Answer:
        """The answer to the restoration of what was deleted."""
        if at not in self.gone:
            return answered(409 if at in self.items else 404, {})
        self.items[at] = self.gone.pop(at)
        return self.done(self.items[at])

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        """The answer to an action, which is refused in another state than its own."""
        states, change = ACTIONS[action]
        if self.items[at]["status"] not in states:
            return answered(409, {})
        self.act(at, action, change)
        return self.done(self.items[at])

    def act(self, at: tuple[int, str], action: str, change: Mapping[str, Any]) -> None:
        """Change an item, as an action does."""
        self.items[at] = {**self.items[at], **change}

    def done(self, item: Item) -> Answer:
        """The answer to what was done."""
        return answered(200, item) if self.told else Answer(204)


def judged_tickets(requirement: str, server: Tickets, operation: str) -> Result:
    """What a requirement finds on an operation of a server."""
    own = server.contract
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities |= {
            Capability.LISTING, Capability.REVOCATION, Capability.SECOND_PARTNER
        }  # fmt: skip
        one = catalogue()[requirement]
        assert one.applies_to(own.operations[operation])
        return Run(own, target, [], seed=1).check(one, own.operations[operation])
