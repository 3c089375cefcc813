"""What a campaign counts."""

from dataclasses import dataclass, field

from conformance.model import Outcome, Result


@dataclass(slots=True)
class Counters:
    """What the live view and the verdict tell in numbers; seconds are those of all sessions."""

    requests: int = 0
    seconds: float = 0.0
    turns: int = 0
    revoked: int = 0
    unanswered: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def ended(self, result: Result) -> None:
        """A check of the catalogue ended so."""
        place = f"{result.requirement.id} [{result.operation}]"
        counted = self.outcomes.setdefault(place, {})
        counted[result.outcome] = counted.get(result.outcome, 0) + 1
        if result.outcome in {Outcome.NOT_VERIFIED, Outcome.ERROR}:
            self.reasons[f"{place} {result.outcome}"] = result.actual
