"""The record of a campaign, from which alone its reports are made, then and later."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.selection import SelectionError, select
from conformance.fuzz.shard import WHOLE, Shard, missing
from conformance.fuzz.storage.directory import RunDirectory, is_handle, is_public, public_of
from conformance.fuzz.storage.files import MOST_FINDINGS, FileError, Format
from conformance.fuzz.storage.finding import COUNT, LATEST, Finding, FindingKey
from conformance.fuzz.storage.findings import Findings
from conformance.probe.not_verified import Unverified
from conformance.results.coverage import Coverage
from conformance.results.result import Outcome, Result
from conformance.results.timeline import LAST_STEP, SHORTEST_SPAN, Timeline
from conformance.server import catalogue
from conformance.target.kept import CreatedResource
from dinie_contract.output import one_line
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
    classes: dict[str, str] = field(default_factory=dict)
    """The class of the reason for which a check was not verified, by its name."""

    def record_result(self, result: Result) -> None:
        """A check of the catalogue ended so."""
        place = f"{result.requirement.id} [{result.operation}]"
        counted = self.outcomes.setdefault(place, {})
        counted[result.outcome] = counted.get(result.outcome, 0) + 1
        if result.outcome in {Outcome.NOT_VERIFIED, Outcome.ERROR}:
            self.reasons[f"{place} {result.outcome}"] = result.actual
        if result.why:
            self.classes[place] = result.why.value


_LONGEST_TEXT, _MOST_TEXTS, _MOST_COUNTS = 10_000, 1000, 100_000
_MOST_LEFT, _LONGEST_LEFT = 50_000, 2_000_000
"""The most resources left behind that a state holds, and their length together."""

_MOST_SHOWN = 20

_TEXT = {"type": "string", "maxLength": _LONGEST_TEXT}
_TEXTS = {"type": "array", "maxItems": _MOST_TEXTS, "items": _TEXT}
_COUNTS = {"type": "object", "maxProperties": _MOST_COUNTS, "additionalProperties": COUNT}
_SECONDS = {"type": "number", "minimum": 0, "maximum": 1e9}


def _tuple_of(*items: Any) -> dict[str, Any]:
    return {
        "type": "array", "minItems": len(items), "maxItems": len(items), "prefixItems": [*items],
    }  # fmt: skip


def _counted(largest: int) -> dict[str, Any]:
    """Numbers with counts of them, as a span of a timeline has."""
    number = {"type": "integer", "minimum": 0, "maximum": largest}
    pair = _tuple_of(number, {**COUNT, "minimum": 1})
    return {"type": "array", "minItems": 1, "maxItems": 1000, "items": pair}


_PARTNER = {"enum": [0, 1]}

_FORMAT = Format(
    {
        "type": "object",
        "required": ["seed", "target", "select", "turns", "counters", "coverage", "left_behind",
                     "over"],
        "properties": {
            "seed": {"type": "integer"},
            "target": {
                "type": "string",
                "pattern": r"^https?://[!-~]+$",
                "maxLength": 2000,
                "description": "must be a base URL",
            },
            "select": _TEXTS,
            "turns": {
                "type": "object",
                "maxProperties": _MOST_COUNTS,
                "additionalProperties": _tuple_of(COUNT, COUNT),
            },
            "counters": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(("requests", "turns", "revoked", "unanswered"), COUNT),
                    "seconds": _SECONDS,
                    "outcomes": {**_COUNTS, "additionalProperties": _COUNTS},
                    "reasons": {**_COUNTS, "additionalProperties": _TEXT},
                    "classes": {**_COUNTS, "additionalProperties": {"enum": [*Unverified]}},
                },
            },
            "coverage": {
                "type": "object",
                "properties": {
                    "statuses": {**_COUNTS, "propertyNames": {"pattern": r"^.+ [0-9]{1,6}$"}},
                },
                "additionalProperties": _COUNTS,
            },
            "timeline": {
                "type": "object",
                "properties": {
                    "doublings": {"type": "integer", "minimum": 0, "maximum": 32},
                    "spans": {
                        "type": "array",
                        "maxItems": 1000,
                        "items": _tuple_of(
                            COUNT, _SECONDS, _counted(999_999), _counted(LAST_STEP)
                        ),
                    },
                },
            },
            "left_behind": {
                "type": "array",
                "maxItems": _MOST_LEFT,
                "items": {"anyOf": [_tuple_of(_PARTNER, _TEXT), _tuple_of(_PARTNER, _TEXT, _TEXT)]},
            },
            **dict.fromkeys(("over", "stopped", "early"), _TEXT),
            "shards": {**_TEXTS, "minItems": 1, "maxItems": 10_000},
            **dict.fromkeys(("remarks", "joined"), _TEXTS),
            "findings": {
                "type": "array",
                "maxItems": 2 * MOST_FINDINGS,
                "items": {"type": "string", "pattern": "^[0-9a-f]{10}-[0-9a-f]{64}$"},
            },
        },
    }
)  # fmt: skip


TIME_OVER, ENOUGH = "its time is over", "it has found enough"
NO_WORK = "its shard has no work"
FULL = f"it has more than {MOST_FINDINGS} findings, of which the others are left out"
DONE = frozenset({TIME_OVER, ENOUGH, NO_WORK})
"""Why a campaign ends that has done what it was asked for."""


@dataclass(slots=True)
class Record:
    """The content of a run directory.

    ``target`` is the base URL. ``patterns`` select the ``requirements`` to judge by; raises
    :class:`SelectionError`. ``turns`` is what the schedule needs to go on. ``over`` says why the
    campaign ended, empty where it did not, and ``stopped`` the same where that is no verdict.
    ``shards`` are those whose work is in it. ``remarks`` are shown with the verdict.
    ``unreadable`` are the errors of findings, ``lost`` the names of those whose file is gone, and
    ``junk`` the number of created resources that could not be read.

    A record that was joined from others has the paths of their directories in ``joined``, in
    ``early`` which of them did not come to their end, and in ``homes`` what `replay` takes for
    each finding that is not in its own.
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
    unreadable: Sequence[str] = ()
    lost: frozenset[str] = frozenset()
    junk: int = 0
    homes: Mapping[FindingKey, Path] = field(default_factory=dict)
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
        """The record in a run directory; raises :class:`FileError` where its state is unreadable.

        ``patterns`` take the place of those that the campaign was begun with.
        """
        state, where = directory.state(), f"{directory.path / 'campaign.json'}"
        version = state.get("contract")
        if version != contract.identity:
            was = one_line(version) if isinstance(version, str) else "no version"
            raise FileError(
                f"{directory.path}: is by contract {was}, not {contract.identity}: give its own"
                " with --contract"
            )
        _FORMAT.check(state, where)
        counters = Counters(
            **{one.name: state["counters"][one.name] for one in fields(Counters)
               if one.name in state["counters"]}
        )  # fmt: skip
        _check_known(counters, contract, where)
        _check_times(state.get("timeline", {}), where)
        left_behind = {CreatedResource(*one) for one in state["left_behind"] if is_handle(one[1])}
        try:
            record = cls(
                contract,
                directory,
                state["target"],
                state["seed"],
                patterns or state["select"],
                counters=counters,
                turns=state["turns"],
                left_behind=left_behind,
                over=one_line(state["over"]),
                stopped=one_line(state.get("stopped", "")),
                shards=tuple(Shard.read(one) for one in state.get("shards", [str(WHOLE)])),
                remarks=tuple(map(one_line, state.get("remarks", ()))),
                joined=tuple(map(one_line, state.get("joined", ()))),
                early=one_line(state.get("early", "")),
            )
        except (ValueError, SelectionError) as error:
            raise FileError(f"{where}: {one_line(str(error))}") from error
        record.coverage.restore(state["coverage"])
        record.timeline.restore(state.get("timeline", {}))
        found, errors = directory.findings(contract)
        for finding in found:
            record.findings.load(finding)
        record.lost = frozenset(filter(directory.lacks, state.get("findings", ())))
        gone = [f"{directory.path}: the file of {one} is gone" for one in sorted(record.lost)]
        record.unreadable = (*map(str, errors), *gone)
        record.junk = directory.junk + len(state["left_behind"]) - len(left_behind)
        return record

    @property
    def doubt(self) -> str:
        """Why what was read says less than a whole campaign; empty where it does not."""
        shards = missing(self.shards) if self.joined else []
        away = ", ".join(map(str, shards[:_MOST_SHOWN]))
        away += f" and {len(shards) - _MOST_SHOWN} more" if len(shards) > _MOST_SHOWN else ""
        # What cannot be read may have been a broken MUST.
        full = self.over if self.over == FULL and not self.early else ""
        parts = [f"shard {away} is not among them" if away else "", self.early, full, self.torn]
        return "; ".join(one for one in parts if one)

    @property
    def torn(self) -> str:
        """How many findings cannot be read, and the reason of the first; empty for none."""
        if not self.unreadable:
            return ""
        count = len(self.unreadable)
        which = "1 finding" if count == 1 else f"{count} findings"
        return f"{which} cannot be read: {self.unreadable[0]}"

    def save(self) -> None:
        """Write all that is not in the findings."""
        self.directory.save(
            {
                "seed": self.seed,
                "contract": self.contract.identity,
                "target": self.target,
                "select": list(self.patterns),
                "turns": dict(self.turns),
                "counters": asdict(self.counters),
                "coverage": self.coverage.state(),
                "timeline": self.timeline.state(),
                "left_behind": [public_of(one) for one in _first_of(self.left_behind)],
                "over": self.over[:_LONGEST_TEXT],
                "stopped": self.stopped[:_LONGEST_TEXT],
                "shards": [str(one) for one in self.shards],
                "remarks": [one[:_LONGEST_TEXT] for one in self.remarks[:_MOST_TEXTS]],
                "joined": [one[:_LONGEST_TEXT] for one in self.joined[:_MOST_TEXTS]],
                "early": self.early[:_LONGEST_TEXT],
                # A file that is lost must not make a green.
                "findings": sorted({one.names[1] for one in self.findings.values()} | self.lost)[
                    : 2 * MOST_FINDINGS
                ],
            }
        )

    def forget(self, finding: Finding) -> None:
        """Remove a finding from the record and its directory; raises :class:`FileError`.

        The state is written first: where the process ends in between, the finding still counts.
        """
        self.findings.forget(finding.key)
        self.save()
        self.directory.remove(finding)


def _first_of(left_behind: set[CreatedResource]) -> list[CreatedResource]:
    """The resources that a state has room for; left-behind.txt lists all."""
    found, length = [], 0
    for one in sorted(filter(is_public, left_behind))[:_MOST_LEFT]:
        length += len(one.handle) + len(one.place)
        if length > _LONGEST_LEFT:
            break
        found.append(one)
    return found


def _check_known(counters: Counters, contract: Contract, where: str) -> None:
    """Raise :class:`FileError` for outcomes of an operation that the contract does not have."""
    for name in counters.outcomes:
        id_, _, operation = name.removesuffix("]").partition(" [")
        if id_ in catalogue() and operation not in contract.operations:
            raise FileError(f"{where}: counters.outcomes: {one_line(name)[:80]}: is no operation")


def _check_times(timeline: Mapping[str, Any], where: str) -> None:
    """Raise :class:`FileError` for a span of a time that no campaign has seen."""
    width = SHORTEST_SPAN * 2 ** timeline.get("doublings", 0)
    for number, (index, *_) in enumerate(timeline.get("spans", ())):
        if index * width >= LATEST:
            raise FileError(f"{where}: timeline.spans[{number}]: is after the year 2242")
