"""How a target says that it limits its clients (seed: response 429; vendor facts: the headers).

No 429 is provoked here. The requirements whose names begin with ``limited`` judge those that
were met on the way, and say that nothing was verified where none was.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from conformance.applicability import every
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.instants import http_date
from conformance.model import Level
from conformance.own_resources import UNSERVED
from conformance.probe import NotVerified, Probe, without_token
from conformance.registry import requirement
from conformance.sabotage import (
    Sabotage,
    drop_field,
    on_answers,
    set_field,
    set_header,
    with_header,
)
from openapi.contract import PATH_PARAMETER

SEED = "seed: response 429"
HEADERS = "vendor facts: X-RateLimit-Limit, -Remaining and -Reset (Unix time) on every response"

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"

_PROBLEM = "application/problem+json"
_NUMBER = re.compile(r"[0-9]{1,15}")
_CLOCKS_DIFFER_SECONDS = 300
_LONGEST_WINDOW_SECONDS = 400 * 24 * 3600


def _always(header: str, value: str | None) -> Sabotage:
    return on_answers(
        f"{'drop' if value is None else f'answer {value} in'} {header}",
        lambda _, answer: with_header(answer, header, value),
    )


def answer_to(probe: Probe, request: Request) -> Answer:
    """The answer to a request; nothing is verified where the target does not stop limiting."""
    answer = probe.send(request)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotVerified("the target limits requests, and does not say until when or for too long")
    return answer


def _harmless(probe: Probe) -> Request:
    """A valid request that touches nothing: a path that names something names nothing known."""
    request = probe.request()
    if "{" not in probe.operation.path:
        return request
    nothing = probe.new_name().replace(" ", "-")
    return replace(request, path=PATH_PARAMETER.sub(nothing, probe.operation.path))


def _ordinary(probe: Probe) -> list[tuple[str, Answer]]:
    """An accepted and a refused request with their answers."""
    request = _harmless(probe)
    answer = answer_to(probe, request)
    documented = probe.operation.answer(answer.status) is not None
    known = documented and Capability.REVOCATION in probe.target.capabilities
    if answer.status in UNSERVED and not known:
        raise NotVerified(f"the target answers {answer.status}: it does not serve this operation")
    return [
        ("a valid request", answer),
        ("a request without a token", answer_to(probe, without_token(request))),
    ]


@requirement(
    id="rate_limits.headers-on-every-answer",
    level=Level.SHOULD,
    source=HEADERS,
    applies_to=every,
    sabotage=(_always(LIMIT, None), _always(RESET, None), set_header(4, REMAINING, None)),
)
def headers_on_every_answer(probe: Probe) -> None:
    """Every answer says the limit, how much of it is left, and when it starts anew."""
    for what, answer in _ordinary(probe):
        for name in (LIMIT, REMAINING, RESET):
            probe.expect(
                answer.header(name) is not None,
                f"the header {name}",
                f"none in the {answer.status} to {what}",
            )


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
)
def headers_make_sense(probe: Probe) -> None:
    """The limits are whole numbers, no more is left than there is, and the reset is to come."""
    for _, answer in _ordinary(probe):
        _expect_sense(probe, answer)


def _expect_sense(probe: Probe, answer: Answer) -> None:
    numbers: dict[str, int] = {}
    for name in (LIMIT, REMAINING, RESET):
        text = answer.header(name)
        if text is None:
            continue  # another requirement's business
        probe.expect(_NUMBER.fullmatch(text), f"a whole number in {name}", "another text")
        numbers[name] = int(text)
    if not numbers:
        raise NotVerified("the answers have no X-RateLimit headers")
    if LIMIT in numbers and REMAINING in numbers:
        probe.expect(
            numbers[REMAINING] <= numbers[LIMIT],
            f"at most the {numbers[LIMIT]} of {LIMIT} in {REMAINING}",
            f"{numbers[REMAINING]}",
        )
    if RESET in numbers:
        # The target's own time, where it says it (RFC 9110 section 6.6.1).
        ahead = numbers[RESET] - (http_date(answer.header("date")) or time.time())
        probe.expect(
            -_CLOCKS_DIFFER_SECONDS <= ahead <= _LONGEST_WINDOW_SECONDS,
            f"a Unix time that is now or to come in {RESET}",
            f"{numbers[RESET]}",
        )


def _limited(probe: Probe) -> Iterator[Answer]:
    """Every 429 that the run has met on this operation, each the last exchange that is shown."""
    met = [one for one in list(probe.target.limited) if one[0].is_for(probe.operation)]
    if not met:
        raise NotVerified("no 429 was met; none is provoked")
    for request, answer in met:
        probe.recording.exchanges[:] = [(request, answer)]
        yield answer


@requirement(
    id="rate_limits.limited-answer-is-a-problem",
    observes_run=True,
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=(
        drop_field(429, "type"),
        drop_field(429, "title"),
        drop_field(429, "detail"),
        set_field(429, "status", 200),
        set_field(429, "status", "429"),
        set_header(429, "Content-Type", "application/json"),
        set_header(429, "Content-Type", None),
        on_answers(
            "limit with an empty body",
            lambda _, one: (
                replace(one, body=b"") if one.status == HTTPStatus.TOO_MANY_REQUESTS else one
            ),
        ),
    ),
)
def limited_answer_is_a_problem(probe: Probe) -> None:
    """A 429 is a problem document with type, title, status and detail."""
    documented = probe.operation.answer(HTTPStatus.TOO_MANY_REQUESTS)
    content = documented.content.get(_PROBLEM) if documented else None
    for answer in _limited(probe):
        probe.expect(
            answer.media_type == _PROBLEM, f"a 429 as {_PROBLEM}", answer.media_type or "no type"
        )
        try:
            value = answer.json()
        except ValueError:
            probe.expect(False, "a 429 with a JSON body", "a body that is not JSON")  # noqa: FBT003 - it is not
        for error in content.schema.errors(value) if content and content.schema else ():
            probe.expect(False, f"{error.param} {error.detail} in a 429", "it does not")  # noqa: FBT003 - it is not
        probe.expect(value["status"] == answer.status, "the 429 in status", "another number")


@requirement(
    id="rate_limits.limited-answer-says-how-long",
    observes_run=True,
    level=Level.SHOULD,
    source="RFC 6585 section 4, RFC 9110 section 10.2.3; vendor facts: Retry-After on 429",
    applies_to=every,
    sabotage=(
        set_header(429, "Retry-After", None),
        set_header(429, "Retry-After", "1.5"),
        set_header(429, "Retry-After", "-1"),
        set_header(429, "Retry-After", "soon"),
    ),
)
def limited_answer_says_how_long(probe: Probe) -> None:
    """A 429 says in Retry-After how many seconds to wait, or until which date."""
    for answer in _limited(probe):
        text = answer.header("retry-after")
        probe.expect(text is not None, "a 429 with Retry-After", "none")
        # RFC 9110 section 10.2.3: a date or a number of seconds, which has no sign or fraction.
        probe.expect(
            _NUMBER.fullmatch(text or "") or http_date(text) is not None,
            "whole seconds or a date in Retry-After",
            "another text",
        )


@requirement(
    id="rate_limits.limited-answer-has-headers",
    observes_run=True,
    level=Level.SHOULD,
    source=HEADERS,
    applies_to=every,
    sabotage=(
        set_header(429, LIMIT, None),
        set_header(429, REMAINING, "99999999"),
        set_header(429, RESET, "60"),
    ),
)
def limited_answer_has_headers(probe: Probe) -> None:
    """A 429 carries the limit's headers, and they make sense."""
    for answer in _limited(probe):
        for name in (LIMIT, REMAINING, RESET):
            probe.expect(answer.header(name) is not None, f"a 429 with {name}", "none")
        _expect_sense(probe, answer)
