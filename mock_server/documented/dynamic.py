"""Values that satisfy a schema and are new each time.

Each part is drawn by its own keywords; a value that the whole schema does not accept is drawn anew.
"""

import math
import random
import string
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, islice, repeat
from typing import Any

from openapi.discriminators import KEYWORDS, property_of
from openapi.hierarchies import Hierarchies, name_of
from openapi.references import merge_schemas
from openapi.schema import Schema, types_of
from openapi.texts import TextMaker

_ATTEMPTS = 50
_DEPTH = 6
"""From here on a value gets only what it must have."""

_MOST_VALUES = 2_000
_MOST_CHARACTERS = 100_000
_OPTIONAL = 0.8
"""How many of the optional members a value has, in the mean."""

_USUAL = 1000
"""The greatest number where the schema has no bound that excludes it."""


def dynamic_value(
    schema: Schema,
    resolve: Callable[[Any], Any],
    source: random.Random,
    hierarchies: Hierarchies | None = None,
) -> Any:
    """A new value; raises LookupError where none is found.

    With ``hierarchies`` a schema that others extend stands for these.
    """
    for _ in range(_ATTEMPTS):
        with suppress(ArithmeticError, TypeError, ValueError, RecursionError, LookupError):
            drawing = _Drawing(resolve, source, hierarchies or Hierarchies({}, resolve))
            value = drawing.value({"$ref": schema.pointer}, 0, schema.definition)
            if schema.is_valid(value):
                return value
    raise LookupError("no value that was drawn satisfies the schema")


class _Drawing:
    """One value; ``source`` is what each part of it is drawn from."""

    def __init__(
        self, resolve: Callable[[Any], Any], source: random.Random, hierarchies: Hierarchies
    ) -> None:
        self._resolve = resolve
        self._hierarchies = hierarchies
        self._random = source
        self._values = 0

    def value(self, reference: Any, depth: int, known: Any = None) -> Any:
        """A value of a schema, or of one that it refers to; ``known`` is what it leads to."""
        self._values += 1
        if self._values > _MOST_VALUES or depth > 2 * _DEPTH:
            raise LookupError("the value is too large")
        definition = self._resolve(reference) if known is None else known
        if not isinstance(definition, dict):
            return self._word(1, 12)
        name = name_of(reference)
        extending = self._hierarchies.extending(name, definition)
        if extending:
            return self.value({"$ref": self._random.choice(extending)}, depth + 1)
        definition = merge_schemas(self._resolve, definition)
        value = self._made(definition, depth)
        if name and isinstance(value, dict):
            chooser = self._hierarchies.chooser_of(name, definition)
            member, values = self._hierarchies.names(chooser, [reference])
            if values and value.get(member) not in values:
                value[member] = self._random.choice(values)
        return value

    def _made(self, definition: dict[str, Any], depth: int) -> Any:
        if "const" in definition:
            return definition["const"]
        if definition.get("enum"):
            return self._random.choice(definition["enum"])
        for keyword in KEYWORDS:
            branches = definition.get(keyword)
            if branches:
                rest = {key: one for key, one in definition.items() if key != keyword}
                branch = self._random.choice(branches)
                value = self.value({"allOf": [rest, branch]}, depth + 1)
                return _named(value, definition, branch)
        return self._of_type(definition, depth)

    def _of_type(self, definition: dict[str, Any], depth: int) -> Any:
        types = [*types_of(definition)]
        if "null" in types and len(types) > 1:
            is_null = depth > _DEPTH or self._random.random() > _OPTIONAL
            types = ["null"] if is_null else [one for one in types if one != "null"]
        kind = self._random.choice(types) if types else _type_of_keywords(definition)
        if kind in {"object", "array"}:
            draw = self._object if kind == "object" else self._array
            return draw(definition, depth)
        return self._scalar(kind, definition)

    def _scalar(self, kind: str, definition: dict[str, Any]) -> Any:
        match kind:
            case "integer":
                return int(self._number(definition, 1))
            case "number":
                return self._number(definition, 0.01)
            case "boolean":
                return self._random.choice([True, False])
            case "null":
                return None
            case _:
                return self._text(definition)

    def _object(self, definition: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = definition.get("properties", {})
        required = [*definition.get("required", ())]
        chance = _OPTIONAL if depth < _DEPTH else 0
        optional = [
            name
            for name, one in properties.items()
            if name not in required and not (isinstance(one, dict) and one.get("writeOnly") is True)
        ]
        self._random.shuffle(optional)
        least = definition.get("minProperties", 0) - len(required)
        names = [
            name for at, name in enumerate(optional) if at < least or self._random.random() < chance
        ]
        names = names[: definition.get("maxProperties", len(names) + len(required)) - len(required)]
        chosen = {*required, *names}
        others = definition.get("additionalProperties")
        value = {
            name: self.value(properties.get(name, others), depth + 1)
            for name in chain(properties, required)
            if name in chosen
        }
        if isinstance(others, dict) and not properties:
            fewest = max(definition.get("minProperties", 0), 1 if chance else 0)
            while len(value) < min(fewest, definition.get("maxProperties", fewest)):
                value[self._word(3, 8)] = self.value(others, depth + 1)
        return value

    def _array(self, definition: dict[str, Any], depth: int) -> list[Any]:
        first = definition.get("prefixItems", [])
        least = definition.get("minItems", 0)
        most = definition.get("maxItems", max(least, len(first)) + 3)
        if definition.get("items") is False:
            most = min(most, len(first))
        usual = max(least, len(first), 1)
        count = least if depth > _DEPTH else self._random.randint(usual, usual + 2)
        schemas = chain(first, repeat(definition.get("items", True)))
        items = [self.value(definition["contains"], depth + 1)] if "contains" in definition else []
        for schema in islice(schemas, int(min(count, most))):
            item = self.value(schema, depth + 1)
            if not definition.get("uniqueItems") or item not in items:
                items.append(item)
        return items

    def _number(self, definition: dict[str, Any], step: float) -> float:
        step = definition.get("multipleOf", step)
        low = definition.get("minimum", -math.inf)
        high = definition.get("maximum", math.inf)
        if "exclusiveMinimum" in definition:
            low = max(low, definition["exclusiveMinimum"] + step)
        if "exclusiveMaximum" in definition:
            high = min(high, definition["exclusiveMaximum"] - step)
        low = max(low, min(0, high - _USUAL * step) if high < 0 else 0) if low < 0 else low
        high = min(high, low + _USUAL * max(step, 1))
        found = self._random.randint(math.ceil(low / step), math.floor(high / step)) * step
        return found if isinstance(found, int) else round(found, 10)

    def _text(self, definition: dict[str, Any]) -> str:
        if "pattern" in definition:
            return TextMaker(self._random, _MOST_CHARACTERS).xeger(definition["pattern"])
        text = self._of_format(definition.get("format", ""))
        if text is not None:
            return text
        least = int(definition.get("minLength", 0))
        if least > _MOST_CHARACTERS:
            raise LookupError("the text is too long")
        most = int(definition.get("maxLength", least + 12))
        if definition.get("format") == "byte":
            fours = min(max(math.ceil(least / 4), 3), most // 4)
            return b64encode(self._random.randbytes(3 * fours)).decode()
        return self._word(max(least, min(1, most)), max(least, min(most, least + 12)))

    def _of_format(self, name: str) -> str | None:
        draw = _FORMATS.get(name)
        return draw(self._random, self._word(3, 12)) if draw else None

    def _word(self, least: int, most: int) -> str:
        count = self._random.randint(least, most)
        return "".join(self._random.choices(string.ascii_lowercase, k=count))


def _uuid(digits: str) -> str:
    """A random UUID (RFC 9562, version 4) of 32 digits."""
    parts = digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:]
    return "-".join(parts)


def _moment(form: str) -> Callable[[random.Random, str], str]:
    return lambda source, _: datetime.fromtimestamp(source.randint(0, _LATEST), UTC).strftime(form)


_LATEST = 4_000_000_000
"""The latest moment, in seconds since 1970: a time in 2096."""

_FORMATS: dict[str, Callable[[random.Random, str], str]] = {
    "date-time": _moment("%Y-%m-%dT%H:%M:%SZ"),
    "date": _moment("%Y-%m-%d"),
    "time": _moment("%H:%M:%SZ"),
    "duration": lambda source, _: f"P{source.randint(1, 90)}D",
    "uuid": lambda source, _: _uuid(f"{source.getrandbits(128):032x}"),
    "uri": lambda _, word: f"https://example.com/{word}",
    "iri": lambda _, word: f"https://example.com/{word}",
    "uri-reference": lambda _, word: f"/{word}",
    "iri-reference": lambda _, word: f"/{word}",
    "email": lambda _, word: f"{word}@example.com",
    "idn-email": lambda _, word: f"{word}@example.com",
    "hostname": lambda _, word: f"{word}.example.com",
    "idn-hostname": lambda _, word: f"{word}.example.com",
    "ipv4": lambda source, _: ".".join(map(str, source.randbytes(4))),
    "ipv6": lambda source, _: f"2001:db8::{source.getrandbits(16):x}",
}
"""A text of each format, made of a source and a word."""


def _named(value: Any, definition: dict[str, Any], branch: Any) -> Any:
    """A value of a branch with the name of that, where nothing else tells the branches apart."""
    name = property_of(definition)
    named = branch.get("properties") if isinstance(branch, dict) and "$ref" in branch else None
    usual = named.get(name, {}).get("default") if isinstance(named, dict) else None
    return {**value, name: usual} if usual is not None and isinstance(value, dict) else value


def _type_of_keywords(definition: dict[str, Any]) -> str:
    """The type that the keywords of a schema without one are for."""
    if not definition.keys().isdisjoint({"properties", "additionalProperties", "required"}):
        return "object"
    if not definition.keys().isdisjoint({"items", "prefixItems", "minItems"}):
        return "array"
    is_number = not definition.keys().isdisjoint({"minimum", "maximum", "multipleOf"})
    return "number" if is_number else "string"
