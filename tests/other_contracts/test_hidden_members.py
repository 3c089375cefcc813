"""Members that are ``writeOnly`` at any level are missed in no answer; others may be shown."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.crates import answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

SECRET = {**TEXT, "writeOnly": True}
NUMBER = {**SECRET, "pattern": "^[0-9]{16}$"}
CARD = thing(["type", "number"], type={"const": "card"}, number=NUMBER, holder=TEXT)
INVOICE = thing(["type"], type={"const": "invoice"}, number=TEXT)
BY_ITS_MEMBERS = {"oneOf": [thing(["iban"], iban=TEXT), thing(["number"], number=SECRET)]}

HIDDEN: Mapping[str, tuple[Any, str]] = {
    "a member": (thing([], number=SECRET, holder=TEXT), "pay.number"),
    "a first alternative": ({"oneOf": [CARD, INVOICE]}, "pay.number"),
    "a later alternative": ({"oneOf": [INVOICE, CARD]}, "pay.number"),
    "an alternative by its members": (BY_ITS_MEMBERS, "pay.number"),
    "a part": ({"allOf": [thing([], holder=TEXT), thing([], number=SECRET)]}, "pay.number"),
    "an array": ({"type": "array", "items": thing([], number=SECRET)}, "pay.*.number"),
    "a map": ({"type": "object", "minProperties": 1, "additionalProperties": CARD}, "number"),
    "two levels": (thing([], card=thing([], number=SECRET)), "pay.card.number"),
    "what is hidden as a whole": ({**thing([], code=TEXT), "writeOnly": True}, "pay.code"),
}
"""By what hides a member: the schema of ``pay``, and what is told of it."""

OPERATIONS = ("POST /orders", "GET /orders", "GET /orders/{id}", "PUT /orders/{id}",
              "PATCH /orders/{id}")  # fmt: skip


def contract(sent: Any, shown: Any = None) -> Contract:
    """Orders with a member ``pay``, which answers may document in another way."""
    order = thing(["id", "title"], id=TEXT, title=TEXT, pay=sent if shown is None else shown)
    wrong = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404")}
    one = {"200": answer(order), **wrong}
    body = {"required": True, **taken(thing(["title"], title=TEXT, pay=sent))}
    page = thing(["orders"], orders={"type": "array", "items": order})
    return Contract(
        document("Orders", {
            "/orders": {
                "post": {"requestBody": body, "responses": {"201": answer(order), **wrong}},
                "get": {"responses": {"200": answer(page), **wrong}},
            },
            "/orders/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": {"responses": one},
                "put": {"requestBody": body, "responses": one},
                "patch": {"requestBody": body, "responses": one},
            },
        })
    )  # fmt: skip


class Orders:
    """A server of orders, which shows all of ``pay`` or what a function leaves of it."""

    def __init__(self, shows: Any = lambda pay: pay) -> None:
        self.shows = shows
        self.items: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1000)

    def __call__(self, request: Request, _: Forward) -> Answer:
        own = request.path.partition("?")[0].removeprefix("/orders").strip("/")
        if own and own not in self.items:
            return answered(404, {})
        if request.method == "GET":
            shown = [self.shown(one) for one in self.items.values()]
            return answered(200, self.shown(self.items[own]) if own else {"orders": shown})
        made = own or f"o{next(self.ids)}"
        before = self.items.get(own, {}) if request.method == "PATCH" else {}
        self.items[made] = {**before, **json.loads(request.body), "id": made}
        return answered(200 if own else 201, self.shown(self.items[made]))

    def shown(self, order: dict[str, Any]) -> dict[str, Any]:
        pay = self.shows(order["pay"]) if "pay" in order else None
        rest = {name: one for name, one in order.items() if name != "pay"}
        return rest if pay is None else {**rest, "pay": pay}


def judged(own: Contract, server: Orders, operation: str) -> Result:
    requirement = catalogue()["operations.write-only-is-not-shown"]
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.LISTING)
        return Run(own, target, [], seed=1).check(requirement, own.operations[operation])


def without_number(value: Any) -> Any:
    if isinstance(value, list):
        return [without_number(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_invoice = value.get("type") == "invoice"
    return {name: without_number(one) for name, one in value.items()
            if is_invoice or name not in {"number", "code"}}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("pay", "told"), HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_is_found_where_it_is_shown(pay: Any, told: str, operation: str) -> None:
    result = judged(contract(pay), Orders(), operation)

    assert result.outcome is Outcome.WARNING, result.actual
    assert told in str(result.expected)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("pay", [one for one, _ in HIDDEN.values()], ids=HIDDEN)
def test_what_is_hidden_may_be_left_out(pay: Any, operation: str) -> None:
    result = judged(contract(pay), Orders(without_number), operation)

    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


def test_what_another_schema_of_the_answer_shows_is_not_hidden() -> None:
    requirement = catalogue()["operations.write-only-is-not-shown"]
    pay, shown = thing([], number=SECRET, pin=SECRET), thing([], number=TEXT)
    both = contract(thing([], number=SECRET), shown)
    assert not any(map(requirement.applies_to, both.operations.values()))

    own = contract(pay, shown)
    for operation in OPERATIONS:
        result = judged(own, Orders(lambda it: {"number": it.get("number", "")}), operation)
        assert (result.outcome, result.actual) == (Outcome.PASSED, "")
        assert judged(own, Orders(), operation).outcome is Outcome.WARNING
