"""Repetitions: secrets that are known by their value, found in other texts of a journal.

Whole values are found, in runs of characters that have no meaning to JSON. So what stands in
place of one leaves a body valid, unlike the lookup of parts in :mod:`dinie_contract.output`, which
passes over punctuation; and a run takes one step for eight characters, for a journal is long.
"""

import re
from collections.abc import Iterator, Sequence

_RUN = re.compile(r"[!#-+./-9;-Z\\^-z|~-]{16,}")
_SHORT_RUN = re.compile(r"[!#-+./-9;-Z\\^-z|~-]{8,}")
_ESCAPE = re.compile(
    r"%(?:25){0,8}([2-7][0-9a-f])|\\{1,8}(?:u00|x)([2-7][0-9a-f])|\\{1,8}(/)", re.IGNORECASE
)
"""A character as a URL, JSON or a language spells it."""

_COULD_BE_SECRET = re.compile(r"(?=.*[A-DF-Za-df-z])(?=.*[0-9]|.*[a-z][A-Z])[!#$&-+./-9;-Z^-z|~-]+")
"""The form of a secret that is not just words, and no number of JSON."""
_GIVEN = re.compile(r"(?=.*[A-DF-Za-df-z])[!#$&-+./-9;-Z^-z|~-]+")
_LEAST_VARIETY = 6
"""The fewest different characters: a filler such as ``xxxxxxxx`` is no secret."""

_FILLER = re.compile(
    r"\W*(?:redacted|hidden|removed|masked|omitted|filtered|sanitized|undefined)\W*", re.IGNORECASE
)
"""What tools write in place of a secret, or of none."""

_LEAST = 8
"""The fewest characters of what is known to be a secret, whatever it looks like."""

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


def is_sure_secret(text: str) -> bool:
    """Whether a text is a secret that was sent as one: of words too, but no filler."""
    return (
        _LEAST <= len(text) <= _LONGEST
        and len(set(text)) >= _LEAST_VARIETY
        and _GIVEN.fullmatch(text) is not None
        and not _FILLER.fullmatch(text)
    )


class Repetitions:
    """Secrets, each with its replacement; the oldest are forgotten, but for those given."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._forms: dict[str, list[_Form]] = {}
        self._short: dict[str, set[int]] = {}
        """The lengths of the secrets that are too short for a form, by their beginning."""

    def __contains__(self, secret: str) -> bool:
        return secret in self._known

    def give(self, secret: str, replacement: str) -> None:
        """Know a secret for good, words too."""
        if _END <= len(secret) <= _LONGEST and _GIVEN.fullmatch(secret):
            self._given[secret] = replacement
            self._index(secret)

    def add(self, secret: str, replacement: str, *, is_sure: bool = False) -> bool:
        """Know what could be a secret, or is sure to be one; whether others were forgotten."""
        if not (is_sure_secret if is_sure else may_be_secret)(secret):
            return False
        is_full = len(self._known) >= _MOST
        if is_full:
            self._known = dict(list(self._known.items())[_MOST // 2 :])
            self._forms.clear()
            self._short.clear()
            for one in (*self._given, *self._known):
                self._index(one)
        self._known[secret] = replacement
        self._index(secret)
        return is_full

    def replace(self, text: str) -> str:
        """The text with each repetition replaced; the very text where there is none."""
        if not self._may_hold(text):
            return text
        return self._runs.sub(lambda run: self._in_run(run[0]), text)

    def _may_hold(self, text: str) -> bool:
        forms, short = self._forms, self._short
        for run in self._runs.findall(text) if forms or short else ():
            if "%" in run or "\\" in run:
                return True
            for at in range(0, len(run) - _WINDOW + 1, _STEP):
                if run[at : at + _WINDOW] in forms:
                    return True
            for at in range(len(run) - _LEAST + 1) if short else ():
                if run[at : at + _LEAST] in short:
                    return True
        return False

    @property
    def _runs(self) -> re.Pattern[str]:
        return _SHORT_RUN if self._short else _RUN

    def _index(self, secret: str) -> None:
        length = len(secret)
        if length < _END:
            self._short.setdefault(secret[:_LEAST], set()).add(length)
            return
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
        given, known = self._given, self._known
        for begin, length in self._places(plain):
            secret = plain[begin : begin + length]
            replacement = given.get(secret) or known.get(secret)
            if replacement:
                yield begin, begin + length, replacement

    def _places(self, plain: str) -> Iterator[tuple[int, int]]:
        """Begin and length of what may be a secret."""
        forms, short = self._forms, self._short
        for at in range(0, len(plain) - _WINDOW + 1, _STEP):
            for before, length in forms.get(plain[at : at + _WINDOW], ()):
                if at >= before:
                    yield at - before, length
        for at in range(len(plain) - _LEAST + 1) if short else ():
            for length in short.get(plain[at : at + _LEAST], ()):
                yield at, length


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
