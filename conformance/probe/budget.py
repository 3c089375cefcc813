"""The generation budget of a check: how many examples, and which come first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase


LARGEST_EXAMPLE = 1024 * 1024
"""The size in bytes of the largest encoded example that is tried: ours are a few kilobytes."""


def _nothing(_: str, __: str, ___: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class GenerationBudget:
    """The amount that a check generates; the defaults are those of a run.

    ``times`` multiplies the examples of a search and the sequences of a state machine. ``steps``
    and ``keys`` are those of one sequence. ``corpus`` keeps failing examples, which are tried
    first, under ``name``. ``only`` are the encoded examples to run and nothing else, by the name
    of their search. ``is_known`` takes what was expected, what was seen and the id of the broken
    requirement (empty: that of the check), and says whether to look past it.
    """

    times: int = 1
    steps: int = 12
    keys: int = 3
    name: str = ""
    corpus: "ExampleDatabase | None" = None
    only: Mapping[str, bytes] | None = None
    is_known: Callable[[str, str, str], bool] = _nothing


DEFAULT_BUDGET = GenerationBudget()
"""The budget of a run."""
