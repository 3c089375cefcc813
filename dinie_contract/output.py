"""The one way of text out of a process: first without secrets, then printable.

Every text that a person or a tool reads passes :func:`shown`: the parts of a report when its
values are made, a line of a command in :func:`echo`. A script or document is made of such texts,
each of them quoted last; once finished, its source is not edited.
"""

import base64
import html
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

import click

HIDDEN = "[hidden]"
"""The text in place of a secret."""

SHAPES = re.compile(r"dinie_(?:at|cs)_[\w.~+/-]+|eyJ[\w-]{8,}(?:\.[\w-]*)*")
"""The shapes of secrets in any text: the vendor's tokens and client secrets, and JWTs."""

_COULD_BE_SECRET = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z._~+/-]{16,}=*")
"""The form of an issued secret: that of a token (RFC 6750 section 2.1), long, and no mere words."""

_PLAIN = re.compile(r"[0-9A-Za-z._~+/=-]*")

LONGEST_LINE = 4000
"""The characters of an error, or of a foreign text on a line of ours, that are printed."""

_LONGEST = 8192
"""A longer secret, which no header can carry, is known by its beginning."""

_SHORTEST = 4
"""Hiding each occurrence of a shorter text would spoil every word."""

_WINDOW = 8
_SHORTEST_PART = 2 * _WINDOW
"""Fewer characters of a secret may stand in a text by chance."""
_MOST_OWNERS = 8
"""A window of more secrets is their common beginning, which gives nothing away."""

_MOST_AT_ONCE, _MOST_ISSUED, _MOST_CHARACTERS = 1000, 10_000, 1_000_000
"""A campaign of hours sees more: of the oldest, those with a known shape are still found."""

# Bounded, so that no text takes more time than its length.
_ESCAPE = re.compile(
    r"\\\\{0,7}(?-i:U)0{4}([0-9a-f]{4})|\\\\{0,7}u([0-9a-f]{4})|%(?:25)*u([0-9a-f]{4})"
    r"|\\\\{0,7}[ux]\{0{0,8}([0-9a-f]{1,4})\}|\\\\{0,7}x([0-9a-f]{2})|%(?:25)*([0-9a-f]{2})"
    r"|&(?:amp;){0,8}#x0{0,16}([0-9a-f]{1,4});?|&(?:amp;){0,8}#0{0,16}([0-9]{1,3});?"
    r"|\\\\{0,7}([0-7]{3})",
    re.IGNORECASE,
)
"""A character as JSON, a language, a URL or HTML (encoded repeatedly, too) may spell it.

Each alternative begins with a character, which lets the search skip all others at once.
"""
_BASES = (16, 16, 16, 16, 16, 16, 16, 10, 8)
"""The bases of the numbers in its groups."""

_LETTERS = re.compile(r"[^\W_]+")

_SIGN = r"(?:[0-9A-Za-z+/_-]|\\{1,8}/|%2[BbFf]|\\{1,8}u002[BbFf])"
"""A digit of base64, as JSON or a URL may spell it."""
_BASE64 = re.compile(
    rf"{_SIGN}{{8,}}(?:(?:\r?\n|(?:\\{{1,8}}r)?\\{{1,8}}n)[ \t]*{_SIGN}+)*={{0,2}}"
)
_HEXADECIMAL = re.compile(
    r"[0-9A-Fa-f]{16,}|(?<![0-9A-Za-z])[0-9A-Fa-f]{2,8}(?:[^0-9A-Za-z]{1,12}[0-9A-Fa-f]{2,8}){2,}"
)
_GAP = r"[^0-9A-Za-z]{1,12}"
_BYTE = r"(?:0[xX]|U\+00)?[0-9A-Fa-f]{2}"
_BYTES = re.compile(rf"(?:{_BYTE}{_GAP}){{7,}}{_BYTE}")
_NUMBERS = re.compile(rf"(?<![0-9])(?:[0-9]{{2,3}}{_GAP}){{7,}}[0-9]{{2,3}}")
"""Bytes one by one, in hexadecimal and in decimal."""
_ESCAPES = re.compile(r"(?:(?:%|\\{1,8}(?:u00|x))[0-9A-Fa-f]{2}){16,}")
"""A run of escapes, which may spell another encoding."""
_MOST_ENCODED = 100_000
"""The most characters of one run that are decoded."""
_TEXT = re.compile(r"[\t\n\r -~]{11}")
"""What an encoding of a window has, at least."""
_DEEPEST = 3
"""Encodings in each other that are looked through."""
_NO_WORD = re.compile(r"[\W_]+")
_NO_CODE = re.compile(r"\s+|\\+[rn]?")
_URL_SAFE = str.maketrans("-_", "+/")

_MAY_BE_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e]")

COMMAND = re.compile(r"(?m)^([ \t]*):(?=:)|#(?=#\w*\[)")
"""The begin of a line that a CI system takes for a command: ``::error::``, ``##vso[``."""


class Secrets:
    """Secrets, and how they are found in a text: whole or cut, in any case, spelling or grouping.

    A text and the secrets are compared by their letters and digits alone. What a user has given is
    a secret in any form, and so is a token that is used. What else a target has issued counts only
    where it could be one: a target is free to call its words secrets, and prose must stay readable.
    """

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._issued: OrderedDict[str, None] = OrderedDict()
        self._size = 0
        self._spellings: dict[str, re.Pattern[str]] = {}
        self._owners: dict[str, list[_Owner]] = {}
        self._words: Secrets | None = None
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        """Every secret that is known now."""
        with self._lock:
            return iter([*self._given, *self._issued])

    def reserve(self, words: Iterable[str]) -> None:
        """Never take these words of our own, or a text that holds one, for an issued secret."""
        own = Secrets()
        own.give(words)
        self._words = own

    def give(self, secrets: Iterable[str]) -> None:
        """Know secrets that the user has given."""
        with self._lock:
            for one in {one[:_LONGEST] for one in secrets} - self._given:
                if len(one) >= _SHORTEST:
                    self._given.add(one)
                    self._know(one)

    def add(self, secrets: Iterable[str], *, used: bool = False) -> None:
        """Know secrets that a target has issued, of those not ``used`` what could be one."""
        # Long texts are looked at without the lock: others would wait for it.
        found = [
            one
            for one in (one[:_LONGEST] for one in list(secrets)[-_MOST_AT_ONCE:])
            if one in self._issued
            or (len(one) >= _SHORTEST if used else self._could_be_secret(one))
        ]
        with self._lock:
            for one in found:
                if one in self._issued:
                    self._issued.move_to_end(one)
                elif one not in self._given:
                    self._issued[one] = None
                    self._size += len(one)
                    self._know(one)
            while len(self._issued) > _MOST_ISSUED or self._size > _MOST_CHARACTERS:
                self._forget(self._issued.popitem(last=False)[0])

    def clear(self) -> None:
        """Forget all secrets."""
        with self._lock:
            self._given.clear()
            self._issued.clear()
            self._spellings.clear()
            self._owners.clear()
            self._size, self._words = 0, None

    def redact(self, text: str) -> str:
        """``text`` with :data:`HIDDEN` in place of each secret, and of each part of one."""
        found = [one.span() for one in SHAPES.finditer(text)]
        for one in list(self._spellings.values()):
            found += [spelling.span() for spelling in one.finditer(text)]
        if self._owners:
            found += self._parts(text)
            found += self._encoded(text, _DEEPEST)
        return _with_hidden(text, found)

    def _could_be_secret(self, text: str) -> bool:
        if not _COULD_BE_SECRET.fullmatch(text) or len(_letters_of(text)) < _SHORTEST_PART:
            return False
        return self._words is None or not any(self._words._parts(text))  # noqa: SLF001 - of its kind

    def _know(self, secret: str) -> None:
        letters = _letters_of(secret)
        if len(letters) < _WINDOW or not _PLAIN.fullmatch(secret):
            self._spellings[secret] = _spellings(secret)
        tail = secret[len(secret.rstrip("=._~+/-")) :]
        owner = _Owner(letters, min(_SHORTEST_PART, len(letters)), tail)
        for at, window in _windows(letters):
            owners = self._owners.setdefault(window, [])
            if len(owners) < _MOST_OWNERS:
                owners.append(owner._replace(at=at))

    def _forget(self, secret: str) -> None:
        self._size -= len(secret)
        self._spellings.pop(secret, None)
        letters = _letters_of(secret)
        for _, window in _windows(letters):
            left = [one for one in self._owners.pop(window, ()) if one.letters != letters]
            if left:
                self._owners[window] = left

    def _encoded(self, text: str, depth: int) -> Iterator[tuple[int, int]]:
        """Begin and end of each run that is an encoding of a part of a secret."""
        for pattern, decoded in _ENCODINGS:
            for run in pattern.finditer(text):
                for one in decoded(run[0][:_MOST_ENCODED]):
                    # What is an encoding again is text, and bytes are seldom that by chance.
                    is_text = depth > 1 and _TEXT.search(one)
                    if any(self._parts(one)) or (is_text and any(self._encoded(one, depth - 1))):
                        yield run.span()
                        break

    def _parts(self, text: str) -> Iterator[tuple[int, int]]:
        """Begin and end of each part of a secret in a text."""
        letters, begins, ends = _letters(text)
        done = 0
        for start in range(len(letters) - _WINDOW + 1):
            # Sixteen characters of a secret hold one of its windows, wherever they begin; what is
            # found already may go on as another secret.
            end = start + _WINDOW
            for one in self._owners.get(letters[start:end], ()) if end > done else ():
                begin, end = _part(letters, start, one)
                if end - begin >= one.least:
                    last = ends[end - 1]
                    yield begins[begin], last + len(one.tail) * text.startswith(one.tail, last)
                    done = max(done, end)


class _Owner(NamedTuple):
    """A secret as it is looked for: its letters, how many of them are a part, and a window.

    ``tail`` is what follows its last letter, such as the padding of base64.
    """

    letters: str
    least: int
    tail: str
    at: int = 0


def _letters_of(secret: str) -> str:
    return "".join(_LETTERS.findall(secret)).lower()


def _windows(letters: str) -> Iterator[tuple[int, str]]:
    last = len(letters) - _WINDOW
    for at in sorted({*range(0, last + 1, _WINDOW), last} if last >= 0 else ()):
        yield at, letters[at : at + _WINDOW]


def _part(letters: str, start: int, owner: _Owner) -> tuple[int, int]:
    """Begin and end, in a text, of what it has in common with a secret around a window."""
    secret, at = owner.letters, owner.at
    before, after = min(start, at), len(secret) - at
    left = _common(letters[start - before : start][::-1], secret[at - before : at][::-1])
    return start - left, start + _common(letters[start : start + after], secret[at:])


def _common(one: str, other: str) -> int:
    """The length of the common beginning of two texts."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _spellings(secret: str) -> re.Pattern[str]:
    """The pattern of a secret that is short, or has odd characters, as texts may spell it."""
    in_json, in_ascii = json.dumps(secret, ensure_ascii=False), json.dumps(secret)
    in_url = quote(secret, safe="", errors="replace")
    found = {secret, in_json[1:-1], in_ascii[1:-1], in_url, html.escape(secret)}
    return re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))))


def unescaped(text: str) -> str:
    """A text with each character that is spelled in JSON, a language, a URL or HTML as itself."""
    if not any(sign in text for sign in "\\%&"):
        return text
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    """The character that an escape spells."""
    group = found.lastindex or 0
    return chr(int(found[group], _BASES[group - 1]))


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """The pieces of a text, escapes as their character, each with its begin and end in the text."""
    done = 0
    for found in _ESCAPE.finditer(text):
        yield text[done : found.start()], done, found.start()
        yield _character(found), found.start(), found.end()
        done = found.end()
    yield text[done:], done, len(text)


def _letters(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The letters and digits of a text, in lower case, and begin and end of each in the text."""
    parts: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for piece, begin, end in _pieces(text):
        for found in _LETTERS.finditer(piece):
            lowered = found[0].lower()
            # A few letters are more than one in lower case.
            parts.append(lowered if len(lowered) == len(found[0]) else found[0])
            first, last = found.span()
            if end - begin > len(piece):  # an escape
                begins.append(begin)
                ends.append(end)
            else:
                begins += range(begin + first, begin + last)
                ends += range(begin + first + 1, begin + last + 1)
    return "".join(parts), begins, ends


def _from_base64(run: str) -> Iterator[str]:
    """What a run of base64 may hold, wherever in it the groups of four begin."""
    whole = _NO_CODE.sub("", unescaped(run.rstrip("="))).translate(_URL_SAFE)
    for start in range(4):
        cut = whole[start:]
        cut = cut[:-1] if len(cut) % 4 == 1 else cut  # no byte is spelled by one character
        yield base64.b64decode(cut + "=" * (-len(cut) % 4)).decode("latin-1")


def _from_hexadecimal(run: str) -> Iterator[str]:
    digits = _NO_WORD.sub("", run)
    for start in range(2):
        cut = digits[start:]
        yield bytes.fromhex(cut[: len(cut) // 2 * 2]).decode("latin-1")


def _from_bytes(run: str) -> Iterator[str]:
    yield "".join(chr(int(one[-2:], 16)) for one in re.findall(_BYTE, run))


def _from_numbers(run: str) -> Iterator[str]:
    yield "".join(chr(int(one)) for one in re.findall("[0-9]+", run))


def _from_escapes(run: str) -> Iterator[str]:
    yield unescaped(run)


_ENCODINGS = (
    (_BASE64, _from_base64),
    (_HEXADECIMAL, _from_hexadecimal),
    (_BYTES, _from_bytes),
    (_NUMBERS, _from_numbers),
    (_ESCAPES, _from_escapes),
)


def _with_hidden(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, done = [], 0
    for begin, end in sorted(spans):
        if begin >= done:
            parts += [text[done:begin], HIDDEN]
        done = max(done, end)
    return "".join([*parts, text[done:]])


SECRETS = Secrets()
"""The secrets of this process."""


def printable(text: str) -> str:
    """``text`` with all that is no visible character written as an escape; line ends stay.

    So is a character of what a CI system would take for a command in a log.
    """
    text = _MAY_BE_UNPRINTABLE.sub(_visible, text)
    return COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):x}", text)


def without_commands(source: str) -> str:
    """Python source in which no literal holds ``##``, with which CI systems begin a command."""
    return source.replace("##", r"#\x23")


def _visible(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else found[0].encode("unicode_escape").decode()


def shown(text: str) -> str:
    """``text`` fit to be read anywhere: without the process's secrets, and printable."""
    return printable(SECRETS.redact(text))


def one_line(text: str) -> str:
    """A foreign text on one line, printable."""
    return " ".join(printable(text).split())


def excerpt(text: str, most: int) -> str:
    """The first ``most`` characters of a text, redacted before it is cut."""
    is_whole = len(text) <= most + _LONGEST
    text = SECRETS.redact(text[: most + _LONGEST])
    return text if is_whole and len(text) <= most else f"{text[:most]}…"


def within(text: str, most: int = LONGEST_LINE) -> str:
    """A text, or the beginning of one that is very long, and how much of it is left out."""
    left = len(text) - most
    return text if left <= 0 else f"{excerpt(text, most)} ({left} more characters)"


def echo(text: str, *, err: bool = False, nl: bool = True, redact: bool = True) -> None:
    """Print text, of an error no more than :data:`LONGEST_LINE` characters.

    The mock alone does so without ``redact``: it gives its user a secret.
    """
    text = within(text) if err else text
    click.echo(shown(text) if redact else printable(text), err=err, nl=nl)


def complain(text: str, command: str = "dinie-conformance") -> None:
    """Print one line on standard error."""
    echo(f"{command}: {' '.join(text.split())}", err=True)
