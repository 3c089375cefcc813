"""Secrets in the members of JSON texts, found without changing anything else in the text.

Cut off, malformed, or JSON within a JSON string: what stands after a secret's name is replaced.
"""

import json
import re
from collections.abc import Callable

from conformance.client.secret_names import ENDS, is_secret

Pseudonym = Callable[[str], str]

_MEMBER = re.compile(r'"([^"\\]+)"\s*:\s*')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
_GAP = r"(?:\s|\\+[nrt])*"
_QUOTED_MEMBER = re.compile(
    rf"([\w-]*(?:{'|'.join(ENDS)})s?)(\\+[\"'])({_GAP}:{_GAP})(\\+[\"'])((?:(?!\\+[\"']).)*)",
    re.IGNORECASE | re.DOTALL,
)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s"\[\]{},:]+|\s+', re.DOTALL)
_NO_STRING = frozenset("[{-0123456789")
_NUMBER = re.compile(r"-?\d")
_NUMBER_PSEUDONYM = re.compile(r"4040404\d{15}")


def replace_members(text: str, pseudonym: Pseudonym) -> str:
    """``text`` with the values of its secret members replaced; all types stay what they are."""
    if "\\" in text:
        # A name may be spelt with escapes; and what holds JSON in a string has them too.
        if "\\u00" in text:
            text = _by_pieces(text, pseudonym)
        text = _QUOTED_MEMBER.sub(lambda found: _quoted_member(found, pseudonym), text)
    parts, done = [], 0
    for found in _MEMBER.finditer(text):
        if not is_secret(found[1]) or found.start() < done:
            continue
        value = _STRING.match(text, found.end())
        if value is None:
            if text[found.end() : found.end() + 1] in _NO_STRING:
                return _by_pieces(text, pseudonym)
            continue
        parts += [text[done : value.start(1)], pseudonym(_decoded(value[1]))]
        done = value.end(1)
    return "".join([*parts, text[done:]]) if parts else text


def _quoted_member(found: re.Match[str], pseudonym: Pseudonym) -> str:
    name, end, colon, start, value = found.groups()
    if not is_secret(name):
        return found[0]
    return f"{name}{end}{colon}{start}{pseudonym(value)}"


def _by_pieces(text: str, pseudonym: Pseudonym) -> str:
    """As a reader of JSON goes: for members that hold numbers, lists or objects."""
    parts: list[str] = []
    name = ""
    depth = hidden_from = 0
    for piece in _PIECE.findall(text):
        secret = bool(hidden_from) or is_secret(name)
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
    """A number for a number: its type is what the contract may object to."""
    if _NUMBER_PSEUDONYM.fullmatch(digits):
        return digits
    return f"4040404{int(pseudonym(digits).removeprefix('redacted-'), 16):015d}"


def _decoded(string: str) -> str:
    """What a JSON string stands for; the string itself where it is none."""
    if "\\" not in string:
        return string
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:
        return string
