"""How many schemas one member of a value is checked by, through all levels above it.

Two parts of a schema may lead to the same schema for the same member, and so may that one for the
next member: the number doubles with each level. The library checks a schema that leads to itself
once for each part of a value, and any other as often as something leads to it.

Of alternatives the greatest number counts, and not their sum: contracts have many that lead on by
one name, and a value fails most of them at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_ALTERNATIVES = ("anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")


@dataclass(slots=True)
class _Counts:
    """The numbers of one schema: of what checks a value itself, each item, and each member.

    ``named`` has how much more it is for a member of that name than for any ``other``.
    """

    itself: int = 1
    item: int = 0
    other: int = 0
    named: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> int:
        return max(self.itself, self.item, self.other + max(0, 0, *self.named.values()))

    def add(self, more: "_Counts") -> None:
        """Count what checks the same value as well."""
        self.itself += more.itself
        self.item += more.item
        self.other += more.other
        self.named.update(more.named)


class ValidationWork:
    """The numbers of the schemas of one document; ``resolve`` resolves a reference."""

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self._resolve = resolve
        self._counts: dict[int, _Counts] = {}
        self._most: dict[int, int] = {}

    def of(self, schema: Any) -> int:
        """The greatest number for any part of the values of a schema."""
        # Without recursion: a chain of references may be longer than Python's stack.
        pending: list[tuple[Any, bool]] = [(schema, False)]
        entered: set[int] = set()
        while pending:
            one, is_entered = pending.pop()
            if not isinstance(one, dict) or id(one) in self._counts:
                continue
            if is_entered:
                counts = self._counts[id(one)] = self._counted(one)
                self._most[id(one)] = counts.most
            elif id(one) not in entered:
                entered.add(id(one))
                pending.append((one, True))
                below = (*self._parts(one), *_below(one))
                pending += [(part, False) for part in below if _leads_on(part)]
        return self._number(schema)

    def _counted(self, schema: dict[str, Any]) -> _Counts:
        other = self._sum(schema.get("additionalProperties"))
        everywhere = self._sum(
            *_values(schema.get("patternProperties")), schema.get("unevaluatedProperties")
        )
        each = [self._sum(one) for one in (*_items(schema.get("prefixItems")), schema.get("items"))]
        counts = _Counts(
            item=max(each) + self._sum(schema.get("contains"), schema.get("unevaluatedItems")),
            other=other + everywhere,
        )
        for name, one in _pairs(schema.get("properties")):
            counts.named[name] = self._sum(one) - other
        for part in self._parts(schema):
            counts.add(self._of(part))
        for keyword in _ALTERNATIVES:
            branches = [self._of(one) for one in _items(schema.get(keyword))]
            if branches:
                counts.add(_greatest(branches))
        return counts

    def _of(self, part: Any) -> _Counts:
        return self._counts.get(id(part), _Counts())

    def _sum(self, *schemas: Any) -> int:
        return sum(self._number(one) for one in schemas if isinstance(one, dict))

    def _number(self, schema: Any) -> int:
        """The number of a schema; 1 for one that leads to itself, and is not counted yet."""
        return self._most.get(id(schema), 1)

    def _parts(self, schema: dict[str, Any]) -> Iterator[Any]:
        """The schemas that check the same value."""
        yield from _items(schema.get("allOf"))
        yield from (schema[keyword] for keyword in _SINGLE if keyword in schema)
        yield from _values(schema.get("dependentSchemas"))
        if isinstance(schema.get("$ref"), str):
            yield self._resolve({"$ref": schema["$ref"]})


def _greatest(branches: list[_Counts]) -> _Counts:
    """The greatest number of several for each."""
    found = _Counts(
        max(one.itself for one in branches),
        max(one.item for one in branches),
        max(one.other for one in branches),
    )
    for one in branches:
        for name, more in one.named.items():
            found.named[name] = max(found.named[name], one.other + more - found.other)
    return found


_MAPS = ("properties", "patternProperties")
_OF_MEMBERS = ("additionalProperties", "unevaluatedProperties")
_OF_ITEMS = ("items", "contains", "unevaluatedItems")


def _below(schema: dict[str, Any]) -> Iterator[Any]:
    """The schemas of alternatives, members and items."""
    for keyword in _ALTERNATIVES:
        yield from _items(schema.get(keyword))
    for keyword in _MAPS:
        yield from _values(schema.get(keyword))
    yield from _items(schema.get("prefixItems"))
    yield from (schema.get(keyword) for keyword in (*_OF_MEMBERS, *_OF_ITEMS))


def _leads_on(schema: Any) -> bool:
    """Whether anything is in a schema; its number is 1 otherwise, as that of most schemas."""
    return isinstance(schema, dict) and not _LEADING_ON.isdisjoint(schema)


_LEADING_ON = frozenset(
    {"allOf", *_ALTERNATIVES, *_SINGLE, "dependentSchemas", "$ref"}
    | {*_MAPS, *_OF_MEMBERS, *_OF_ITEMS, "prefixItems"}
)


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _pairs(value: object) -> list[tuple[str, Any]]:
    return [*value.items()] if isinstance(value, dict) else []


def _values(value: object) -> list[Any]:
    return [one for _, one in _pairs(value)]
