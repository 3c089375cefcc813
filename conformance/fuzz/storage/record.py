"""The record of a campaign, from which alone its reports are made, then and later."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.selection import select
from conformance.fuzz.shard import WHOLE, Shard, missing
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.findings import Findings
from conformance.results.coverage import Coverage
from conformance.results.result import Outcome, Result
from conformance.results.timeline import Timeline
from conformance.server import catalogue
from conformance.target.target import CreatedResource
from openapi.contract import Contract


@dataclass(slots=True)
class Counters:
    """The numbers of the live view and the verdict; seconds are those of all sessions."""

    requests: int = 0
    seconds: float = 0.0
    turns: int = 0
    revoked: int = 0
    unanswered: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def record_result(self, result: Result) -> None:
        """A check of the catalogue ended so."""
        place = f"{result.requirement.id} [{result.operation}]"
        counted = self.outcomes.setdefault(place, {})
        counted[result.outcome] = counted.get(result.outcome, 0) + 1
        if result.outcome in {Outcome.NOT_VERIFIED, Outcome.ERROR}:
            self.reasons[f"{place} {result.outcome}"] = result.actual


TIME_OVER, ENOUGH = "its time is over", "it has found enough"
NO_WORK = "its shard has no work"
DONE = frozenset({TIME_OVER, ENOUGH, NO_WORK})
"""Why a campaign ends that has done what it was asked for."""


@dataclass(slots=True)
class Record:
    """The content of a run directory.

    ``target`` is the base URL. ``patterns`` select the ``requirements`` to judge by; raises
    :class:`SelectionError`. ``turns`` is what the schedule needs to go on. ``over`` says why the
    campaign ended, empty where it did not, and ``stopped`` the same where that is no verdict.
    ``shards`` are those whose work is in it. ``remarks`` are shown with the verdict.

    A record that was joined from others has the paths of their directories in ``joined``, in
    ``early`` which of them did not come to their end, and in ``homes`` the directory of each
    finding that is not in its own.
    """

    contract: Contract
    directory: RunDirectory
    target: str
    seed: int
    patterns: Sequence[str] = ()
    counters: Counters = field(default_factory=Counters)
    turns: Mapping[str, Any] = field(default_factory=dict)
    left_behind: set[CreatedResource] = field(default_factory=set)
    over: str = ""
    stopped: str = ""
    timeline: Timeline = field(default_factory=Timeline)
    shards: tuple[Shard, ...] = (WHOLE,)
    remarks: Sequence[str] = ()
    joined: tuple[str, ...] = ()
    early: str = ""
    homes: Mapping[str, Path] = field(default_factory=dict)
    coverage: Coverage = field(init=False)
    findings: Findings = field(init=False)
    requirements: Mapping[str, Requirement] = field(init=False)

    def __post_init__(self) -> None:
        self.requirements = {one.id: one for one in select(catalogue(), self.patterns)}
        self.coverage = Coverage(self.contract)
        self.findings = Findings(self.directory)

    @classmethod
    def read(
        cls, contract: Contract, directory: RunDirectory, patterns: Sequence[str] = ()
    ) -> Self:
        """The record in a run directory; raises :class:`FileError`.

        ``patterns`` take the place of those that the campaign was begun with.
        """
        state = directory.state()
        version = state.get("contract")
        if version != contract.version:
            raise FileError(f"{directory.path}: is by contract {version}, not {contract.version}")
        try:
            record = cls(
                contract,
                directory,
                str(state["target"]),
                int(state["seed"]),
                patterns or [str(one) for one in state["select"]],
                counters=Counters(**state["counters"]),
                turns=dict(state["turns"]),
                left_behind={(int(one), str(two)) for one, two in state["left_behind"]},
                over=str(state["over"]),
                stopped=str(state.get("stopped", "")),
                shards=tuple(Shard.read(one) for one in state.get("shards", [str(WHOLE)])),
                remarks=tuple(map(str, state.get("remarks", ()))),
                joined=tuple(map(str, state.get("joined", ()))),
                early=str(state.get("early", "")),
            )
            record.coverage.restore(state["coverage"])
            record.timeline.restore(state.get("timeline", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(f"{directory.path}: its campaign cannot be read") from error
        for finding in directory.findings():
            record.findings.load(finding)
        return record

    @property
    def doubt(self) -> str:
        """Why what was joined says less than a whole campaign; empty where it does not."""
        away = ", ".join(map(str, missing(self.shards))) if self.joined else ""
        parts = [f"shard {away} is not among them" if away else "", self.early]
        return "; ".join(one for one in parts if one)

    def save(self) -> None:
        """Write all that is not in the findings."""
        self.directory.save(
            {
                "seed": self.seed,
                "contract": self.contract.version,
                "target": self.target,
                "select": list(self.patterns),
                "turns": dict(self.turns),
                "counters": asdict(self.counters),
                "coverage": self.coverage.state(),
                "timeline": self.timeline.state(),
                "left_behind": sorted(self.left_behind),
                "over": self.over,
                "stopped": self.stopped,
                "shards": [str(one) for one in self.shards],
                "remarks": list(self.remarks),
                "joined": list(self.joined),
                "early": self.early,
            }
        )
