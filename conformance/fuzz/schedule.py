"""The schedule of a campaign: the work with the fewest requests so far is next, ever deeper."""

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

    ``number`` says which of the turns of this work it is, counted through all shards, and
    ``before`` how many of them this one has done.
    """

    work: Work
    number: int
    seed: int
    budget: GenerationBudget
    before: int = field(compare=False)


class Schedule:
    """Gives every work its fair share of requests; the same seed gives the same turns.

    Shards of one seed share the turns of it: work that chooses its data is done by all of them,
    each with every ``of``-th turn, and what sends the same every time is dealt out.
    """

    def __init__(self, works: Sequence[Work], seed: int, shard: Shard = WHOLE) -> None:
        ordered = list(works)
        # So that no section of the catalogue waits for those before it in the alphabet.
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
        for work in sorted(self._works, key=self._had):
            if work.generates and any(one.generates for one in chosen):
                continue
            chosen.append(work)
            if len(chosen) == count:
                break
        return [self._turn(one) for one in chosen]

    def _had(self, work: Work) -> float:
        """What it has had, measured by its share."""
        # What others do too gets its share from all, what was dealt out from this one alone.
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
        """A turn has sent so many requests; even nothing costs something."""
        self._shares[work.name].requests += max(requests, 1)

    def state(self) -> dict[str, list[int]]:
        """To be kept, and given to :meth:`restore`."""
        return {name: [one.times, one.requests] for name, one in self._shares.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where another schedule ended."""
        for name, (times, requests) in state.items():
            if name in self._shares:
                self._shares[name] = _Share(int(times), int(requests))


def budget_at(times: int) -> GenerationBudget:
    """The generation budget of a work's n-th turn: the gate's first, then ever more."""
    depth = min(1 + times, _DEEPEST)
    return GenerationBudget(
        times=depth, steps=_STEPS + _MORE_STEPS * (depth - 1), keys=_KEYS + (depth - 1) // 2
    )
