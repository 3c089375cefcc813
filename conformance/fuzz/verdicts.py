"""The verdict on a campaign, which all reports show."""

import shlex
from collections.abc import Iterator, Sequence

from conformance.catalogue.requirement import Level
from conformance.fuzz.shard import WHOLE
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.record import DONE, Record
from conformance.fuzz.work import works
from conformance.probe.not_verified import Unverified
from conformance.probe.resource_words import ResourceWords
from conformance.results.result import FindingDetails, Outcome, Result
from conformance.results.timeline import ends_of
from conformance.results.verdict import Verdict, doubt_of
from conformance.run.judging import never_succeeded, shows_anything
from conformance.server import catalogue
from conformance.target.timestamps import instant

_LEAST_TRIED = 0.02
"""The share of MUSTs that must have had a turn for a pass.

It is small: a slow machine gets through few in a campaign of seconds. The last line counts them.
"""


def verdict_of(
    record: Record, level: Level, void: str = "", required: frozenset[str] = frozenset()
) -> Verdict:
    """The verdict: every finding is a violation; other checks have their best outcome.

    ``required`` are the ids of requirements that must be verified.
    """
    results = tuple(sorted(_results(record), key=lambda one: one.key))
    tried, untried = _tried_musts(record, results)
    complete = record.over in DONE and not record.doubt
    answered = record.coverage.answered
    never = never_succeeded(record.contract, answered)
    made = bool(record.counters.revoked or record.left_behind)
    is_usable = not answered or shows_anything(record.contract, answered, results, made=made)
    return Verdict(
        contract=record.contract.identity,
        target=record.target,
        seed=record.seed,
        level=level,
        results=results,
        void=void or record.stopped or ("" if is_usable else never),
        doubt=record.doubt or never or doubt_of(results) or _haste(tried, untried),
        complete=complete and not void,
        remarks=tuple(_remarks(record)),
        requests=record.counters.requests,
        seconds=record.counters.seconds,
        timeline=record.timeline.spans,
        exchanged=ends_of(record.timeline.spans),
        coverage=record.coverage.report(record.requirements),
        required=required,
        untried=untried,
    )


def _tried_musts(record: Record, results: Sequence[Result]) -> tuple[int, int]:
    """The numbers of MUSTs whose check had a turn, and of those that the time was too short for."""
    found = works(record.contract, list(record.requirements.values()))
    musts = {
        (one.id, work.operation.id)
        for work in found
        for one in work.requirements
        if work.name in record.turns and one.id in record.requirements
        and one.level_on(work.operation) is Level.MUST
    }  # fmt: skip
    tried = musts & {one.key for one in results}
    return len(tried), len(musts) - len(tried)


def _haste(tried: int, untried: int) -> str:
    """Why a campaign without violations is no pass where few MUSTs had a turn; else empty."""
    if tried >= _LEAST_TRIED * (tried + untried):
        return ""
    return (
        f"it ended before {untried} of {tried + untried} MUSTs had a turn:"
        " give it more time (--max-time), or select fewer (--select)"
    )


def _results(record: Record) -> Iterator[Result]:
    broken = set()
    for finding in record.findings.values():
        # A finding counts whatever is selected now: it was recorded.
        requirement = catalogue()[finding.requirement]
        broken.add((finding.requirement, finding.operation))
        level = Level(finding.level)
        outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
        details = _finding_details(record, finding)
        yield Result(
            requirement,
            finding.operation,
            level,
            outcome,
            finding.expected,
            finding.actual,
            finding.curl or details.replay,
            details,
            evidence=finding.evidence,
            source=requirement.source_on(record.contract.operations[finding.operation]),
        )
    for name, outcomes in record.counters.outcomes.items():
        id_, _, operation = name.removesuffix("]").partition(" [")
        selected = record.requirements.get(id_)
        if selected is None or (id_, operation) in broken:
            continue
        for outcome in (Outcome.ERROR, Outcome.PASSED, Outcome.NOT_VERIFIED):
            if outcomes.get(outcome):
                on = record.contract.operations[operation]
                level, source = selected.level_on(on), selected.source_on(on)
                reason = record.counters.reasons.get(f"{name} {outcome}", "")
                why = _class_of(record, name) if outcome is Outcome.NOT_VERIFIED else None
                yield Result(
                    selected, operation, level, outcome, actual=reason, why=why, source=source
                )
                break


def _class_of(record: Record, name: str) -> Unverified | None:
    found = record.counters.classes.get(name)
    return Unverified(found) if found else None


def _finding_details(record: Record, finding: Finding) -> FindingDetails:
    home = record.homes.get(finding.key) or record.directory.place_of(finding)
    return FindingDetails(
        instant(finding.first_seen) or 0.0,
        record.directory.name_of(finding),
        finding.cause,
        finding.state,
        finding.count,
        finding.python,
        shlex.join(("dinie-conformance", "replay", str(home))),
        finding.kind,
    )


def _remarks(record: Record) -> Iterator[str]:
    counters, words = record.counters, ResourceWords.of(record.contract.resources)
    yield f"covered: {record.coverage.line()}"
    if large := record.directory.without_requests:
        yield (
            f"{len(large)} findings are kept without their requests, which are too large:"
            " their checks alone show them again"
        )
    if counters.unanswered:
        yield f"{counters.unanswered} checks ended without an answer of the target"
    if counters.revoked:
        yield f"{words.made(counters.revoked)} and {words.ended}"
    if record.left_behind:
        left = words.made(len(record.left_behind))
        yield f"{left} and could not be {words.ended}; left-behind.txt lists them"
    if record.junk:
        junk = f"{record.junk} lines of {words.things} that were made"
        yield f"{junk} cannot be read and were left out"
    yield from record.remarks
    if WHOLE not in record.shards and not record.joined:
        yield f"shard {record.shards[0]}: `merge` joins it with the others"
    where = ", ".join(record.joined) or record.directory.path
    yield f"{len(record.findings)} findings in {where}"
