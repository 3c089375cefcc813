"""The check of one requirement on one operation, shared by the gate and campaigns."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from conformance.catalogue.requirement import Level, Requirement
from conformance.probe.not_verified import NotAsked, NotServed, NotVerified, Undecided, Unverified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.results.curl import Exchange, reproduction
from conformance.results.result import Outcome, Result
from conformance.target.capabilities import FOUND_IN_TARGET
from conformance.target.errors import TargetError
from conformance.target.exchange import Recording, UnsendableRequest


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The result of a check, and the exchanges that show it.

    ``breaks`` is the id of the broken requirement where a check judges by several, else empty.
    ``examples`` are the encoded examples that failed, by the name of their search.
    """

    result: Result
    exchanges: tuple[Exchange, ...]
    breaks: str
    examples: Mapping[str, bytes]


_TRIES = 3
"""The tries of a check that depends on an answer that was lost."""


def _check(requirement: Requirement, probe: Probe) -> None:
    for _ in range(_TRIES - 1):
        with suppress(Undecided):
            return requirement.check(probe)
        probe.recording = Recording()
    return requirement.check(probe)


def run_check(requirement: Requirement, probe: Probe) -> CheckOutcome:
    """Check one requirement; no text of the outcome holds a secret. Raises :class:`TargetError`."""
    operation, target = probe.operation, probe.target
    level = requirement.level_on(operation)
    outcome, expected, actual, breaks = Outcome.PASSED, "", "", ""
    why: Unverified | None = None
    try:
        if missing := requirement.needs - target.capabilities:
            kind = NotServed if missing & FOUND_IN_TARGET else NotAsked
            raise kind("; ".join(sorted(one.value for one in missing)))  # noqa: TRY301
        _check(requirement, probe)
    except Violation as violation:
        outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
        expected, actual, breaks = violation.expected, violation.actual, violation.breaks
    except NotVerified as reason:
        outcome, actual, why = Outcome.NOT_VERIFIED, str(reason), reason.why
    except UnsendableRequest as reason:
        outcome, actual = Outcome.NOT_VERIFIED, f"a request could not be sent: {reason}"
        why = Unverified.TARGET
    except TargetError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of the harness is a result, not the run's end
        outcome, actual = Outcome.ERROR, f"{type(error).__name__}: {error}"
    exchanges = tuple(
        (target.as_sent(request), answer) for request, answer in probe.recording.exchanges
    )
    script = ""
    if outcome in {Outcome.FAILED, Outcome.WARNING}:
        try:
            script = reproduction(target.base_url, exchanges)
        except Exception as error:  # noqa: BLE001 - a violation counts also without its script
            script = f"# no script can be made of the requests: {type(error).__name__}"
    result = Result(requirement, operation.id, level, outcome, expected, actual, script, why=why)
    return CheckOutcome(result, exchanges, breaks, dict(probe.recording.examples))
