"""The check of one requirement on one operation, shared by the gate and campaigns."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from conformance.catalogue.requirement import Level, Requirement
from conformance.probe.not_verified import NotAsked, NotServed, NotVerified, Undecided, Unverified
from conformance.probe.probe import Probe
from conformance.probe.values import Values
from conformance.probe.violation import Violation
from conformance.results.curl import reproduction
from conformance.results.evidence import Seen, evidence_of
from conformance.results.result import VIOLATIONS, Outcome, Result
from conformance.run.observation import Observation, Observed, Observer
from conformance.target.capabilities import FOUND_IN_TARGET, Capability
from conformance.target.errors import TargetError
from conformance.target.exchange import Exchange, UnsendableRequest


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The result of a check, and the exchanges that show it.

    ``examples`` are the encoded examples that failed, by the name of their search. ``observed``
    are violations of other requirements that the check met on its way.
    """

    result: Result
    exchanges: tuple[Exchange, ...]
    examples: Mapping[str, bytes]
    observed: tuple["CheckOutcome", ...] = ()


_NOTHING_SENT = "the contract has nothing that a request could show it by"

_TRIES = 3
"""The tries of a check that another try may decide."""


def _check(requirement: Requirement, probe: Probe) -> None:
    for _ in range(_TRIES - 1):
        with suppress(Undecided):
            return requirement.check(probe)
        probe.recording.restart()
    return requirement.check(probe)


def run_check(
    requirement: Requirement, probe: Probe, observer: Observer | None = None
) -> CheckOutcome:
    """Check one requirement; no text of the outcome holds a secret. Raises :class:`TargetError`.

    With an ``observer`` its judges look at every answer that the check gets.
    """
    observation = Observation(probe, observer) if observer else None
    outcome = _outcome_of(requirement, probe)
    if observation is None:
        return outcome
    observed = [
        _outcome_of_observed(one, probe)
        for one in observation.found.values()
        if not _is_the_same(one, outcome)
    ]
    return replace(outcome, observed=tuple(observed))


def _is_the_same(observed: Observed, outcome: CheckOutcome) -> bool:
    """Whether the check itself accuses the target of what it met."""
    result = outcome.result
    if result.outcome not in VIOLATIONS:
        return False
    if observed.requirement.id in {result.requirement.id, result.breaks}:
        return True
    # The answer that a MUST was found broken by is not accused of its other faults as well.
    last = outcome.exchanges[-1:]
    is_last = [answer for _, answer in last] == [observed.exchanges[-1][1]]
    return result.outcome is Outcome.FAILED and is_last


def _outcome_of_observed(one: Observed, probe: Probe) -> CheckOutcome:
    requirement, violation = one.requirement, one.violation
    level = requirement.level_on(one.operation)
    outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
    exchanges = tuple(one.exchanges)
    result = Result(
        requirement,
        one.operation.id,
        level,
        outcome,
        violation.expected,
        violation.actual,
        _script_of(probe, exchanges),
        evidence=evidence_of(violation.values, exchanges, (requirement.id, violation.breaks)),
        source=requirement.source_on(one.operation),
    )
    return CheckOutcome(result, exchanges, {})


def _script_of(probe: Probe, exchanges: Sequence[Exchange]) -> str:
    target = probe.target
    try:
        return reproduction(
            target.base_url,
            exchanges,
            target.settings,
            probe.contract.label,
            target.places.new_texts,
        )
    except Exception as error:  # noqa: BLE001 - a violation counts also without its script
        return f"# no script can be made of the requests: {type(error).__name__}"


def _outcome_of(requirement: Requirement, probe: Probe) -> CheckOutcome:
    operation, target = probe.operation, probe.target
    level = requirement.level_on(operation)
    outcome, expected, actual, breaks = Outcome.PASSED, "", "", ""
    why: Unverified | None = None
    values: Sequence[Values] = ()
    try:
        if missing := requirement.needs - target.capabilities:
            kind = NotServed if missing & FOUND_IN_TARGET else NotAsked
            reasons = sorted(target.places.unreached.get(one, one.value) for one in missing)
            raise kind("; ".join(reasons))  # noqa: TRY301
        if Capability.SECOND_PARTNER in requirement.needs and probe.is_of_one_partner:
            why_one = "a certificate, a --header or one key says of each request whose it is"
            raise NotAsked(why_one)  # noqa: TRY301
        _check(requirement, probe)
        if not (probe.recording.exchanges or requirement.observes_run):
            # No check may pass by default: the contract had nothing to try it with.
            raise NotServed(_NOTHING_SENT)  # noqa: TRY301
    except Violation as violation:
        outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
        expected, actual, breaks = violation.expected, violation.actual, violation.breaks
        values = violation.values
    except NotVerified as reason:
        outcome, actual, why = Outcome.NOT_VERIFIED, str(reason), reason.why
    except UnsendableRequest as reason:
        outcome, actual = Outcome.NOT_VERIFIED, f"a request could not be sent: {reason}"
        why = Unverified.TARGET
    except TargetError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of the harness is a result, not the run's end
        outcome, actual = Outcome.ERROR, f"{type(error).__name__}: {error}"
    exchanges = tuple(probe.recording.exchanges)
    script, evidence = "", tuple[Seen, ...]()
    if outcome in VIOLATIONS:
        script = _script_of(probe, exchanges)
        evidence = evidence_of(values, exchanges, (requirement.id, breaks))
    result = Result(
        requirement,
        operation.id,
        level,
        outcome,
        expected,
        actual,
        script,
        why=why,
        breaks=breaks,
        evidence=evidence,
        source=requirement.source_on(operation),
    )
    return CheckOutcome(result, exchanges, dict(probe.recording.examples))
