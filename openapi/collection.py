"""Collections: where a POST makes what operations by id show, by paths, links and schemas."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from openapi.errors import ContractError
from openapi.item_members import (
    ItemPlace,
    Members,
    body_of,
    id_text,
    item_place,
    objects_in,
    value_at,
)
from openapi.item_paths import LAST_PARAMETER, shape_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation, Parameter

_LONGEST_ID = 1000
"""The most characters of an id: it stands in paths and in ``Location``, which servers bound."""


@dataclass(frozen=True, eq=False)
class Collection:
    """The operations on the items of one path.

    ``base`` is the shape of the path that items lie below, and ``nested`` has the shapes of those
    that have the same items in a parent: ``/docs/{}/comments`` beside ``/comments``.
    ``id_parameters`` has the name of the parameter with the id, for each operation by id. ``key``
    has the members that stand in the path of one item, in their order: the id alone, or several
    with the id among them (``series`` and ``number`` of ``/invoices/{series}/{number}``).
    ``updates`` change an item by its id, and ``updates_in_body`` are those on the path of the
    collection, whose body has the id; ``clears`` delete there what the list shows. ``makers`` make
    items; without any there is one from the beginning, as the contract has it. ``id`` is empty
    where items do not show theirs, and ``metadata/name`` where it stands in a member of theirs.
    """

    base: str
    nested: frozenset[str]
    makers: Sequence[Operation]
    reads: Sequence[Operation]
    deletes: Sequence[Operation]
    updates: Sequence[Operation]
    updates_in_body: Sequence[Operation]
    lists: Sequence[Operation]
    clears: Sequence[Operation]
    id: str
    key: Sequence[str]
    id_parameters: Mapping[Operation, str]
    reader: Members

    @cached_property
    def _asked_by(self) -> dict[Operation, Sequence[ItemPlace]]:
        return {}

    @property
    def create(self) -> Operation:
        """The first operation that makes items, or else writes them."""
        return next(iter((*self.makers, *self.updates)))

    @property
    def is_there(self) -> bool:
        """Whether what is shown is there before anybody writes it."""
        return not self.makers

    @property
    def read(self) -> Operation | None:
        """The first operation that shows an item by its id."""
        return next(iter(self.reads), None)

    def path(self, operation: Operation, parameters: Mapping[str, Any]) -> str:
        """The path of the collection in a request, in a parent too: ``/customers/7/payments``."""
        shape = shape_of(operation.path)
        shape = self.base_of_item(shape) if operation in self.id_parameters else shape
        return self._filled(self.bases(shape)[0], operation, parameters)

    def base_of_item(self, shape: str) -> str:
        """The shape of the path that an item lies below, by that of its own."""
        return shape.removesuffix("/{}" * len(self.key))

    def key_parameters(self, operation: Operation) -> Sequence[str]:
        """The parameters of an operation by id that name the item, in their order."""
        names = PATH_PARAMETER.findall(operation.path)
        return names[-len(self.key) :] if operation in self.id_parameters else ()

    def text_of_key(self, item: Mapping[str, Any]) -> str | None:
        """What stands for an item in its path; None where it lacks a part of that."""
        values = [value_at(item, name) for name in self.key]
        return "/".join(map(id_text, values)) if all(map(_is_plain, values)) else None

    def bases(self, shape: str) -> tuple[str, str]:
        """The shape of the path that items of a request lie below, and that without a parent."""
        return (shape if shape in self.nested else self.base), self.base

    def flat_path(self, operation: Operation, parameters: Mapping[str, Any]) -> str:
        """The path of the collection in a request, without a parent that others do not have."""
        return self._filled(self.base, operation, parameters)

    def _filled(self, shape: str, operation: Operation, parameters: Mapping[str, Any]) -> str:
        own = self.key_parameters(operation)
        names = [one for one in PATH_PARAMETER.findall(operation.path) if one not in own]
        for name in names:
            shape = shape.replace("{}", id_text(parameters.get(name)), 1)
        return shape

    @property
    def is_made_here(self) -> bool:
        """Whether nothing makes items but operations on the paths that they lie below."""
        paths = {LAST_PARAMETER.sub("", shape_of(one.path)) for one in self.makers}
        return bool(paths) and paths <= {self.base, *self.nested}

    def takes_id(self, value: object) -> bool:
        """Whether a value can be an id: each operation by id takes it in its path."""
        if not _is_plain(value) or value == "":
            return False
        if len(str(value)) > _LONGEST_ID:
            return False
        schemas = [one.schema for one in self.ids_in_paths]
        with suppress(ContractError):  # of an operation that is not served
            return all(one.is_valid(value) or one.is_valid(str(value)) for one in schemas)
        return True

    @cached_property
    def ids_in_paths(self) -> Sequence[Parameter]:
        """The parameter with the id of each operation by id."""
        return [
            one
            for operation, name in self.id_parameters.items()
            for one in operation.parameters
            if one.location == "path" and one.name == name
        ]

    @property
    def shows_what_is_sent(self) -> bool:
        """Whether its read has a member of what makes its items, or else what makes them does."""
        return next(iter((*self.reads, *self.makers))) in self.shown

    @property
    def noun(self) -> str:
        """What its items are called in its path: ``payments``."""
        return self.base.rpartition("/")[2]

    @cached_property
    def shown(self) -> Mapping[Operation, ItemPlace]:
        """Where the answers of its operations have an item, for those that have one."""
        found = {}
        for operation in (
            *self.makers,
            *self.reads,
            *self.deletes,
            *self.updates,
            *self.updates_in_body,
        ):
            media_type = body_of(operation, operation.success_status)
            schema = media_type.schema if media_type else None
            place = schema and self.place_in(schema.definition)
            if place:
                found[operation] = place
        return found

    def place_in(self, definition: Any) -> ItemPlace | None:
        """Where an answer has an item: the object with the id, or with most of what is sent."""
        if self.id:
            return item_place(self.reader, definition, self.id, self.noun)
        objects = objects_in(self.reader, definition, self.noun)
        found = [(len(self._sent_names & own.keys()), path) for path, own in objects]
        count, path = max(found, default=(0, ()))
        for name in path:
            definition = self.reader.of(definition)[name]
        place = ItemPlace(path, self.reader.shown(definition), self.reader.is_open(definition))
        return place if count else None

    @cached_property
    def _sent_names(self) -> frozenset[str]:
        """The members of the objects that requests may have."""
        return frozenset(
            name
            for operation in (*self.makers, *self.updates)
            for one in (operation.request_body.content.values() if operation.request_body else ())
            if one.schema
            for _, members in objects_in(self.reader, one.schema.definition, self.noun)
            for name in members
        )

    def sent(self, operation: Operation, body: Any) -> dict[str, Any]:
        """The members of the item that a request has, by the names of the answers."""
        if holder := self._holder(operation):
            return {holder: body}
        inside = (place.item(body) for place in self.asked(operation))
        return self._named(next(filter(None, inside), body if isinstance(body, dict) else {}))

    def visible(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """An item without what no answer shows."""
        return {
            name: self.reader.visible(self.members.get(name), value)
            for name, value in item.items()
            if name not in self._hidden
        }

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """The members of requests that no answer shows."""
        asked = (
            self._named({name: None for name, one in place.members.items() if one.get("writeOnly")})
            for operation in (*self.makers, *self.updates, *self.updates_in_body)
            for place in self.asked(operation)
        )
        return frozenset(name for names in asked for name in names) - self.members.keys()

    def _holder(self, operation: Operation) -> str | None:
        """The member beside the id that has the body of a request: ``{"id": 7, "animal": {…}}``.

        It has the members that the first maker asks for, and the item has none of them.
        """
        if operation not in self._holders:
            wanted, made = (
                {name for place in self.asked(one) for name in place.members}
                for one in (operation, self.create)
            )
            inner = {name: self.reader.of(one).keys() for name, one in self.members.items()}
            is_apart = wanted and self.members.keys().isdisjoint(made | wanted)
            found = (name for name, own in inner.items() if is_apart and wanted <= made == own)
            self._holders[operation] = next(found, None)
        return self._holders[operation]

    @cached_property
    def _holders(self) -> dict[Operation, str | None]:
        return {}

    def asked(self, operation: Operation) -> Sequence[ItemPlace]:
        """Where the bodies that a request may have hold the item."""
        if operation not in self._asked_by:
            content = operation.request_body.content.values() if operation.request_body else ()
            schemas = [one.schema.definition for one in content if one.schema]
            places = map(self._place_in, schemas)
            self._asked_by[operation] = [one for one in places if one]
        return self._asked_by[operation]

    def _place_in(self, definition: Any) -> ItemPlace | None:
        """The object in a request's schema that has most members of the item."""
        names = {spelt(name) for name in self.members}
        objects = objects_in(self.reader, definition, self.noun)
        # A member of the item is no envelope of it.
        own = [ItemPlace(*one) for one in objects if not one[0] or one[0][0] not in self.members]
        return max(own, key=lambda it: sum(spelt(one) in names for one in it.members), default=None)

    def _named(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the item in an object, by the names of the answers."""
        known = self.members
        if not any(name in known for name in found):
            inner = [one for one in found.values() if isinstance(one, dict)]
            wrapped = next((one for one in inner if any(name in known for name in one)), None)
            found = found if wrapped is None else wrapped
        names = {spelt(name): name for name in known}
        return {
            str(name if name in known else names.get(spelt(name), name)): value
            for name, value in found.items()
        }

    @cached_property
    def members(self) -> Mapping[str, Mapping[str, Any]]:
        """The members of an item, of whichever answer."""
        found: dict[str, Mapping[str, Any]] = {}
        for place in self.shown.values():
            found = {**place.members, **found}
        return found

    def request_members(self, operation: Operation) -> frozenset[str]:
        """The members that clients may set, by the names of the answers."""
        if holder := self._holder(operation):
            return frozenset({holder})
        found: set[str] = set()
        for place in self.asked(operation):
            own = place.members
            if not place.path and not self.members.keys() & own.keys():
                inner = (self.reader.of(one) for one in own.values())
                own = next((one for one in inner if self.members.keys() & one.keys()), own)
            settable = {name: None for name, one in own.items() if not one.get("readOnly")}
            found |= self._named(settable).keys()
        return frozenset(found)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
