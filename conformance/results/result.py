"""The result of one requirement on one operation."""

import re
from dataclasses import dataclass
from enum import StrEnum

from conformance.catalogue.requirement import Level, Rule
from conformance.probe.not_verified import Unverified
from conformance.results.evidence import Seen
from dinie_contract.output import excerpt, printable

DATA = re.compile(r"\b(?=\w*\d)[\w-]{4,}\b|\d+(?:\.\d+)?")
"""What is another in each answer: ids, times and numbers."""

ResultKey = tuple[str, str]
"""The id of a requirement and of an operation: one result of a run."""


_LONGEST_VALUE = 1000


def shown_value(text: str) -> str:
    """What was expected or seen, fit to be shown: the beginning of a text that is very long."""
    return printable(excerpt(text, _LONGEST_VALUE))


class Outcome(StrEnum):
    """The outcome of one requirement on one operation."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_VERIFIED = "not_verified"
    ERROR = "error"


VIOLATIONS = frozenset({Outcome.FAILED, Outcome.WARNING})
"""The outcomes of a broken requirement."""


@dataclass(frozen=True, slots=True)
class FindingDetails:
    """When a violation was first seen (seconds since the epoch), and the finding of a campaign.

    ``state`` says whether it was seen again. Without a campaign all others are empty: ``kind`` is
    the kind of answer that shows it, ``count`` says how often it was met, ``python`` is a script,
    ``replay`` the command that sends it again.
    """

    first_seen: float
    id: str = ""
    cause: str = ""
    state: str = ""
    count: int = 1
    python: str = ""
    replay: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one requirement on one operation.

    ``why`` is the class of the reason where the requirement was not verified. ``breaks`` is the id
    of the requirement that a step of the check was broken by, where that is another one.
    ``expected`` and ``actual`` are made fit to be shown here, whoever they come from.
    ``reproduce`` is finished source, made of such texts: for a server a shell script of curl
    commands, which holds no token, since the reader exports it; for a client the exchanges of its
    journal. ``evidence`` is what was seen at which place, and made fit to be shown as well.
    ``source`` is that of the requirement on the operation's contract.
    """

    requirement: Rule
    operation: str
    level: Level
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    reproduce: str = ""
    finding: FindingDetails | None = None
    why: Unverified | None = None
    breaks: str = ""
    evidence: tuple[Seen, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", self.source or self.requirement.source)
        object.__setattr__(self, "expected", shown_value(self.expected))
        object.__setattr__(self, "actual", shown_value(self.actual))
        evidence = tuple(Seen(*map(shown_value, one)) for one in self.evidence)
        object.__setattr__(self, "evidence", evidence)

    @property
    def is_undecided(self) -> bool:
        """Whether the target kept a MUST from being judged though it has what the MUST is about."""
        is_target = self.outcome is Outcome.NOT_VERIFIED and self.why is Unverified.TARGET
        return is_target and self.level is Level.MUST

    @property
    def key(self) -> ResultKey:
        """The key of the result: requirement id and operation."""
        return self.requirement.id, self.operation

    @property
    def name(self) -> str:
        """The requirement and operation, such as ``created.status [createCredential]``."""
        return f"{self.requirement.id} [{self.operation}]"

    @property
    def title(self) -> str:
        """The name with the level before it: ``MUST created.status [createCredential]``."""
        return f"{self.level.upper()} {self.name}"

    @property
    def finding_id(self) -> str:
        """The id of the campaign's finding that it belongs to; empty without one."""
        return self.finding.id if self.finding else ""

    @property
    def of_finding(self) -> str:
        """The finding of a campaign that it belongs to, in brackets; empty without one."""
        seen = self.finding
        if seen is None or not seen.id:
            return ""
        return f" (finding {seen.id}, {seen.state}, met {seen.count} times)"

    @property
    def actual_with_finding(self) -> str:
        """The actual value, and the finding of a campaign that it belongs to."""
        return self.actual + self.of_finding

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Name and value of the lines that explain the result, as reports print them."""
        rows = (
            ("rule", self.requirement.summary),
            ("expected", self.expected),
            ("actual", self.actual_with_finding),
            *(("seen", one.line) for one in self.evidence),
            ("source", self.source),
            ("mend", self.requirement.mend),
            ("again", self.finding.state if self.finding and not self.finding_id else ""),
        )
        return [(name, value) for name, value in rows if value]
