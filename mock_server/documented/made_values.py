"""Values that a server makes for a new item: its id, and its timestamps."""

import math
import re
import secrets
import string
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mock_server.partners.clock import timestamp
from openapi.resource import says_ended
from openapi.schema import types_of
from openapi.texts import drawn_by

_PREFIX = re.compile(r".*[_\-:./]|[A-Za-z]+(?=\d+$)")
_HEX = frozenset("0123456789abcdef")
_CREATED = re.compile(r"creat|insert|register|added|submitted|opened|received", re.IGNORECASE)
_UPDATED = re.compile(r"updat|modif|chang", re.IGNORECASE)
_MILLISECONDS = 10**11
_LETTERS = 16
_SECRET_LETTERS = 40
_SHORTEST_HEX = 8
_FEW_DIGITS = 6
_BY_PATTERN = 8


def new_ids(definition: Mapping[str, Any], example: object, number: int) -> Iterator[Any]:
    """Ids to try, the likeliest first: by the type, the format and the example of the member.

    ``number`` is one that no other item of the collection was given.
    """
    kinds = types_of(definition)
    if "string" not in kinds and ({"integer", "number"} & set(kinds) or _is_number(example)):
        yield from _numbers(definition, number)
        return
    if definition.get("format") == "uuid" or _is_uuid(example):
        yield str(uuid.uuid4())
        return
    form = str(definition.get("format"))
    # Times in the form of an example would soon repeat.
    if form in _OF_FORMAT and (example is None or form in {"date", "date-time"}):
        yield _OF_FORMAT[form](number)
    pattern = definition.get("pattern")
    if isinstance(example, str) and example:
        yield _like(example, number)
    if isinstance(pattern, str):
        yield from drawn_by(pattern, _BY_PATTERN)
    length = min(_LETTERS, int(definition.get("maxLength", _LETTERS)))
    length = max(length, int(definition.get("minLength", 0)))
    yield secrets.token_hex(length)[:length]
    yield str(number)


_DAY = 24 * 3600
_FIRST_DAY = datetime(2027, 1, 1, tzinfo=UTC).timestamp()

_OF_FORMAT: Mapping[str, Callable[[int], str]] = {
    "date-time": lambda number: timestamp(_FIRST_DAY + number),
    "date": lambda number: timestamp(_FIRST_DAY + number * _DAY).partition("T")[0],
    "email": "someone{}@example.com".format,
    "idn-email": "someone{}@example.com".format,
    "hostname": "host{}.example.com".format,
    "uri": "https://example.com/{}".format,
    "iri": "https://example.com/{}".format,
}
"""Ids of formats that no arbitrary text has, by the number of the item."""


def new_secrets(definition: Mapping[str, Any], example: object, number: int) -> Iterator[Any]:
    """Secrets to try, the likeliest first: with the prefix of the example, and beyond guessing."""
    if isinstance(example, str) and definition.get("format") != "uuid" and not _is_uuid(example):
        prefix = found[0] if (found := _PREFIX.match(example)) else ""
        if len(example) - len(prefix) < _SECRET_LETTERS:
            yield prefix + secrets.token_hex(_SECRET_LETTERS // 2)
    yield from new_ids(definition, example, number)


def _numbers(definition: Mapping[str, Any], number: int) -> Iterator[int]:
    step = definition.get("multipleOf", 1)
    least = definition.get("minimum", definition.get("exclusiveMinimum", 0))
    first = math.floor(least / step) if isinstance(least, int | float) else 0
    yield from (int((first + number + more) * step) for more in (0, 1) if first > 0)
    yield int(number * step)


def _like(example: str, number: int) -> str:
    """A text of the form of another: its prefix, and other characters of the same kinds."""
    prefix = found[0] if (found := _PREFIX.match(example)) else ""
    rest = example[len(prefix) :]
    if rest.isdigit() and len(rest) <= _FEW_DIGITS:
        return f"{prefix}{number:0{len(rest)}d}"
    is_hex = len(rest) >= _SHORTEST_HEX and set(rest) <= _HEX and not rest.isdigit()
    return prefix + "".join(_another(one, is_hex=is_hex) for one in rest)


def _another(character: str, *, is_hex: bool) -> str:
    if is_hex:
        return secrets.choice("0123456789abcdef")
    for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in kind:
            return secrets.choice(kind)
    return character


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def timestamps(
    members: Mapping[str, Mapping[str, Any]], example: Mapping[str, Any], now: float, *, new: bool
) -> dict[str, Any]:
    """The members that say when an item was made and changed, with the present time."""
    found = {}
    for name, definition in members.items():
        if _UPDATED.search(name) or (new and _CREATED.search(name)):
            value = instant(definition, example.get(name), now, name)
            if value is not None:
                found[name] = value
    return found


def is_past_time(name: str) -> bool:
    """Whether a member is called as a time that a new item has behind it: ``placedAt``."""
    return bool(_AT.search(name)) and not (_COMING.search(name) or says_ended(name, value=True))


_AT = re.compile(r"(?<=[a-z])At$|_at$")

_COMING = re.compile(
    r"expir|due|ends|ending|until|next|schedul|renew|retir|finish|complet|deadline", re.IGNORECASE
)
"""Names of times that are to come."""


def instant(definition: Mapping[str, Any], example: object, now: float, name: str = "") -> Any:
    """The present time as a member has its times; None where it has none.

    ``name`` says of an integer without an example whether it is a time.
    """
    kinds, form = types_of(definition), definition.get("format")
    if form == "date-time" or (form is None and _is_date_time(example)):
        return timestamp(now)
    if form == "date":
        return datetime.fromtimestamp(now, UTC).date().isoformat()
    is_made_up = example is None or example in (0, definition.get("minimum"))
    is_named = is_made_up and form in _COUNTS and _TIMES.search(name)
    if {"integer", "number"} & set(kinds) and (
        _UNIX.match(form or "") or is_named or _is_recent(example)
    ):
        is_fine = _is_number(example) and example > _MILLISECONDS  # type: ignore[operator]
        return int(now * 1000) if is_fine or "milli" in (form or "") else int(now)
    return None


_UNIX = re.compile(r"unix-?_?time|timestamp|epoch", re.IGNORECASE)
"""Formats of a Unix time."""

_COUNTS = (None, "int32", "int64")
"""Formats of an integer that may be a Unix time."""

_TIMES = re.compile(r"(^created|^updated|^modified|At|_at|On|_on|[Tt]ime|[Tt]imestamp)$")
"""Names of members that say when something was."""


def _is_date_time(value: object) -> bool:
    return isinstance(value, str) and bool(re.match(r"\d{4}-\d\d-\d\d[Tt]\d\d:", value))


def _is_recent(example: object) -> bool:
    """Whether a number is a Unix time of the last decades."""
    return _is_number(example) and example > 10**9  # type: ignore[operator]


def is_of_server(name: str) -> bool:
    """Whether a member among others that clients write is an id of the server's, or a time."""
    return bool(_CREATED.search(name) or _UPDATED.search(name)) or name in _SERVER_IDS


_SERVER_IDS = {"id", "uid", "uuid", "guid"}


def is_created_time(name: str) -> bool:
    """Whether a member says when an item was made."""
    return bool(_CREATED.search(name))
