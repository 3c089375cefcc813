"""A key among many: as many as no small cache holds (seed: Cached for 24 hours)."""

from collections import OrderedDict
from functools import partial

from conformance.catalogue.mends import KEEP_24_HOURS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.probe import Probe
from conformance.probe.values import member
from conformance.server.idempotency.replays import SEED
from conformance.server.idempotency.requests import expect_makes
from conformance.target.exchange import Answer, Forward, Request, Tamper

_OTHERS, _AT_ONCE = 320, 10


def _cache_of(size: int) -> Tamper:
    """Only the newest keys are known."""
    known: OrderedDict[str, int] = OrderedDict()
    forgotten: dict[str, int] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = request.key
        if key is None:
            return forward(request)
        if key not in known:
            known[key] = forgotten.get(key, 0)
            if len(known) > size:
                oldest, times = known.popitem(last=False)
                forgotten[oldest] = times + 1
        return forward(request.with_key(f"{key}{known[key] or ''}"))

    return tamper


@requirement(
    "idempotency.key-outlives-many-others",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    observes_run=True,
    mend=KEEP_24_HOURS,
)
@catches(*(Sabotage(f"know {size} keys", partial(_cache_of, size)) for size in (50, 150, 300)))
def key_outlives_many_others(probe: Probe) -> None:
    """A key is known after 320 others: a repeated request makes nothing new.

    A run has used many of them by then, and sends only those that lack.
    """
    expect_makes(probe)
    call, other = probe.target.early_call, probe.request().with_key(probe.new_key())
    above = [*probe.recording.exchanges]
    if call.made is None or not call.made[0].is_for(probe.operation):
        request = probe.request().with_key(probe.new_key())
        call.made = request, probe.succeed(request)
        call.keys.clear()
    request, first = call.made
    if first.status != probe.operation.success_status:
        first = probe.succeed(request)
        call.keys.clear()
    while (lacking := _OTHERS - len(call.keys)) > 0:
        count = min(lacking, _AT_ONCE)
        others = [probe.request().with_key(probe.new_key()) for _ in range(count)]
        if not any(one.is_success for one in probe.send_at_once(others)):
            probe.succeed(probe.request().with_key(probe.new_key()))
    again = probe.send(request)
    # The run has sent most of these, with checks of its own: to show it, they all are needed.
    looped = other, Answer(first.status, times=_OTHERS)
    probe.recording.exchanges[:] = [*above, (request, first), looped, (request, again)]
    is_other = again.status == first.status and probe.id_of(again) != probe.id_of(first)
    probe.expect(
        not is_other,
        f"nothing new for a key that {_OTHERS} others were used after",
        f"{again.status} with a new resource",
        member(again, probe.resource.id, first.field(probe.resource.id)),
    )
