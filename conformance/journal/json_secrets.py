"""Replacement of secret members in JSON texts, which changes nothing else in the text.

Texts may be cut off or malformed, and strings may hold JSON of their own.
"""

import json
import re
from collections.abc import Callable

from conformance.journal.secret_names import LONGEST_NAME, is_secret

Pseudonym = Callable[[str], str]
Names = Callable[[str], bool]
"""Whether a member of this name holds a secret."""

_SPACED = re.compile(r'"\s+:')
_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)', re.DOTALL)
# Bounded, so that no text takes more time than its length.
_QUOTE = r"\\{1,8}[\"']"
_GAP = r"(?:\s|\\{1,8}[nrt]){0,40}"
_QUOTED_MEMBER = re.compile(
    rf"({_QUOTE}{_GAP}:{_GAP}{_QUOTE})((?:(?!{_QUOTE}).)*)", re.IGNORECASE | re.DOTALL
)
_LAST_WORD = re.compile(r"[\w-]+$")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s"\[\]{},:]+|\s+', re.DOTALL)
_NO_STRING = re.compile(r"\s*[\[{\d-]")
_NUMBER = re.compile(r"-?\d")
_NUMBER_PSEUDONYM = re.compile(r"4040404\d{15}")


def replace_members(text: str, pseudonym: Pseudonym, names: Names = is_secret) -> str:
    """Replace the values of the secret members of a text; JSON types stay as they are."""
    if "\\" in text:
        # Escapes quote the JSON that stands in a string.
        text = _QUOTED_MEMBER.sub(lambda found: _quoted_member(found, pseudonym, names), text)
    if _SPACED.search(text):
        return _by_pieces(text, pseudonym, names)
    parts: list[str] = []
    done, place = 0, text.find('":')
    while place >= 0:
        # Escapes may spell a name.
        if place >= done and names(_decoded(text[text.rfind('"', 0, place) + 1 : place])):
            value = _STRING.match(text, place + 2)
            if value is not None:
                parts += [text[done : value.start(1)], pseudonym(_decoded(value[1]))]
                done = value.end(1)
            elif _NO_STRING.match(text, place + 2):
                return _by_pieces(text, pseudonym, names)
        place = text.find('":', place + 2)
    return "".join([*parts, text[done:]]) if parts else text


def _quoted_member(found: re.Match[str], pseudonym: Pseudonym, names: Names) -> str:
    name = _LAST_WORD.search(found.string, max(found.start() - LONGEST_NAME, 0), found.start())
    if name is None or not names(name[0]):
        return found[0]
    return f"{found[1]}{pseudonym(found[2])}"


def _by_pieces(text: str, pseudonym: Pseudonym, names: Names) -> str:
    """Replace token by token, which finds secrets in numbers, lists and objects as well."""
    parts: list[str] = []
    name = ""
    depth = hidden_from = 0
    for piece in _PIECE.findall(text):
        secret = bool(hidden_from) or names(name)
        shown = piece
        if piece in "[{":
            depth += 1
            if secret and not hidden_from:
                hidden_from = depth
            name = ""
        elif piece in "]}":
            if hidden_from == depth:
                hidden_from = 0
            depth -= 1
            name = ""
        elif piece == ",":
            name = ""
        elif piece == ":":
            last = next((one for one in reversed(parts) if not one.isspace()), "")
            name = _decoded(last.strip('"')) if last.startswith('"') else ""
        elif secret and piece.startswith('"'):
            end = '"' if len(piece) > 1 and piece.endswith('"') else ""
            shown = f'"{pseudonym(_decoded(piece[1 : -1 if end else None]))}{end}'
        elif secret and _NUMBER.match(piece):
            shown = _number(piece, pseudonym)
        parts.append(shown)
    return "".join(parts)


def _number(digits: str, pseudonym: Pseudonym) -> str:
    """The pseudonym of a number: a number, for the contract may object to its type."""
    if _NUMBER_PSEUDONYM.fullmatch(digits):
        return digits
    shown = pseudonym(digits)
    if not shown.startswith("redacted-"):
        return json.dumps(shown)
    return f"4040404{int(shown.removeprefix('redacted-'), 16):015d}"


def _decoded(string: str) -> str:
    """The text of a JSON string; the string itself where it is not valid."""
    if "\\" not in string:
        return string
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:
        return string
