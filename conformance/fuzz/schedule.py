"""What a campaign tries next: whatever was sent the fewest requests so far, ever deeper."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.effort import Effort
from conformance.fuzz.work import Work

_DEEPEST = 8
_STEPS, _MORE_STEPS = 12, 6
_KEYS = 3


@dataclass(slots=True)
class _Share:
    times: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One piece of work with the seed and the effort that it is done by.

    ``number`` is how often that work was done before.
    """

    work: Work
    seed: int
    effort: Effort
    number: int = 0


class Schedule:
    """Gives every work its fair share of requests; the same seed gives the same turns."""

    def __init__(self, works: Sequence[Work], seed: int) -> None:
        self._works = list(works)
        # So that no section of the catalogue waits for those before it in the alphabet.
        random.Random(f"{seed} order").shuffle(self._works)  # noqa: S311 - test data
        self._seed = seed
        self._shares = {one.name: _Share() for one in works}

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
        return self._shares[work.name].requests / work.share

    def _turn(self, work: Work) -> Turn:
        times = self._shares[work.name].times
        self._shares[work.name].times += 1
        seed = random.Random(f"{self._seed} {work.name} {times}").getrandbits(32)  # noqa: S311 - test data
        return Turn(work, seed, effort_at(times), times)

    def paid(self, work: Work, requests: int) -> None:
        """A turn has sent so many requests; even nothing costs something."""
        self._shares[work.name].requests += max(requests, 1)

    @property
    def rounds(self) -> int:
        """How often everything has been tried."""
        return min((one.times for one in self._shares.values()), default=0)

    def state(self) -> dict[str, list[int]]:
        """To be kept, and given to :meth:`go_on`."""
        return {name: [one.times, one.requests] for name, one in self._shares.items()}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Go on where another schedule ended."""
        for name, (times, requests) in state.items():
            if name in self._shares:
                self._shares[name] = _Share(int(times), int(requests))


def effort_at(times: int) -> Effort:
    """How deep a work goes that was done so often: the gate's depth first, then ever more."""
    depth = min(1 + times, _DEEPEST)
    return Effort(
        times=depth, steps=_STEPS + _MORE_STEPS * (depth - 1), keys=_KEYS + (depth - 1) // 2
    )
