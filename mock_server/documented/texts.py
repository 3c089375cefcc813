"""Texts that satisfy the keywords of a string schema."""

import math
import random
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import rstr

_TEXTS = 20
"""How many texts of each length are made by a pattern, until one satisfies the other keywords."""

_MOST_REPEATS = 20
"""How often a part of a pattern is repeated beyond what it must be."""

_PARTS = (1, 2, 3, 4, 8)
"""How many repeated parts of a pattern are tried to share the least length."""

MOST_CHARACTERS = 1_048_576
"""Limit on the characters of one value, and on the steps to texts that match a pattern."""

FORMATS = {
    "date-time": "2027-03-04T00:00:00Z",
    "date": "2027-03-04",
    "time": "00:00:00Z",
    "duration": "P1D",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
"""A text of each format."""


def text_of(definition: dict[str, Any]) -> str:
    """A text by the pattern or the format of a schema, of a length that it allows."""
    least = int(definition.get("minLength", 0))
    if "pattern" in definition:
        wanted = only(definition, "string", "pattern", "minLength", "maxLength", "format")
        accepts = jsonschema_rs.Draft202012Validator(wanted, validate_formats=True)
        return next(filter(accepts.is_valid, _matches(definition["pattern"], least)), "")
    longest = int(definition.get("maxLength", MOST_CHARACTERS))
    if definition.get("format") == "byte":  # base64, whose length is a multiple of four
        return "dGV4" * min(math.ceil(max(least, 1) / 4), longest // 4)
    text = str(FORMATS.get(definition.get("format", ""), "text"))
    return text.ljust(least, "x")[:longest]


def _matches(pattern: str, least: int) -> Iterator[str]:
    """Texts made by a regular expression, the same ones each time; none where it is no pattern.

    At first any, then those in which each repeated part has a share of the ``least`` characters.
    """
    left = MOST_CHARACTERS
    repeats = [None, *(math.ceil(least / parts) for parts in _PARTS if least)]
    for times in repeats:
        for seed in range(_TEXTS):
            maker = TextMaker(random.Random(seed), left, times)  # noqa: S311 - test data
            try:
                text = maker.xeger(pattern)
            except (re.error, ValueError, KeyError, RecursionError, OverflowError):
                return
            yield text
            left = maker.left


class TextMaker(rstr.Rstr):
    """Makes texts by patterns; raises OverflowError once its steps and characters are ``left``.

    A part of the pattern is repeated so many ``times``, as far as the pattern allows; None draws
    the number.
    """

    def __init__(self, source: random.Random, left: int, times: int | None = None) -> None:
        super().__init__(source)
        self.left = left
        self._source = source
        self._times = times

    def _handle_state(self, state: Any) -> Any:
        made = super()._handle_state(state)
        self.left -= 1 + len(made)
        if self.left < 0:
            raise OverflowError
        return made

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        most = min(end_range, start_range + _MOST_REPEATS)
        times = self._source.randint(start_range, most)
        if self._times is not None:
            times = max(start_range, min(end_range, self._times))
        return "".join(self._handle_state(one) for _ in range(times) for one in value)


def only(definition: dict[str, Any], kind: str, *keywords: str) -> dict[str, Any]:
    """The schema of these keywords alone, for values of one type."""
    return {"type": kind, **{key: definition[key] for key in keywords if key in definition}}
