"""Waits before a retry: Retry-After, backoff and jitter."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import takewhile
from statistics import fmean, median

from conformance.catalogue.requirement import Level
from conformance.client.attempts import RETRYABLE, Attempt
from conformance.client.calls import Link, Retry
from conformance.client.evidence import OK, Evidence, Observation, observation, violation
from conformance.client.mends import BACK_OFF
from conformance.client.registry import requirement
from conformance.client.sabotage import KEY, Entries, Sabotage, numbered
from conformance.journal.journal import JournalEntry

LONGEST_WAIT = 60.0
"""Seconds that a client may wait at most, whatever it was asked (vendor: capped at 60 s)."""

_LIMITED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

_EARLY = 0.95
_CLOCK = 0.05
"""The tolerance of a wait, as a part of it and in seconds: timers and clocks are not exact."""

_AT_ONCE = 0.01
_HARDLY_LATER = 0.05
_REALLY_AT_ONCE = 0.005
_FEWEST_AT_ONCE = 2
"""Two random waits between 0 and 0.1 s are so short once in 1,000 runs."""

_FLAT = 0.25
_FLAT_ENOUGH = 5
"""Doubling waits, drawn between 0 and their bound, look flat so often once in 4,000 runs."""
_GROWN = 1.5
_FEW = 3
_NOT_GROWN = 1.15
_NOT_GROWN_ENOUGH = 30
_FEWEST_CALLS = 5
"""Doubling waits, drawn between 0 and their bound, grow so little once in 4,000 runs."""

_EXACT = 0.01
_EXACT_ENOUGH = 5
"""Five waits that vary by a tenth are so close together once in 1,000 runs."""
_TIMED = 0.1
"""Seconds below which the error of a timer hides the jitter of a client."""
_APART = 0.1

_SHOWN = 5

_BACKOFF = "vendor: exponential backoff and jitter"


def _timed(name: str, wait: "dict[int, float] | float") -> Sabotage:
    """A client with other waits: the seconds before each retry, by its number."""

    def changed(entries: Entries) -> Iterator[JournalEntry]:
        ends: dict[str | None, float] = {}
        for one, retry in numbered(entries):
            key, moved = one.request_header(KEY), one
            if retry:
                pause = wait if isinstance(wait, float) else wait[min(retry, max(wait))]
                moved = replace(one, started=ends[key] + pause)
            ends[key] = moved.started + moved.seconds
            yield moved

    return Sabotage(name, changed)


@requirement(
    id="waits.honour-retry-after",
    level=Level.SHOULD,
    source="RFC 9110, section 10.2.3; RFC 6585, section 4; vendor: honours Retry-After",
    occasion="an answer 429 or 503 with Retry-After, and a retry",
    preset="rate-limit-storm",
    sabotage=(
        _timed("do not wait", 0.001),
        _timed("wait half as long", 0.5),
    ),
    mend="Wait as long as Retry-After says before a retry.",
)
def honour_retry_after(evidence: Evidence) -> Iterator[Observation]:
    """A retry after 429 or 503 waits as long as Retry-After asks, or for 60 seconds."""
    unsure: list[Observation] = []
    for call, retry in evidence.retries:
        asked = retry.before.wait_asked
        limited = retry.before.entry.status in _LIMITED
        if not limited or not asked or retry.link is Link.UNCLEAR:
            continue
        least = min(asked, LONGEST_WAIT)
        waited = retry.wait >= least * _EARLY - _CLOCK
        expected, actual = f"a wait of {least:g} s", f"one of {retry.wait:.3f} s"
        found = observation(waited, expected, actual, retry.before, retry.after)
        if call.is_certain:
            yield found
        else:
            unsure.append(found)
    # Requests of several threads can look like a retry without a wait, but not each time.
    impatient = len(unsure) > 1 and OK not in unsure and not evidence.has_overlaps
    yield from unsure if impatient else [one for one in unsure if one is OK]


@requirement(
    id="waits.not-at-once",
    level=Level.SHOULD,
    source=_BACKOFF,
    occasion="two retries after failures without Retry-After",
    preset="brownout",
    sabotage=(_timed("retry at once", 0.001),),
    mend=BACK_OFF,
)
def not_at_once(evidence: Evidence) -> Iterator[Observation]:
    """A client waits before it retries."""
    retries = [one for retries in _series(evidence) for one in retries]
    if len(retries) < _FEWEST_AT_ONCE:
        return
    waits = [one.wait for one in retries]
    many = len(waits) > _FEWEST_AT_ONCE
    bounds = (_AT_ONCE, _HARDLY_LATER) if many else (_REALLY_AT_ONCE, _REALLY_AT_ONCE)
    waited = median(waits) > bounds[0] or max(waits) > bounds[1]
    actual = f"{len(waits)} retries, each within {max(waits) * 1000:.0f} ms"
    yield observation(waited, "a wait before a retry", actual, *_shown(retries))


@requirement(
    id="waits.backoff-grows",
    level=Level.SHOULD,
    source=_BACKOFF,
    occasion="several calls that were retried twice or more, without Retry-After",
    preset="brownout",
    sabotage=(_timed("wait as long each time", 0.4),),
    mend=BACK_OFF,
)
def backoff_grows(evidence: Evidence) -> Iterator[Observation]:
    """The waits of one call grow from retry to retry."""
    series = [one for one in _series(evidence) if len(one) > 1]
    waits = [[one.wait for one in retries] for retries in series]
    flat = [
        max(one) - min(one) <= max(_FLAT * max(one), _AT_ONCE) and max(one) > _AT_ONCE
        for one in waits
    ]
    firsts = [one[0] for one in waits for _ in one[1:]]
    laters = [later for one in waits for later in one[1:]]
    if not laters or not sum(firsts):
        return
    grown = sum(laters) / sum(firsts)
    shown = ", ".join(" ".join(f"{wait:.2f}" for wait in one) for one in waits[:4])
    # The growth of doubling waits: long series prove more than short ones.
    evidence_of_growth = sum(2**place - 1 for one in waits for place in range(1, len(one)))
    is_flat = all(flat) and len(laters) >= _FLAT_ENOUGH
    has_not_grown = (
        grown < _NOT_GROWN
        and len(waits) >= _FEWEST_CALLS
        and evidence_of_growth >= _NOT_GROWN_ENOUGH
        and max(map(max, waits)) > _AT_ONCE
    )
    if is_flat or has_not_grown:
        yield violation("waits that grow", f"waits of {shown} s", *_shown(series[0]))
    elif grown >= _GROWN and len(laters) >= _FEW:
        yield OK


@requirement(
    id="waits.backoff-jitters",
    level=Level.SHOULD,
    source=_BACKOFF,
    occasion=f"{_EXACT_ENOUGH} calls that were retried, without Retry-After",
    preset="brownout",
    sabotage=(_timed("wait exactly", {1: 0.4, 2: 0.8, 3: 1.6}),),
    mend=BACK_OFF,
)
def backoff_jitters(evidence: Evidence) -> Iterator[Observation]:
    """The waits before the same retry differ from call to call, so that clients spread out."""
    by_place: defaultdict[int, list[Retry]] = defaultdict(list)
    for retries in _series(evidence):
        for place, retry in enumerate(retries):
            by_place[place].append(retry)
    for retries in by_place.values():
        waits = [one.wait for one in retries]
        spread, mean = max(waits) - min(waits), fmean(waits)
        if mean < _TIMED:
            continue
        if len(waits) >= _EXACT_ENOUGH and spread <= _EXACT * mean:
            actual = f"{len(waits)} waits from {min(waits):.3f} to {max(waits):.3f} s"
            yield violation("waits that differ", actual, *_shown(retries))
        elif len(waits) >= _EXACT_ENOUGH or (len(waits) >= _FEW and spread > _APART * mean):
            yield OK


def _series(evidence: Evidence) -> list[list[Retry]]:
    """The first retries of each call, as long as their waits are the client's own choice."""
    found = [list(takewhile(_is_own_choice, call.retries)) for call in evidence.calls]
    return [one for one in found if one]


def _is_own_choice(retry: Retry) -> bool:
    chosen = retry.ending in RETRYABLE and retry.before.wait_asked is None
    return chosen and retry.link is Link.KEY and retry.after.begins_after(retry.before)


def _shown(retries: list[Retry]) -> list[Attempt]:
    """The attempts of the first few retries, each once."""
    attempts = [one for retry in retries[:_SHOWN] for one in (retry.before, retry.after)]
    return list({one.number: one for one in attempts}.values())
