"""The evidence of a violation: what was seen, place by place, without any secret."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, takewhile, zip_longest
from operator import eq
from typing import NamedTuple

from conformance.journal.redaction import Redactor
from conformance.journal.secret_names import is_secret
from conformance.probe.values import Lack, Values
from conformance.target.exchange import NO_ANSWER, Answer, Request
from conformance.target.json_documents import parse
from conformance.target.members import pointer
from conformance.target.redaction import issued_secrets
from dinie_contract.output import HIDDEN, Secrets, excerpt, printable

LONGEST_PLACE, LONGEST_SEEN, MOST_PLACES = 120, 600, 12
"""The characters of a place and of a value, but for the dots of a cut one, and the most places."""

LAST_ANSWER = "last answer"

_LONGEST_READ = 64 * 1024
"""The characters of a value that are redacted: more than are shown, for they are cut after that."""

_LONGEST_READ_OF_SHOWN = 8 * 1024
"""The characters that are redacted of a value whose beginning alone is shown."""

_BEFORE = 60
"""The characters that are shown before the first difference of two texts."""

_ABSENT = "none"

_WORD = re.compile("[^/ ]+")


class Seen(NamedTuple):
    """The texts of one place; ``expected`` is empty where no certain value was expected."""

    place: str
    expected: str
    actual: str

    @property
    def line(self) -> str:
        """The place and its values in one line."""
        told = f"expected {self.expected}, got " if self.expected else ""
        return f"{self.place}: {told}{self.actual}"


def evidence_of(
    values: Iterable[Values],
    exchanges: Sequence[tuple[Request, Answer]] = (),
    rules: Iterable[str] = (),
) -> tuple[Seen, ...]:
    """The evidence of a violation: the values of its check, and the last answer that it got.

    ``rules`` are the ids of what is broken. Where one is about secrets, no body is shown: it may
    hold a secret in any form.
    """
    shower = _Shower(answer for _, answer in exchanges)
    found = list(islice(shower.seen(values), MOST_PLACES))
    last = exchanges[-1][1] if exchanges else Answer(NO_ANSWER)
    if last.status > NO_ANSWER:
        found.append(shower.answer(last, has_body=not any("secret" in one for one in rules)))
    return tuple(found)


class _Shower:
    """Makes texts of values; what these answers name as a secret is hidden wherever it stands."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._redactor = Redactor()
        self._own = Secrets()
        self._own.give(secret for answer in answers for secret in issued_secrets(answer))

    def seen(self, values: Iterable[Values]) -> Iterator[Seen]:
        for one in values:
            if isinstance(one.actual, bytes) and isinstance(one.expected, bytes):
                yield from self._bodies(one.place, one.expected, one.actual)
            else:
                yield self._pair(one.place, one.expected, one.actual)

    def answer(self, answer: Answer, *, has_body: bool) -> Seen:
        text = f"{answer.status} {answer.media_type}".strip()
        if has_body:
            body = self._text(answer.body, answer.media_type, _LONGEST_READ_OF_SHOWN)
            text += f": {body}" if body else ", without a body"
        return _seen(LAST_ANSWER, "", text)

    def _bodies(self, place: str, one: bytes, other: bytes) -> Iterator[Seen]:
        found: list[Seen] = []
        with suppress(ValueError):
            found = [
                self._pair(*pair)
                for pair in islice(_different("", parse(one), parse(other)), MOST_PLACES)
            ]
        yield from found or [self._first_difference(place, self._text(one), self._text(other))]

    def _first_difference(self, place: str, one: str, other: str) -> Seen:
        if one == other:
            return _seen(place, HIDDEN, f"another, {HIDDEN}")
        at = sum(takewhile(bool, map(eq, one, other)))
        return _seen(f"{place}, from character {at + 1}", *_around(one, other))

    def _pair(self, place: str, expected: object, actual: object) -> Seen:
        first, second = (self._value(place, one) for one in (expected, actual))
        if expected is Lack.UNSAID:
            return _seen(place, first, second)
        if first == second:
            return _seen(place, first, f"another, {second}")
        if unicodedata.normalize("NFKC", first) == unicodedata.normalize("NFKC", second):
            # They look alike, and so their characters are spelt.
            first, second = (
                one.encode("ascii", "backslashreplace").decode() for one in (first, second)
            )
        return _seen(place, *_around(first, second))

    def _value(self, place: str, value: object) -> str:
        if isinstance(value, Lack):
            return {Lack.ABSENT: _ABSENT, Lack.HIDDEN: HIDDEN, Lack.UNSAID: ""}[value]
        if isinstance(value, bytes):
            return self._text(value)
        text = json.dumps(value, ensure_ascii=False)
        if value is not None and any(map(is_secret, _WORD.findall(place))):
            return self._redactor.pseudonym(text)
        return self._redacted(self._redactor.text(text[:_LONGEST_READ]))

    def _text(self, body: bytes, media_type: str = "", most: int = _LONGEST_READ) -> str:
        try:
            body.decode()
        except ValueError:
            return f"{len(body)} bytes that are no UTF-8 text"
        return self._redacted(self._redactor.body(body[:most], media_type))

    def _redacted(self, text: str) -> str:
        return self._own.redact(text)


def _different(place: str, one: object, other: object) -> Iterator[tuple[str, object, object]]:
    """The members that differ in two JSON documents: their pointer, and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            pair = (members.get(name, Lack.ABSENT) for members in (one, other))
            yield from _different(pointer(place, name), *pair)
    elif isinstance(one, list) and isinstance(other, list):
        pairs = zip_longest(one, other, fillvalue=Lack.ABSENT)
        for number, (first, second) in enumerate(pairs):
            yield from _different(f"{place}/{number}", first, second)
    elif one != other or type(one) is not type(other):
        yield place, one, other


def _around(one: str, other: str) -> tuple[str, str]:
    """Both texts; of those that are too long to be shown, what is about the first difference."""
    begin = sum(takewhile(bool, map(eq, one, other))) - _BEFORE
    if begin <= 0 or max(len(one), len(other)) <= LONGEST_SEEN:
        return one, other
    return f"…{one[begin:]}", f"…{other[begin:]}"


def _seen(place: str, expected: str, actual: str) -> Seen:
    return Seen(
        printable(excerpt(place, LONGEST_PLACE)),
        printable(excerpt(expected, LONGEST_SEEN)),
        printable(excerpt(actual, LONGEST_SEEN)),
    )
