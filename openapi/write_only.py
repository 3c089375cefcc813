"""Members that requests have and no answer shows (``writeOnly``), at all levels of a body."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

import jsonschema_rs

from openapi.errors import ContractError
from openapi.item_members import Members
from openapi.schema import Schema, types_of

Place = tuple[str, ...]

ITEM = "*"
"""What stands for each item of an array in a place."""

_LEVELS = 5
"""How many levels of alternatives, and of members, are looked into where there is no value."""


class Mark(Enum):
    """What a schema says of a member: that it is hidden, that it is shown, or nothing."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    UNDOCUMENTED = "undocumented"


Leaf = tuple[Place, Any, Sequence[Mark]]
"""A plain value within a body, where it is, and what the schema says of each member on the way."""


class WriteOnly:
    """What is ``writeOnly`` in one part of a schema: an item, or a body."""

    def __init__(self, schema: Schema, path: Sequence[str | None] = ()) -> None:
        """``path`` leads from the whole to the part; None steps into each item of an array."""
        self._schema = schema
        self.reader = Members(schema.resolve)
        self._compiled: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._looked_at: dict[str, int] = {}
        self.definition: Any = schema.definition
        """The schema of the part."""
        for name in path:
            self.definition = (
                self.reader.items(self.definition)
                if name is None
                else self.reader.of(self.definition).get(name)
            )

    @property
    def names_members(self) -> bool:
        """Whether the part is of an object whose members are named."""
        return bool(self.members(self.definition))

    @property
    def has_any(self) -> bool:
        """Whether anything that the part leads to may be ``writeOnly``."""
        pending, seen = [self.definition], set[int]()
        while pending:
            one = pending.pop()
            if id(one) in seen or not isinstance(one, dict | list):
                continue
            seen.add(id(one))
            pending += one.values() if isinstance(one, dict) else one
            if isinstance(one, dict) and one.get("writeOnly") is True:
                return True
            if isinstance(one, dict) and isinstance(one.get("$ref"), str):
                with suppress(ContractError):
                    pending.append(self._schema.resolve({"$ref": one["$ref"]}))
        return False

    def leaves(self, value: object) -> Iterator[Leaf]:
        """The plain values of a body."""
        yield from self._leaves(self.definition, value, (), ())

    def _leaves(
        self, definition: Any, value: object, place: Place, marks: Sequence[Mark]
    ) -> Iterator[Leaf]:
        inner: Iterator[tuple[str, Any, Any]]
        if isinstance(value, list):
            of_items = self.reader.items(definition)
            inner = ((ITEM, one, of_items) for one in value)
        elif isinstance(value, dict):
            members = self.members(definition, value)
            others = self.others(definition)
            inner = ((name, one, members.get(name, others)) for name, one in value.items())
        else:
            yield place, value, marks
            return
        for name, one, its in inner:
            yield from self._leaves(its, one, (*place, name), (*marks, self._mark(its)))

    def hides_from(self, answer: "WriteOnly") -> bool:
        """Whether the part has a member that is ``writeOnly``, and not always shown by another."""
        self._looked_at.clear()
        return self._hides(self.definition, answer, answer.definition, _LEVELS)

    def _hides(self, definition: Any, answer: "WriteOnly", shown: Any, level: int) -> bool:
        # Members that lead to each other would be walked once for each way to them.
        seen = json.dumps([definition, shown], sort_keys=True, default=str)
        if self._looked_at.get(seen, 0) >= level:
            return False
        self._looked_at[seen] = level
        of_items = self.reader.items(definition)
        if of_items is not None and self._hides(
            of_items, answer, answer.reader.items(shown), level - 1
        ):
            return True
        others, shown_others = self.others(definition), answer.others(shown)
        members, visible = self.members(definition), answer.members(shown)
        pairs = [(one, visible.get(name, shown_others)) for name, one in members.items()]
        return any(
            (self.is_ever_hidden(one) and (its is None or answer.is_ever_hidden(its)))
            or self._hides(one, answer, its, level - 1)
            for one, its in (*pairs, *(((others, shown_others),) if others else ()))
        )

    def members(
        self, definition: Any, value: Mapping[str, Any] | None = None, level: int = _LEVELS
    ) -> Mapping[str, Any]:
        """The members of an object, those of each alternative that it may be side by side."""
        merged = self.reader.merged(definition)
        found: dict[str, list[Any]] = {}
        for branch in self._taken(merged, value) if level else ():
            for name, one in self.members(branch, value, level - 1).items():
                found.setdefault(name, []).append(one)
        own = merged.get("properties", {})
        for name, one in own.items():
            found[name] = [{"allOf": [one, its]} for its in found.get(name, ())] or [one]
        return {name: ones[0] if len(ones) == 1 else {_EACH: ones} for name, ones in found.items()}

    def _taken(self, merged: Mapping[str, Any], value: Mapping[str, Any] | None) -> Sequence[Any]:
        """The alternatives that a value may be: those that take it, where any does."""
        branches = [*merged.get("anyOf", ()), *merged.get("oneOf", ())]
        if value is None:
            return branches
        branches = [one for one in branches if self.reader.may_be(one, value)]
        taken = [one for one in branches if self._accepts(one, value)] if branches[1:] else []
        return taken or branches

    def _accepts(self, definition: Any, value: object) -> bool:
        with suppress(ContractError, ValueError):
            # By what it says: one of several parts is put together anew for each value.
            known = json.dumps(definition, sort_keys=True, default=str)
            if known not in self._compiled:
                self._compiled[known] = self._schema.compiled_part(definition)
            return self._compiled[known].is_valid(value)
        return True

    def others(self, definition: Any) -> Any:
        """The schema of the members that an object has by any name; None without any."""
        merged = self.reader.merged(definition)
        others = [merged.get("additionalProperties"), *merged.get("patternProperties", {}).values()]
        return next((one for one in others if isinstance(one, dict) and one), None)

    def _mark(self, definition: Any) -> Mark:
        if definition is None:
            return Mark.UNDOCUMENTED
        return Mark.HIDDEN if all(self._flags(definition)) else Mark.SHOWN

    def is_ever_hidden(self, definition: Any) -> bool:
        return any(self._flags(definition))

    def _flags(self, definition: Any) -> Iterator[bool]:
        """Whether a member is hidden, by each alternative that is more than null."""
        merged = self.reader.merged(definition)
        branches = definition.get(_EACH) if isinstance(definition, dict) else None
        if merged.get("writeOnly") is True or not branches:
            yield merged.get("writeOnly") is True
            return
        for one in branches:
            if [*types_of(self.reader.merged(one))] != ["null"]:
                yield from self._flags(one)


_EACH = "anyOf"
"""The keyword by which several schemas of one member stand side by side."""
