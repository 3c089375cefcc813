"""Calls drawn to scale: all calls of a page to one scale, so that they can be compared.

A call that took far longer than the others would make each of them a dot. Its longest parts, waits
or attempts, are cut short until it fits, and each cut is marked: no other length is untrue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import floor, inf, log10
from statistics import median_low

from conformance.client.calls import Call, Link, Retry
from conformance.journal.journal import JournalEntry

_WIDTH = 1000.0
"""The width of a drawing, in the units of its view box."""

_LEAST_WIDTH = 4.0
"""An attempt of a millisecond in a call of a minute can still be seen."""

_TIMES_USUAL = 4
"""The whole width, in durations of the usual call with retries."""

_LEAST_SECONDS = 0.01

_WHY = {
    Link.KEY: "The same idempotency key: another attempt of the same call.",
    Link.LIKENESS: (
        "The same request, just after one that failed: taken as another attempt of the same call."
    ),
    Link.UNCLEAR: (
        "The same request, just after one that failed: another attempt of the same call, or a new"
        " call."
    ),
}
"""Why an attempt is one of the same call, for people who do not know the theory."""


@dataclass(frozen=True, slots=True)
class DrawnAttempt:
    """An attempt of a call, with its place in the drawing, and the wait before it in seconds.

    ``asked`` is the wait that the answer before it asked for, ``why`` why it is an attempt of the
    same call, in words; both None where there is none. ``differs`` is what such an attempt should
    have as the one before has it, and has otherwise.
    """

    entry: JournalEntry
    left: float
    width: float
    wait: float | None
    wait_left: float
    asked: float | None
    why: str | None
    differs: Sequence[str]


@dataclass(frozen=True, slots=True)
class DrawnCall:
    """A call: its attempts, and how long it took in seconds.

    ``whole`` is the time that the width of the drawing stands for; ``cuts`` are the places of what
    is shorter in the drawing than it was.
    """

    attempts: Sequence[DrawnAttempt]
    operation: str
    seconds: float
    whole: float
    cuts: Sequence[float]


def drawn(calls: Sequence[Call]) -> list[DrawnCall]:
    """Calls with their attempts and waits, all to one scale."""
    whole = _whole(calls)
    return [_drawn(one, whole) for one in calls]


def _whole(calls: Sequence[Call]) -> float:
    """The seconds of the whole width: a round number that all calls fit in but very long ones."""
    every = [_seconds(one) for one in calls]
    retried = [_seconds(one) for one in calls if len(one.attempts) > 1]
    usual = median_low(retried or every or [0.0])
    wanted = max(_LEAST_SECONDS, min(max(every, default=0.0), _TIMES_USUAL * usual))
    power = 10.0 ** floor(log10(wanted))
    return next((step * power for step in (1, 2, 5) if step * power >= wanted), 10 * power)


def _seconds(call: Call) -> float:
    return max(one.ended for one in call.attempts) - call.first.started


def _drawn(call: Call, whole: float) -> DrawnCall:
    moments = sorted({time for one in call.attempts for time in (one.started, one.ended)})
    parts = [later - earlier for earlier, later in pairwise(moments)]
    most = _longest(parts, whole)
    scale = (_WIDTH - _LEAST_WIDTH) / whole
    places = accumulate((min(one, most) * scale for one in parts), initial=0.0)
    at = dict(zip(moments, places, strict=True))
    shown: list[DrawnAttempt] = []
    for one, retry in zip(call.attempts, [None, *call.retries], strict=True):
        shown.append(
            DrawnAttempt(
                entry=one.entry,
                left=at[one.started],
                width=max(_LEAST_WIDTH, at[one.ended] - at[one.started]),
                wait=max(0.0, retry.wait) if retry else None,
                wait_left=at[retry.before.ended] if retry else 0.0,
                asked=retry.before.wait_asked if retry else None,
                why=_WHY[retry.link] if retry else None,
                differs=_differences(retry) if retry else (),
            )
        )
    cuts = [(at[one] + at[two]) / 2 for one, two in pairwise(moments) if two - one > most]
    return DrawnCall(shown, call.first.operation.id, _seconds(call), whole, cuts)


def _differences(retry: Retry) -> Sequence[str]:
    """What a retry has otherwise than the attempt before it, though it should be the same."""
    before, after = retry.before, retry.after
    found = []
    if after.operation.accepts_idempotency_key and not after.call_id:
        found.append("no idempotency key")
    elif before.call_id != after.call_id:
        found.append("another idempotency key")
    if retry.link is Link.KEY and before.body_is_known and after.body_is_known:
        if before.value != after.value:
            found.append("another body")
        elif before.entry.request_body != after.entry.request_body:
            found.append("the same body, written otherwise")
    return found


def _longest(parts: Sequence[float], whole: float) -> float:
    """The length that the longest parts are cut to, so that all fit; infinite where they do."""
    left = whole
    for count, part in zip(range(len(parts), 0, -1), sorted(parts), strict=True):
        if part * count > left:
            return left / count
        left -= part
    return inf
