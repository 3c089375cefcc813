"""A change that is taken and does nothing is found; one member that stays as it was is no fault.

Where a standard says what each member of a body changes, as for merge patches, each one counts.
"""

import itertools
import json
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, thing

SETTABLE = {
    "title": TEXT,
    "currency": {**TEXT, "enum": ["EUR", "USD"]},
    "size": {**WHOLE, "minimum": 1},
    "day": {**TEXT, "format": "date"},
    "tags": {"type": "array", "items": TEXT},
}
SHOWN, EACH = "operations.change-is-shown", "operations.change-sets-each-member"
EACH_OF_PATCH = "operations.patch-sets-each-member"
PLAIN, MERGE = "application/json", "application/merge-patch+json"


def contract(method: str, media_type: str, *names: str, **more: Any) -> Contract:
    """Accounts whose changes may have these members, and which have ``more``."""
    settable = SETTABLE | more
    account = thing(["id", *settable], id=TEXT, **settable)
    wrong = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404")}
    one = {"200": answer(account), **wrong}
    new = thing([*settable], **settable)
    change = thing([], **{it: settable[it] for it in (*names, *more)})
    bodies = {kind: {"requestBody": {"required": True, "content": {kind: {"schema": one}}}}
              for kind, one in ((PLAIN, new), (media_type, change))}  # fmt: skip
    made = {"requestBody": {"required": True, "content": {PLAIN: {"schema": new}}},
            "responses": {"201": answer(account), **wrong}}  # fmt: skip
    return Contract(
        document("Accounts", {
            "/accounts": {"post": made},
            "/accounts/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": {"responses": one},
                method: {**bodies[media_type], "responses": one},
            },
        })
    )  # fmt: skip


class Accounts:
    """A server of accounts, of which a change leaves some members as they were."""

    def __init__(self, ignored: set[str]) -> None:
        self.ignored = ignored
        self.items: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1000)

    def __call__(self, request: Request, _: Forward) -> Answer:
        own = request.path.removeprefix("/accounts").strip("/")
        if own and own not in self.items:
            return answered(404, {})
        if request.method == "POST":
            own = f"a{next(self.ids)}"
            self.items[own] = {**json.loads(request.body), "id": own}
            return answered(201, self.items[own])
        if request.body:
            given = json.loads(request.body).items()
            new = {name: one for name, one in given if name not in self.ignored}
            self.items[own] = {**self.items[own], **new}
            if "updated_at" in self.items[own]:
                self.items[own]["updated_at"] = f"2027-03-04T05:06:{next(self.ids) % 60:02}Z"
        return answered(200, self.items[own])


def outcome(requirement: str, own: Contract, method: str, ignored: set[str]) -> Outcome:
    operation = own.operations[f"{method.upper()} /accounts/{{id}}"]
    one = catalogue()[requirement]
    assert one.applies_to(operation)
    with Hasty("http://target.invalid", TOKENS, tamper=Accounts(ignored)) as target:
        return Run(own, target, [], seed=1).check(one, operation).outcome


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("names", "ignored", "found"),
    [
        ({"title", "currency"}, {"title"}, Outcome.PASSED),
        ({"title", "currency"}, {"currency"}, Outcome.PASSED),
        ({"title", "currency"}, {"title", "currency"}, Outcome.FAILED),
        ({"title"}, {"title"}, Outcome.FAILED),
        ({"currency", "size"}, {"currency"}, Outcome.PASSED),
        ({"currency", "size"}, {"currency", "size"}, Outcome.FAILED),
        ({"currency", "day"}, {"currency"}, Outcome.PASSED),
        ({"title", "tags"}, {"title"}, Outcome.PASSED),
        ({"title", "tags", "day"}, {"title", "tags", "day"}, Outcome.FAILED),
    ],
)
def test_a_change_that_does_nothing_is_found(
    method: str, names: set[str], ignored: set[str], found: Outcome
) -> None:
    assert outcome(SHOWN, contract(method, PLAIN, *names), method, ignored) is found


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_the_server_changes_by_itself_is_no_change(method: str) -> None:
    own = contract(method, PLAIN, "title", "size", updated_at={**TEXT, "format": "date-time"})
    ignored = {"title", "size", "currency", "day", "tags", "updated_at"}
    assert outcome(SHOWN, own, method, ignored) is Outcome.FAILED


@pytest.mark.parametrize("ignored", ["title", "currency", "size", ""])
def test_one_member_that_is_ignored_is_told_by_the_level_of_its_standard(ignored: str) -> None:
    for method, media_type, requirement, found in (
        ("put", PLAIN, EACH, Outcome.WARNING),
        ("patch", PLAIN, EACH, Outcome.WARNING),
        ("patch", MERGE, EACH_OF_PATCH, Outcome.FAILED),
    ):
        own = contract(method, media_type, "title", "currency", "size")
        wanted = found if ignored else Outcome.PASSED
        assert outcome(requirement, own, method, {ignored}) is wanted
