"""The X-RateLimit headers of every answer: presence and values (vendor facts)."""

import re
import time

from conformance.catalogue.judge import NO_SERVER_ERROR, Judge, of_answer
from conformance.catalogue.mends import LIMIT_HEADERS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers, set_header, with_header
from conformance.probe.applicability import documents_limits
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed
from conformance.probe.probe import Probe, without_token
from conformance.probe.rate_limits import answer_to, harmless
from conformance.probe.values import header
from conformance.probe.violation import expect
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from conformance.target.retry_after import RESET
from conformance.target.timestamps import http_date

HEADERS = "vendor facts: X-RateLimit-Limit, -Remaining and -Reset (Unix time) on every response"

LIMIT, REMAINING = "X-RateLimit-Limit", "X-RateLimit-Remaining"

NUMBER = re.compile(r"[0-9]{1,15}")

_CLOCKS_DIFFER_SECONDS = 300
_LONGEST_WINDOW_SECONDS = 400 * 24 * 3600


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
        raise NotServed(f"the target answers {answer.status}: it does not serve this operation")
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
    "rate_limits.headers-on-every-answer",
    Level.SHOULD,
    HEADERS,
    documents_limits,
    judges=(Judge(of_answer(expect_limit_headers), statuses=NO_SERVER_ERROR),),
    mend=LIMIT_HEADERS,
)
@catches(_always(LIMIT, None), _always(RESET, None), set_header(4, REMAINING, None))
def headers_on_every_answer(probe: Probe) -> None:
    """Every answer says the limit, how much of it is left, and when it starts anew."""
    for what, answer in _ordinary(probe):
        expect_limit_headers(answer, f" to {what}")


_NO_HEADERS = "the answers have no X-RateLimit headers"


def tells_limits(answer: Answer) -> bool:
    """Whether an answer has any of the limit's headers."""
    return any(answer.header(name) is not None for name in (LIMIT, REMAINING, RESET))


def expect_sense(answer: Answer) -> None:
    """The X-RateLimit headers are whole numbers that agree; NotVerified without any."""
    numbers: dict[str, int] = {}
    for name in (LIMIT, REMAINING, RESET):
        text = answer.header(name)
        if text is None:
            continue  # another requirement's business
        expect(
            NUMBER.fullmatch(text),
            f"a whole number in {name}",
            "another text",
            header(answer, name),
        )
        numbers[name] = int(text)
    if not numbers:
        raise NotServed(_NO_HEADERS)
    if LIMIT in numbers and REMAINING in numbers:
        expect(
            numbers[REMAINING] <= numbers[LIMIT],
            f"at most the {numbers[LIMIT]} of {LIMIT} in {REMAINING}",
            f"{numbers[REMAINING]}",
        )
    if RESET in numbers:
        # The target's own time, where it says it (RFC 9110 section 6.6.1).
        ahead = numbers[RESET] - (http_date(answer.header("date")) or time.time())
        expect(
            -_CLOCKS_DIFFER_SECONDS <= ahead <= _LONGEST_WINDOW_SECONDS,
            f"a Unix time that is now or to come in {RESET}",
            f"{numbers[RESET]}",
        )


@requirement(
    "rate_limits.headers-make-sense",
    Level.SHOULD,
    HEADERS,
    documents_limits,
    judges=(Judge(of_answer(expect_sense), statuses=NO_SERVER_ERROR),),
    mend=LIMIT_HEADERS,
)
@catches(
    _always(LIMIT, "many"),
    _always(REMAINING, "-1"),
    _always(REMAINING, "99999999"),
    _always(RESET, "60"),
    _always(RESET, "1772582460000"),
    _always(RESET, "2099-12-31T23:59:59Z"),
)
def headers_make_sense(probe: Probe) -> None:
    """The limits are whole numbers, no more is left than there is, and the reset is to come."""
    told = [one for _, one in _ordinary(probe) if tells_limits(one)]
    for answer in told:
        expect_sense(answer)
    if not told:
        raise NotServed(_NO_HEADERS)
