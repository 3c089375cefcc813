"""The verdict on a target under load: broken requirements, latencies and thresholds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.catalogue.registry import requirement_of
from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import ids_of
from conformance.load.settings import Settings
from conformance.load.tally import Broken, Count, Tally
from conformance.probe.resource_words import ResourceWords
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.results.result import VIOLATIONS, Outcome, Result, ResultKey
from conformance.results.verdict import Verdict, counted
from conformance.server import catalogue
from conformance.server.robustness.steadiness import (
    ENOUGH_FOR_A_SHARE,
    differing_shares,
    transient_answers_are_rare,
)
from openapi.contract import Contract


@dataclass(frozen=True, slots=True)
class Latency:
    """One operation under load. Percentiles are in milliseconds, the rate in requests a second.

    ``violations`` counts its answers that broke a MUST.
    """

    operation: str
    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    violations: int = 0

    @property
    def row(self) -> tuple[str, ...]:
        """Its row in the table of latencies."""
        return (
            self.operation,
            f"{self.requests}",
            f"{self.rate:.1f}",
            *(f"{one:g}" for one in (self.p50, self.p95, self.p99)),
            f"{self.violations}",
        )


@dataclass(frozen=True)
class LoadVerdict(Verdict):
    """A verdict with latencies, counts and thresholds; every report format shows it.

    ``exceeded`` has a line for each threshold that was passed and each difference that the
    reconciliation found. ``tolerated`` is how many answers may break a MUST, ``broken_answers``
    how many did.
    """

    latencies: tuple[Latency, ...] = ()
    counts_of_load: dict[str, int] = field(default_factory=dict)
    exceeded: tuple[str, ...] = ()
    tolerated: int = 0
    broken_answers: int = 0

    @property
    def table(self) -> Sequence[Sequence[str]]:
        """The latencies by operation."""
        if not self.latencies:
            return ()
        head = ("operation", "requests", "per second", "p50 ms", "p95 ms", "p99 ms", "violations")
        return [head, *(one.row for one in self.latencies)]

    @property
    def own_members(self) -> Mapping[str, Any]:
        """The member ``load``: counts, latencies and thresholds."""
        load = {
            "seconds": round(self.seconds, 3),
            "counts": self.counts_of_load,
            "operations": [asdict(one) for one in self.latencies],
            "broken_answers": self.broken_answers,
            "exceeded": list(self.exceeded),
        }
        return {"load": load}

    @property
    def exit_code(self) -> int:
        """0: conforms, within the thresholds. 1: does not. 2: no verdict."""
        if self.void:
            return NO_VERDICT
        if self.exceeded or self.broken_answers > self.tolerated:
            return BROKEN
        return NO_VERDICT if self.doubt or self.undecided else CONFORMS

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.exit_code == NO_VERDICT:
            return super().line
        reasons = [*self.exceeded]
        if self.broken_answers:
            times = "once" if self.broken_answers == 1 else f"{self.broken_answers} times"
            allowed = f" ({self.tolerated} allowed)" if self.tolerated else ""
            reasons.insert(0, f"a MUST was broken {times}{allowed}")
        parts = [counted(self.counts["passed"], Outcome.PASSED)]
        if self.counts["warnings"]:
            parts.append(counted(self.counts["warnings"], Outcome.WARNING))
        start = "Conforms" if self.exit_code == CONFORMS else "Does not conform"
        text = f": {'; '.join(reasons)}" if reasons else ""
        return f"{start} under load{text} ({', '.join(parts)})"


def verdict_on(
    contract: Contract,
    settings: Settings,
    tally: Tally,
    latencies: Sequence[Latency],
    seconds: float,
    void: str = "",
    doubt: str = "",
    exchanged: tuple[float, float] | None = None,
    before: Sequence[Result] = (),
) -> LoadVerdict:
    """The verdict on the counts; ``void``, ``doubt``, ``exchanged`` are as in :class:`Verdict`.

    ``before`` are the results of the checks that were done before the load.
    """
    judged = [
        _result(contract, key, tally.judged[key], tally.broken.get(key)) for key in tally.judged
    ]
    judged += _steadiness(contract, settings, tally)
    results = sorted(_worst_of([*judged, *before]), key=lambda one: one.key)
    if not void and not doubt and not tally.counts[Count.CREATED]:
        doubt = "nothing was created"
    if not doubt and tally.faults:
        doubt = f"a fault of the harness: {tally.faults[0]}"
    if not doubt and tally.counts[Count.NOT_RECONCILED]:
        doubt = (
            f"{tally.counts[Count.NOT_RECONCILED]} creations could not be looked for in the list"
        )
    exceeded = [*_uneven(tally), *_thresholds(settings, tally, latencies)]
    return LoadVerdict(
        contract=contract.identity,
        target=settings.url,
        seed=None,
        level=Level.MUST,
        results=tuple(results),
        void=void,
        doubt=tally.stopped or doubt,
        complete=not (void or tally.stopped or doubt),
        remarks=(*settings.target.connection.warnings, *_remarks(contract, tally, latencies)),
        requests=tally.counts[Count.REQUESTS],
        seconds=seconds,
        exchanged=exchanged,
        latencies=tuple(latencies),
        counts_of_load={one.value: tally.counts[one] for one in Count},
        exceeded=tuple(exceeded),
        tolerated=settings.max_violations,
        broken_answers=broken_musts(contract, tally).total()
        + sum(one.outcome is Outcome.FAILED for one in before),
        required=ids_of(catalogue(), settings.required),
    )


def _worst_of(results: Iterable[Result]) -> Iterable[Result]:
    """One result for each requirement on each operation: a violation, where there is one."""
    found: dict[ResultKey, Result] = {}
    for one in results:
        known = found.setdefault(one.key, one)
        if one.outcome in VIOLATIONS and known.outcome not in VIOLATIONS:
            found[one.key] = one
    return found.values()


def broken_musts(contract: Contract, tally: Tally) -> Counter[str]:
    """The number of answers that broke a MUST, by operation id."""
    counts: Counter[str] = Counter()
    for (requirement_id, operation_id), one in tally.broken.items():
        operation = contract.operations[operation_id]
        if catalogue()[requirement_id].level_on(operation) is Level.MUST:
            counts[operation_id] += one.count
    return counts


def _result(contract: Contract, key: ResultKey, judged: int, broken: Broken | None) -> Result:
    requirement = catalogue()[key[0]]
    operation = contract.operations[key[1]]
    level, source = requirement.level_on(operation), requirement.source_on(operation)
    if broken is None:
        return Result(requirement, key[1], level, Outcome.PASSED, source=source)
    outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
    actual = f"{broken.actual} ({broken.count} of {judged} times)"
    return Result(
        requirement,
        key[1],
        level,
        outcome,
        broken.expected,
        actual,
        broken.reproduce,
        evidence=broken.evidence,
        source=source,
    )


def _steadiness(contract: Contract, settings: Settings, tally: Tally) -> Iterable[Result]:
    """The judgement on the share of transient answers, where a share means something."""
    counts, most = tally.counts, settings.target.max_transient
    if counts[Count.REQUESTS] < ENOUGH_FOR_A_SHARE:
        return
    requirement = requirement_of(transient_answers_are_rare)
    resource = contract.main_resource
    if resource is None:
        return
    operation = resource.create
    share = (counts[Count.DROPPED] + counts[Count.UNAVAILABLE]) / counts[Count.REQUESTS]
    if share <= most:
        yield Result(requirement, operation.id, requirement.level, Outcome.PASSED)
    else:
        yield Result(requirement, operation.id, requirement.level, Outcome.WARNING,
                     *differing_shares(share, most))  # fmt: skip


def _uneven(tally: Tally) -> Iterable[str]:
    """Differences that the reconciliation found."""
    counts = tally.counts
    if counts[Count.MISSING]:
        yield f"{counts[Count.MISSING]} of {counts[Count.CREATED]} confirmed creations not listed"
    if counts[Count.DOUBLED]:
        yield f"{counts[Count.DOUBLED]} keys with more than one resource"


def _thresholds(settings: Settings, tally: Tally, latencies: Sequence[Latency]) -> Iterable[str]:
    failed, requests = tally.counts[Count.FAILED], tally.counts[Count.REQUESTS]
    allowed = settings.max_failure_rate
    if allowed is not None and requests and failed / requests > allowed:
        yield f"{failed} of {requests} requests failed, more than {allowed:.2%}"
    for one in latencies:
        if settings.max_p95 is not None and one.p95 > settings.max_p95:
            yield f"p95 of {one.operation} is {one.p95:g} ms, more than {settings.max_p95:g} ms"


def _remarks(contract: Contract, tally: Tally, latencies: Sequence[Latency]) -> Iterable[str]:
    counts, loaded = tally.counts, {one.operation for one in latencies}
    words = ResourceWords.of(contract.resources)
    others = [one for one in contract.operations.values() if one is not contract.token_operation]
    main = contract.main_resource
    if main and loaded and not loaded.issuperset(one.id for one in others):
        yield (
            f"{len(loaded)} of the contract's {len(others)} operations were under load: those that"
            f" make, list and end what is at {main.create.path}"
        )
    if counts[Count.NOT_LISTED]:
        yield f"{counts[Count.CREATED]} creations confirmed; the target has no list to compare with"
    else:
        yield _compared(counts, words)
    same = counts[Count.REPLAYS] - counts[Count.REPLAYS_DIFFER]
    yield (
        f"{counts[Count.REPLAYS]} replays: {same} identical to the first answer,"
        f" {counts[Count.REPLAYS_MARKED]} marked Idempotent-Replayed"
    )
    for count, text in ((Count.REFUSED, "creations were refused"),
                        (Count.UNCONFIRMED, "creations got no answer"),
                        (Count.LIMITED, "429 waited for"),
                        (Count.UNAVAILABLE, "transient answers, asked for again"),
                        (Count.DROPPED, "requests without an answer, sent again"),
                        (Count.GIVEN_UP, "calls given up")):  # fmt: skip
        if counts[count]:
            yield f"{counts[count]} {text}"
    yield f"{words.made(counts[Count.REVOKED])} and {words.ended}"
    if counts[Count.LEFT_BEHIND]:
        yield f"{words.made(counts[Count.LEFT_BEHIND])} and could not be {words.ended}"


def _compared(counts: Counter[str], words: ResourceWords) -> str:
    unknown = counts[Count.NOT_RECONCILED]
    return (
        f"{counts[Count.CREATED]} creations confirmed: {counts[Count.LISTED]} in the list or"
        f" {words.ended} since, {counts[Count.MISSING]} missing, {counts[Count.DOUBLED]} keys with"
        f" more than one resource{f', {unknown} that could not be looked for' if unknown else ''}"
    )
