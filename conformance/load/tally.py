"""The counts of a load test: of one process, or sent by workers and summed up by their master."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from conformance.results.evidence import Seen
from conformance.results.result import ResultKey

_MOST_FAULTS = 5


class Count(StrEnum):
    """Counters beside latencies and judgements, by their names in the JSON report."""

    REQUESTS = "requests"
    FAILED = "failed"
    """Requests without an answer, and answers 5xx."""
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    DROPPED = "dropped"
    GIVEN_UP = "given_up"
    """Calls that got no usable answer, however often they were sent again."""
    CREATED = "created"
    LISTED = "listed"
    MISSING = "missing"
    DOUBLED = "doubled"
    UNCONFIRMED = "unconfirmed"
    """Creations without an answer: they may have happened or not."""
    REFUSED = "refused"
    """Creations that were answered with a 4xx."""
    NOT_RECONCILED = "not_reconciled"
    """Creations that could not be looked for: the list could not be read to its end."""
    NOT_LISTED = "not_listed"
    """Creations on a target that has no list."""
    REPLAYS = "replays"
    REPLAYS_DIFFER = "replays_that_differ"
    REPLAYS_MARKED = "replays_marked"
    """Replays that say that they are one, in ``Idempotent-Replayed``."""
    REVOKED = "revoked"
    LEFT_BEHIND = "left_behind"


@dataclass(slots=True)
class Broken:
    """A broken requirement on an operation: how often, and its first violation."""

    count: int
    expected: str
    actual: str
    reproduce: str
    evidence: tuple[Seen, ...] = ()


@dataclass(slots=True)
class Tally:
    """Counts that are added up, and sent between processes: :meth:`drained` gives JSON values."""

    counts: Counter[str] = field(default_factory=Counter)
    judged: Counter[ResultKey] = field(default_factory=Counter)
    """How often each requirement was judged on each operation."""
    broken: dict[ResultKey, Broken] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Faults of the harness, the first few."""
    stopped: str = ""
    """Why the run could not go on; empty where it could."""

    def note(self, key: ResultKey, broken: Broken | None) -> None:
        """Count one judgement, and its violation where there is one."""
        self.judged[key] += 1
        if broken is not None:
            self._add_broken(key, broken)

    def _add_broken(self, key: ResultKey, broken: Broken) -> None:
        known = self.broken.setdefault(key, broken)
        if known is not broken:
            known.count += broken.count

    def fault(self, text: str) -> None:
        """Record a fault of the harness, up to the first few."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(text)

    def add(self, other: Self) -> None:
        """Add another tally to this one."""
        self.counts.update(other.counts)
        self.judged.update(other.judged)
        for key, broken in other.broken.items():
            self._add_broken(key, broken)
        for text in other.faults:
            self.fault(text)
        self.stopped = self.stopped or other.stopped

    def drained(self) -> dict[str, Any]:
        """Give all counts as JSON values, and reset them."""
        value = {
            "counts": dict(self.counts),
            "judged": [[*key, count] for key, count in self.judged.items()],
            "broken": [
                [*key, one.count, one.expected, one.actual, one.reproduce, list(one.evidence)]
                for key, one in self.broken.items()
            ],
            "faults": self.faults,
            "stopped": self.stopped,
        }
        self.counts, self.judged, self.broken = Counter(), Counter(), {}
        self.faults, self.stopped = [], ""
        return value

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """The tally that was drained."""
        return cls(
            Counter(value["counts"]),
            Counter({(id_, operation): count for id_, operation, count in value["judged"]}),
            {
                (id_, operation): Broken(
                    count, expected, actual, script, tuple(Seen(*one) for one in evidence)
                )
                for id_, operation, count, expected, actual, script, evidence in value["broken"]
            },
            list(value["faults"]),
            value["stopped"],
        )
