"""Actions whose answers tell a state: one that is not kept is found, one that passes is not."""

from http import HTTPStatus

import pytest

from conformance.results.result import Outcome, Result
from conformance.server import catalogue
from conformance.target.exchange import Answer
from tests.other_contracts.crates import Crates, answered, contract, judged_crates
from tests.other_contracts.styles import TEXT, thing


class Idle(Crates):
    """Crates that are said to be closed, and stay as they are."""

    def closed(self, own: str) -> Answer:
        return answered(200, {**self.items[own], "state": "closed"})


class Late(Crates):
    """Crates whose reads are two looks late."""

    left = 0

    def closed(self, own: str) -> Answer:
        self.left = 2
        return super().closed(own)

    def read(self, own: str) -> Answer:
        self.left -= 1
        return answered(200, {**self.items[own], "state": "open"} if self.left >= 0
                        else self.items[own])  # fmt: skip


class Gone(Crates):
    """Crates that nobody finds when they are closed."""

    def read(self, own: str) -> Answer:
        is_closed = self.items[own]["state"] == "closed"
        return answered(HTTPStatus.NOT_FOUND, {}) if is_closed else super().read(own)


class Silent(Crates):
    """Crates whose end tells nothing of a state that is not kept."""

    def closed(self, own: str) -> Answer:
        return answered(200, self.items[own])


def judged(server: Crates) -> Result:
    return judged_crates("operations.action-is-shown", server, "POST /crates/{id}/close")


def test_a_state_that_is_not_kept_is_found() -> None:
    assert judged(Idle()).outcome is Outcome.FAILED


@pytest.mark.parametrize("server", [Crates(), Late(), Gone()], ids=["plain", "late", "gone"])
def test_a_state_that_is_kept_conforms(server: Crates) -> None:
    result = judged(server)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


def test_an_action_that_tells_nothing_is_not_verified() -> None:
    assert judged(Silent()).outcome is Outcome.NOT_VERIFIED


def test_an_action_that_answers_with_another_thing_tells_nothing_of_its_item() -> None:
    """A receipt with the id of the crate has states of its own."""
    receipt = thing(["id", "state"], id=TEXT, state={**TEXT, "enum": ["printed", "lost"]})
    operation = contract(receipt).operations["POST /crates/{id}/close"]
    assert not catalogue()["operations.action-is-shown"].applies_to(operation)
