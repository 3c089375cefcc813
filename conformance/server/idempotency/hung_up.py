"""Clients that hang up and come again (seed: Idempotency-Key, which makes a retry safe).

A client that has no answer does not know whether its request was executed. It sends it again with
its key, and that is what the key is for.
"""

from conformance.catalogue.mends import STORE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_named
from conformance.server.idempotency.replays import SEED
from conformance.server.idempotency.requests import expect_makes
from conformance.target.capabilities import Capability
from conformance.target.errors import HungUp
from conformance.target.exchange import Answer, Forward, Request, Tamper

_MOMENTS = (0.0, 0.25, 0.5, 0.75, 0.95)
"""When clients hang up, in parts of the time that an answer takes."""

_SHORTEST_SECONDS = 0.0005
_TRIES = 4
_PAUSE_SECONDS = 0.1


def _unfinished(request: Request) -> bool:
    return request.hang_up is not None and request.key is not None


def _forget_key() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if not _unfinished(request):
            return forward(request)
        forward(request.without_header("Idempotency-Key"))
        raise HungUp

    return tamper


def _forget_who_waits() -> Tamper:
    """The request is executed, and another one with its key at once is executed as well."""
    begun: set[str | None] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        if _unfinished(request):
            begun.add(request.key)
            return forward(request)
        if request.key in begun:
            begun.discard(request.key)
            return forward(request.without_header("Idempotency-Key"))
        return forward(request)

    return tamper


@requirement(
    "idempotency.hung-up-request-makes-one-resource",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    needs=(Capability.LISTING,),
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(
    Sabotage("forget the key of a client that hangs up", _forget_key),
    Sabotage("forget a key while its first client waits", _forget_who_waits),
)
def hung_up_request_makes_one_resource(probe: Probe) -> None:
    """A client that hangs up at any moment, and retries with its key, has made one resource."""
    expect_makes(probe)
    plain = probe.request()
    expect_named(probe, plain)
    seconds = probe.succeed(plain.with_key(probe.new_key())).seconds
    wanted: dict[str, str] = {}
    for moment in _MOMENTS:
        for pause in (0.0, seconds):
            request = probe.request().with_key(probe.new_key())
            after = max(seconds * moment, _SHORTEST_SECONDS)
            probe.send_and_hang_up(request, after)
            probe.rest(pause)
            if _succeeds(probe, request):
                wanted[str(probe.asked_name(request))] = f"{after * 1000:.1f} ms"
    if not wanted:
        raise NotVerified("no retry of a client that had hung up succeeded")
    names = [item.get(probe.name_member) for item in probe.listed()]
    for name, moment_told in wanted.items():
        found = names.count(name)
        expected = f"one resource for a retry after hanging up at {moment_told}"
        probe.expect(found <= 1, expected, f"{found}")


def _succeeds(probe: Probe, request: Request) -> bool:
    """Whether a retry succeeds; one that meets the first request may be refused at first."""
    for number in range(_TRIES):
        probe.target.rest(_PAUSE_SECONDS * number)
        if probe.send(request).status == probe.operation.success_status:
            return True
    return False
