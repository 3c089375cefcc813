"""Words of the shell, and the ways in which curl is given a body, to the byte."""

import base64
import re
import shlex
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from dinie_contract.output import without_commands

_MOST_BYTES_AS_TEXT = 2000
_LONGEST_EXPRESSION = 20_000
_PLAIN_LINE = re.compile(rb"(?:(?!##\w*\[)[\x20-\x7e])*")
"""What may stand in a script as it is: a line of printable ASCII, and no command of a CI system."""
_NOT_PLAIN = re.compile(rb"^-|[^\x20-\x7e]|['%\\]|#(?=#)", re.DOTALL)
"""What printf would not write as it stands; a dash at the beginning would be an option."""
_REPEATED = re.compile(rb"(.{1,16}?)\1{500,}", re.DOTALL)
_END = "BODY"


@dataclass(frozen=True, slots=True)
class Variable:
    """A shell variable as a part of a text.

    One that ``is_new`` stands for what no other request has, so that a repeated request changes it.
    """

    name: str
    is_new: bool = False
    end: str = ""

    @property
    def quoted(self) -> str:
        """The variable as a word, or a part of one."""
        return f'"${{{self.name}{"%?????" if self.end else ""}}}{self.end}"'


Parts = list[str | Variable]


def joined(parts: Parts, quoted: Callable[[str], str]) -> str:
    """A word of the shell that has these parts."""
    shown = [one for one in parts if one != ""] or [""]
    return "".join(quoted(one) if isinstance(one, str) else one.quoted for one in shown)


def word(text: str) -> str:
    """A word of the shell, of printable ASCII alone."""
    raw = text.encode("utf-8", "surrogateescape")
    return shlex.quote(text) if _PLAIN_LINE.fullmatch(raw) else f'"$({_printf([text])})"'


def body_words(text: str, parts: Parts) -> tuple[str, str, str]:
    """The shortest way to send exactly this body, or the parts of it where it is short.

    That is the argument of ``--data-binary``, the command that pipes the body into curl, and the
    here-document which that command reads; the last two may be empty.
    """
    body = text.encode("utf-8", "surrogateescape")
    is_short = len(body) < _MOST_BYTES_AS_TEXT
    # An @ at its beginning would name a file.
    if is_short and _PLAIN_LINE.fullmatch(body) and not body.startswith(b"@"):
        return joined(parts, shlex.quote), "", ""
    if is_short:
        return "@-", f"{_printf(parts)} | ", ""
    repeated = f"import sys; sys.stdout.buffer.write({_expression(body)})"
    if len(repeated) < _LONGEST_EXPRESSION:
        return "@-", f"python3 -c {shlex.quote(repeated)} | ", ""
    unpack = (
        "import base64, sys, zlib;"
        " sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))"
    )
    packed = base64.encodebytes(zlib.compress(body, 9)).decode()
    return "@-", f"python3 -c '{unpack}' <<'{_END}' | ", f"\n{packed}{_END}"


def _printf(parts: Parts) -> str:
    """The command that writes exactly these parts; it holds printable ASCII alone."""

    def escaped(text: str) -> str:
        raw = text.encode("utf-8", "surrogateescape")
        return _NOT_PLAIN.sub(lambda found: b"\\%03o" % found[0][0], raw).decode()

    form = "".join(escaped(one) if isinstance(one, str) else "%s" for one in parts)
    variables = [f" {one.quoted}" for one in parts if isinstance(one, Variable)]
    return f"printf '{form}'{''.join(variables)}"


def _expression(body: bytes) -> str:
    """A Python expression for the body, in which long repetitions are multiplications."""
    parts, end = [], 0
    for found in _REPEATED.finditer(body):
        unit = found[1]
        parts.append(repr(body[end : found.start()]))
        parts.append(f"{unit!r} * {len(found[0]) // len(unit)}")
        end = found.end()
    parts.append(repr(body[end:]))
    return without_commands(" + ".join(one for one in parts if one != "b''")) or "b''"
