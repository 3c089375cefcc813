"""The collections of a contract, recognised by paths, links and schemas."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from openapi.collection import Collection
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.item_members import (
    Members,
    called_id,
    held_id,
    id_member,
    member_at,
)
from openapi.item_paths import LAST_PARAMETER, made_below, only_seeks, shallow, shape_of
from openapi.keys import LONGEST_KEY, SeveralMembers
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation, Parameter, is_greedy
from openapi.same_items import SameItems, component

_ACTION = re.compile(r"/\{\}/[^/{}]+")
_LINKED_ID = re.compile(r"\$(response|request)\.body#/(.+)")
_NAMES = ("name", "slug", "key", "handle", "code", "alias", "label")
"""How a parameter ends whose value clients choose."""

_WRITTEN = {"GET", "PUT", "PATCH", "DELETE"}

_MADE = (200, 201, 202, 204)


class _Maker(NamedTuple):
    """What makes items, where its answer has their id, and whether they lie in a parent."""

    operation: Operation
    pointer: str | None = None
    is_nested: bool = False
    is_by_id: bool = True
    """Whether there are operations by id, and not a list alone."""
    key: Sequence[str] = ()
    """The members that stand in the path of operations on one, where these are several."""


class Collections:
    """The collections of a contract, each read when one of its operations is first asked for."""

    def __init__(self, contract: Contract, apart: frozenset[str]) -> None:
        self._reader = Members(contract.resolve_schema)
        self._by_shape: dict[str, dict[str, Operation]] = {}
        self._apart = apart
        self._by_id = contract.operations
        # The rest of a path is no id.
        for one in (one for one in contract.operations.values() if not is_greedy(one.path)):
            self._by_shape.setdefault(shape_of(one.path), {}).setdefault(one.method, one)
        self._same = SameItems(self._reader, self._by_shape)
        self._keys = SeveralMembers(self._reader, self._by_shape, self._same, apart)
        self._of_base: dict[str, Collection | None] = {}
        self._of_shape: dict[str, Collection | None] = {}
        self._of: dict[Operation, Collection | None] = {}
        self._above: dict[Operation, tuple[Collection, str] | None] = {}

    @cached_property
    def _makers(self) -> Mapping[str, Sequence[_Maker]]:
        """The operations that make the items below a path, by its shape."""
        found: dict[str, list[_Maker]] = {}
        creating = [one for one in self._by_id.values() if self._may_create(one)]
        below = {
            one: shape
            for one in creating
            if (shape := shape_of(one.path)) and self._has_items(shape)
        }
        for create, shape in below.items():
            found.setdefault(shape, []).append(_Maker(create))
        keys = {one: self._keys.of(one) for one in creating if one not in below}
        for create in (one for one, key in keys.items() if key):
            found[shape_of(create.path)] = [_Maker(create, key=keys[create])]
        others = [one for one, key in keys.items() if not key and not only_seeks(one.path)]
        ways = (self._base_of_verb, self._linked, self._base_by_schema)
        for way in ways:
            left = []
            for create in others:
                base, pointer = way(create)
                if base is None:
                    left.append(create)
                elif base not in found:
                    found[base] = [_Maker(create, pointer)]
            others = left
        for create in (*below, *others):
            base = self._shallow_base(create)
            if base is None:
                continue
            if create in below:
                del found[below[create]]
            found.setdefault(base, []).append(_Maker(create, is_nested=True))
        self._add_lists(found, others)
        self._add_puts(found)
        return found

    def _add_lists(self, found: dict[str, list[_Maker]], creating: Sequence[Operation]) -> None:
        """Add what is made and listed on one path, without any operation by id."""
        placed = {one.operation for makers in found.values() for one in makers}
        for create in (one for one in creating if one not in placed):
            shape = shape_of(create.path)
            pages = self._by_shape[shape].get("GET")
            if pages and self._same.is_listed(create, pages):
                found.setdefault(shape, [_Maker(create, is_by_id=False)])

    def _add_puts(self, found: dict[str, list[_Maker]]) -> None:
        """Add what a PUT by id makes where no POST does."""
        in_parents = {shape_of(one.operation.path) for makers in found.values() for one in makers}
        for shape, by_method in self._by_shape.items():
            base = LAST_PARAMETER.sub("", shape)
            if base not in {shape, *found, *in_parents} and self._makes_by_put(base, by_method):
                found[base] = [_Maker(by_method["PUT"])]

    def _makes_by_put(self, base: str, by_method: Mapping[str, Operation]) -> bool:
        """Whether a PUT by id makes items that no POST does.

        It documents 201, or clients choose the name in the path.
        """
        put, read = by_method.get("PUT"), by_method.get("GET")
        if put is None or read is None or put.name in self._apart:
            return False
        if "POST" in self._by_shape.get(base, {}):
            return False
        is_named = spelt(PATH_PARAMETER.findall(put.path)[-1]).endswith(_NAMES)
        is_made = "201" in put.responses or (is_named and component(read) not in self._posted)
        return is_made and self._same.shows_what_is_written(put, read)

    @cached_property
    def _posted(self) -> frozenset[str]:
        """The named schemas that POSTs answer with."""
        posts = (one for one in self._by_id.values() if one.method == "POST")
        return frozenset(filter(None, map(component, posts)))

    def _has_items(self, shape: str) -> bool:
        return f"{shape}/{{}}" in self._by_shape or bool(self._actions(shape))

    def _actions(self, base: str) -> Sequence[Operation]:
        """The actions on one item of a path that has a list: ``POST /hooks/{id}/deactivate``."""
        if "GET" not in self._by_shape.get(base, {}):
            return ()
        return [
            by_method["POST"]
            for shape, by_method in self._by_shape.items()
            if _ACTION.fullmatch(shape.removeprefix(base))
            and shape.startswith(base)
            and "POST" in by_method
        ]

    def _may_create(self, operation: Operation) -> bool:
        return (
            operation.method == "POST"
            and operation.success_status in _MADE
            and operation.name not in self._apart
            and not shape_of(operation.path).endswith("{}")
        )

    def _base_of_verb(self, create: Operation) -> tuple[str | None, str | None]:
        """The path of the items, where that of the POST only says that one is made."""
        base = made_below(shape_of(create.path))
        is_base = base and "POST" not in self._by_shape.get(base, {})
        return (base if base and is_base and self._same.shows_same(create, base) else None), None

    def _linked(self, create: Operation) -> tuple[str | None, str | None]:
        """The path of the items that the answer of a POST links to, and where their id stands."""
        answer = create.response(create.success_status)
        for link in answer.links.values() if answer else ():
            with suppress(ContractError, AttributeError, TypeError):
                node = self._reader.merged(link)
                target = self._by_id.get(node.get("operationId", ""))
                parameters = node.get("parameters", {})
                if target is None or not shape_of(target.path).endswith("/{}"):
                    continue
                name = PATH_PARAMETER.findall(target.path)[-1]
                value = parameters.get(name, parameters.get(f"path.{name}"))
                pointer = _LINKED_ID.fullmatch(value) if isinstance(value, str) else None
                if pointer and target.path.count("{") == create.path.count("{") + 1:
                    return LAST_PARAMETER.sub("", shape_of(target.path)), pointer[2]
        return None, None

    def _base_by_schema(self, create: Operation) -> tuple[str | None, str | None]:
        """The path of the items with the schema of the answer, where no other POST makes them."""
        made = component(create)
        if made is None:
            return None, None
        bases = []
        for shape, by_method in self._by_shape.items():
            read, base = by_method.get("GET"), LAST_PARAMETER.sub("", shape)
            if read is None or base == shape or "POST" in self._by_shape.get(base, {}):
                continue
            parents = PATH_PARAMETER.findall(read.path)[:-1]
            if component(read) == made and parents == PATH_PARAMETER.findall(create.path):
                bases.append(base)
        return (bases[0] if len(bases) == 1 else None), None

    def _shallow_base(self, create: Operation) -> str | None:
        """The path without a parent that has the items made in one; None without any."""
        shape = shape_of(create.path)
        for base in shallow(shape):
            flat = self._by_shape.get(base, {}).get("POST")
            if (
                self._same.shows_same(create, base, self._by_shape.get(f"{shape}/{{}}"))
                and not self._same.only_names(create, base)
                and (flat is None or self._same.asks_same(create, flat))
            ):
                return base
        return None

    def has_any(self) -> bool:
        """Whether there is any collection in the contract."""
        return any(map(self._at, self._makers))

    def of(self, operation: Operation) -> Collection | None:
        """The collection that an operation is of; None where it is of none."""
        if operation not in self._of:
            shape = shape_of(operation.path)
            bases = [shape, *_above_parameters(shape)]
            bases += [base for base, makers in self._makers.items()
                      if any(one.operation is operation for one in makers)]  # fmt: skip
            found = (self._at(base) for base in bases)
            self._of[operation] = next(
                (one for one in found if one and operation in _operations(one)),
                self._overlay(shape) if operation.method in _WRITTEN else None,
            )
        return self._of[operation]

    def _overlay(self, shape: str) -> Collection | None:
        """What a PUT or PATCH writes on a path, and the GET there shows; None without any.

        Nothing makes it: before it is written, it is as the contract has it.
        """
        if shape not in self._of_shape:
            self._of_shape[shape] = self._read_overlay(shape)
        return self._of_shape[shape]

    def _read_overlay(self, shape: str) -> Collection | None:
        by_method = {method: one for method, one in self._by_shape.get(shape, {}).items()
                     if method in _WRITTEN and one.name not in self._apart}  # fmt: skip
        read, base = by_method.get("GET"), LAST_PARAMETER.sub("", shape)
        writes = [one for one in map(by_method.get, ("PUT", "PATCH")) if one]
        is_item = base != shape
        if read is None or base in self._makers or (not is_item and self._is_made(shape)):
            return None
        above = self._by_shape.get(shape.rpartition("/")[0], {}).get("GET")
        if not is_item and above and component(read) in {component(above)} - {None}:
            return None  # a view of the item above
        if not any(self._same.shows_what_is_written(one, read) for one in writes):
            return None
        noun = base.rpartition("/")[2]
        parameter = PATH_PARAMETER.findall(read.path)[-1] if is_item else ""
        objects = self._same.objects(read, noun)
        named = (id_member(one, parameter, noun) for one in objects if is_item)
        identity = next(filter(None, named), "")
        return Collection(
            base=base,
            nested=frozenset(),
            makers=(),
            reads=[read],
            deletes=[one for one in (by_method.get("DELETE"),) if one],
            updates=[one for one in writes if one.request_body],
            updates_in_body=(),
            lists=(),
            clears=(),
            id=identity,
            key=(identity,),
            id_parameters=dict.fromkeys(by_method.values(), parameter) if is_item else {},
            reader=self._reader,
        )

    def body_shown(self, operation: Operation) -> Operation | None:
        """The GET that shows the body of the PUT on its path as it is; None without any.

        Such a body has no members of its own: it is a file, a text, a number, a list or a map.
        """
        by_method = self._by_shape.get(shape_of(operation.path), {})
        put, read = by_method.get("PUT"), by_method.get("GET")
        if operation not in by_method.values() or operation.method not in {"GET", "PUT", "DELETE"}:
            return None
        if put is None or read is None or any(one.name in self._apart or self.of(one)
                                              for one in (operation, put, read)):  # fmt: skip
            return None
        return read if self._same.shows_whole_body(put, read) else None

    def _is_made(self, shape: str) -> bool:
        return shape in self._makers or "POST" in self._by_shape[shape]

    def above(self, operation: Operation) -> tuple[Collection, str] | None:
        """The collection of the item that an operation is on or below, and the shape of its path.

        None where a POST elsewhere makes the items: other operations may make some too.
        """
        if operation not in self._above:
            found = None
            parts = shape_of(operation.path).split("/")
            # An operation on the item itself answers for it, if the collection has it.
            is_item = is_greedy(operation.path) or self.of(operation) is not None
            last = len(parts) - 1 if is_item else len(parts)
            for end in range(last, 1, -1):
                item = "/".join(parts[:end])
                at = ((self._at(base), base) for base in _above_parameters(item))
                own = (one for one, base in at if one and one.base_of_item(item) == base)
                if (collection := next(own, None)) and collection.is_made_here:
                    found = collection, item
                    break
            self._above[operation] = found
        return self._above[operation]

    @cached_property
    def _flat(self) -> Mapping[str, str]:
        """The path of the items without their parent, for each path in a parent."""
        return {
            shape_of(one.operation.path): base
            for base, makers in self._makers.items()
            for one in makers
            if one.is_nested
        }

    def _at(self, base: str) -> Collection | None:
        base = self._flat.get(base, base)
        if base not in self._of_base:
            self._of_base[base] = self._read(base)
        return self._of_base[base]

    def _read(self, base: str) -> Collection | None:
        if base not in self._makers:
            return None
        # First what makes an item without a parent.
        makers = sorted(self._makers[base], key=lambda one: one.is_nested)
        creating = [one.operation for one in makers]
        nested = [shape_of(one.operation.path) for one in makers if one.is_nested]
        key = makers[0].key
        on_item = [
            one
            for shape in (base, *nested)
            for one in self._by_shape.get(shape + "/{}" * (len(key) or 1), {}).values()
            if one.name not in self._apart
        ]
        beside = [
            one
            for shape in dict.fromkeys((base, *(shape_of(one.path) for one in creating)))
            if not shape.endswith("{}")
            for one in self._by_shape.get(shape, {}).values()
        ]
        by_parameter = on_item or self._actions(base)
        if not by_parameter and makers[0].is_by_id:
            return None
        parameter = PATH_PARAMETER.findall(by_parameter[0].path)[-1] if by_parameter else ""
        noun = base.rpartition("/")[2]
        reads = [one for one in on_item if one.method == "GET"]
        if creating[0].method == "PUT":
            objects = [one for it in reads for one in self._same.objects(it, noun)]
            named = (
                id_member(one, parameter, noun) or held_id(self._reader, one, parameter, noun)
                for one in objects
            )
            identity: str | None = next(filter(None, named), "")
        elif key:
            identity = self._keys.made_by_server(key, creating[0])
        else:
            shown = [*reads, *creating], on_item
            identity = self._id(makers[0].pointer, parameter, noun, shown)
        is_located = identity is None and makers[0].is_by_id and _is_located(creating[0])
        if is_located or not makers[0].is_by_id:
            identity = identity or ""
        # Without an operation by id, only a member of that very name is sure to be the id.
        is_sure = on_item or identity == parameter or not makers[0].is_by_id
        if identity is None or not is_sure:
            return None
        lists = [one for one in beside if one.method == "GET"]
        found = Collection(
            base=base,
            nested=frozenset(nested),
            makers=creating,
            reads=reads,
            deletes=[one for one in on_item if one.method == "DELETE"],
            updates=[
                one
                for method in ("PUT", "PATCH", "POST")
                for one in on_item
                if one.method == method and one.request_body
            ],
            updates_in_body=[
                one for one in beside if one.method in {"PUT", "PATCH"} and one.request_body
            ],
            lists=lists,
            clears=[
                one
                for one in beside
                if one.method == "DELETE" and one.request_body is None and lists and not nested
            ],
            id=identity,
            key=key or (identity,),
            id_parameters={
                one: PATH_PARAMETER.findall(one.path)[key.index(identity) - len(key) if key else -1]
                for one in by_parameter
            },
            reader=self._reader,
        )
        # What shows nothing of what was sent, or has no new id in its path, is as documented.
        if is_located and (
            not found.shows_what_is_sent or any(map(self._is_listed, found.ids_in_paths))
        ):
            return None
        return found

    def _is_listed(self, parameter: Parameter) -> bool:
        """Whether a parameter has one of the values that its schema lists."""
        ways = self._reader.alternatives(self._reader.merged(parameter.schema.definition))
        return all({"enum", "const"} & one.keys() for one in ways)

    def _id(
        self,
        pointer: str | None,
        parameter: str,
        noun: str,
        operations: Sequence[Sequence[Operation]],
    ) -> str | None:
        """The member with the id, in the first answer that has one.

        An answer of the later ``operations`` may be about the request, and counts only where
        no earlier one has an id. None for an id from a fixed list.
        """
        linked = pointer.rpartition("/")[2] if pointer else None
        groups = [
            [it for one in some for it in self._same.objects(one, noun)] for some in operations
        ]
        objects = [members for group in groups for members in group]
        named: list[tuple[str | None, Mapping[str, Any]]] = []
        named += ((linked, members) for members in objects if linked in members)
        for group in groups:
            named += ((id_member(members, parameter, noun), members) for members in group)
            named += ((held_id(self._reader, one, parameter, noun), one) for one in group)
        named += ((called_id(members), members) for members in objects)
        name, members = next((one for one in named if one[0] is not None), (None, {}))
        definition = member_at(self._reader, members, name) if name else None
        return None if not definition or {"enum", "const"} & definition.keys() else name


def _is_located(create: Operation) -> bool:
    """Whether the answer of a POST names what it makes in ``Location``."""
    answer = create.response(create.success_status)
    return answer is not None and any(one.name.lower() == "location" for one in answer.headers)


@lru_cache(maxsize=8)
def collections_of(contract: Contract, apart: frozenset[str]) -> Collections:
    """The collections of a contract without the operations that are ``apart``, read once."""
    return Collections(contract, apart)


def _above_parameters(shape: str) -> Iterator[str]:
    """The shapes of the paths that an item on a path may lie below, the nearest first."""
    for _ in range(LONGEST_KEY):
        base = LAST_PARAMETER.sub("", shape)
        if base != shape:
            yield base
        shape = base


def _operations(collection: Collection) -> Iterator[Operation]:
    yield from collection.makers
    yield from collection.updates
    yield from collection.updates_in_body
    yield from (*collection.reads, *collection.deletes, *collection.lists, *collection.clears)
