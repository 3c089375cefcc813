"""What a replay must be: the first answer's status and body."""

from conformance.probe.probe import expect
from conformance.target.exchange import Answer

SEED = "seed: Idempotency-Key, cached for 24 hours"


def expect_same(first: Answer, again: Answer, when: str = "") -> None:
    """``again`` is the same answer as ``first``; ``when`` says how much later."""
    late = f" {when}" if when else ""
    expect(
        again.status == first.status,
        f"status {first.status} again{late}",
        f"status {again.status}",
    )
    expect(again.body == first.body, f"the first answer's bytes{late}", "another body")
