"""Violations that a campaign's own checks report, each of a requirement of the catalogue."""

from collections.abc import Sequence
from http import HTTPStatus

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import Values
from conformance.probe.violation import Violation
from conformance.server import judges
from conformance.target.exchange import Answer, Exchange, Request

_HEADER_STATUSES = {
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.EXPECTATION_FAILED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""Statuses that RFC 9110 and RFC 6585 define for headers, documented or not."""


def send_and_judge(probe: Probe, request: Request) -> Answer:
    """Send a request; raises :class:`Violation` for a requirement that the answer breaks."""
    answer = answer_to(probe, request)
    if answer.status in _HEADER_STATUSES:
        return answer
    exchange = JudgedExchange(probe.operation, request, answer, Purpose.GENERATED)
    for requirement, found in judges().judgements(exchange):
        if found and not probe.budget.is_known(found.expected, found.actual, requirement.id):
            raise Violation(found.expected, found.actual, requirement.id, found.values)
    return answer


class _KnownViolation(NotVerified):
    """A violation that is a finding already: nothing else keeps the check from its judgement."""

    why = None


def report_violation(
    probe: Probe,
    shown: Sequence[Exchange],
    expected: str,
    actual: str,
    requirement_id: str,
    *values: Values,
) -> None:
    """Raise :class:`Violation`; only the exchanges that show it stay in the record."""
    if probe.budget.is_known(expected, actual, requirement_id):
        raise _KnownViolation("the violation is known already")
    probe.recording.exchanges[:] = shown
    raise Violation(expected, actual, requirement_id, values)
