"""Calls in any order, over several keys and partners (seed: Idempotency-Key).

One run is about 150 requests: eight sequences of up to twelve calls. In the end of each, every key
is used once more, and the lists are looked at. A sequence that breaks the model is shrunk to the
calls that it takes.
"""

import time

from conformance import generation
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.generation.sequence import Sequence
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.server.idempotency.replays import SEED
from conformance.server.sequences.sabotage import FAULTS
from conformance.target.capabilities import Capability
from openapi.operation import Operation
from openapi.resource import creates

_SLOWEST_LIST_SECONDS = 3.0
BETWEEN_LOOKS_SECONDS = 0.2


def _makes_by_key(operation: Operation) -> bool:
    """The operation makes a resource, once for each idempotency key."""
    return creates(operation) and accepts_idempotency_key(operation)


@requirement(
    "sequences.model-holds",
    Level.MUST,
    f"{SEED}; safety: nobody gets what another partner has made",
    _makes_by_key,
    needs=(Capability.LISTING,),
    generates=True,
    mend=(
        "Follow the calls shown one by one to the first after which the stored state is"
        " not what the contract says."
    ),
    rests_on="idempotency.replay-is-identical",
)
@catches(*FAULTS)
def model_holds(probe: Probe) -> None:
    """In any order of calls: one key, one answer and one resource, and lists that are true."""
    generation.in_any_order(probe, _settle_seconds(probe))


def _settle_seconds(probe: Probe) -> float:
    """Seconds that a list takes to show a new resource."""
    first = Sequence(probe)
    first.create(0, 0)
    begin = time.monotonic()
    while True:
        try:
            first.look(0)
        except Violation as found:
            if found.breaks:
                raise  # of another requirement: it is not that the list is late
            if time.monotonic() - begin > _SLOWEST_LIST_SECONDS:
                raise NotVerified("the list does not show what was made") from None
            time.sleep(BETWEEN_LOOKS_SECONDS)
        else:
            took = time.monotonic() - begin
            return took if took > BETWEEN_LOOKS_SECONDS else 0.0
