"""The schedule of a campaign: the next turn goes to the work with the fewest requests so far."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.fuzz.shard import WHOLE, Shard
from conformance.fuzz.work import Work
from conformance.probe.budget import GenerationBudget

_DEEPEST = 8
_STEPS, _MORE_STEPS = 12, 6
_KEYS = 3


@dataclass(slots=True)
class _Share:
    times: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn: one work, with its seed and its generation budget.

    ``number`` is the position of the turn among those of its work, over all shards; ``before`` is
    the number of its earlier turns in this shard.
    """

    work: Work
    number: int
    seed: int
    budget: GenerationBudget
    before: int = field(compare=False)


class Schedule:
    """Gives every work its fair share of requests; the same seed gives the same turns.

    Shards of one seed share its turns: every shard does the work that generates data, each with
    every ``of``-th turn; work that always sends the same is divided among the shards.
    """

    def __init__(self, works: Sequence[Work], seed: int, shard: Shard = WHOLE) -> None:
        ordered = list(works)
        # Without this, sections late in the alphabet would wait for all others.
        random.Random(f"{seed} order").shuffle(ordered)  # noqa: S311 - test data
        fixed = [one for one in ordered if not one.chooses]
        dealt = {one.name for one in fixed[shard.number - 1 :: shard.of]}
        self._works = [one for one in ordered if one.chooses or one.name in dealt]
        self._seed = seed
        self._shard = shard
        self._shares = {one.name: _Share() for one in self._works}

    @property
    def is_empty(self) -> bool:
        """Whether the schedule has no work: there are more shards than works."""
        return not self._works

    def next(self, count: int) -> list[Turn]:
        """The next turns: no work twice, and one at most that generates."""
        chosen: list[Work] = []
        for work in sorted(self._works, key=self._cost):
            if work.generates and any(one.generates for one in chosen):
                continue
            chosen.append(work)
            if len(chosen) == count:
                break
        return [self._turn(one) for one in chosen]

    def _cost(self, work: Work) -> float:
        """Requests sent for a work so far, divided by its share."""
        # Work of all shards gets its share from each of them, divided work from this one alone.
        share = work.share if work.chooses else self._shard.of
        return self._shares[work.name].requests / share

    def _turn(self, work: Work) -> Turn:
        number = before = self._shares[work.name].times
        self._shares[work.name].times += 1
        if work.chooses:
            number = before * self._shard.of + self._shard.number - 1
        seed = random.Random(f"{self._seed} {work.name} {number}").getrandbits(32)  # noqa: S311 - test data
        return Turn(work, number, seed, budget_at(number), before)

    def paid(self, work: Work, requests: int) -> None:
        """Count the requests of a turn; a turn without any costs one."""
        self._shares[work.name].requests += max(requests, 1)

    def state(self) -> dict[str, list[int]]:
        """The state for :meth:`restore`: turns and requests by work."""
        return {name: [one.times, one.requests] for name, one in self._shares.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the state of another schedule."""
        for name, (times, requests) in state.items():
            if name in self._shares:
                self._shares[name] = _Share(int(times), int(requests))


def budget_at(times: int) -> GenerationBudget:
    """The generation budget of a work's n-th turn: first that of ``run``, then more each time."""
    depth = min(1 + times, _DEEPEST)
    return GenerationBudget(
        times=depth, steps=_STEPS + _MORE_STEPS * (depth - 1), keys=_KEYS + (depth - 1) // 2
    )
