"""Members of JSON that a target answered with, read by their type."""

import math
from collections.abc import Iterator, Mapping

from openapi.item_members import value_at

JsonObject = dict[str, object]


def pointer(place: str, name: str) -> str:
    """The JSON pointer of a member of the object at ``place`` (RFC 6901)."""
    return f"{place}/{name.replace('~', '~0').replace('/', '~1')}"


def strings_in(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """The strings of a document, its names of members aside, each with its JSON pointer."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from strings_in(one, pointer(place, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from strings_in(one, f"{place}/{number}")


def text_in(members: Mapping[str, object], name: str) -> str | None:
    """A member that is a string; None for any other."""
    value = members.get(name)
    return value if isinstance(value, str) else None


def identifier_in(members: Mapping[str, object], name: str) -> str | None:
    """A member that names something, as a text: a string or an integer; None for any other.

    It may stand in a member: ``metadata/name``.
    """
    value = value_at(members, name)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an integer as well (JSON Schema 2020-12 validation, 6.1.1)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def number_in(members: Mapping[str, object], name: str) -> float | None:
    """A member that is a number, infinite where it is too large; None for any other."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def objects_in(members: Mapping[str, object], name: str) -> list[JsonObject]:
    """The objects in a member that is an array; none where it is anything else."""
    value = members.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
