"""An action with an idempotency key is judged on items of the run's own, each key on a new one."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, parameter, thing
from tests.plain_servers.contracts import BEARER, MONEY, NAME, document, listed, refused
from tests.plain_servers.serving import TOKENS

VOID = "POST /transfers/{id}/void"
OF_ITEMS = (
    "fresh-key-is-accepted",
    "replay-is-identical",
    "simultaneous-requests-make-one-resource",
    "simultaneous-requests-are-no-failure",
    "only-documented-statuses",
    "unauthenticated-request-leaves-key-free",
)
OF_WHAT_IS_MADE = (
    "different-keys-are-different-calls",
    "no-key-is-a-new-call",
    "reused-key-makes-nothing",
    "odd-keys-are-different-calls",
    "retry-may-look-different",
)


def contract() -> Contract:
    members = {"amount": MONEY, "memo": NAME}
    states = {**TEXT, "enum": ["posted", "voided"]}
    item = thing(["id", "amount", "state"], id=TEXT, state=states, **members)
    paths = listed("/transfers", item, thing(["amount"], **members), 422)
    paths["/transfers/{id}/void"] = {
        "parameters": [parameter("id", "path", TEXT)],
        "post": {
            "parameters": [parameter("Idempotency-Key", "header", TEXT)],
            "responses": {"200": answer(item), **refused(404, 409)},
        },
    }
    return Contract(document("Transfers", paths, BEARER))


class Transfers:
    """A server of transfers that are voided once, by ``keys`` that are known or not."""

    def __init__(self, *, knows_keys: bool = True, voids_new: bool = True) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.answers: dict[str | None, Answer] = {}
        self.knows_keys, self.voids_new = knows_keys, voids_new

    def __call__(self, request: Request, _: Forward) -> Answer:
        if request.partner is None:
            return self._answer(HTTPStatus.UNAUTHORIZED, {"message": "no token"})
        parts = request.path.partition("?")[0].split("/")[2:]
        if not parts and request.method == "POST":
            item = {"id": f"t{len(self.items)}", "state": "posted", **json.loads(request.body)}
            self.items[item["id"]] = item
            return self._answer(HTTPStatus.CREATED, item)
        found = self.items.get(parts[0]) if parts else None
        if found is None:
            return self._answer(HTTPStatus.NOT_FOUND, {"message": "no such transfer"})
        if request.method != "POST":
            return self._answer(HTTPStatus.OK, found)
        if request.key not in self.answers or not self.knows_keys:
            if found["state"] == "voided" or not self.voids_new:
                return self._answer(HTTPStatus.CONFLICT, {"message": "not to be voided"})
            found["state"] = "voided"
            self.answers[request.key] = self._answer(HTTPStatus.OK, found)
        return self.answers[request.key]

    def _answer(self, status: int, value: object) -> Answer:
        headers = (("content-type", "application/json"),)
        return Answer(status, headers, json.dumps(value).encode())


def checked(server: Callable[[Request, Forward], Answer], name: str) -> Result:
    with Target("http://target", TOKENS[:1], tamper=server) as target:
        run = Run(contract(), target, [], seed=1)
        rule = catalogue()[f"idempotency.{name}"]
        return run.check(rule, run.contract.operations[VOID])


@pytest.mark.parametrize("name", OF_ITEMS)
def test_each_key_is_sent_to_an_item_of_its_own(name: str) -> None:
    assert checked(Transfers(), name).outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["replay-is-identical"])
def test_a_key_that_is_not_known_again_is_found(name: str) -> None:
    assert checked(Transfers(knows_keys=False), name).outcome is Outcome.FAILED


@pytest.mark.parametrize("name", OF_WHAT_IS_MADE)
def test_what_compares_what_two_calls_made_is_not_for_actions(name: str) -> None:
    found = checked(Transfers(), name)

    assert found.outcome is Outcome.NOT_VERIFIED
    assert found.actual == f"{VOID} makes nothing that tells one call from another"
    assert not found.is_undecided


def test_an_action_that_refuses_no_body_leaves_no_key_to_be_looked_at() -> None:
    found = checked(Transfers(), "rejected-request-leaves-key-free")

    assert (found.outcome, found.actual) == (Outcome.NOT_VERIFIED, f"{VOID} refuses no body")


@pytest.mark.parametrize("name", OF_ITEMS)
def test_an_action_that_no_new_item_allows_is_no_lost_verdict(name: str) -> None:
    found = checked(Transfers(voids_new=False), name)

    assert found.outcome is Outcome.NOT_VERIFIED
    assert found.actual == "the target refuses plain data with 409"
    assert not found.is_undecided
