"""How a target tells its clients of its limits (vendor facts: the headers of every answer)."""

from conformance.catalogue.judge import NO_SERVER_ERROR, Judge, of_answer
from conformance.catalogue.registry import requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers, set_header, with_header
from conformance.probe.applicability import every
from conformance.probe.probe import NotVerified, Probe, expect, without_token
from conformance.probe.rate_limits import answer_to, harmless
from conformance.probe.resources import NOT_IMPLEMENTED_STATUSES
from conformance.server.rate_limits.header_rules import (
    HEADERS,
    LIMIT,
    REMAINING,
    RESET,
    expect_sense,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer


def _always(header: str, value: str | None) -> Sabotage:
    return on_answers(
        f"{'drop' if value is None else f'answer {value} in'} {header}",
        lambda _, answer: with_header(answer, header, value),
    )


def _ordinary(probe: Probe) -> list[tuple[str, Answer]]:
    """An accepted and a refused request with their answers."""
    request = harmless(probe)
    answer = answer_to(probe, request)
    documented = probe.operation.response(answer.status) is not None
    known = documented and Capability.REVOCATION in probe.target.capabilities
    if answer.status in NOT_IMPLEMENTED_STATUSES and not known:
        raise NotVerified(f"the target answers {answer.status}: it does not serve this operation")
    return [
        ("a valid request", answer),
        ("a request without a token", answer_to(probe, without_token(request))),
    ]


def expect_limit_headers(answer: Answer, to: str = "") -> None:
    """An answer has the limit's headers; ``to`` says to what it is one."""
    for name in (LIMIT, REMAINING, RESET):
        found = answer.header(name) is not None
        expect(found, f"the header {name}", f"none in the {answer.status}{to}")


@requirement(
    id="rate_limits.headers-on-every-answer",
    level=Level.SHOULD,
    source=HEADERS,
    applies_to=every,
    sabotage=(_always(LIMIT, None), _always(RESET, None), set_header(4, REMAINING, None)),
    judges=(Judge(of_answer(expect_limit_headers), statuses=NO_SERVER_ERROR),),
)
def headers_on_every_answer(probe: Probe) -> None:
    """Every answer says the limit, how much of it is left, and when it starts anew."""
    for what, answer in _ordinary(probe):
        expect_limit_headers(answer, f" to {what}")


@requirement(
    id="rate_limits.headers-make-sense",
    level=Level.SHOULD,
    source=HEADERS,
    applies_to=every,
    sabotage=(
        _always(LIMIT, "many"),
        _always(REMAINING, "-1"),
        _always(REMAINING, "99999999"),
        _always(RESET, "60"),
        _always(RESET, "1772582460000"),
        _always(RESET, "2099-12-31T23:59:59Z"),
    ),
    judges=(Judge(of_answer(expect_sense), statuses=NO_SERVER_ERROR),),
)
def headers_make_sense(probe: Probe) -> None:
    """The limits are whole numbers, no more is left than there is, and the reset is to come."""
    for _, answer in _ordinary(probe):
        expect_sense(answer)
