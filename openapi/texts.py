"""Texts that satisfy the keywords of a string schema."""

import math
import random
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, islice, permutations, product
from typing import Any
from uuid import UUID

import jsonschema_rs
import rstr

from openapi.patterns import for_python
from openapi.references import ALL_PATTERNS, patterns_of

_TEXTS = 20
"""How many texts of each length are made by a pattern, until one satisfies the other keywords."""

_MOST_REPEATS = 20
"""How often a part of a pattern is repeated beyond what it must be."""

_OTHERS = (string.ascii_letters + string.digits, string.printable, "éü漢")
"""What stands for any characters but some: the first of these with one that is left."""

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
    "iri-reference": "/",
    "idn-hostname": "example.com",
    "json-pointer": "/text",
    "relative-json-pointer": "0",
    "regex": "text",
    "uri-template": "/{id}",
}
"""A text of each format."""


def text_of(definition: dict[str, Any]) -> str:
    """A text by the pattern or the format of a schema, of a length that it allows."""
    least = int(definition.get("minLength", 0))
    if "pattern" in definition:
        return text_by_pattern(definition) or ""
    longest = int(definition.get("maxLength", MOST_CHARACTERS))
    if definition.get("format") == "byte":  # base64, whose length is a multiple of four
        return "dGV4" * min(math.ceil(max(least, 1) / 4), longest // 4)
    text = str(FORMATS.get(definition.get("format", ""), "text"))
    return text.ljust(least, "x")[:longest]


def text_by_pattern(definition: Mapping[str, Any]) -> str | None:
    """The first of :func:`texts_by_pattern`; None where there is none.

    Each attempt at a value asks for the same ones, and that there is none takes long to find.
    """
    known = (one for one in _ASSERTING if one in definition)
    return _first_text(
        tuple(patterns_of(definition)), tuple((one, definition[one]) for one in known)
    )


@lru_cache(maxsize=256)
def _first_text(patterns: tuple[str, ...], keywords: tuple[tuple[str, Any], ...]) -> str | None:
    return next(texts_by_pattern({**dict(keywords), ALL_PATTERNS: patterns}), None)


_ASSERTING = ("minLength", "maxLength", "format")
"""The keywords of a text beside its patterns."""


def texts_by_pattern(definition: dict[str, Any], count: int = _TEXTS) -> Iterator[str]:
    """Texts that satisfy the pattern and the other keywords of a schema, the same ones each time.

    At first those of the format, then made by the pattern, so many of each length, at last one
    character repeated.
    """
    wanted = only(definition, "string", *_ASSERTING)
    patterns = patterns_of(definition)
    wanted["allOf"] = [{"pattern": one} for one in patterns]
    accepts = jsonschema_rs.Draft202012Validator(wanted, validate_formats=True)
    least = int(definition.get("minLength", 0))
    most = definition.get("maxLength", _MOST_REPEATS)
    name = definition.get("format", "")
    repeated = (
        one * times
        for one in _CHARACTERS
        for times in range(max(1, least), min(most, max(1, least) + 2) + 1)
        if times <= _MOST_REPEATED
    )
    made = _matching_all(patterns, least, int(most), count)
    if name in _BEGINNINGS:
        made = (text for one in made for text in (one, f"{_BEGINNINGS[name]}{one}"))
    is_hard = len(patterns) > 1 or any("(?" in one for one in patterns)
    several = (_SEVERAL * times for times in range(1, 17) if is_hard)
    tried = chain(texts_of_format(name), made, repeated, several)
    return filter(accepts.is_valid, tried)


_CHARACTERS = ("é", "a", "A", "0", "漢", " ")
"""Characters of several kinds: a pattern may take none of those that are made by it."""

_SEVERAL = "aA1!"
"""A character of each kind that passwords must have."""

_MOST_REPEATED = 1_000


def texts_of_format(name: str) -> Iterator[str]:
    """Texts of a format, the same ones each time; none of one that is not known."""
    if name in FORMATS:
        yield FORMATS[name]
    source = random.Random(0)  # noqa: S311 - test data
    for at in range(_OF_FORMAT):
        day = _FIRST_DAY + timedelta(days=at)
        match name:
            case "uuid":
                made = str(UUID(int=source.getrandbits(128), version=1 + at % 5))
                yield from (made, made.upper())
            case "date":
                yield f"{day}"
            case "date-time":
                yield f"{day}T00:00:00{_ENDINGS[at % len(_ENDINGS)]}"
            case "time":
                yield f"{at % 24:02}:00:00{_ENDINGS[at // 24 % len(_ENDINGS)]}"


_OF_FORMAT = 200
"""How many texts of a format are tried."""

_FIRST_DAY = date(2027, 3, 4)
_ENDINGS = ("Z", ".000Z", ".000000Z", "+00:00", ".000+00:00", ".000000+00:00", "-03:00")
"""What a time ends with."""

_BEGINNINGS = dict.fromkeys(("email", "idn-email"), "someone")
"""What a text of a format begins with, where a pattern says how it ends."""


def _matching_all(patterns: Sequence[str], least: int, most: int, count: int) -> Iterator[str]:
    """Texts by each pattern, and by two of them one behind the other: not each matches all."""
    yield from chain.from_iterable(_matches(one, least, most, count) for one in patterns)
    if len(patterns) == 1 or least > _MOST_REPEATED:
        return
    parts = [_some(one) for one in patterns[:_MOST_JOINED]]
    for first, second in permutations(parts, 2):
        yield from (
            f"{one}{fill * (least - len(one + other))}{other}"
            for one, other, fill in product(first, second, _CHARACTERS)
        )


_MOST_JOINED = 3
"""How many patterns are joined: each with each other takes the square of them."""

_SOME = 6
"""The texts by each of these."""


def _some(pattern: str) -> list[str]:
    return [*islice(_matches(pattern, 0, _MOST_REPEATS, _SOME), _SOME)]


def _matches(pattern: str, least: int, most: int, count: int) -> Iterator[str]:
    """Texts made by a regular expression, the same ones each time; none where it is no pattern.

    At first any, then those in which each repeated part has a share of the ``least`` characters,
    or of the ``most``.
    """
    left = MOST_CHARACTERS
    shares = [math.ceil(least / parts) for parts in _PARTS if least]
    shares += [max(1, most // parts) for parts in _PARTS if most < _MOST_REPEATS]
    for times in (None, *shares):
        for seed in range(count):
            maker = TextMaker(random.Random(seed), left, times)  # noqa: S311 - test data
            try:
                text = maker.xeger(pattern)
            except _NO_PATTERN:
                return
            yield text
            left = maker.left


def drawn_by(pattern: str, count: int, most: int = MOST_CHARACTERS) -> Iterator[str]:
    """New texts by a regular expression, of ``most`` steps each; none where it is no pattern."""
    for _ in range(count):
        try:
            text = TextMaker(random.SystemRandom(), most).xeger(pattern)
        except _NO_PATTERN:
            return
        yield text


_NO_PATTERN = (re.error, ValueError, LookupError, RecursionError, OverflowError)
"""What is raised for a text that is no pattern, or that nobody can match."""


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
        # What is looked for ahead is made by what follows, or by another text: it adds nothing.
        self._cases = {
            **self._cases,
            "assert": lambda _: "",
            "any": lambda _: source.choice(string.ascii_letters),
        }

    def xeger(self, string_or_regex: Any) -> str:
        """A text that matches a pattern of ECMA-262."""
        return super().xeger(for_python(string_or_regex))

    def _handle_in(self, value: Any) -> Any:
        candidates = [*chain(*(self._handle_state(one) for one in value))]
        if candidates[0] is False:  # all but these
            others = ([one for one in kind if one not in candidates] for kind in _OTHERS)
            candidates = next(filter(None, others), [])
        return self._source.choice(candidates)

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
