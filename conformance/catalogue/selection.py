"""Selection of requirements by id, section or pattern of ids."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TypeVar

from conformance.catalogue.requirement import Rule
from dinie_contract.errors import Unusable

R = TypeVar("R", bound=Rule)


class SelectionError(Unusable):
    """No requirement matches; the message is one line with the nearest ids."""


def select(requirements: Mapping[str, R], patterns: Sequence[str]) -> list[R]:
    """The requirements that any pattern names, all without a pattern; raises SelectionError."""
    chosen: set[str] = set()
    for pattern in patterns:
        matching = {
            one.id
            for one in requirements.values()
            if pattern == one.section or fnmatchcase(one.id, pattern)
        }
        if not matching:
            raise SelectionError(f"{pattern!r} selects nothing{_nearest(requirements, pattern)}")
        chosen |= matching
    return [one for one in requirements.values() if not patterns or one.id in chosen]


def ids_of(requirements: Mapping[str, R], patterns: Sequence[str]) -> frozenset[str]:
    """The ids that any pattern names, none without a pattern; raises SelectionError."""
    return frozenset(one.id for one in select(requirements, patterns)) if patterns else frozenset()


def find(requirements: Mapping[str, R], name: str) -> R:
    """The requirement with this id; raises SelectionError."""
    if name not in requirements:
        raise SelectionError(f"there is no requirement {name!r}{_nearest(requirements, name)}")
    return requirements[name]


def _nearest(requirements: Mapping[str, Rule], name: str) -> str:
    sections = {one.section for one in requirements.values()}
    near = get_close_matches(name, [*requirements, *sections], cutoff=0.5)
    # Who knows a few letters of it only has no close match, and is meant all the same.
    near = near or [id_ for id_ in requirements if name and name.lower() in id_][:3]
    return f"; the nearest: {', '.join(near)}" if near else "; `list` shows what there is"
