"""Actions that are called after a state: one that does nothing is found, one with rules is not."""

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.server import catalogue
from conformance.server.operations.actions import done_members
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from tests.other_contracts.crates import answered
from tests.other_contracts.styles import FLAG, TEXT, answer, thing
from tests.other_contracts.tickets import TICKET, Item, Tickets, contract, judged_tickets

TOLD = pytest.mark.parametrize("told", [TICKET, None], ids=["told", "untold"])
TIME = {"type": ["string", "null"], "format": "date-time"}
EACH = pytest.mark.parametrize("action", ["pause", "close", "archive"])


class Idle(Tickets):
    """Tickets on which actions do nothing, but for the version of the item."""

    def act(self, at: tuple[int, str], action: str, change: Mapping[str, Any]) -> None:
        self.items[at] = {**self.items[at], "version": 2}


class Queued(Idle):
    """Tickets on which actions are taken and not done yet."""

    def done(self, item: Item) -> Answer:
        return answered(202, item)


class Pausing(Idle):
    """Tickets that are on their way to another state when they are paused, and fall back."""

    def done(self, item: Item) -> Answer:
        return super().done({**item, "status": "pausing"})


class Renewing(Idle):
    """Tickets of which an action makes another."""

    def done(self, item: Item) -> Answer:
        return super().done({**item, "id": "t1"})


class Refusing(Tickets):
    """Tickets on which no action is taken."""

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        return answered(409, {})


class Made(Idle):
    """Tickets that are made in another state."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self.status = status

    def made(self, request: Request, partner: int) -> Answer:
        shown = super().made(request, partner).json_object() or {}
        made = {**shown, "status": self.status}
        self.items[partner, made["id"]] = made
        return answered(201, made)

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        return self.done(self.items[at])


class Other(Tickets):
    """Tickets that are in another state, or show another thing, after an action."""

    def __init__(self, change: Item) -> None:
        super().__init__()
        self.change = change

    def act(self, at: tuple[int, str], action: str, change: Mapping[str, Any]) -> None:
        self.items[at] = {**self.items[at], **self.change}


class Late(Tickets):
    """Tickets whose reads are two looks late, and that nobody finds in the end."""

    left = 0

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        self.left, before = 3, self.items[at]
        super().acted(at, action)
        self.before = before
        return self.done(before)

    def answer(self, request: Request, partner: int) -> Answer:
        made = super().answer(request, partner)
        if request.method != "GET" or not self.left:
            return made
        self.left -= 1
        return answered(200, self.before) if self.left else answered(404, {})


def judged(server: Tickets, action: str = "pause") -> Result:
    return judged_tickets("operations.action-is-done", server, f"POST /tickets/{{id}}/{action}")


@TOLD
@EACH
def test_an_action_that_does_nothing_is_found(action: str, told: Any) -> None:
    result = judged(Idle(told), action)
    assert (result.outcome, result.actual.partition(":")[0]) == (Outcome.WARNING, "the same")


@TOLD
@EACH
def test_an_action_that_is_done_conforms(action: str, told: Any) -> None:
    result = judged(Tickets(told), action)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


@pytest.mark.parametrize(
    "server",
    [Other({"status": "closed"}), Other({"status": "pausing"}), Other({"pauseAfter": 3}), Late()],
    ids=["another-state", "on-its-way", "another-member", "late"],
)
def test_an_action_that_is_done_in_another_way_conforms(server: Tickets) -> None:
    result = judged(server)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


@pytest.mark.parametrize(
    "server",
    [Queued(), Pausing(), Renewing(), Refusing(), Made("paused"), Made("processing")],
    ids=["202", "on-its-way", "another", "refused", "done-before", "at-work"],
)
def test_what_may_be_done_later_or_never_is_not_verified(server: Tickets) -> None:
    assert judged(server).outcome is Outcome.NOT_VERIFIED


def test_an_item_that_waits_for_an_action_is_judged() -> None:
    assert judged(Made("pending")).outcome is Outcome.WARNING


def renamed(action: str, told: Any = TICKET, **members: Any) -> Contract:
    """The contract with another action in place of ``/pause``, and with more members."""
    document = contract({**told, "properties": {**told["properties"], **members}})
    paths = document["paths"]
    shown = {**TICKET, "properties": {**TICKET["properties"], **members}}
    paths["/tickets"]["post"]["responses"]["201"] = answer(shown)
    paths["/tickets/{id}"]["get"]["responses"]["200"] = answer(shown)
    paths[f"/tickets/{{id}}/{action}"] = paths.pop("/tickets/{id}/pause")
    return Contract(document)


@pytest.mark.parametrize(
    ("action", "members", "done"),
    [
        ("pause", {}, {"status": "paused"}),
        ("mark-as-paused", {}, {"status": "paused"}),
        ("markPaused", {}, {"status": "paused"}),
        ("set_paused", {}, {"status": "paused"}),
        ("setup", {"state": {**TEXT, "enum": ["new", "up"]}}, {}),
        ("lend", {"state": {**TEXT, "enum": ["here", "lent"]}}, {"state": "lent"}),
        ("hide", {"isHidden": FLAG, "hidden_at": TIME}, {"isHidden": True, "hidden_at": None}),
        ("lock", {"isLocked": FLAG, "locked_at": TEXT}, {"isLocked": True}),
        ("send", {"state": {**TEXT, "enum": ["new", "sent"]}}, {"state": "sent"}),
        ("send-receipt", {"state": {**TEXT, "enum": ["new", "sent"]}}, {}),
        ("cancel", {"state": {**TEXT, "enum": ["new", "canceled", "cancelled"]}}, {}),
        ("verify", {"state": {**TEXT, "enum": ["new", "verified"]}}, {}),
        ("touch", {}, {}),
    ],
)
def test_names_say_what_is_done(action: str, members: Any, done: Any) -> None:
    operation = renamed(action, **members).operations[f"POST /tickets/{{id}}/{action}"]
    assert done_members(operation) == done
    assert catalogue()["operations.action-is-done"].applies_to(operation) is bool(done)


def test_what_clients_choose_is_no_state() -> None:
    document = contract()
    kind = {**TEXT, "enum": ["sale", "return"]}
    body = document["paths"]["/tickets"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"] = {**body["schema"], "properties": {**body["schema"]["properties"],
                                                       "kind": kind}}  # fmt: skip
    shown = answer({**TICKET, "properties": {**TICKET["properties"], "kind": kind}})
    document["paths"]["/tickets"]["post"]["responses"]["201"] = shown
    document["paths"]["/tickets/{id}"]["get"]["responses"]["200"] = shown
    document["paths"]["/tickets/{id}/return"] = document["paths"].pop("/tickets/{id}/pause")
    assert not done_members(Contract(document).operations["POST /tickets/{id}/return"])


def test_an_answer_with_something_else_may_say_why_nothing_is_done() -> None:
    operation = Contract(contract(thing(["sent"], sent=FLAG))).operations[
        "POST /tickets/{id}/pause"
    ]
    assert not catalogue()["operations.action-is-done"].applies_to(operation)


@pytest.mark.parametrize("action", ["resume", "reopen", "unarchive", "restore"])
def test_what_undoes_another_is_judged_by_what_it_undoes(action: str) -> None:
    operation = Contract(contract()).operations[f"POST /tickets/{{id}}/{action}"]
    assert not catalogue()["operations.action-is-done"].applies_to(operation)


@pytest.mark.parametrize("action", ["activate", "deactivate"])
def test_two_that_undo_each_other_are_both_judged(action: str) -> None:
    document = contract()
    for one, other in {"archive": "activate", "unarchive": "deactivate"}.items():
        document["paths"][f"/tickets/{{id}}/{other}"] = document["paths"].pop(
            f"/tickets/{{id}}/{one}"
        )
    shown = {**TICKET, "properties": {**TICKET["properties"], "active": FLAG}}
    document["paths"]["/tickets/{id}"]["get"]["responses"]["200"] = answer(shown)
    operation = Contract(document).operations[f"POST /tickets/{{id}}/{action}"]
    assert done_members(operation) == {"active": action == "activate"}
    assert catalogue()["operations.action-is-done"].applies_to(operation)


class Open(Tickets):
    """Tickets on which any partner's action is carried out, and answered as given."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    def answer(self, request: Request, partner: int) -> Answer:
        own, action = [*request.path.split("/"), "", ""][2:4]
        known = {id_: of for of, id_ in self.items}
        if not action or known.get(own, partner) == partner:
            return super().answer(request, partner)
        made = super().answer(request, known[own])
        return made if self.status == 200 else answered(self.status, {})


class Passing(Tickets):
    """Tickets that are paused, closed and archived when they are read for the second time."""

    def answer(self, request: Request, partner: int) -> Answer:
        made = super().answer(request, partner)
        own = partner, request.path.rpartition("/")[2]
        if request.method == "GET" and own in self.items:
            self.items[own] = {**self.items[own], "status": self.status, "archived": True}
        return made

    def __init__(self, status: str) -> None:
        super().__init__()
        self.status = status


@EACH
@pytest.mark.parametrize("status", [200, 403, 404])
def test_an_action_of_another_partner_is_found(action: str, status: int) -> None:
    operation = f"POST /tickets/{{id}}/{action}"
    found = judged_tickets("operations.belongs-to-its-partner", Open(status), operation)
    assert found.outcome is Outcome.FAILED
    assert f"after the answer {status}" in found.actual


@EACH
def test_what_is_done_by_itself_is_no_action_of_another_partner(action: str) -> None:
    server = Passing("paused" if action == "pause" else "closed")
    operation = f"POST /tickets/{{id}}/{action}"
    found = judged_tickets("operations.belongs-to-its-partner", server, operation)
    assert (found.outcome, found.actual) == (Outcome.PASSED, "")
