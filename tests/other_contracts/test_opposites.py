"""Actions that undo others: one that undoes nothing is found, and one with rules conforms."""

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.target.exchange import Answer, Request
from openapi import opposites
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.opposites import is_undone, undone_by
from openapi.reads import acted_on_by
from tests.other_contracts.crates import answered
from tests.other_contracts.styles import answer
from tests.other_contracts.tickets import TICKET, Item, Tickets, contract, judged_tickets

UNDOING = ("resume", "reopen", "unarchive", "restore")
TOLD = pytest.mark.parametrize("told", [TICKET, None], ids=["told", "untold"])
EACH = pytest.mark.parametrize("action", UNDOING)


class Idle(Tickets):
    """Tickets on which actions that undo others do nothing."""

    def act(self, at: tuple[int, str], action: str, change: Mapping[str, Any]) -> None:
        if action not in UNDOING:
            super().act(at, action, change)

    def restored(self, at: tuple[int, str]) -> Answer:
        return self.done(self.gone[at]) if at in self.gone else super().restored(at)


class Boasting(Idle):
    """Tickets that are said to be as they were before, and are not."""

    def done(self, item: Item) -> Answer:
        return super().done({**item, "status": "open", "archived": False})


class Renumbering(Tickets):
    """Tickets that are restored under another id."""

    def restored(self, at: tuple[int, str]) -> Answer:
        if at not in self.gone:
            return super().restored(at)
        again = {**self.gone.pop(at), "id": f"t{next(self.ids)}"}
        self.items[at[0], again["id"]] = again
        return self.done(again)


class Starting(Tickets):
    """Tickets that are on their way to another state when they are resumed, and fall back."""

    def act(self, at: tuple[int, str], action: str, change: Mapping[str, Any]) -> None:
        if action != "resume":
            super().act(at, action, change)

    def done(self, item: Item) -> Answer:
        return super().done({**item, "status": "resuming"} if item["status"] == "paused" else item)


class Refusing(Tickets):
    """Tickets of which nothing is taken back."""

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        return answered(409, {}) if action in UNDOING else super().acted(at, action)

    def restored(self, at: tuple[int, str]) -> Answer:
        return answered(409, {})


def outcome(server: Tickets, action: str) -> tuple[Outcome, str]:
    result = judged_tickets("operations.action-is-shown", server, f"POST /tickets/{{id}}/{action}")
    return result.outcome, result.actual


@TOLD
@EACH
def test_what_is_undone_is_shown_so(action: str, told: Any) -> None:
    assert outcome(Tickets(told), action) == (Outcome.PASSED, "")


@TOLD
@EACH
def test_an_action_that_undoes_nothing_is_found(action: str, told: Any) -> None:
    is_told = told or action != "restore"  # a deletion may be final
    wanted = Outcome.FAILED if is_told else Outcome.NOT_VERIFIED
    assert outcome(Idle(told), action)[0] is wanted


@EACH
def test_an_action_that_says_so_and_undoes_nothing_is_found(action: str) -> None:
    assert outcome(Boasting(), action)[0] is Outcome.FAILED


@EACH
def test_what_cannot_be_undone_is_not_verified(action: str) -> None:
    assert outcome(Refusing(), action)[0] is Outcome.NOT_VERIFIED


def test_what_is_another_item_or_later_is_not_verified() -> None:
    assert outcome(Renumbering(), "restore")[0] is Outcome.NOT_VERIFIED
    assert outcome(Starting(), "resume")[0] is Outcome.NOT_VERIFIED


class Leaving(Tickets):
    """Tickets of another contract, of which one action sets a member and its opposite nothing."""

    def __init__(self, actions: tuple[str, str], members: Mapping[str, Any], done: Item) -> None:
        super().__init__(None)
        self.first, self.set = actions[0], done
        document = contract(None)
        for old, new in zip(("archive", "unarchive"), actions, strict=True):
            path = document["paths"].pop(f"/tickets/{{id}}/{old}")
            document["paths"][f"/tickets/{{id}}/{new}"] = path
        shown = {**TICKET, "properties": {**TICKET["properties"], **members}}
        document["paths"]["/tickets/{id}"]["get"]["responses"]["200"] = answer(shown)
        self.contract = Contract(document)

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        if action == self.first:
            self.items[at] = {**self.items[at], **self.set}
        return self.done(self.items[at])


AT = {"type": ["string", "null"], "format": "date-time"}
DONE_AT = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("actions", "members", "done", "found"),
    [
        (("archive", "unarchive"), {"archived_at": AT}, {"archived_at": DONE_AT},
         Outcome.NOT_VERIFIED),
        (("archive", "unarchive"), {}, {"archived": True}, Outcome.FAILED),
        (("start", "stop"), {"status": {"enum": ["open", "completed"]}},
         {"status": "completed"}, Outcome.NOT_VERIFIED),
        (("deactivate", "activate"), {"status": {"enum": ["open", "inactive"]}},
         {"status": "inactive"}, Outcome.NOT_VERIFIED),
        (("lock", "unlock"), {"status": {"enum": ["open", "locked"]}}, {"status": "locked"},
         Outcome.FAILED),
        (("lock", "unlock"), {"status": {"enum": ["open", "busy"]}}, {"status": "busy"},
         Outcome.NOT_VERIFIED),
    ],
)  # fmt: skip
def test_what_an_opposite_may_leave_as_it_is_is_not_verified(
    actions: tuple[str, str], members: Mapping[str, Any], done: Item, found: Outcome
) -> None:
    assert outcome(Leaving(actions, members, done), actions[1])[0] is found


class Passing(Tickets):
    """Tickets that are paused for one look, and open again; a second pause of theirs stays."""

    def answer(self, request: Request, partner: int) -> Answer:
        made = super().answer(request, partner)
        at = partner, request.path.rpartition("/")[2]
        if request.method == "GET" and self.items.get(at, {}).get("status") == "paused":
            self.items[at] = {**self.items[at], "status": "closed"}
        return made

    def acted(self, at: tuple[int, str], action: str) -> Answer:
        if action == "resume":
            self.items[at] = {**self.items[at], "status": "paused"}
            return self.done(self.items[at])
        return super().acted(at, action)


def test_a_state_that_passes_by_itself_is_not_verified() -> None:
    assert outcome(Passing(None), "resume")[0] is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(
    ("action", "undone"),
    [
        ("resume", "POST /tickets/{id}/pause"),
        ("reopen", "POST /tickets/{id}/close"),
        ("unarchive", "POST /tickets/{id}/archive"),
        ("restore", "DELETE /tickets/{id}"),
        ("archive", None),
        ("pause", None),
    ],
)
def test_names_say_what_is_undone(action: str, undone: str | None) -> None:
    found = undone_by(Contract(contract()).operations[f"POST /tickets/{{id}}/{action}"])
    assert (found.name if found else None) == undone


@pytest.mark.parametrize(
    ("beside", "undone"),
    [
        (("cancel", "reinstate"), "DELETE /tickets/{id}"),
        (("cancel",), "POST /tickets/{id}/cancel"),
    ],
)
def test_what_another_action_undoes_as_well_comes_last(
    beside: tuple[str, ...], undone: str
) -> None:
    document = contract()
    for one, other in zip(("archive", "unarchive"), (*beside, "tag"), strict=False):
        document["paths"][f"/tickets/{{id}}/{other}"] = document["paths"].pop(
            f"/tickets/{{id}}/{one}"
        )
    found = undone_by(Contract(document).operations["POST /tickets/{id}/restore"])
    assert found is not None
    assert found.name == undone


def test_actions_behind_a_colon_are_undone_too() -> None:
    document = contract()
    for action in ("archive", "unarchive"):
        document["paths"][f"/tickets/{{id}}:{action}"] = document["paths"].pop(
            f"/tickets/{{id}}/{action}"
        )
    found = undone_by(Contract(document).operations["POST /tickets/{id}:unarchive"])
    assert found is not None
    assert found.path == "/tickets/{id}:archive"


def test_each_operation_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = contract()["paths"]
    document = contract()
    document["paths"] = {
        f"/{area}{path}": one
        for area in map("a{}".format, range(20))
        for path, one in paths.items()
    }
    looked_at: list[Operation] = []
    monkeypatch.setattr(
        opposites, "acted_on_by", lambda one: looked_at.append(one) or acted_on_by(one)
    )
    own = Contract(document)
    undone = [one.name for one in own.operations.values() if is_undone(one)]
    assert len([one for one in undone if one.startswith("DELETE")]) == 20
    assert len(looked_at) <= 3 * len(own.operations)


class Open(Tickets):
    """Tickets on which any partner does what undoes another action, and is told as given."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    def answer(self, request: Request, partner: int) -> Answer:
        own, action = [*request.path.split("/"), "", ""][2:4]
        known = {id_: of for of, id_ in self.items}
        if action in UNDOING and partner != known.get(own, partner):
            made = super().answer(request, known[own])
            return made if self.status == 200 else answered(self.status, {})
        return super().answer(request, partner)


@pytest.mark.parametrize("action", ["resume", "reopen", "unarchive"])
@pytest.mark.parametrize("status", [200, 404])
def test_another_partner_that_undoes_an_action_is_found(action: str, status: int) -> None:
    servers = Open(status), Tickets()
    found = [judged_tickets("operations.belongs-to-its-partner", one,
                            f"POST /tickets/{{id}}/{action}") for one in servers]  # fmt: skip

    assert [one.outcome for one in found] == [Outcome.FAILED, Outcome.PASSED]


@EACH
@pytest.mark.parametrize(
    "requirement", ["operations.unknown-id-is-404", "operations.belongs-to-its-partner"]
)
def test_tickets_conform_in_all_that_is_asked_of_actions(action: str, requirement: str) -> None:
    result = judged_tickets(requirement, Tickets(), f"POST /tickets/{{id}}/{action}")
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
