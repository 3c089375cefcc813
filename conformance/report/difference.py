"""What differs between two texts, word by word."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from operator import eq

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")

_MOST_COMPARED = 150
"""The tokens between a common beginning and end that are compared: this takes cubic time."""

_LEAST_ALIKE = 0.5
"""The share of words that two sentences have in common where their differences are marked."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text; ``differs`` where the other text has not got it."""

    text: str
    differs: bool = False


def differences(
    one: str, other: str, *, are_values: bool = False
) -> tuple[Sequence[Part], Sequence[Part]]:
    """Both texts in parts. Nothing differs in sentences that share less than half of their words.

    Such sentences are read as a whole: marks in them would be about words like "with" and "a".
    Values have no such words.
    """
    left, right = _TOKEN.findall(one), _TOKEN.findall(other)
    start = _shared(left, right)
    end = _shared(*(reversed(one[start:]) for one in (left, right)))
    middles = left[start : len(left) - end], right[start : len(right) - end]
    is_left, is_right = [[False] * start + [True] * len(one) + [False] * end for one in middles]
    if max(map(len, middles)) <= _MOST_COMPARED:
        matcher = SequenceMatcher(str.isspace, *middles, autojunk=False)
        for first, second, size in matcher.get_matching_blocks():
            is_left[start + first : start + first + size] = [False] * size
            is_right[start + second : start + second + size] = [False] * size
    shared, words = 0, 0
    for token, differs in (*zip(left, is_left, strict=True), *zip(right, is_right, strict=True)):
        if token.isalnum():
            words, shared = words + 1, shared + (not differs)
    if shared < _LEAST_ALIKE * words and not are_values:
        return [Part(one)], [Part(other)]
    return _parts(left, is_left), _parts(right, is_right)


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    """The number of tokens that both begin with."""
    return sum(takewhile(bool, map(eq, one, other)))


def _parts(tokens: Sequence[str], marks: Sequence[bool]) -> list[Part]:
    groups = groupby(zip(tokens, marks, strict=True), lambda one: one[1])
    return [Part("".join(token for token, _ in some), differs) for differs, some in groups]
