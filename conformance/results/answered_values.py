"""Values of earlier answers that later requests repeat, such as the id of what was made.

What is sent again makes other items, with other ids: who writes requests down has these put in from
the answers that come then.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from conformance.target.exchange import Answer, Exchange, Request
from openapi.names import REFERENCES

_SHORTEST, _SHORTEST_OTHER, _LONGEST = 4, 8, 1000
"""The characters of a value outside of a path, where its member names something and where not.

A shorter one may stand there by chance.
"""

_MOST_VALUES, _DEEPEST = 2000, 12
"""The values that are known of one answer, and the members that lead to one."""

_NAME = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@-]{0,59}:?")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
"""A value that is spelt alike in a path, a query, a header and JSON."""
_NAMES_SOMETHING = re.compile(rf".*(?:{'|'.join((*REFERENCES, 'no'))})", re.IGNORECASE)

_ETAG, _LOCATION = ("etag:",), ("location:",)


class AnsweredValue(NamedTuple):
    """A value of the answer to an exchange, by its number.

    ``place`` has the names of the members that lead to it; of a list ``0`` is the first item and
    ``-1`` the last one. It is the name of a header with a colon, in lower case, where that has it.
    """

    value: str | int
    exchange: int
    place: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the value is called."""
        names = [one for one in self.place if _NAME.fullmatch(one)]
        return names[-1].rstrip(":") if names else "id"

    @property
    def names_something(self) -> bool:
        """Whether the value is called as what names something."""
        return bool(_NAMES_SOMETHING.fullmatch(self.name))

    @property
    def in_path(self) -> str:
        """The pattern of the value in a path and its query."""
        text = quoted(self.value)
        before = r"(?<=/)" if self._is_short(text) else r"(?<![\w%-])"
        return rf"{before}{re.escape(text)}(?![\w%-])"

    @property
    def in_text(self) -> str:
        """The pattern of the value in a body or a header; empty where it may not be told."""
        text = str(self.value)
        if self.place == _ETAG:
            return re.escape(text)
        is_unclear = self._is_short(text) or not _PLAIN.fullmatch(text)
        return "" if is_unclear else rf"(?<![\w-]){re.escape(text)}(?![\w-])"

    def _is_short(self, text: str) -> bool:
        shortest = _SHORTEST if self.names_something else _SHORTEST_OTHER
        return isinstance(self.value, int) or len(text) < shortest


class AnsweredValues:
    """The values of the answers to exchanges, but for those that a request has sent before.

    Answers to requests at the same time have none: nobody knows which one of them comes first.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._sent = [" ".join(_texts_of(request)) for request, _ in exchanges]
        self._known = [
            [] if answer.sent_with else list(_values_of(number, answer))
            for number, (_, answer) in enumerate(exchanges)
        ]

    def in_path(self, path: str, number: int) -> list[str | AnsweredValue]:
        """The parts of the path of a request, by its number: texts, and values that it repeats."""
        found = {
            quoted(one.value): one
            for one in self._before(number)
            if quoted(one.value) in path and re.search(one.in_path, path)
        }
        return _parts(path, {one.in_path: one for one in self._not_sent(found)})

    def in_text(self, text: str, number: int) -> list[str | AnsweredValue]:
        """The parts of a body or a header of a request: texts, and values that it repeats."""
        found = {
            str(one.value): one
            for one in self._before(number)
            if str(one.value) in text and one.in_text and re.search(one.in_text, text)
        }
        return _parts(text, {one.in_text: one for one in self._not_sent(found)})

    def repeated(self, request: Request, number: int) -> set[AnsweredValue]:
        """The values that a request repeats, by its number, wherever they stand in it."""
        path, *texts = _texts_of(request)
        parts = self.in_path(path, number)
        for one in texts:
            parts += self.in_text(one, number)
        return {one for one in parts if isinstance(one, AnsweredValue)}

    def _before(self, number: int) -> Iterator[AnsweredValue]:
        """The values of earlier answers, the first one last: it is the one that counts."""
        for known in reversed(self._known[:number]):
            yield from known

    def _not_sent(self, found: dict[str, AnsweredValue]) -> list[AnsweredValue]:
        """Those of the values, by their texts, that no request had sent when they were answered."""
        return [
            one
            for text, one in found.items()
            if not any(text in sent for sent in self._sent[: one.exchange + 1])
        ]


def quoted(value: str | int) -> str:
    """A value as it stands in a path; half a character, which a target may answer, in none."""
    return quote(str(value), safe="", errors="surrogatepass")


def _texts_of(request: Request) -> tuple[str, ...]:
    body = request.body.decode("utf-8", "surrogateescape")
    return request.path, body, *(value for _, value in request.headers)


def _values_of(number: int, answer: Answer) -> Iterator[AnsweredValue]:
    if tag := answer.header("etag"):
        yield AnsweredValue(tag, number, _ETAG)
    if answer.located is not None:
        yield AnsweredValue(answer.located[1], number, _LOCATION)
    found = islice(_values_in(answer.document, ()), _MOST_VALUES)
    values = [AnsweredValue(value, number, place) for place, value in found if place]
    # What names something comes last, and counts.
    yield from sorted(values, key=lambda one: one.names_something)


def _values_in(
    value: object, place: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str | int]]:
    if len(place) > _DEEPEST or isinstance(value, bool):
        return
    if isinstance(value, str | int):
        if 0 < len(str(value)) <= _LONGEST:
            yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            if _NAME.fullmatch(name) and name[-1] != ":":
                yield from _values_in(one, (*place, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            at = -1 if index == len(value) - 1 else index
            yield from _values_in(one, (*place, str(at)))


def _parts(text: str, patterns: dict[str, AnsweredValue]) -> list[str | AnsweredValue]:
    """A text, cut at the values that these patterns find; the longest value counts."""
    ordered = sorted(patterns.items(), key=lambda one: -len(str(one[1].value)))
    if not ordered:
        return [text]
    values = [one for _, one in ordered]
    parts: list[str | AnsweredValue] = []
    end = 0
    for found in re.finditer("|".join(f"({pattern})" for pattern, _ in ordered), text):
        parts += [text[end : found.start()], values[(found.lastindex or 1) - 1]]
        end = found.end()
    return [*parts, text[end:]]
