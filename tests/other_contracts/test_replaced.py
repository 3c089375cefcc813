"""A PUT that keeps what it leaves out is told from one that sets what is usual."""

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.target.exchange import Answer
from tests.other_contracts.crates import Crates, Item, answered, judged_crates


class Putting(Crates):
    """Crates that keep some of what a PUT leaves out, or have values by default."""

    def __init__(self, keeps: set[str], usual: Mapping[str, Any], fixed: set[str]) -> None:
        super().__init__()
        self.keeps, self.usual, self.fixed = keeps, usual, fixed

    def replaced(self, before: Item, data: Item) -> Item:
        kept = {name: one for name, one in before.items() if name in self.keeps}
        fixed = {name: one for name, one in before.items() if name in self.fixed}
        return super().replaced(before, {**self.usual, **kept, **data, **fixed})


class Late(Crates):
    """Crates whose reads are a look late."""

    before: Item | None = None

    def replaced(self, before: Item, data: Item) -> Item:
        self.before = before
        return super().replaced(before, data)

    def read(self, own: str) -> Answer:
        before, self.before = self.before, None
        return answered(200, before) if before else super().read(own)


def judged(server: Crates) -> Result:
    return judged_crates("operations.put-replaces-the-rest", server, "PUT /crates/{id}")


@pytest.mark.parametrize("name", ["note", "size", "colour", "fragile", "packed"])
def test_what_a_put_keeps_is_found(name: str) -> None:
    result = judged(Putting({name}, {}, set()))
    assert result.outcome is Outcome.WARNING
    assert name in str(result.expected)


@pytest.mark.parametrize(
    "server",
    [
        Crates(),
        Late(),
        Putting(set(), {"size": 2, "colour": "red", "fragile": False, "note": "none"}, set()),
        Putting(set(), {"colour": "green", "fragile": True, "note": None}, set()),
        Putting(set(), {}, {"colour", "packed"}),
    ],
    ids=["plain", "late", "usual", "others", "fixed"],
)
def test_a_put_that_replaces_conforms(server: Crates) -> None:
    result = judged(server)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
