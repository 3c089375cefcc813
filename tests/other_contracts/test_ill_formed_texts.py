"""Texts of no format, and of no pattern, in the body of a creation or a PUT."""

from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from tests.other_contracts.crates import Crates, judged_crates

OPERATIONS = ("POST /crates", "PUT /crates/{id}")
FORMATS, RULES = "operations.ill-formed-text-is-refused", "operations.wrong-data-is-refused"


class Unchecked(Crates):
    """Crates that take any text for what is to be of a format, or of a pattern."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def refuses(self, errors: list[Any]) -> bool:
        return any(one.code != "invalid_format" or one.param != self.name for one in errors)


def judged(requirement: str, server: Crates, operation: str) -> Result:
    return judged_crates(requirement, server, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_text_that_is_no_day_and_is_taken_is_found(operation: str) -> None:
    assert judged(FORMATS, Unchecked("packed"), operation).outcome is Outcome.WARNING
    assert judged(RULES, Unchecked("packed"), operation).outcome is Outcome.PASSED


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_text_that_does_not_match_its_pattern_and_is_taken_is_found(operation: str) -> None:
    assert judged(RULES, Unchecked("label"), operation).outcome is Outcome.FAILED


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("requirement", [FORMATS, RULES])
def test_a_server_that_refuses_both_conforms(requirement: str, operation: str) -> None:
    result = judged(requirement, Crates(), operation)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
