"""The one way of text out of a process: first without secrets, then printable.

Every text that a person or a tool reads passes :func:`shown`: the parts of a report when its
values are made, a line of a command in :func:`echo`. A script or document is made of such texts,
each of them quoted last; once finished, its source is not edited.
"""

import base64
import binascii
import html
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import click

HIDDEN = "[hidden]"
"""The text in place of a secret."""

SHAPES = re.compile(r"dinie_(?:at|cs)_[\w.~+/-]+|eyJ[\w-]{8,}(?:\.[\w-]*)*")
"""The shapes of secrets in any text: the vendor's tokens and client secrets, and JWTs."""

_COULD_BE_SECRET = re.compile(r"[0-9A-Za-z._~+/-]{16,}=*")
"""The form of an issued secret: that of a token (RFC 6750 section 2.1), and no short word."""

_LONGEST = 8192
"""A longer secret, which no header can carry, is known by its beginning."""

_SHORTEST = 4
"""Hiding each occurrence of a shorter text would spoil every word."""

_WINDOW = 8
_SHORTEST_PART = 2 * _WINDOW
"""Fewer characters of a secret may stand in a text by chance."""
_MOST_OWNERS = 8
"""A window of more secrets is their common beginning, which gives nothing away."""

_MOST_ISSUED = 10_000
"""A campaign of hours sees more: of the oldest, those with a known shape are still found."""

# Bounded, so that no text takes more time than its length.
_ESCAPE = re.compile(
    r"\\{1,8}u([0-9a-f]{4})|\\{1,8}x([0-9a-f]{2})|%(?:25)*([0-9a-f]{2})|&#x0*([0-9a-f]{1,4});"
    r"|&#0*([0-9]{1,3});|\\{1,8}([/\"'])",
    re.IGNORECASE,
)
"""A character as JSON, Python, a URL (encoded repeatedly, too) or HTML may spell it."""

_BASE64 = re.compile(r"[0-9A-Za-z+/_-]{16,}={0,2}")
_URL_SAFE = str.maketrans("-_", "+/")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Case folding that leaves every character in its place."""

_MAY_BE_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e]")

COMMAND = re.compile(r"(?m)^([ \t]*):(?=:)|#(?=#\w*\[)")
"""The begin of a line that a CI system takes for a command: ``::error::``, ``##vso[``."""


class Secrets:
    """Secrets, and how they are found in a text: whole or cut, in any case and spelling.

    What a user has given is a secret in any form, and so is a token that is used. What else a
    target has issued counts only where it could be one: a target is free to call its words secrets,
    and prose must stay readable.
    """

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._issued: OrderedDict[str, None] = OrderedDict()
        self._spellings: dict[str, re.Pattern[str]] = {}
        self._owners: dict[str, list[tuple[str, int]]] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        """Every secret that is known now."""
        with self._lock:
            return iter([*self._given, *self._issued])

    def give(self, secrets: Iterable[str]) -> None:
        """Know secrets that the user has given."""
        with self._lock:
            for one in {one[:_LONGEST] for one in secrets} - self._given:
                if len(one) >= _SHORTEST:
                    self._given.add(one)
                    self._know(one)

    def add(self, secrets: Iterable[str], *, used: bool = False) -> None:
        """Know secrets that a target has issued, of those not ``used`` what could be one."""
        with self._lock:
            for one in (one[:_LONGEST] for one in secrets):
                if one in self._issued:
                    self._issued.move_to_end(one)
                elif one not in self._given and (
                    _COULD_BE_SECRET.fullmatch(one) or (used and len(one) >= _SHORTEST)
                ):
                    self._issued[one] = None
                    self._know(one)
                    if len(self._issued) > _MOST_ISSUED:
                        self._forget(self._issued.popitem(last=False)[0])

    def clear(self) -> None:
        """Forget all secrets."""
        with self._lock:
            self._given.clear()
            self._issued.clear()
            self._spellings.clear()
            self._owners.clear()

    def redact(self, text: str) -> str:
        """``text`` with :data:`HIDDEN` in place of each secret, and of each part of one."""
        found = [one.span() for one in SHAPES.finditer(text)]
        for one in list(self._spellings.values()):
            found += [spelling.span() for spelling in one.finditer(text)]
        if self._owners:
            found += self._parts(text)
            for run in _BASE64.finditer(text):
                if any(self._parts(_from_base64(run[0]))):
                    found.append(run.span())
        return _with_hidden(text, found)

    def _know(self, secret: str) -> None:
        if not _COULD_BE_SECRET.fullmatch(secret):
            self._spellings[secret] = _spellings(secret)
        for at, window in _windows(secret):
            owners = self._owners.setdefault(window, [])
            if len(owners) < _MOST_OWNERS:
                owners.append((secret.translate(_LOWER), at))

    def _forget(self, secret: str) -> None:
        self._spellings.pop(secret, None)
        lowered = secret.translate(_LOWER)
        for _, window in _windows(secret):
            left = [one for one in self._owners.pop(window, ()) if one[0] != lowered]
            if left:
                self._owners[window] = left

    def _parts(self, text: str) -> Iterator[tuple[int, int]]:
        """Begin and end of each part of a secret in a text."""
        plain, places = _unescaped(text)
        plain = plain.translate(_LOWER)
        done = 0
        for start in range(len(plain) - _WINDOW + 1):
            # Sixteen characters of a secret hold one of its windows, wherever they begin; what is
            # found already may go on as another secret.
            end = start + _WINDOW
            for secret, at in self._owners.get(plain[start:end], ()) if end > done else ():
                begin, end = _part(plain, start, secret, at)
                if end - begin >= _SHORTEST_PART:
                    yield places[begin], places[end]
                    done = max(done, end)


def _windows(secret: str) -> Iterator[tuple[int, str]]:
    lowered = secret.translate(_LOWER)
    last = len(lowered) - _WINDOW
    for at in sorted({*range(0, last + 1, _WINDOW), last} if last >= 0 else ()):
        yield at, lowered[at : at + _WINDOW]


def _part(plain: str, start: int, secret: str, at: int) -> tuple[int, int]:
    """Begin and end, in a text, of what it has in common with a secret around a window."""
    before, after = min(start, at), len(secret) - at
    left = _common(plain[start - before : start][::-1], secret[at - before : at][::-1])
    return start - left, start + _common(plain[start : start + after], secret[at:])


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
    """The pattern of a secret of any characters, as texts may spell it."""
    in_json, in_ascii = json.dumps(secret, ensure_ascii=False), json.dumps(secret)
    in_url = quote(secret, safe="", errors="replace")
    found = {secret, in_json[1:-1], in_ascii[1:-1], in_url, html.escape(secret)}
    return re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))))


def unescaped(text: str) -> str:
    """A text with each character that is spelled in JSON, Python, a URL or HTML as itself."""
    return _unescaped(text)[0]


def _unescaped(text: str) -> tuple[str, list[int] | range]:
    """A text without escapes, and where in ``text`` each of its characters begins."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    may_escape = "\\" in text or "%" in text or "&#" in text
    for found in _ESCAPE.finditer(text) if may_escape else ():
        json_, python, url, hexadecimal, decimal, plain = found.groups()
        digits = json_ or python or url or hexadecimal
        character = plain or chr(int(digits, 16) if digits else int(decimal))
        parts += [text[done : found.start()], character]
        places += [*range(done, found.start()), found.start()]
        done = found.end()
    if not parts:
        return text, range(len(text) + 1)
    return "".join([*parts, text[done:]]), [*places, *range(done, len(text) + 1)]


def _from_base64(text: str) -> str:
    whole = text.rstrip("=").translate(_URL_SAFE)
    try:
        # A cut text has a group that is not whole.
        return base64.b64decode(whole[: len(whole) // 4 * 4]).decode("latin-1")
    except binascii.Error:
        return ""


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


def _visible(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else found[0].encode("unicode_escape").decode()


def shown(text: str) -> str:
    """``text`` fit to be read anywhere: without the process's secrets, and printable."""
    return printable(SECRETS.redact(text))


def excerpt(text: str, most: int) -> str:
    """The first ``most`` characters of a text, redacted before it is cut."""
    text = SECRETS.redact(text[: most + _LONGEST])
    return text if len(text) <= most else f"{text[:most]}…"


def echo(text: str, *, err: bool = False, nl: bool = True, redact: bool = True) -> None:
    """Print text. The mock alone does so without ``redact``: it gives its user a secret."""
    click.echo(shown(text) if redact else printable(text), err=err, nl=nl)
