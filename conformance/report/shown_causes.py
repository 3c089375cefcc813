"""The causes of violations as the page shows them: in order, with anchors, marks and scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from conformance.catalogue.requirement import Level
from conformance.report.difference import Part, differences
from conformance.results.evidence import Seen
from conformance.results.result import Result
from conformance.results.verdict import Cause, Verdict

_MOST_PYTHON = 50
"""How many causes have a Python script in the page."""

_LONGEST_CURL, _LONGEST_PYTHON, _ALL_SCRIPTS = 16_000, 64_000, 2_000_000
"""The characters of one script in the page, and of all of them."""

_LEVELS = list(Level)


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A result in the page, with its anchor and the name of its colour."""

    result: Result
    anchor: str
    tone: str


@dataclass(frozen=True, slots=True)
class ShownSeen:
    """What was seen at a place, and what was expected there; nothing where that is not certain."""

    place: str
    expected: Sequence[Part]
    actual: Sequence[Part]

    @classmethod
    def of(cls, seen: Seen) -> Self:
        """The texts of a place, their differences marked."""
        if not seen.expected:
            return cls(seen.place, (), [Part(seen.actual)])
        return cls(seen.place, *differences(seen.expected, seen.actual, are_values=True))


@dataclass(frozen=True, slots=True)
class ShownCause(ShownResult):
    """A cause: the result that shows it with the least, and ``others`` that it explains.

    ``expected``, ``actual`` and ``seen`` have their differences marked. ``script`` and ``python``
    are empty where they are left out. ``classes`` are what the filters of the page select by.
    """

    expected: Sequence[Part]
    actual: Sequence[Part]
    seen: Sequence[ShownSeen]
    script: str
    python: str
    classes: str
    others: tuple[ShownResult, ...] = ()

    @property
    def count(self) -> int:
        """How often its violations were met."""
        return _count_of(self.result) + sum(_count_of(one.result) for one in self.others)

    @property
    def is_exchanges(self) -> bool:
        """Whether the script is the exchanges of a client's journal, and no command."""
        return self.script.startswith("#") and self.script[1:2].isdigit()


@dataclass(slots=True)
class Shown:
    """What a page shows of a verdict; scripts are left out once they are too many."""

    verdict: Verdict
    _scripts: int = 0
    _pythons: int = 0
    _anchors: int = 0
    sections: Mapping[str, str] = field(init=False)
    """The class that the page's filter selects a section by."""

    def __post_init__(self) -> None:
        names = sorted({one.requirement.section for one in self.verdict.results})
        self.sections = {name: f"s{number}" for number, name in enumerate(names)}

    def causes(self) -> list[ShownCause]:
        """The causes of violations: what fails the run first, MUSTs before SHOULDs.

        Among these, first what was met most often, then what explains most, then the earliest.
        """
        return [self._cause(one) for one in sorted(self.verdict.causes, key=self._order)]

    def single(self, result: Result) -> ShownCause:
        """A result by itself, which is no violation that counts."""
        return self._shown(result, (), "", "unclear")

    def classes(self, *results: Result) -> str:
        """The classes that the filters of the page select an entry by."""
        found = {"r"}
        for one in results:
            found |= {one.outcome.value, one.level.value, self.sections[one.requirement.section]}
        return " ".join(sorted(found))

    def _order(self, cause: Cause) -> tuple[bool, int, int, int, float]:
        one = cause.shown
        count = sum(map(_count_of, (one, *cause.others))) if one.finding_id else 1
        moment = one.finding.first_seen if one.finding else 0.0
        level = _LEVELS.index(one.level)
        return not self._is_breaking(one), level, -count, -len(cause.others), moment

    def _is_breaking(self, result: Result) -> bool:
        return result.level in {Level.MUST, self.verdict.level}

    def _cause(self, cause: Cause) -> ShownCause:
        anchor, tone = self._anchored(cause.shown)
        others = tuple(ShownResult(one, *self._anchored(one)) for one in cause.others)
        return self._shown(cause.shown, others, anchor, tone)

    def _anchored(self, result: Result) -> tuple[str, str]:
        self._anchors += 1
        found = result.finding_id
        anchor = f"finding-{found}" if found else f"violation-{self._anchors}"
        return anchor, "bad" if self._is_breaking(result) else "warn"

    def _shown(
        self, result: Result, others: tuple[ShownResult, ...], anchor: str, tone: str
    ) -> ShownCause:
        expected, actual = differences(result.expected, result.actual)
        script = self._within(result.reproduce, _LONGEST_CURL)
        python = result.finding.python if result.finding else ""
        if python and self._pythons < _MOST_PYTHON:
            self._pythons += 1
            python = self._within(python, _LONGEST_PYTHON)
        else:
            python = ""
        classes = self.classes(result, *(one.result for one in others))
        seen = [ShownSeen.of(one) for one in result.evidence]
        return ShownCause(
            result, anchor, tone, expected, actual, seen, script, python, classes, others
        )

    def _within(self, script: str, most: int) -> str:
        """A script, or nothing where the page would get too long for it."""
        if len(script) > min(most, _ALL_SCRIPTS - self._scripts):
            return ""
        self._scripts += len(script)
        return script


def _count_of(result: Result) -> int:
    return result.finding.count if result.finding else 1
