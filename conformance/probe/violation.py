"""A broken requirement, and what every check expects of an answer."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from conformance.probe.repetition import COMPLETE, EXPECTED, Repetition
from conformance.probe.values import Values
from conformance.target.exchange import Answer
from openapi.field_errors import FieldError


class Violation(Exception):
    """The requirement is broken: what was expected and what was seen instead.

    ``breaks`` is the id of the requirement, where a check judges by several. ``values`` are what
    was seen, where ``actual`` alone does not say it: they make no other violation of it.
    """

    def __init__(
        self, expected: str, actual: str, breaks: str = "", values: Iterable[Values] = ()
    ) -> None:
        super().__init__(f"expected {expected}, got {actual}")
        self.expected = expected
        self.actual = actual
        self.breaks = breaks
        self.values = tuple(values)


NO_SERVER_ERROR, CLOSED = "no server error", "a closed connection, and again on another try"
"""The expectation of every request, and the actual value where the target closes connections."""


def unanswered(answer: Answer) -> str:
    """The actual value in place of an answer with the status ``NO_ANSWER``."""
    overdue = f"no answer within {answer.seconds:g} s" if answer.seconds else ""
    seen = answer.excess or overdue or answer.broken
    return f"{seen}, and again on another try" if seen else CLOSED


NOTHING_FAILS = "generated.nothing-makes-it-fail"
"""The requirement that is broken where no answer comes."""


def expect(holds: object, expected: str, actual: str, *values: Values) -> None:
    """Raise :class:`Violation` unless ``holds``; ``values`` are what was seen."""
    if not holds:
        raise Violation(expected, actual, values=values)


def expect_no_faults(faults: Sequence[FieldError], what: str) -> None:
    """Raise :class:`Violation` for a body that its schema finds these faults in."""
    wrong = "; ".join(f"{one.param} {one.detail}" for one in faults[:3])
    expect(not faults, f"{what}: {wrong}", f"{len(faults)} fault{'s' if len(faults) > 1 else ''}")


def expect_list(answer: Answer) -> None:
    """Raise :class:`Violation` for a list that fails on a plain request for a page."""
    actual = f"{answer.status} to a plain request for a page"
    if answer.is_server_error and answer.status != HTTPStatus.NOT_IMPLEMENTED:
        raise Violation(NO_SERVER_ERROR, actual, NOTHING_FAILS)


def expect_news(repetition: Repetition) -> None:
    """Raise :class:`Violation` for a list that repeats itself."""
    if repetition.is_certain:
        raise Violation(EXPECTED, repetition.actual, COMPLETE)
