"""When a fault fires, among the requests that it matches."""

import random
from dataclasses import dataclass, field
from typing import Any, Protocol


class Firing(Protocol):
    """Decides for each matching request in turn."""

    def fires(self) -> bool:
        """Whether the fault fires for the next request."""


@dataclass(slots=True)
class Always:
    """Fires for each request."""

    def fires(self) -> bool:
        return True


@dataclass(slots=True)
class Times:
    """Fires for the next ``left`` requests."""

    left: int

    def fires(self) -> bool:
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class Every:
    """Fires for the first ``burst`` of each ``step`` requests, beginning with the very next."""

    step: int
    burst: int = 1
    seen: int = 0

    def fires(self) -> bool:
        self.seen += 1
        return (self.seen - 1) % self.step < self.burst


@dataclass(slots=True)
class Sometimes:
    """Fires with a probability; the same seed gives the same choices."""

    probability: float
    seed: int
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret depends on it

    def fires(self) -> bool:
        return self._random.random() < self.probability


def firing_of(value: dict[str, Any] | None) -> Firing:
    """The firing rule from the member ``fire`` of a fault; a fault without it fires always."""
    if not value:
        return Always()
    if "times" in value:
        return Times(int(value["times"]))
    if "every" in value:
        return Every(int(value["every"]), int(value.get("burst", 1)))
    return Sometimes(value["probability"], int(value.get("seed", 0)))
