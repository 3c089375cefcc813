"""The verdict on a run: its results, its coverage, and whether anything was exercised at all."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType

from conformance.catalogue.requirement import Level
from conformance.probe.plain_requests import makes_bodies
from conformance.probe.resource_words import ResourceWords
from conformance.results.baseline import Baseline
from conformance.results.coverage import Coverage
from conformance.results.exit_code import INTERRUPTED
from conformance.results.result import VIOLATIONS, FindingDetails, Outcome, Result
from conformance.results.timeline import Timeline, ends_of
from conformance.results.transient import transient_report
from conformance.results.verdict import Verdict, causes_of, doubt_of
from conformance.run.runner import CannotTry, Run
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Request
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from dinie_contract.output import excerpt, shown
from openapi.contract import Contract
from openapi.resource import creates

_MOST_TRIED = 20
"""So many causes are tried once more at the most."""

_MOST_NAMED = 5
"""So many of the keys that are left are named in a remark."""

_LONGEST_NAME = 200

SEEN_AGAIN, NOT_SEEN_AGAIN = "seen again on another try", "not seen again on another try"
"""The states of a violation that was tried once more."""


def judge(
    run: Run, level: Level, baseline: Baseline, on_result: Callable[[Result], None]
) -> Verdict:
    """Do the whole run and judge it. Nothing that the target does raises an exception."""
    found: list[Result] = []
    unreached = ""
    timeline, coverage = Timeline(), Coverage(run.contract)

    def record(request: Request, answer: Answer) -> None:
        timeline.record(time.time(), answer.status, answer.seconds)
        coverage.record(request, answer)

    run.target.on_answer = record
    start = time.monotonic()
    with closing(run.results()) as results:
        try:
            for result in results:
                coverage.record_check(result.requirement.id)
                if result.outcome in VIOLATIONS:
                    result = replace(result, finding=FindingDetails(time.time()))  # noqa: PLW2901
                found.append(result)
                on_result(result)
        except TargetError as error:
            unreached = run.stopped or str(error)
    never = never_succeeded(run.contract, run.answered, run.said)
    if not unreached and not run.stopped:
        found = _tried_again(run, found, baseline)
    made = bool(run.target.created)
    is_usable = shows_anything(run.contract, run.answered, found, made=made)
    void = unreached or (INTERRUPTED if run.stopped == INTERRUPTED else "")
    return Verdict(
        contract=run.contract.identity,
        target=run.target.base_url,
        seed=run.seed,
        level=level,
        results=tuple(sorted(found, key=lambda one: one.key)),
        baseline=baseline,
        void=void or ("" if is_usable else never),
        doubt=run.stopped or never or run.served_late or doubt_of(found),
        complete=not (unreached or run.stopped),
        requests=run.target.requests_sent,
        seconds=time.monotonic() - start,
        timeline=timeline.spans,
        exchanged=ends_of(timeline.spans),
        coverage=coverage.report(one.id for one in run.requirements),
        transient=transient_report(run.contract, run.target.transients),
    )


def _tried_again(run: Run, results: Sequence[Result], baseline: Baseline) -> list[Result]:
    """The results; those that a report shows for their causes were tried once more.

    Of two scripts that show a violation, the shorter one stays.
    """
    tried = {one.key: one for one in results}
    for cause in causes_of(one for one in results if not baseline.accepts(one))[:_MOST_TRIED]:
        shown = cause.shown
        try:
            again = run.try_again(shown)
        except CannotTry:
            continue
        except TargetError:
            break
        scripts = [one.reproduce for one in (shown, again) if one and one.reproduce]
        seen = replace(shown.finding or FindingDetails(time.time()),
                       state=SEEN_AGAIN if again else NOT_SEEN_AGAIN)  # fmt: skip
        tried[shown.key] = replace(shown, reproduce=min(scripts, key=len, default=""), finding=seen)
    return list(tried.values())


def clean_up_remarks(
    contract: Contract, made: int, left_behind: Sequence[str], *, keep: bool
) -> tuple[str, ...]:
    """The remarks on how many resources a run made, and which of them could not be revoked."""
    words = ResourceWords.of(contract.resources)
    left, first = len(left_behind), ", ".join(left_behind[:_MOST_NAMED])
    others = f" and {left - _MOST_NAMED} more" if left > _MOST_NAMED else ""
    counts = {
        f"{words.made(made - left)} and {'kept' if keep else words.ended}": made,
        f"{words.made(left)} and could not be {words.ended}: {first}{others}": left,
    }
    return tuple(shown(text) for text, count in counts.items() if count)


def names_of(left_behind: Iterable[CreatedResource]) -> tuple[str, ...]:
    """What reports call resources that could not be revoked, each by its partner and handle."""
    return tuple(
        f"{excerpt(one.place or one.handle, _LONGEST_NAME)} of partner {one.partner + 1}"
        for one in left_behind
    )


def cut_remarks(contract: Contract, target: Target) -> tuple[str, ...]:
    """The remark on what nobody can know of: its creation was cut off by the end."""
    things = ResourceWords.of(contract.resources).things
    creating = [one.create for one in contract.resources]
    count = sum(any(map(one.is_for, creating)) for one in target.cut)
    return (f"{count} creations were cut off: their {things}, if any, are left",) if count else ()


def remarks_before_clean_up(contract: Contract, made: int) -> tuple[str, ...]:
    """The remark that stays in a report where the cleaning up never comes to its end."""
    words = ResourceWords.of(contract.resources)
    return (f"{made} {words.things} were made, and not all are {words.ended} yet",) if made else ()


def never_succeeded(
    contract: Contract,
    answered: Mapping[str, Collection[int]],
    said: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The creating operation that never gave its success status, as a sentence; empty for none.

    ``answered`` has the statuses seen in the run, by operation id, and ``said`` a refusal. An
    operation whose schemes want another token than the usual one may have been refused alone:
    nobody may have given that.
    """
    for operation in contract.operations.values():
        statuses = answered.get(operation.id, ())
        if not contract.has_usual_token(operation) and {*statuses} <= {HTTPStatus.UNAUTHORIZED}:
            continue
        if (
            creates(operation)
            and makes_bodies(operation)
            and operation.success_status not in statuses
        ):
            seen = ", ".join(str(one or "no answer") for one in sorted(statuses)) or "nothing"
            last = f"; at last {said[operation.id]}" if operation.id in said else ""
            is_foreign = contract.is_bundled and HTTPStatus.NOT_FOUND in statuses
            other = "; an API of another contract needs --contract" if is_foreign else ""
            wanted = operation.success_status
            return f"{operation.id} never answered {wanted}, but {seen}{last}{other}"
    return ""


def shows_anything(
    contract: Contract,
    answered: Mapping[str, Collection[int]],
    results: Iterable[Result],
    *,
    made: bool,
) -> bool:
    """Whether violations mean something though no creation was answered as documented.

    They do if something was ``made`` all the same, or if the target accepts the token and serves
    the creating operation, but not as it must. What refuses each request alike, as a gateway does
    that wants another key, shows nothing of the API behind it.
    """
    operations = contract.operations.values()
    creating = {one.id for one in operations if creates(one)}
    broken = any(one.outcome is Outcome.FAILED and one.operation in creating for one in results)
    return made or (
        broken
        and any(
            one.success_status in answered.get(one.id, ())
            for one in operations
            if one.id not in creating
        )
    )
