"""The finding of a failed check."""

import base64
from datetime import UTC, datetime

from conformance.catalogue.requirement import Requirement
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.schedule import Turn
from conformance.fuzz.storage.finding import Finding, cause_of, seen
from conformance.probe.budget import GenerationBudget
from conformance.run.check import CheckOutcome


def finding_of(
    turn: Turn, outcome: CheckOutcome, requirement: Requirement, secrets: set[str]
) -> Finding:
    """The finding at its discovery. ``requirement`` is the one that is broken."""
    result = outcome.result
    actual = seen(result.actual, turn.work.way)
    return Finding(
        requirement=requirement.id,
        operation=result.operation,
        level=requirement.level_on(turn.work.operation).value,
        cause=cause_of(result.expected, actual),
        expected=result.expected,
        actual=actual,
        work=turn.work.name,
        seed=turn.seed,
        effort=_kept(turn.budget),
        first_seen=datetime.now(UTC).isoformat(timespec="seconds"),
        examples={name: base64.b64encode(one).decode() for name, one in outcome.examples.items()},
        steps=tuple(steps_of(outcome.exchanges, secrets)),
        curl=result.reproduce,
        passed=turn.before,
    )


def _kept(budget: GenerationBudget) -> dict[str, int]:
    return {"times": budget.times, "steps": budget.steps, "keys": budget.keys}
