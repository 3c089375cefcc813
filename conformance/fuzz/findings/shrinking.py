"""A finding in as few requests as show it, seen once more by itself where that helps."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.fuzz.findings.python_script import python_script
from conformance.fuzz.findings.recording import answer_parts, sender, steps_of
from conformance.fuzz.findings.replaying import check, is_it, probe_to_send
from conformance.fuzz.resending import (
    AnswerParts,
    Send,
    Step,
    groups,
    idempotency_key,
    resent,
    shape,
)
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.work import Work
from conformance.results.curl import Exchange, reproduction
from conformance.target.target import Target
from openapi.contract import Contract

MOST_TRIES = 30
"""How often the steps are sent again, at most."""


_MOST_STEPS = 60
"""Longer records are tried from their end only: the rest would be sent too often."""


_AT_ONCE, _FEWEST_AT_ONCE, _TRIES_AT_ONCE = 4, 2, 8
"""Fewer at the same time meet less often, so they are sent several times."""


_REQUESTS_OF_CHANCE = 300
"""So much is sent to see once more what does not always happen."""


_ANSWERED = re.compile("«(?!(?i:key)|name )([a-zA-Z_]+) ([0-9]+)»")


def shrink_steps(
    steps: Sequence[Step], answers: Sequence[AnswerParts], send: Send
) -> tuple[list[Step], Any, bool]:
    """The fewest steps found, what they show, and whether they showed it when sent again."""
    wanted = shape(steps, answers)

    def shows(candidate: list[Step]) -> bool:
        # What was sent at the same time does not always meet in the same way.
        tries = range(_tries_of(candidate))
        return any(shape(candidate, resent(candidate, send)) == wanted for _ in tries)

    few = _fewer_at_once(steps)
    if few is not None and shows(few):
        return _reduced(few, shows), wanted, True
    bound = _bound_to_last(steps)
    if bound is not None and shows(bound):
        return _reduced(bound, shows), wanted, True
    if len(steps) <= _MOST_STEPS and shows(list(steps)):
        return _reduced(list(steps), shows), wanted, True
    if bound is None or not _is_bound(steps[-1]):
        return list(steps), wanted, False
    # It does not always fail so. What it was judged by are these steps; they get more chances.
    tries = _REQUESTS_OF_CHANCE // (len(bound) * _tries_of(bound))
    return bound, wanted, any(shows(bound) for _ in range(tries))


def _tries_of(steps: Sequence[Step]) -> int:
    return _TRIES_AT_ONCE if steps[-1]["at_once"] else 1


def _fewer_at_once(steps: Sequence[Step]) -> list[Step] | None:
    """The last steps alone, where they are sent at the same time and are many: some of them.

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
    """Whether the last step names what it belongs to, which a list does not."""
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
    """How many steps come before the last ones."""
    return len(steps) - len(list(groups(steps))[-1])


def without(steps: Sequence[Step], out: set[int]) -> list[Step] | None:
    """The steps but for some; None where others build on the answers to those."""
    kept = [number for number in range(len(steps)) if number not in out]
    if any(number in out for one in kept for number in _needs(steps[one])):
        return None
    places = {before: after for after, before in enumerate(kept)}

    def moved(text: str) -> str:
        return _ANSWERED.sub(lambda found: f"«{found[1]} {places[int(found[2])]}»", text)

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
    """The steps whose answers it builds on."""
    for text in (step["path"], step["body"], *(value for _, value in step["headers"])):
        yield from (int(number) for _, number in _ANSWERED.findall(text))


def _bound_to_last(steps: Sequence[Step]) -> list[Step] | None:
    """The last steps, and those that share a key with them or that they build on."""
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


_TRIES_ALONE = 3
"""How often its check is done again to see it with nothing else under way."""


def shrink(
    contract: Contract,
    target: Target,
    finding: Finding,
    work: Work,
    exchanges: Sequence[Exchange],
    is_over: Callable[[], bool],
) -> Finding:
    """The finding with the fewest steps found. Raises :class:`TargetError`.

    Other checks were at work when it was found, and what they did may stand among its steps. So
    where these do not show it again, its check is done again alone, and what that sent is tried.
    """
    found = _with_steps(contract, target, finding, work, exchanges)
    for _ in range(_TRIES_ALONE):
        if found.was_sent_again or is_over():
            break
        again = [check(contract, target, finding, work, one) for one in work.requirements]
        alone = next((one for one in again if is_it(one, finding, work)), None)
        if alone is None:
            continue
        other = _with_steps(contract, target, finding, work, alone.exchanges)
        if other.was_sent_again or len(other.steps) < len(found.steps):
            found = other
    return found


def _with_steps(
    contract: Contract,
    target: Target,
    finding: Finding,
    work: Work,
    exchanges: Sequence[Exchange],
) -> Finding:
    if not exchanges:
        return finding
    probe = probe_to_send(contract, target, finding, work)
    answers = [answer_parts(answer) for _, answer in exchanges]
    all_steps = steps_of(exchanges, target.secrets)
    steps, shows, was_sent_again = shrink_steps(all_steps, answers, sender(probe))
    curl = reproduction(target.base_url, exchanges)
    if was_sent_again and len(steps) < len(answers):
        probe.recording.exchanges.clear()
        resent(steps, sender(probe))
        curl = reproduction(target.base_url, probe.recording.exchanges)
    return replace(
        finding,
        steps=tuple(steps),
        shows=shows,
        was_sent_again=was_sent_again,
        curl=target.shown(curl),
        python=python_script(target.base_url, steps),
    )
