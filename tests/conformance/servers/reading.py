"""Bodies as they come in: what can be read, and what is taken."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.servers.answers import Problem
from tests.conformance.servers.options import Bug, Options, Validation

LONGEST_NAME = 255

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:)(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_USUAL_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


_MOST_BRACKETS = 500
"""Where a decoder runs out of stack, CPython 3.11 may end the process, and the tests with it."""


class Unreadable(Exception):
    """The body is no JSON, or no object: 400."""


class Invalid(Exception):
    """The body holds fields that are missing or wrong: 422, with a text for each."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a readable request asks for."""

    name: str
    expires_at: datetime | None
    end: str | None = field(default=None, compare=False)
    """``expires_at`` as it was sent."""


def value_of(body: bytes, content_type: str, options: Options) -> Any:
    """The JSON in a body."""
    lenient = options.validation is Validation.LENIENT
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not lenient:
        if options.bug is Bug.OTHER_TYPES_ARE_415:
            raise Problem(415, "The Content-Type must be application/json.")
        raise Unreadable("The Content-Type must be application/json.")
    if body.count(b"[") + body.count(b"{") > _MOST_BRACKETS:
        raise Unreadable("The body is nested too deeply.")
    try:
        # The standard library also takes UTF-16 and NaN.
        return json.loads(body) if lenient else json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Unreadable("The body must be JSON.") from None


def _refuse(name: str) -> None:
    raise ValueError(name)


def wanted(value: Any, options: Options) -> Wanted:
    """What it asks for; raises :class:`Invalid` with all that is wrong."""
    if not isinstance(value, dict):
        raise Invalid({"body": "must be an object"})
    name, end = value.get("name"), value.get("expires_at")
    if options.bug is Bug.NUMBERS_ARE_NAMES and isinstance(name, int):
        name = str(name)
    if options.bug is Bug.NAMES_ARE_STRIPPED and isinstance(name, str):
        name = name.strip()
    expires_at = _instant(end, options) if isinstance(end, str) else None
    faults = {"name": _fault_of_name(name, options)}
    if end is not None:
        faults["expires_at"] = _fault_of_end(expires_at, options)
    if options.validation is Validation.STRICT:
        faults |= dict.fromkeys(sorted(value.keys() - {"name", "expires_at"}), "is unknown")
    found = {field: fault for field, fault in faults.items() if fault}
    if found:
        raise Invalid(found)
    return Wanted(str(name), expires_at, end)


def _fault_of_name(name: Any, options: Options) -> str:
    if not isinstance(name, str):
        return "must be a string"
    if options.validation is Validation.LENIENT or options.bug is Bug.SURROGATES_ARE_A_FAILURE:
        return ""
    categories = {unicodedata.category(one) for one in name}
    if options.validation is Validation.USUAL:
        return "must be text" if "Cs" in categories else ""
    printable = name.strip() and not categories & {"Cc", "Cf", "Cs"}
    return "" if printable and len(name) <= LONGEST_NAME else "must be a short printable text"


def _fault_of_end(expires_at: datetime | None, options: Options) -> str:
    if expires_at is None:
        return "must be a date-time"
    now, years = datetime.now(UTC), options.longest_life_years
    if options.validation is Validation.STRICT and expires_at < now:
        return "must be to come"
    return "is too far away" if years and expires_at.year > now.year + years else ""


def _instant(text: str, options: Options) -> datetime | None:
    """The instant in UTC, None for what is none or lies outside the calendar."""
    if options.bug is Bug.OFFSETS_ARE_DROPPED:
        text = re.sub(r"[+-]\d\d:\d\d$", "Z", text)
    if options.bug is Bug.OFFSETS_ARE_REFUSED and not text.endswith("Z"):
        return None
    if options.validation is Validation.STRICT and not _USUAL_DATE.fullmatch(text):
        return None
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            lenient = options.validation is Validation.LENIENT
            return datetime.fromisoformat(text).replace(tzinfo=UTC) if lenient else None
        day, minutes, second, fraction, offset = found.groups()
        leap = second == "60"
        moment = datetime.fromisoformat(
            f"{day}T{minutes}{'59' if leap else second}{(fraction or '')[:7]}{offset.upper()}"
        )
        return (moment + timedelta(seconds=leap)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
