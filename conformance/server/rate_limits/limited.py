"""The 429: problem document, headers, and a Retry-After that is true (seed: response 429).

Judged are the 429s that the run received, and with --provoke-rate-limit those provoked.
"""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.judge import RATE_LIMITED, each
from conformance.catalogue.mends import LIMIT_HEADERS, TRUE_RETRY_AFTER, WHOLE_PROBLEMS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    drop_field,
    on_answers,
    set_field,
    set_header,
    with_header,
)
from conformance.probe.applicability import documents_limits, every
from conformance.probe.not_verified import NotAsked, NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import LIMITED, provoke
from conformance.probe.values import header, member
from conformance.probe.violation import Violation, expect
from conformance.server.rate_limits.headers import (
    HEADERS,
    LIMIT,
    NUMBER,
    REMAINING,
    expect_sense,
)
from conformance.target.exchange import Answer
from conformance.target.retry_after import RESET, seconds_of, seconds_until_reset
from conformance.target.timestamps import http_date
from dinie_contract.options import RATE_LIMIT_REQUESTS
from openapi.operation import Operation

SEED = "seed: response 429"

_SECONDS_OF_UNIX_TIMES = 1_000_000_000
_LONGEST_WINDOW, _FAR_ABOVE, _ANY_WINDOW = 7 * 24 * 3600, 60, 300
"""In seconds; a wait far above what is left of a window is so many times as long and more."""

_PROBLEM = "application/problem+json"
_UNASKED = "the run got no 429; --provoke-rate-limit provokes one"


def _limited(probe: Probe) -> Iterator[Answer]:
    """Every 429 of the run on this operation, each put alone into the recording."""
    provoke(probe)
    met = [one for one in probe.target.limited if one[0].is_for(probe.operation)]
    if not met:
        raise no_429(probe)
    for request, answer in met:
        probe.recording.exchanges[:] = [(request, answer)]
        yield answer.unread()


def _answers_429_with_problem(operation: Operation) -> bool:
    documented = operation.response(HTTPStatus.TOO_MANY_REQUESTS)
    return documented is not None and _PROBLEM in documented.content


def no_429(probe: Probe) -> NotVerified:
    """The reason for no verdict where the run got no 429 on the operation."""
    if not probe.target.settings.provoke_rate_limit:
        return NotAsked(_UNASKED)
    if probe.target.limited:
        return NotServed("the run got no 429 on this operation")
    return NotServed(f"{RATE_LIMIT_REQUESTS} requests got no 429")


@requirement(
    "rate_limits.limited-answer-is-a-problem",
    Level.MUST,
    SEED,
    _answers_429_with_problem,
    observes_run=True,
    mend=WHOLE_PROBLEMS,
)
@catches(
    drop_field(429, "type"),
    drop_field(429, "title"),
    drop_field(429, "detail"),
    set_field(429, "status", 200),
    set_field(429, "status", "429"),
    set_header(429, "Content-Type", "application/json"),
    set_header(429, "Content-Type", None),
    on_answers(
        "limit with an empty body",
        lambda _, one: replace(one, body=b"") if one.status == LIMITED else one,
    ),
)
@each(_limited, statuses=RATE_LIMITED)
def limited_answer_is_a_problem(operation: Operation, answer: Answer) -> None:
    """A 429 is a problem document with type, title, status and detail."""
    documented = operation.response(HTTPStatus.TOO_MANY_REQUESTS)
    content = documented.content.get(_PROBLEM) if documented else None
    expect(answer.media_type == _PROBLEM, f"a 429 as {_PROBLEM}", answer.media_type or "no type")
    try:
        value = answer.json()
    except ValueError:
        raise Violation("a 429 with a JSON body", "a body that is not JSON") from None
    for error in content.schema.errors(value) if content and content.schema else ():
        raise Violation(f"{error.param} {error.detail} in a 429", "it does not")
    expect(
        answer.number("status") == answer.status,
        "the 429 in status",
        "another number",
        member(answer, "status", answer.status),
    )


@requirement(
    "rate_limits.limited-answer-says-how-long",
    Level.SHOULD,
    "RFC 6585 section 4, RFC 9110 section 10.2.3; vendor facts: Retry-After on 429",
    every,
    observes_run=True,
    mend=TRUE_RETRY_AFTER,
)
@catches(
    set_header(429, "Retry-After", None),
    set_header(429, "Retry-After", "1.5"),
    set_header(429, "Retry-After", "-1"),
    set_header(429, "Retry-After", "soon"),
    set_header(429, "Retry-After", "60000"),
    set_header(429, "Retry-After", "1772582460"),
)
@each(_limited, statuses=RATE_LIMITED)
def limited_answer_says_how_long(_: Operation, answer: Answer) -> None:
    """A 429 says in Retry-After how many seconds to wait, or until which date."""
    text = answer.header("retry-after")
    expect(text is not None, "a 429 with Retry-After", "none")
    # RFC 9110 section 10.2.3: a date or a number of seconds, which has no sign or fraction.
    is_time = NUMBER.fullmatch(text or "") or http_date(text) is not None
    expect(
        is_time,
        "whole seconds or a date in Retry-After",
        "another text",
        header(answer, "Retry-After"),
    )
    _expect_usual_wait(answer)


def _expect_usual_wait(answer: Answer) -> None:
    """The wait is none of milliseconds or a Unix time: it has to do with the window that is told.

    A target may ask for more than what is left of a window, as for a penalty, but not for hours
    where seconds are left.
    """
    wait, left = seconds_of(answer), seconds_until_reset(answer)
    if wait is None:
        return
    if NUMBER.fullmatch(answer.header("retry-after") or ""):
        is_time = wait >= _SECONDS_OF_UNIX_TIMES
        expect(not is_time, "seconds to wait in Retry-After", f"{wait:.0f}, as of a Unix time")
    if left is None:
        return
    fits = left > _LONGEST_WINDOW or wait <= _FAR_ABOVE * left + _ANY_WINDOW
    expect(fits, f"a wait that fits the {left:.0f} s until {RESET}", f"{wait:.0f} s")


def _with_all_left(answer: Answer) -> Answer:
    is_limit = answer.status == LIMITED
    return with_header(answer, REMAINING, answer.header(LIMIT)) if is_limit else answer


@requirement(
    "rate_limits.limited-answer-has-headers",
    Level.SHOULD,
    HEADERS,
    documents_limits,
    observes_run=True,
    mend=LIMIT_HEADERS,
)
@catches(
    set_header(429, LIMIT, None),
    set_header(429, REMAINING, "99999999"),
    set_header(429, RESET, "60"),
    on_answers("leave all that there was", lambda _, one: _with_all_left(one)),
)
@each(_limited, statuses=RATE_LIMITED)
def limited_answer_has_headers(_: Operation, answer: Answer) -> None:
    """A 429 carries the limit's headers, and they make sense."""
    for name in (LIMIT, REMAINING, RESET):
        expect(answer.header(name) is not None, f"a 429 with {name}", "none")
    expect_sense(answer)
    limit, remaining = answer.header(LIMIT), answer.header(REMAINING)
    is_all_left = limit == remaining and limit != "0"
    expect(not is_all_left, f"less than the limit in {REMAINING} of a 429", f"all {limit}")


@requirement(
    "rate_limits.limited-request-gets-through-later",
    Level.SHOULD,
    "RFC 9110 section 10.2.3; vendor facts: Retry-After on 429",
    every,
    observes_run=True,
    mend=TRUE_RETRY_AFTER,
)
@catches(
    set_header(429, "Retry-After", "0"),
    set_header(429, "Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"),
)
def limited_request_gets_through_later(probe: Probe) -> None:
    """A request that waits as long as a 429 says gets through."""
    provoke(probe)
    target = probe.target
    # By --provoke-rate-limit, or where waits were in vain that a 429 on the way asked for.
    request, answers = target.provoked or (None, [])
    alone = request is not None and request.is_for(probe.operation) and len(answers) > 1
    if request is not None and alone:
        probe.recording.exchanges[:] = [(request, one) for one in answers]
        waits = len(answers) - 1
        probe.expect(
            answers[-1].status != LIMITED,
            "another answer after as long as Retry-After says",
            f"429 after {waits} {'waits' if waits > 1 else 'wait'}",
        )
        return
    # On the way others may have taken what there was: only what got through says something.
    waited = [one for one in target.waited if one[0].is_for(probe.operation)]
    if any(status != LIMITED for _, status in waited):
        return
    if waited or any(one.is_for(probe.operation) for one, _ in target.limited):
        raise NotVerified("no 429 of this operation could be waited for with nothing else sent")
    raise no_429(probe)
