"""The requests of the payments server, and what is read in them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LARGEST_BODY = 100_000

Item = dict[str, Any]


class Refusal(Exception):
    """A request that is refused."""

    def __init__(self, status: int, kind: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"kind": kind, "message": message, **({"field": name} if name else {})}
        }


@dataclass(frozen=True)
class Call:
    """One request, read."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    partner: str


def object_of(call: Call, wanted: str = "application/json") -> Item:
    """The JSON object of a body."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != wanted:
        raise Refusal(400, "unreadable", f"Send the body as {wanted}.")
    if call.headers.get("content-encoding", "identity") not in {"identity", ""}:
        raise Refusal(400, "unreadable", "The coding is unknown.")
    if len(call.body) > LARGEST_BODY:
        raise Refusal(400, "unreadable", "The body is too large.")

    def none(text: str) -> None:
        raise ValueError(text)

    body: object = None
    with suppress(ValueError, RecursionError):
        body = json.loads(call.body.decode(), parse_constant=none)
    if not isinstance(body, dict):
        raise Refusal(400, "unreadable", "The body is no JSON object.")
    return body


def text_of(body: Item, name: str, least: int, most: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise Refusal(400, "invalid", f"{name} has from {least} to {most} characters.", name)
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise Refusal(400, "invalid", f"{name} holds characters that cannot be kept.", name)
    return value


def instant_of(body: Item, name: str) -> str:
    value = body.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in str(value).upper():
        raise Refusal(400, "invalid", f"{name} must be a date-time.", name)
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise Refusal(400, "invalid", f"{name} is out of range.", name) from None
    return utc.isoformat().replace("+00:00", "Z")


def number_of(
    query: Mapping[str, Sequence[str]], name: str, usual: int, least: int, most: int
) -> int:
    found = query.get(name)
    if found is None:
        return usual
    text = found[-1]
    if len(found) > 1 or not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise Refusal(400, "invalid", f"{name} is a whole number.", name)
    if not least <= int(text) <= most:
        raise Refusal(400, "invalid", f"{name} is from {least} to {most}.", name)
    return int(text)
