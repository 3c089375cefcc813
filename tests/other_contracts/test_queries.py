"""Wrong values in the query of a list, each taken in turn."""

from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from tests.other_contracts.crates import Crates, judged_crates


class Unchecked(Crates):
    """Crates whose list takes any value of some parameters."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def accepts(self, parameter: Any, value: Any) -> bool:
        return parameter.name in self.names or super().accepts(parameter, value)

    def listed(self, query: dict[str, str]) -> Any:
        # What is no number of a page is overlooked.
        own = {name: one for name, one in query.items()
               if name not in self.names or one.isdigit()}  # fmt: skip
        return super().listed(own if {"offset", "limit"} & {*self.names} else query)


def judged(server: Crates) -> Result:
    return judged_crates("operations.wrong-query-is-refused", server, "GET /crates")


@pytest.mark.parametrize(
    "name", ["title", "size", "colour", "fragile", "packed", "state", "offset", "limit"]
)
def test_a_wrong_value_that_is_taken_is_found(name: str) -> None:
    result = judged(Unchecked(name))
    assert result.outcome is Outcome.WARNING
    assert f" {name} " in str(result.expected)


def test_a_list_that_refuses_wrong_values_conforms() -> None:
    result = judged(Crates())
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
