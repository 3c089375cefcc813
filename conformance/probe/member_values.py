"""Values of one member of an item: others than it has, as its schema allows them."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.probe.parameter_values import another_like
from conformance.probe.taken_bodies import without_rules
from openapi.sample import FORMATS, part_of
from openapi.schema import Schema, types_of
from openapi.texts import drawn_by

_DAYS = (30, 31, 1, -1)
"""The days from today of dates that rules of business mostly take."""

_DRAWN = 4
"""So many texts are drawn by a pattern."""

TIMES = {"date", "date-time", "time"}
"""The formats of texts that have an order."""


def is_free_text(definition: Mapping[str, Any]) -> bool:
    """Whether a member is a text of which there are as many as one wants, in no order."""
    is_chosen = {"enum", "const"} & definition.keys() or definition.get("format") in TIMES
    return "string" in types_of(definition) and not is_chosen


def other_values(definition: Mapping[str, Any], value: object) -> Iterator[Any]:
    """Plain values of a member beside the one that it has, which may be none.

    Not each is valid: its schema has to be asked.
    """
    for one in _tried(definition, value):
        if one is not None and one != value:
            yield one


def other_data(schema: Schema, definition: Mapping[str, Any], value: object) -> Iterator[Any]:
    """Lists and objects for a member of a schema, beside the one that it has.

    Each has nothing in it that rules of business are often on. Not each is valid.
    """
    full = without_rules(part_of(schema, definition, is_full=True))
    if not isinstance(full, list | dict):
        return
    if value is None:
        yield full
    leaves = [*_leaves(full)]
    yield _changed(full, leaves)
    yield from (_changed(full, [one]) for one in leaves[:_MOST_LEAVES])


_Path = tuple[str | int, ...]

_MOST_LEAVES = 12
"""So many values within a member are changed, each alone."""


def _leaves(value: object, path: _Path = ()) -> Iterator[_Path]:
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path
    for step, one in inner:
        yield from _leaves(one, (*path, step))


def _changed(value: Any, leaves: Sequence[_Path]) -> Any:
    """A value with others at these places."""
    if isinstance(value, dict):
        return {name: _changed(one, _below(leaves, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, _below(leaves, place)) for place, one in enumerate(value)]
    if not leaves:
        return value
    if isinstance(value, str):
        return another_like(value) or secrets.token_hex(3)
    return value + 1


def _below(leaves: Sequence[_Path], step: str | int) -> list[_Path]:
    return [one[1:] for one in leaves if one[:1] == (step,)]


def _tried(definition: Mapping[str, Any], value: object) -> Iterator[Any]:
    types = types_of(definition)
    if "enum" in definition:
        yield from definition["enum"]
    elif "boolean" in types:
        yield from (True, False)
    elif {"integer", "number"} & {*types}:
        known = value if isinstance(value, int) and not isinstance(value, bool) else 1
        yield from (known + 1, known - 1, definition.get("minimum"), definition.get("maximum"))
    elif definition.get("format") in TIMES:
        day = datetime.now(UTC).replace(microsecond=0)
        for later in (day + timedelta(days=one) for one in _DAYS):
            text = later.isoformat().replace("+00:00", "Z")
            yield {"date": text[:10], "time": FORMATS["time"]}.get(definition["format"], text)
    elif isinstance(pattern := definition.get("pattern"), str):
        yield from drawn_by(pattern, _DRAWN)
    elif "string" in types:
        yield secrets.token_hex(6)
        yield secrets.token_hex(1)
        yield another_like(value) if isinstance(value, str) else None
