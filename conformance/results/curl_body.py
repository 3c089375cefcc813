"""A request's body in a shell script: every byte of it, and still fit to read."""

import base64
import re
import shlex
import zlib
from dataclasses import dataclass

_FIT_TO_READ = 2000
_SHORT = 20_000
_MANY = 500

_PRINTABLE = re.compile(rb"[\t\n\x20-\x7e]*")
_REPEATED = re.compile(rb"(.{1,16}?)\1{%d,}" % _MANY, re.DOTALL)

_END = "BODY"


@dataclass(frozen=True, slots=True)
class BodySource:
    """The source of a body for curl: an ``argument``, or the output of ``command``.

    ``here_document`` is what the command reads, on the lines after it.
    """

    argument: str
    command: str = ""
    here_document: str = ""


def body_source(body: bytes) -> BodySource:
    """The shortest way that gives exactly this body."""
    is_short = len(body) < _FIT_TO_READ
    # An @ at its beginning would name a file.
    if is_short and _PRINTABLE.fullmatch(body) and not body.startswith(b"@"):
        return BodySource(shlex.quote(body.decode()))
    if is_short:
        octal = "".join(_octal(byte) for byte in body)
        return BodySource("@-", f"printf '{octal}'")
    repeated = f"import sys; sys.stdout.buffer.write({_expression(body)})"
    if len(repeated) < _SHORT:
        return BodySource("@-", f"python3 -c {shlex.quote(repeated)}")
    unpack = (
        "import base64, sys, zlib;"
        " sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))"
    )
    text = base64.encodebytes(zlib.compress(body, 9)).decode()
    return BodySource("@-", f"python3 -c '{unpack}' <<'{_END}'", f"{text}{_END}")


def _octal(byte: int) -> str:
    # What is text stays so, that a secret in it is seen and hidden.
    plain = chr(byte)
    is_text = plain.isascii() and plain.isprintable() and plain not in "'%\\"
    return plain if is_text else f"\\{byte:03o}"


def _expression(body: bytes) -> str:
    """The body in Python; parts that are repeated many times are written as a repetition."""
    parts, end = [], 0
    for found in _REPEATED.finditer(body):
        unit = found[1]
        parts.append(repr(body[end : found.start()]))
        parts.append(f"{unit!r} * {len(found[0]) // len(unit)}")
        end = found.end()
    parts.append(repr(body[end:]))
    return " + ".join(one for one in parts if one != "b''") or "b''"
