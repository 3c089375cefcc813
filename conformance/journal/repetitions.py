"""Repetitions: secrets that are known by their value, found in other texts of a journal.

Whole values are found, in runs of characters that have no meaning to JSON. So what stands in
place of one leaves a body valid, unlike the lookup of parts in :mod:`dinie_contract.output`, which
passes over punctuation; and a run takes one step for eight characters, for a journal is long.
"""

import re
from collections.abc import Iterator, Sequence

_RUN = re.compile(r"[!#-+./-9;-Z\\^-z|~-]{16,}")
_ESCAPE = re.compile(
    r"%(?:25){0,8}([2-7][0-9a-f])|\\{1,8}(?:u00|x)([2-7][0-9a-f])|\\{1,8}(/)", re.IGNORECASE
)
"""A character as a URL, JSON or a language spells it."""

_COULD_BE_SECRET = re.compile(r"(?=.*[A-DF-Za-df-z])(?=.*[0-9]|.*[a-z][A-Z])[!#$&-+./-9;-Z^-z|~-]+")
"""The form of a secret that is not just words, and no number of JSON."""
_GIVEN = re.compile(r"(?=.*[A-DF-Za-df-z])[!#$&-+./-9;-Z^-z|~-]+")
_LEAST_VARIETY = 6
"""The fewest different characters: a filler such as ``xxxxxxxx`` is no secret."""

_STEP = 8
_WINDOW = 9
_END = _STEP + _WINDOW - 1
"""Of the last 16 characters, each step of 8 meets one whole window of 9, wherever it begins."""

_LONGEST = 4096
_MOST = 4096
_MOST_FORMS = 8

_Form = tuple[int, int]
"""How far a window is from the begin of a secret, and the secret's length."""


def may_be_secret(text: str) -> bool:
    """Whether a text is long enough, and not just words or a number."""
    return (
        _END <= len(text) <= _LONGEST
        and len(set(text)) >= _LEAST_VARIETY
        and _COULD_BE_SECRET.fullmatch(text) is not None
    )


class Repetitions:
    """Secrets, each with its replacement; the oldest are forgotten, but for those given."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._forms: dict[str, list[_Form]] = {}

    def __contains__(self, secret: str) -> bool:
        return secret in self._known

    def give(self, secret: str, replacement: str) -> None:
        """Know a secret for good, words too."""
        if _END <= len(secret) <= _LONGEST and _GIVEN.fullmatch(secret):
            self._given[secret] = replacement
            self._index(secret)

    def add(self, secret: str, replacement: str) -> bool:
        """Know what could be a secret; whether others had to be forgotten."""
        if not may_be_secret(secret):
            return False
        is_full = len(self._known) >= _MOST
        if is_full:
            self._known = dict(list(self._known.items())[_MOST // 2 :])
            self._forms.clear()
            for one in (*self._given, *self._known):
                self._index(one)
        self._known[secret] = replacement
        self._index(secret)
        return is_full

    def replace(self, text: str) -> str:
        """The text with each repetition replaced; the very text where there is none."""
        if not self._may_hold(text):
            return text
        return _RUN.sub(lambda run: self._in_run(run[0]), text)

    def _may_hold(self, text: str) -> bool:
        forms = self._forms
        for run in _RUN.findall(text) if forms else ():
            if "%" in run or "\\" in run:
                return True
            for at in range(0, len(run) - _WINDOW + 1, _STEP):
                if run[at : at + _WINDOW] in forms:
                    return True
        return False

    def _index(self, secret: str) -> None:
        length = len(secret)
        for start in range(length - _END, length - _END + _STEP):
            forms = self._forms.setdefault(secret[start : start + _WINDOW], [])
            if (start, length) not in forms and len(forms) < _MOST_FORMS:
                forms.append((start, length))

    def _in_run(self, run: str) -> str:
        plain, pieces = _unescaped(run)
        parts: list[str] = []
        done = 0
        for begin, end, replacement in _apart(self._spans(plain)):
            parts += [*pieces[done:begin], replacement]
            done = end
        return "".join([*parts, *pieces[done:]]) if parts else run

    def _spans(self, plain: str) -> Iterator[tuple[int, int, str]]:
        forms, given, known = self._forms, self._given, self._known
        for at in range(0, len(plain) - _WINDOW + 1, _STEP):
            for before, length in forms.get(plain[at : at + _WINDOW], ()):
                begin = at - before
                if begin >= 0:
                    secret = plain[begin : begin + length]
                    replacement = given.get(secret) or known.get(secret)
                    if replacement:
                        yield begin, begin + length, replacement


def _unescaped(run: str) -> tuple[str, Sequence[str]]:
    """A run without escapes, and what stands in it for each of those characters."""
    if not _ESCAPE.search(run):
        return run, run
    plain: list[str] = []
    pieces: list[str] = []
    done = 0
    for found in _ESCAPE.finditer(run):
        digits = found[1] or found[2]
        before = run[done : found.start()]
        plain += [before, chr(int(digits, 16)) if digits else "/"]
        pieces += [*before, found[0]]
        done = found.end()
    return "".join([*plain, run[done:]]), [*pieces, *run[done:]]


def _apart(spans: Iterator[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Spans in their order; of those that overlap one, with the replacement of the longest."""
    last: tuple[int, int, str] | None = None
    longest = 0
    for begin, end, replacement in sorted(spans):
        if last and begin < last[1]:
            shown = replacement if end - begin > longest else last[2]
            longest = max(longest, end - begin)
            last = (last[0], max(last[1], end), shown)
            continue
        if last:
            yield last
        last, longest = (begin, end, replacement), end - begin
    if last:
        yield last
