"""The verdict on a run as a whole, and the exit code for scripts."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from conformance.catalogue.mends import NO_FAILURE
from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import Unverified
from conformance.probe.violation import NO_SERVER_ERROR, NOTHING_FAILS
from conformance.results.baseline import Baseline
from conformance.results.coverage import CoverageReport
from conformance.results.evidence import LAST_ANSWER
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.results.moments import moment
from conformance.results.result import DATA, VIOLATIONS, Outcome, Result, ResultKey
from conformance.results.timeline import Span
from conformance.results.transient import TransientReport
from dinie_contract.output import shown


@dataclass(frozen=True, slots=True)
class Cause:
    """Violations that one change mends: the one that shows it with the least, and the others."""

    shown: Result
    others: tuple[Result, ...] = ()

    @classmethod
    def of(cls, results: Sequence[Result], roots: Collection[ResultKey]) -> Self:
        """The cause of one violation or more; ``roots`` are the keys that others stand under."""
        is_failure = bool(_failure_of(results[0]))

        def order(one: Result) -> tuple[bool, bool, bool, bool, int]:
            is_step = bool(one.requirement.rests_on or one.breaks)
            # What else a check expects of a request that makes the server fail tells no mend.
            is_other = is_failure and one.requirement.mend != NO_FAILURE
            is_must = one.level is Level.MUST
            return not is_must, one.key not in roots, is_step, is_other, len(one.reproduce)

        best = min(results, key=order)
        return cls(best, tuple(one for one in results if one is not best))


def _failure_of(result: Result) -> tuple[str, ...]:
    """The operation, status and body of the server error that shows a violation; empty for others.

    The body is without what is another in each answer.
    """
    last = next((one.actual for one in result.evidence if one.place == LAST_ANSWER), "")
    is_failure = last.startswith("5") and result.actual.startswith(last[:3])
    return (result.operation, last[:3], DATA.sub("", last)) if is_failure else ()


def causes_of(results: Iterable[Result]) -> tuple[Cause, ...]:
    """The violations among some results by what mends them, broken MUSTs first.

    A violation stands under that of the rule that it rests on, on the same operation, and under
    that of the rule which broke a step of its check. Where a plain request fails, each server
    error of its operation is that failure. The same server error of one operation is one cause,
    whatever was expected in its place. Of a campaign's findings, those on one operation are one
    cause where the same kind of answer shows them, whatever the form of their requests.
    """
    violations = [one for one in results if one.outcome in VIOLATIONS]
    by_key = {one.key: one for one in violations}
    shortest_last = sorted(violations, key=lambda one: -len(one.reproduce))
    by_id = {one.requirement.id: one for one in shortest_last}
    does_plain_fail = any(one.breaks == NOTHING_FAILS for one in violations)

    def below(one: Result) -> Result | None:
        failing = does_plain_fail and one.expected == NO_SERVER_ERROR
        return (
            (by_key.get((NOTHING_FAILS, one.operation)) if failing else None)
            or by_id.get(one.breaks)
            or by_key.get((one.requirement.rests_on, one.operation))
        )

    found: dict[tuple[str, ...], list[Result]] = {}
    roots: set[ResultKey] = set()
    for one in sorted(violations, key=lambda one: one.outcome is not Outcome.FAILED):
        root = one
        while (under := below(root)) and under is not root:
            root = under
        if root is not one:
            roots.add(root.key)
        if failure := _failure_of(root):
            found.setdefault(failure, []).append(one)
            continue
        mended = root.breaks or root.requirement.mend or root.requirement.id
        seen = (root.operation, root.finding.kind) if root.finding and root.finding_id else ()
        found.setdefault((mended, *seen), []).append(one)
    return tuple(Cause.of(one, roots) for one in found.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict that all reports show. ``results`` are sorted by id and operation.

    ``void`` is the reason why not even a violation counts (nothing was exercised, interrupted),
    ``doubt`` the reason why a run without violations is no pass (stopped midway, faults of the
    harness); both are empty otherwise. ``seed`` is None where nothing was random. ``timeline`` and
    ``coverage`` count the exchanges of the run; a verdict on a journal has neither.
    ``required`` are the ids of requirements that must be verified, whatever keeps them from it.
    ``untried`` is the number of MUSTs whose check had no turn. ``left_behind`` names what could
    not be revoked. ``made`` is when the verdict was, and ``exchanged`` the beginning of its first
    exchange and the end of its last, as Unix times. All texts are made fit to be shown here,
    whoever they come from.
    """

    contract: str
    target: str
    seed: int | None
    level: Level
    results: tuple[Result, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    void: str = ""
    doubt: str = ""
    complete: bool = True
    remarks: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    timeline: tuple[Span, ...] = ()
    coverage: CoverageReport | None = None
    transient: TransientReport | None = None
    required: frozenset[str] = frozenset()
    untried: int = 0
    left_behind: tuple[str, ...] = ()
    exchanged: tuple[float, float] | None = None
    made: float = field(default_factory=time.time, compare=False)

    def __post_init__(self) -> None:
        for name in ("contract", "target", "void", "doubt"):
            object.__setattr__(self, name, shown(getattr(self, name)))
        for name in ("remarks", "left_behind"):
            object.__setattr__(self, name, tuple(map(shown, getattr(self, name))))

    @property
    def table(self) -> Sequence[Sequence[str]]:
        """Measurements of the run as texts, row by row, the head first; empty without any."""
        return ()

    @property
    def own_members(self) -> Mapping[str, Any]:
        """Members of the JSON report that only this kind of verdict has."""
        return {}

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """The remarks, and what was transient, as one."""
        return self.remarks + ((self.transient.line,) if self.transient else ())

    @property
    def when(self) -> str:
        """When the verdict was made, and from when to when its exchanges were, in one line."""
        span = " to ".join(map(moment, self.exchanged)) if self.exchanged else ""
        return f"Made {moment(self.made)}{f', of exchanges from {span}' if span else ''}"

    @property
    def accepted(self) -> tuple[Result, ...]:
        """The violations that the baseline accepts."""
        return tuple(one for one in self.results if self.baseline.accepts(one))

    def reason(self, result: Result) -> str:
        """The reason that the baseline has for an accepted violation; may be empty."""
        return shown(self.baseline.accepted[result.key])

    @property
    def violations(self) -> tuple[Result, ...]:
        """The violations that the baseline does not accept: broken MUSTs first."""
        return tuple(
            one
            for outcome in (Outcome.FAILED, Outcome.WARNING)
            for one in self.results
            if one.outcome is outcome and not self.baseline.accepts(one)
        )

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The violations by what mends them."""
        return causes_of(self.violations)

    @property
    def breaking(self) -> tuple[Result, ...]:
        """The violations that fail the run at its level."""
        return tuple(one for one in self.violations if one.level in {Level.MUST, self.level})

    @property
    def undecided(self) -> str:
        """The reason for no verdict where MUSTs or required ones are not verified, or empty."""
        found = [
            one
            for one in self.results
            if (one.is_undecided and not self.baseline.accepts(one))
            or (one.outcome is Outcome.NOT_VERIFIED and one.requirement.id in self.required)
        ]
        if found:
            number = f"{len(found)} requirements were" if len(found) > 1 else "one requirement was"
            return f"{number} not verified: {found[0].name}: {found[0].actual}"
        lacking = sorted(self.required - {one.requirement.id for one in self.results})
        return f"{lacking[0]} is required and was not judged" if lacking else ""

    @property
    def stale(self) -> list[ResultKey]:
        """The entries of the baseline that are violated no longer."""
        return self.baseline.stale(self.results)

    def having(self, outcome: Outcome) -> tuple[Result, ...]:
        """The results with one outcome."""
        return tuple(one for one in self.results if one.outcome is outcome)

    @property
    def counts(self) -> dict[str, int]:
        """The number of results by outcome, under the names of the JSON report."""
        found = Counter(one.outcome for one in self.results)
        return {name: found[outcome] for name, outcome in SUMMARY.items()}

    @property
    def exit_code(self) -> int:
        """0 if the target conforms, 1 if it does not, 2 without a verdict."""
        if self.void:
            return NO_VERDICT
        if self.breaking:
            return BROKEN
        return NO_VERDICT if self.doubt or self.undecided else CONFORMS

    @property
    def line(self) -> str:
        """The verdict in one line."""
        levels = Counter(one.level for one in self.breaking)
        parts = [f"{count} {level.upper()}" for level, count in sorted(levels.items())]
        broken = f"broken: {' and '.join(parts)}" if parts else ""
        if self.exit_code == NO_VERDICT:
            reason = self.void or self.doubt or self.undecided
            return f"No verdict: {reason}{f' ({broken} so far)' if broken else ''}"
        counts = Counter(one.outcome for one in self.results)
        shown = (Outcome.WARNING, Outcome.NOT_VERIFIED, Outcome.ERROR)
        others = [counted(counts[Outcome.PASSED], Outcome.PASSED)]
        others += [counted(counts[one], one) for one in shown if counts[one]]
        if musts := [one for one in self.results if one.level is Level.MUST]:
            applying = [one for one in musts if one.why is not Unverified.ABSENT]
            judged = sum(one.outcome is not Outcome.NOT_VERIFIED for one in applying)
            others.append(f"{judged} of {len(applying) + self.untried} MUSTs verified")
        if self.accepted:
            others.append(f"{len(self.accepted)} accepted")
        if self.doubt:
            others.append(self.doubt)
        start = f"Does not conform, {broken}" if broken else "Conforms"
        return f"{start} ({', '.join(others)})"


def counted(count: int, outcome: Outcome) -> str:
    """A number of results with one outcome, such as ``2 warnings``."""
    plural = "s" if count != 1 and outcome in {Outcome.WARNING, Outcome.ERROR} else ""
    return f"{count} {outcome.value.replace('_', ' ')}{plural}"


SUMMARY = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "warnings": Outcome.WARNING,
    "not_verified": Outcome.NOT_VERIFIED,
    "errors": Outcome.ERROR,
}
"""The members of the JSON report's summary, and the outcome that each counts."""


def doubt_of(results: Collection[Result]) -> str:
    """The reason why results without violations are no pass; empty for a pass."""
    errors = sum(one.outcome is Outcome.ERROR for one in results)
    if errors:
        return f"{errors} {'check' if errors == 1 else 'checks'} ended in a fault of the harness"
    if not any(one.outcome in {Outcome.PASSED, *VIOLATIONS} for one in results):
        return "nothing could be verified"
    return ""
