"""Resolution of JSON pointers and ``$ref`` in one document, and the merging of schemas by it."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import quote, unquote

from openapi.document import MAX_DEPTH, Document, name_of
from openapi.errors import ContractError


def encoded(pointer: str) -> str:
    """A JSON pointer as a URI reference: any character but those of pointers percent-encoded."""
    return f"#{quote(pointer.removeprefix('#'), safe='/~')}"


class _End(NamedTuple):
    """The end of a chain of references, its pointer, and how many references lead to it."""

    node: Any
    pointer: str
    steps: int


def _reference_in(node: Any, *, alone: bool) -> str | None:
    """The reference that a node is; None for any other, and for one of several keywords."""
    if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
        return None
    return None if alone and len(node) > 1 else unquote(node["$ref"])


def _position(step: str) -> int:
    """The index that a step of a pointer is in a list; raises ValueError for any other text."""
    if not step.isdecimal():
        raise ValueError(step)
    return int(step)


class References:
    """Resolver of the JSON pointers and local references of one document.

    A pointer has the form ``#/components/...`` and is not percent-encoded; a reference may be.
    ``view`` has what stands for a value of the document.
    """

    def __init__(self, document: Document, view: Callable[[Any], Any] = lambda node: node) -> None:
        self._document = document
        self._view = view
        self._ends: dict[tuple[str, bool], _End | ContractError] = {}
        self._values: dict[str, Any] = {}  # most pointers of a contract are looked up many times

    def at(self, pointer: str) -> Any:
        """Look up the value at ``pointer``; raises :class:`ContractError` where there is none."""
        if pointer not in self._values:
            found: Any = self._document
            try:
                for step in pointer.split("/")[1:]:
                    name = name_of(step)
                    found = found[_position(name)] if isinstance(found, list) else found[name]
            except (LookupError, ValueError, TypeError) as error:
                raise ContractError(pointer, "does not exist") from error
            self._values[pointer] = self._view(found)
        return self._values[pointer]

    def follow(self, node: Any, pointer: str, *, alone: bool = False) -> tuple[Any, str]:
        """Resolve ``node``, which stands at ``pointer``, through any chain of references.

        Returns the object at the end and its pointer. In schemas, keywords beside a ``$ref``
        apply as well: ``alone`` ends the chain there. Raises :class:`ContractError` for a
        reference to another file, to nothing, to a value that is no object, or to itself, and for a
        longer chain than ``MAX_DEPTH``.
        """
        steps: list[str] = []
        seen: set[str] = set()
        end: _End | ContractError
        while True:
            reference = _reference_in(node, alone=alone)
            if reference is None:
                end = _End(node, pointer, 0)
                break
            if known := self._ends.get((reference, alone)):
                end = known
                break
            try:
                if reference in seen:
                    raise ContractError(pointer, f"refers to itself through {reference}")  # noqa: TRY301 - as other failures
                node, pointer = self._target(reference, pointer), reference
            except ContractError as error:
                end = error
                break
            seen.add(reference)
            steps.append(reference)
        # Chains may share their ends, and each of a long one be looked up.
        for reference in reversed(steps):
            self._ends[reference, alone] = end
            end = end._replace(steps=end.steps + 1) if isinstance(end, _End) else end
        if isinstance(end, ContractError):
            raise ContractError(end.place, end.reason) from end
        if end.steps > MAX_DEPTH:
            raise ContractError(end.pointer, f"stands behind more than {MAX_DEPTH} references")
        return end.node, end.pointer

    def _target(self, reference: str, pointer: str) -> Any:
        """The object that a reference at ``pointer`` leads to."""
        if reference.startswith("#") and not reference.startswith("#/"):
            raise ContractError(pointer, f"refers to {reference}, which no schema is named")
        if not reference.startswith("#/"):
            reason = "only files below the contract's folder are followed"
            raise ContractError(pointer, f"refers to {reference}: {reason}")
        try:
            target = self.at(reference)
        except ContractError as error:
            reason = f"refers to {reference}, which does not exist"
            raise ContractError(pointer, reason) from error
        if not isinstance(target, dict | bool):  # a schema may be true or false
            raise ContractError(pointer, f"refers to {reference}, which is no object")
        return target

    def leading_to(self, reference: str) -> list[Any]:
        """What a reference leads to, in a list; empty where that is nothing."""
        try:
            return [self.at(unquote(reference))]
        except ContractError:
            return []

    def resolve_schema(self, definition: Any) -> Any:
        """Resolve a schema that is only a reference; any other is returned as it is."""
        return self.follow(definition, "#", alone=True)[0]


def merge_schemas(
    resolve: Callable[[Any], Any], definition: dict[str, Any], within: tuple[int, ...] = ()
) -> dict[str, Any]:
    """Merge the ``allOf`` parts and the ``$ref`` of a schema into one schema, as an approximation.

    Properties, items, required names and what is excluded are united, of bounds, enumerations,
    patterns and multiples what all parts allow is kept, and of other keywords the outermost value.
    ``resolve`` resolves a reference. ``within`` holds the ids of the enclosing schemas: a part
    that contains itself adds nothing.
    """
    parts = [resolve(part) for part in definition.get("allOf", [])]
    if "$ref" in definition:
        parts.append(resolve({"$ref": definition["$ref"]}))
    if not parts:
        return definition
    within = (*within, id(definition))
    merged = {key: value for key, value in definition.items() if key not in {"allOf", "$ref"}}
    for part in parts:
        if not isinstance(part, dict) or id(part) in within:
            continue
        flat = merge_schemas(resolve, part, within)
        properties = dict(flat.get("properties", {}))
        for name, one in merged.get("properties", {}).items():
            properties[name] = {"allOf": [one, properties[name]]} if name in properties else one
        required = [*merged.get("required", []), *flat.get("required", [])]
        items = [one["items"] for one in (merged, flat) if isinstance(one.get("items"), dict)]
        excluded = [one["not"] for one in (merged, flat) if "not" in one]
        merged = {**flat, **merged, **_shared(merged, flat)}
        if len(excluded) > 1:
            merged["not"] = {"anyOf": excluded}
        if len(items) > 1:
            merged["items"] = {"allOf": items}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(dict.fromkeys(required))
    return merged


def _shared(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What two schemas allow together, of keywords that each of them has."""
    found: dict[str, Any] = {}
    for keyword, pick in _NARROWER.items():
        one, other = first.get(keyword), second.get(keyword)
        if _is_number(one) and _is_number(other):
            found[keyword] = pick(one, other)
    if isinstance(first.get("enum"), list) and isinstance(second.get("enum"), list):
        known = {_written(one) for one in second["enum"]}
        both = [one for one in first["enum"] if _written(one) in known]
        found |= {"enum": both} if both else {}
    patterns = [name for one in (first, second) for name in patterns_of(one)]
    if len(set(patterns)) > 1:
        found[ALL_PATTERNS] = [*dict.fromkeys(patterns)]
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(value: Any) -> str:
    """A value as JSON: true is 1 in Python alone."""
    return json.dumps(value, sort_keys=True, default=str)


def patterns_of(merged: Mapping[str, Any]) -> list[str]:
    """The patterns that a text must have by a merged schema, of each of its parts."""
    found = merged.get(ALL_PATTERNS) or [merged.get("pattern")]
    return [one for one in found if isinstance(one, str)]


ALL_PATTERNS = "x-dinie-patterns"
"""The keyword of a merged schema with the patterns of its parts, where they have several."""


_LARGEST = 10**60
"""Beyond it, multiples of two numbers are those of one: nobody has such values."""


def _multiple(first: float, second: float) -> float:
    """The least number that is a multiple of both."""
    if not (0 < first < _LARGEST and 0 < second < _LARGEST):  # infinity is no fraction
        return first
    one, other = (Fraction(it if isinstance(it, int) else str(it)) for it in (first, second))
    found = Fraction(
        math.lcm(one.numerator, other.numerator), math.gcd(one.denominator, other.denominator)
    )
    return int(found) if found.denominator == 1 else float(found)


_NARROWER: Mapping[str, Callable[[float, float], float]] = {
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"),
        max,
    ),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    "multipleOf": _multiple,
}
"""By the keyword: the value that two schemas with one each allow together."""


def combined(
    resolve: Callable[[Any], Any], definition: Any, known: dict[int, int], depth: int = 0
) -> int:
    """Count the schemas that a value is checked by at once: the parts of a schema, and theirs.

    A part that several parts share counts for each of them, as it is merged and checked for each.
    ``known`` has the counts of earlier calls by the id of a schema. Raises RecursionError for parts
    in parts beyond ``MAX_DEPTH``.
    """
    if not isinstance(definition, dict):
        return 1
    if id(definition) in known:
        return known[id(definition)]
    if depth > MAX_DEPTH:
        raise RecursionError
    known[id(definition)] = 1  # for a part that contains the whole
    parts = [part for keyword in _LISTING for part in definition.get(keyword, ())]
    parts += [definition[keyword] for keyword in _CONDITIONAL if keyword in definition]
    if "$ref" in definition:
        parts.append(resolve({"$ref": definition["$ref"]}))
    known[id(definition)] += sum(combined(resolve, part, known, depth + 1) for part in parts)
    return known[id(definition)]


_LISTING = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("not", "if", "then", "else")

COMBINING = frozenset({*_LISTING, *_CONDITIONAL, "$ref"})
"""The keywords whose schemas check the same value."""


def member_names(
    resolve: Callable[[Any], Any], definition: Any, inside: Collection[str] = ()
) -> frozenset[str]:
    """The names of the properties of a schema and of its parts, each part looked at once.

    They are also those of what is in a property that ``inside`` names in lower case.
    """
    names: set[str] = set()
    seen: set[int] = set()
    pending = [definition]
    while pending:
        one = pending.pop()
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        properties = one.get("properties")
        if isinstance(properties, dict):
            names.update(properties)
            pending += [one for name, one in properties.items() if str(name).lower() in inside]
        for keyword in _LISTING:
            parts = one.get(keyword)
            pending += parts if isinstance(parts, list) else ()
        if isinstance(one.get("$ref"), str):
            with suppress(ContractError):
                pending.append(resolve({"$ref": one["$ref"]}))
    return frozenset(names)


MAX_OUTLINE = 10_000
"""The limit of schemas in one outline: what is beyond has neither types nor members."""


def outline(
    resolve: Callable[[Any], Any],
    definition: Any,
    depth: int = 3,
    left: Iterator[int] | None = None,
) -> dict[str, Any]:
    """Reduce a schema to its types, items and properties, by which text is parsed into values.

    What is said of members by other names, or by the first of the patterns for these, is there too.

    References, ``allOf``, ``anyOf`` and ``oneOf`` are merged in, down to ``depth`` levels. What is
    ``readOnly`` or ``writeOnly`` stays so.
    """
    left = left or iter(range(MAX_OUTLINE))
    definition = resolve(definition)
    if not isinstance(definition, dict) or next(left, None) is None:
        return {}
    merged = merge_schemas(resolve, definition)
    declared = merged.get("type", [])
    types = [declared] if isinstance(declared, str) else list(declared)
    if not types:
        values = [merged["const"]] if "const" in merged else merged.get("enum", [])
        types = [_TYPE_NAMES[type(value)] for value in values]
    properties, items = dict(merged.get("properties", {})), merged.get("items")
    alternatives = [*merged.get("anyOf", []), *merged.get("oneOf", [])] if depth else []
    for branch in (outline(resolve, one, depth - 1, left) for one in alternatives):
        types += branch["type"] if branch and not declared else []
        properties = {**branch.get("properties", {}), **properties}
        items = items if items is not None else branch.get("items")
    reduced: dict[str, Any] = {"type": list(dict.fromkeys(types))}
    reduced |= {flag: True for flag in ("readOnly", "writeOnly") if merged.get(flag) is True}
    if properties and depth:
        reduced["properties"] = {
            name: outline(resolve, one, depth - 1, left) for name, one in properties.items()
        }
    if items is not None and depth:
        reduced["items"] = outline(resolve, items, depth - 1, left)
    others = [merged.get("additionalProperties"), *merged.get("patternProperties", {}).values()]
    described = next((one for one in others if isinstance(one, dict) and one), None)
    if described and depth:
        reduced["additionalProperties"] = outline(resolve, described, depth - 1, left)
    return reduced


_TYPE_NAMES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
