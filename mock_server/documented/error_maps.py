"""Error bodies, and parts of them, that have what is wrong with each field under its name."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from typing import Any, Protocol

from openapi.names import spelt
from openapi.schema import types_of

_GENERAL = ("nonfielderrors", "base", "all", "general", "global", "form", "error", "message")
"""Names in such a map for what is wrong with no field, without their spelling."""


class Wrong(Protocol):
    """What is wrong with one field."""

    @property
    def field(self) -> str | None:
        """The name of the field; None where it is the whole request."""

    @property
    def code(self) -> str:
        """What is wrong, for a program."""

    @property
    def detail(self) -> str:
        """What is wrong, in words."""


def is_map(
    value: Mapping[str, Any],
    outline: Mapping[str, Any],
    fields: Set[str],
    taken: Collection[str],
) -> bool:
    """Whether an object has texts, lists or objects under names of fields, and no others.

    ``fields`` are those at fault. ``taken`` are names that mean something else, and are none of
    such a map.
    """
    members, others = outline.get("properties", {}), _others(outline)
    names = {spelt(name) for name in (*value, *members)}
    if members:
        kinds = {one for member in members.values() for one in types_of(member)}
        is_of_fields = bool(others) or not fields.isdisjoint(members)
        return is_of_fields and kinds - {"null"} == {"array"} and names.isdisjoint(taken)
    if "array" in types_of(others) or "object" in types_of(others):
        # Under such a name there is a text, or a list of all errors.
        texts = {spelt(name) for name, one in value.items() if isinstance(one, str)}
        return texts.isdisjoint(taken)
    is_told = bool(others) or bool(value)
    return is_told and names.isdisjoint(taken) and all(map(_is_entry, value.values()))


def _is_entry(value: Any) -> bool:
    return isinstance(value, str | list)


def _others(outline: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = outline.get("additionalProperties", {})
    return found


def maps_of(
    value: Mapping[str, Any],
    outline: Mapping[str, Any],
    wrong: Sequence[Wrong],
    item: Callable[[Any, Mapping[str, Any], Any], Any],
) -> Iterator[dict[str, Any]]:
    """The maps that a schema may allow, the best first.

    ``item`` makes an object with what is wrong with a field, of its form and its outline.
    """
    members = outline.get("properties", {})
    form = next(iter(value.values()), None)
    inner = _others(outline) or next(iter(members.values()), {})
    if isinstance(form, list):
        form, inner = (form or [None])[0], {**inner, "type": "array"}
    known = [one for one in wrong if one.field in members]
    for chosen in (wrong, known):
        by_name: dict[str, list[Wrong]] = {}
        for one in chosen:
            by_name.setdefault(one.field or _general({**members, **value}), []).append(one)
        for entry in _entries(form, inner, item) if by_name else ():
            yield {name: entry(several) for name, several in by_name.items()}


def _entries(
    form: Any, outline: Mapping[str, Any], item: Callable[[Any, Mapping[str, Any], Any], Any]
) -> Iterator[Callable[[Sequence[Wrong]], Any]]:
    """What there may be under a name, in the order of how likely it is by the form."""
    listed = outline.get("items", {}) if "array" in types_of(outline) else None
    kind = outline if listed is None else listed
    is_object = isinstance(form, dict) or "object" in types_of(kind)
    form = form if isinstance(form, dict) else {}

    def object_of(one: Wrong) -> Any:
        has_codes = "string" in types_of(_others(kind)) and not kind.get("properties")
        return {one.code: one.detail} if has_codes else item(form, kind, one)

    objects = (lambda all_: [object_of(one) for one in all_], lambda all_: object_of(all_[0]))
    texts = (lambda all_: [one.detail for one in all_], lambda all_: all_[0].detail)
    for several, single in (objects, texts) if is_object else (texts, objects):
        yield from (several, single) if listed is not None else (single, several)


def _general(members: Mapping[str, Any]) -> str:
    """The name for what is wrong with no field."""
    found = {spelt(name): name for name in members}
    return next((found[one] for one in _GENERAL if one in found), "error")
