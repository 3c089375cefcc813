"""What is said of a resource is said in the words of its contract."""

import pytest

from conformance.probe.resource_words import ResourceWords
from conformance.results.result import Outcome
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from tests.other_contracts.crates import answered
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing
from tests.other_contracts.tickets import Tickets, judged_tickets

SECRET_THING = thing(["id", "name", "secret"], id=TEXT, name=TEXT, secret=TEXT)


class Undying(Tickets):
    """Tickets that stay in the list, as if they were not deleted."""

    def answer(self, request: Request, partner: int) -> Answer:
        made = super().answer(request, partner)
        self.items |= self.gone
        return made


class Silent(Tickets):
    """Tickets whose creation tells no state."""

    def made(self, request: Request, partner: int) -> Answer:
        shown = super().made(request, partner).json_object() or {}
        return answered(201, {name: one for name, one in shown.items() if name != "status"})


def contract(noun: str, method: str = "delete", end: str = "") -> Contract:
    """A contract of things with secrets, and what ends one."""
    own, wrong = [parameter("id", "path", TEXT)], {"404": answer()}
    paths = {
        f"/{noun}": {"post": {"requestBody": {"required": True, **taken(thing([], name=TEXT))},
                              "responses": {"201": answer(SECRET_THING), **wrong}}},
        f"/{noun}/{{id}}": {"parameters": own,
                            "get": {"responses": {"200": answer(SECRET_THING), **wrong}}},
    }  # fmt: skip
    paths.setdefault(f"/{noun}/{{id}}{end}", {"parameters": own})[method] = {
        "responses": {"204": answer(), **wrong}
    }
    return Contract(document("Things", paths))


@pytest.mark.parametrize(
    ("noun", "method", "end", "words"),
    [
        ("api-keys", "delete", "", ("keys", "key", "revoked", "revocation")),
        ("hooks", "delete", "", ("resources", "resource", "removed", "removal")),
        ("hooks", "post", "/cancel", ("resources", "resource", "ended", "end")),
    ],
)
def test_keys_alone_are_called_keys(noun: str, method: str, end: str, words: object) -> None:
    assert ResourceWords.of(contract(noun, method, end).resources) == words


def test_the_keys_of_the_bundled_contract_are_keys() -> None:
    assert ResourceWords.of(Contract.bundled().resources).things == "keys"


def test_a_list_is_told_of_in_the_states_of_its_contract() -> None:
    result = judged_tickets("sequences.model-holds", Undying(), "POST /tickets")
    assert (result.expected, result.actual) == ("the status closed in the list", "open")


def test_what_is_made_without_a_state_is_listed_in_any() -> None:
    result = judged_tickets("sequences.model-holds", Silent(), "POST /tickets")
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
