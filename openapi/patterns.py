r"""Regular expressions of ECMA-262, as the libraries of this project read them.

JSON Schema has them in the dialect of JavaScript. The validator refuses some forms that it allows,
such as ``[\w-.]`` and ``\k<name>``, and Python knows no ``\p{L}``.
"""

import re
from collections.abc import Iterator
from functools import cache

_PIECE = re.compile(
    r"\\u\{[0-9a-fA-F]+\}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\[pP]\{[^{}]*\}"
    r"|\(\?<(?![=!])|\{\d+(?:,\d*)?\}|\\.|.",
    re.DOTALL,
)
_SEVERAL = re.compile(r"\\(?:[dDsSwW]$|[pP]\{)")
"""What stands for several characters: no end of a range."""

_OUTSIDE = {r"\Z": "$", r"\0": r"\x00", "{": r"\{"}
_INSIDE = {r"\b": r"\x08", r"\0": r"\x00", "[": r"\["}
_EMPTY = {"[]": "(?!)", "[^]": r"[\s\S]"}
_ODD = re.compile(r"\\[Z0b]|\\u[dD][89abAB]|\[\^?\]|\{(?!\d)|-|&&|~~|\[[^\]]*\[")
"""What a pattern has where it may need another form: most have nothing of it."""


_GROUP = re.compile(
    r"\\k<(?P<wanted>[^<>]*)>|\\.|\[(?:\\.|[^\]])*\]|(?P<opening>\((?:(?!\?)|\?<(?![=!])(?P<name>[^<>]*)>))",
    re.DOTALL,
)


def _numbered(pattern: str) -> str:
    """A pattern whose references to groups by name are those by number."""
    if r"\k<" not in pattern:
        return pattern
    groups = [one["name"] for one in _GROUP.finditer(pattern) if one["opening"]]

    def by_number(found: re.Match[str]) -> str:
        wanted = found["wanted"]
        is_known = wanted and wanted in groups
        return rf"(?:\{groups.index(wanted) + 1})" if is_known else found[0]

    return _GROUP.sub(by_number, pattern)


@cache
def readable(pattern: str) -> str:
    """A pattern in a form that the validator reads; as it is where it needs no other."""
    pattern = _numbered(pattern)
    if not _ODD.search(pattern):
        return pattern
    pieces = _PIECE.findall(pattern)
    read, at = [], 0
    while at < len(pieces):
        if pieces[at] != "[":
            read.append(_OUTSIDE.get(pieces[at], _astral(pieces[at])))
            at += 1
            continue
        end = _end_of_class(pieces, at)
        whole = "".join(pieces[at : end + 1])
        read.append(_EMPTY.get(whole) or f"[{''.join(_in_class(pieces[at + 1 : end]))}]")
        at = end + 1
    return "".join(read)


def _end_of_class(pieces: list[str], start: int) -> int:
    try:
        return pieces.index("]", start + 1)
    except ValueError:  # no pattern at all
        return len(pieces)


def _in_class(pieces: list[str]) -> Iterator[str]:
    for at, piece in enumerate(pieces):
        if piece == "-" and 0 < at < len(pieces) - 1:
            around = pieces[at - 1], pieces[at + 1]
            is_range = not any(map(_SEVERAL.match, around)) and pieces[at - 1 : at] != ["-"]
            yield "-" if is_range else r"\-"
        elif piece in {"&", "~"} and piece in pieces[at + 1 : at + 2]:
            yield f"\\{piece}"  # two of them are an operation of the validator
        else:
            yield _INSIDE.get(piece, _astral(piece))


def _astral(piece: str) -> str:
    """A character that is written as two halves, as one."""
    if not re.match(r"\\u[dD].*\\u", piece):
        return piece
    high, low = int(piece[2:6], 16), int(piece[8:12], 16)
    return f"\\u{{{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):X}}}"


_PROPERTIES = {
    "L": "A-Za-z", "Letter": "A-Za-z", "Alphabetic": "A-Za-z", "Lu": "A-Z", "Uppercase": "A-Z",
    "Ll": "a-z", "Lowercase": "a-z", "N": "0-9", "Nd": "0-9", "Number": "0-9", "P": ".,!?-",
    "Punctuation": ".,!?-", "S": "+$", "Z": " ", "Zs": " ", "Latin": "A-Za-z",
}  # fmt: skip
"""Some characters of each property, as they stand in a class."""


_NOT_OF_PYTHON = re.compile(r"\\p\{|\(\?<|\\u\{|\\c")


def for_python(pattern: str) -> str:
    """A pattern for Python, which takes only what the pattern takes, but not all of that."""
    pattern = _numbered(pattern)
    if not _NOT_OF_PYTHON.search(pattern):
        return pattern
    read, is_in_class = [], False
    for piece in _PIECE.findall(pattern):
        one = piece
        if piece.startswith(r"\p{"):
            found = _PROPERTIES.get(piece[3:-1].rpartition("=")[2], "A-Za-z")
            one = found if is_in_class else f"[{found}]"
        elif piece == "(?<":
            one = "(?P<"
        elif piece.startswith(r"\u{"):
            one = re.escape(chr(int(piece[3:-1], 16)))
        elif piece.startswith(r"\c") and len(piece) > len(r"\c"):
            one = f"\\x{ord(piece[2]) % 32:02x}"
        is_in_class = piece == "[" or (is_in_class and piece != "]")
        read.append(one)
    return "".join(read)
