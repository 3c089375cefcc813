"""Expiry of idempotency keys after 24 hours, on targets whose clock can be moved."""

import time
from dataclasses import dataclass
from http import HTTPStatus

from conformance.catalogue.mends import KEEP_24_HOURS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.clock import move_clock
from conformance.probe.not_verified import NotAsked, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_taken
from conformance.probe.values import Values
from conformance.server.idempotency.replays import SEED, expect_same
from conformance.server.idempotency.requests import expect_makes, keyed
from conformance.server.idempotency.sabotage import (
    CHANGE_ON_REPLAY,
    FORGET_KEY,
    KEEP_FOR_EVER,
    PROLONG_ON_REPLAY,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer

_DAY_SECONDS = 24 * 3600
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Repeated:
    """The answer to a request, and the answer to its replay after the clock was moved."""

    first: Answer
    again: Answer
    seconds: float
    """Real time between both requests: the target's clock advanced by so much beside the move."""


def _repeat_after(probe: Probe, *moves: int) -> _Repeated:
    """The answers before the first move of the clock, by so many seconds, and after the last.

    The request is sent after each.
    """
    request = keyed(probe)
    start = time.monotonic()
    first = again = probe.succeed(request)
    for seconds in moves:
        move_clock(probe, seconds)
        _sign_in_again(probe)
        again = probe.send(request)
    return _Repeated(first, again, time.monotonic() - start)


def _sign_in_again(probe: Probe) -> None:
    """Raise :class:`NotVerified` where the token expired by the move and was not renewed."""
    if probe.send(probe.request()).status == HTTPStatus.UNAUTHORIZED:
        raise NotAsked("the token does not outlive 24 hours: give --client-id and --client-secret")


@requirement(
    "idempotency.key-is-kept-for-24-hours",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    needs=(Capability.CLOCK,),
    mend=KEEP_24_HOURS,
)
@catches(FORGET_KEY, CHANGE_ON_REPLAY)
def key_is_kept_for_24_hours(probe: Probe) -> None:
    """23 hours and 59 minutes later the same request still gets the first answer."""
    found = _repeat_after(probe, _DAY_SECONDS - _MINUTE_SECONDS)
    if found.seconds >= _MINUTE_SECONDS:
        raise NotVerified("the target took a minute to answer, and the 24 hours were over")
    expect_same(found.first, found.again, "after 23:59 h")


@requirement(
    "idempotency.key-is-free-after-24-hours",
    Level.SHOULD,
    "vendor facts: after 24 hours the key is free again",
    accepts_idempotency_key,
    needs=(Capability.CLOCK,),
    mend=KEEP_24_HOURS,
)
@catches(KEEP_FOR_EVER, PROLONG_ON_REPLAY)
def key_is_free_after_24_hours(probe: Probe) -> None:
    """24 hours and a minute after its first use, and not its last, a key makes a new resource."""
    expect_makes(probe)
    half = _DAY_SECONDS // 2
    found = _repeat_after(probe, half, half + _MINUTE_SECONDS)
    expect_taken(probe, found.again, "to the free key after 24:01 h")
    for field in sorted({probe.resource.login, probe.resource.id}):
        if found.first.field(field) is not None:
            probe.expect(
                found.again.field(field) != found.first.field(field),
                f"another {field} after 24:01 h",
                f"the same {field}",
                Values(f"/{field}", found.again.field(field)),
            )
