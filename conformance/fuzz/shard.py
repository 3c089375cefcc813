"""Shards: the part of a campaign's work that is one worker's. ``3/8`` is the third of eight."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import click


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """A shard: its number, from 1 on, and the number of shards."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse a text such as ``3/8``; raises :class:`ValueError`."""
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text.strip())
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of:
            raise ValueError(f"{text!r} is no shard")
        return cls(number, of)

    def __str__(self) -> str:
        """The text form, such as ``3/8``."""
        return f"{self.number}/{self.of}"


WHOLE = Shard(1, 1)
"""All the work."""


def missing(shards: Sequence[Shard]) -> list[Shard]:
    """The shards that are missing for the whole work."""
    of, known = shards[0].of, set(shards)
    return [one for number in range(1, of + 1) if (one := Shard(number, of)) not in known]


class ShardOption(click.ParamType[Shard]):
    """A shard as an option."""

    name = "K/N"

    def convert(self, value: Any, param: Any, ctx: Any) -> Shard:
        try:
            return Shard.read(str(value))
        except ValueError:
            self.fail("must be K/N with K from 1 to N, such as 3/8", param, ctx)
