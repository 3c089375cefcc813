"""The result of one requirement on one operation."""

from dataclasses import dataclass
from enum import StrEnum

from conformance.catalogue.requirement import Level, Rule


class Outcome(StrEnum):
    """The outcome of one requirement on one operation."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_VERIFIED = "not_verified"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class FindingDetails:
    """When a violation was first seen (seconds since the epoch), and its finding of a campaign.

    The rest is what a campaign knows of it: the id of its finding, the cause, whether it was seen
    again, how often it was met, a Python script, and the command that tries it again.
    """

    first_seen: float
    finding: str = ""
    cause: str = ""
    state: str = ""
    count: int = 1
    python: str = ""
    replay: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one requirement on one operation.

    ``reproduce`` shows it: for a server a shell script of curl commands, which holds no token,
    since the reader exports it; for a client the exchanges of its journal.
    """

    requirement: Rule
    operation: str
    level: Level
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    reproduce: str = ""
    sighting: FindingDetails | None = None

    @property
    def told(self) -> str:
        """The actual value, and the finding of a campaign that it belongs to."""
        if self.sighting is None or not self.sighting.finding:
            return self.actual
        seen = self.sighting
        return f"{self.actual} (finding {seen.finding}, {seen.state}, met {seen.count} times)"
