"""Shrinking and reproduction: a finding in the fewest requests that show it, and its rate."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from conformance.fuzz.findings.exporting import python_script
from conformance.fuzz.findings.recording import answer_parts, sender, steps_of
from conformance.fuzz.findings.replaying import (
    MOST_REQUESTS,
    check,
    fails,
    is_it,
    probe_to_send,
    work_of,
)
from conformance.fuzz.resending import (
    REFERENCE,
    AnswerParts,
    Send,
    Step,
    groups,
    idempotency_key,
    resent,
    shape,
    texts_of,
)
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.findings import Findings
from conformance.fuzz.work import Work
from conformance.results.curl import reproduction
from conformance.run.check import CheckOutcome
from conformance.target.errors import AllowanceSpent, TargetError
from conformance.target.exchange import Exchange
from conformance.target.target import Target
from openapi.contract import Contract

TRIES = 3
"""Attempts to reproduce a finding."""

MOST_TRIES = 30
"""Candidates that delta debugging sends, at most."""

_TRIES_ALONE = 3
"""Repetitions of a finding's check with no other check under way."""

_MOST_STEPS = 60
"""Longer records are shrunk from their end only, because of the cost of sending them."""

_AT_ONCE, _FEWEST_AT_ONCE, _TRIES_AT_ONCE = 4, 2, 8
"""Steps sent at the same time, and the tries of each candidate: fewer requests race less often."""

_TRIES_AFTER = 3
"""The tries of a candidate whose earlier steps are sent at the same time, in whatever order."""

_REQUESTS_OF_CHANCE = 300
"""Requests spent on a failure that does not happen every time."""


def shrink_steps(
    steps: Sequence[Step], answers: Sequence[AnswerParts], send: Send
) -> tuple[list[Step], str, bool]:
    """The fewest steps found, what they show, and whether they showed it when sent again.

    What came before the last steps is sent one after another, where they show the same then: what
    each of them finds hangs on no race any more.
    """
    wanted = shape(steps, answers)

    def shows(candidate: list[Step]) -> bool:
        # A race does not have the same outcome every time.
        tries = range(_tries_of(candidate))
        return any(shape(candidate, resent(candidate, send)) == wanted for _ in tries)

    bound = _bound_to_last(steps)
    whole = list(steps) if len(steps) <= _MOST_STEPS else None
    for candidate in (_fewer_at_once(steps), bound, whole):
        if candidate is not None and shows(candidate):
            alone = next(filter(shows, _one_after_another(candidate)), candidate)
            return _reduced(alone, shows), wanted, True
    if bound is None or not _is_bound(steps[-1]):
        return list(steps), wanted, False
    # A failure that does not happen every time: the steps that were judged get more tries.
    tries = _REQUESTS_OF_CHANCE // (len(bound) * _tries_of(bound))
    return bound, wanted, any(shows(bound) for _ in range(tries))


def _tries_of(steps: Sequence[Step]) -> int:
    if steps[-1]["at_once"]:
        return _TRIES_AT_ONCE
    return _TRIES_AFTER if any(one["at_once"] for one in steps) else 1


def _one_after_another(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps with nothing sent at the same time but the last ones, forwards and backwards."""
    *before, last = groups(steps)
    if all(len(group) == 1 for group in before):
        return
    alone: list[Step] = [{**one, "at_once": 0} for group in before for one in group]
    yield [*alone, *last]
    order: list[int] = []
    for group in before:
        order += reversed(range(len(order), len(order) + len(group)))
    yield _arranged([*alone, *last], [*order, *range(len(order), len(steps))])


def _fewer_at_once(steps: Sequence[Step]) -> list[Step] | None:
    """Some of the last steps alone, where they are sent at the same time and are many.

    One of each kind is among them, as long as there are not too many kinds.
    """
    first = _earlier(steps)
    if len(steps) - first <= _AT_ONCE:
        return None
    last = range(first, len(steps))
    kinds = {json.dumps(steps[number], sort_keys=True): number for number in reversed(last)}
    chosen = sorted(last, key=lambda number: number not in kinds.values())[:_AT_ONCE]
    return without(steps, set(range(len(steps))) - set(chosen))


def _is_bound(last: Step) -> bool:
    """Whether the last step has a key or refers to an answer, as a list request does not."""
    return bool(idempotency_key(last)) or any(_needs(last))


def _reduced(kept: list[Step], shows: Callable[[list[Step]], bool]) -> list[Step]:
    """Leave out halves, quarters and so on, down to single steps (Zeller's delta debugging)."""
    tries, width = 0, max(len(kept) // 2, 1)
    while tries < MOST_TRIES:
        for start in range(0, _earlier(kept), width):
            out = set(range(start, min(start + width, _earlier(kept))))
            candidate = without(kept, out)
            if candidate is None:
                continue
            tries += 1
            if shows(candidate):
                kept = candidate
                break
            if tries >= MOST_TRIES:
                break
        else:
            if width == 1:
                break
            width //= 2
    return _fewer_of_last(kept, shows)


def _fewer_of_last(kept: list[Step], shows: Callable[[list[Step]], bool]) -> list[Step]:
    """Leave out what is sent at the same time as the last steps and makes no difference."""
    number = _earlier(kept)
    while number < len(kept) and len(kept) - _earlier(kept) > _FEWEST_AT_ONCE:
        candidate = without(kept, {number})
        if candidate is not None and shows(candidate):
            kept = candidate
        else:
            number += 1
    return kept


def _earlier(steps: Sequence[Step]) -> int:
    """The number of steps before the last group."""
    return len(steps) - len(list(groups(steps))[-1])


def without(steps: Sequence[Step], out: set[int]) -> list[Step] | None:
    """The steps without some; None where others refer to the answers to those."""
    kept = [number for number in range(len(steps)) if number not in out]
    if any(number in out for one in kept for number in _needs(steps[one])):
        return None
    return _arranged(steps, kept)


def _arranged(steps: Sequence[Step], kept: Sequence[int]) -> list[Step]:
    """The steps of these numbers in this order, with references to their new places."""
    places = {before: after for after, before in enumerate(kept)}

    def moved(text: str) -> str:
        return REFERENCE.sub(lambda found: f"«{found[1]} {places[int(found[2])]}»", text)

    return [
        {
            **steps[one],
            "path": moved(steps[one]["path"]),
            "headers": [[name, moved(value)] for name, value in steps[one]["headers"]],
            "body": moved(steps[one]["body"]),
        }
        for one in kept
    ]


def _needs(step: Step) -> Iterator[int]:
    """The numbers of the steps whose answers a step refers to."""
    for text in texts_of(step):
        yield from (int(number) for _, number in REFERENCE.findall(text))


def _bound_to_last(steps: Sequence[Step]) -> list[Step] | None:
    """The last steps, and those that share a key with them or that they refer to."""
    first_of_last = _earlier(steps)
    kept = set(range(first_of_last, len(steps)))
    keys = {idempotency_key(steps[one]) for one in kept} - {""}
    while True:
        more = {number for one in kept for number in _needs(steps[one])}
        earlier = range(first_of_last)
        more |= {number for number in earlier if idempotency_key(steps[number]) in keys}
        if more <= kept:
            return without(steps, set(range(len(steps))) - kept)
        kept |= more


class Shrinker:
    """Shrinks and reproduces findings, and keeps the outcome in ``findings``.

    ``is_over`` says whether the time of the campaign is up.
    """

    def __init__(
        self,
        contract: Contract,
        target: Target,
        works: Mapping[str, Work],
        findings: Findings,
        is_over: Callable[[], bool],
    ) -> None:
        self._contract = contract
        self._target = target
        self._works = works
        self._findings = findings
        self._is_over = is_over

    def shrink(self, finding: Finding, work: Work, outcome: CheckOutcome) -> None:
        """Shrink a new finding and reproduce it; the campaign may end meanwhile."""
        # Where the target stops answering, or nests too deeply, the finding stays as it is.
        with suppress(TargetError, ValueError, RecursionError):
            self._findings.keep(self._shrunk(finding, work, outcome.exchanges))
            self.reproduce(self._findings[finding.key])

    def _shrunk(self, finding: Finding, work: Work, exchanges: Sequence[Exchange]) -> Finding:
        """The finding with the fewest steps found.

        Other checks ran when it was found, and its steps may include effects of theirs. So where
        the steps do not show it again, its check is repeated alone, and its requests are tried.
        """
        found = self._with_steps(finding, work, exchanges)
        for _ in range(_TRIES_ALONE):
            if found.was_sent_again or self._is_over():
                break
            again = list(check(self._contract, self._target, finding, work))
            alone = next((one for one in again if is_it(one, finding, work)), None)
            if alone is None:
                continue
            other = self._with_steps(finding, work, alone.exchanges)
            if other.was_sent_again or len(other.steps) < len(found.steps):
                found = other
        return found

    def _with_steps(self, finding: Finding, work: Work, exchanges: Sequence[Exchange]) -> Finding:
        if not exchanges:
            return finding
        target = self._target
        probe = probe_to_send(self._contract, target, finding, work)
        answers = [answer_parts(answer) for _, answer in exchanges]
        all_steps = steps_of(exchanges, target.settings, target.places.new_texts)
        steps, shows, was_sent_again = shrink_steps(all_steps, answers, sender(probe))
        curl = reproduction(
            target.base_url, exchanges, target.settings, finding.contract, target.places.new_texts
        )
        if was_sent_again and len(steps) < len(answers):
            probe.recording.exchanges.clear()
            resent(steps, sender(probe))
            curl = reproduction(
                target.base_url,
                probe.recording.exchanges,
                target.settings,
                finding.contract,
                target.places.new_texts,
            )
        return replace(
            finding,
            steps=tuple(steps),
            shows=shows,
            was_sent_again=was_sent_again,
            curl=curl,
            python=python_script(target.base_url, steps, finding.contract),
        )

    def confirm(self, finding: Finding) -> None:
        """Reproduce a finding that another worker has shrunk."""
        with suppress(TargetError, ValueError):
            self.reproduce(finding)

    def reproduce(self, finding: Finding, end: float = math.inf) -> bool:
        """Run a finding again and keep its rate, until ``end``; raises :class:`TargetError`.

        True where it failed at least once.
        """
        failures, tries = self.count_failures(finding, TRIES, end)
        self._findings.keep(self._findings[finding.key].tried(failures, tries))
        return failures > 0

    def count_failures(
        self, finding: Finding, times: int, end: float = math.inf
    ) -> tuple[int, int]:
        """Failures and tries of a finding, none after ``end`` of the monotonic clock.

        A try that would take too many requests or too long is given up, and is none. Raises
        :class:`TargetError`.
        """
        failures = tries = 0
        try:
            work = work_of(self._contract, finding, self._works)
        except FileError:
            # The finding is of another selection, or of a check that is gone.
            return 0, 0
        with suppress(AllowanceSpent), self._target.allowing(MOST_REQUESTS, end):
            for _ in range(times):
                if self._is_over() or time.monotonic() > end:
                    break
                failed = fails(self._contract, self._target, finding, work)
                if failed is not None:
                    tries += 1
                    failures += failed
        return failures, tries
