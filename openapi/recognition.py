"""The collections of a contract, recognised by paths, links and schemas."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from openapi.collection import Collection
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.item_members import Members, called_id, id_member, json_of, objects_in, singular
from openapi.item_paths import LAST_PARAMETER, are_alike, made_below, only_seeks, shallow, shape_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation, is_greedy
from openapi.resource import request_members

_ACTION = re.compile(r"/\{\}/[^/{}]+")
_LINKED_ID = re.compile(r"\$(response|request)\.body#/(.+)")
_MADE = (200, 201, 202, 204)


class _Maker(NamedTuple):
    """A POST that makes items, where its answer has their id, and whether they lie in a parent."""

    operation: Operation
    pointer: str | None = None
    is_nested: bool = False


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
        self._of_base: dict[str, Collection | None] = {}
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
        others = [one for one in creating if one not in below and not only_seeks(one.path)]
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
            # First what makes an item without a parent.
            found.setdefault(base, []).append(_Maker(create, is_nested=True))
        return found

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
        return (base if base and is_base and self._shows_same(create, base) else None), None

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
        made = _component(create)
        if made is None:
            return None, None
        bases = []
        for shape, by_method in self._by_shape.items():
            read, base = by_method.get("GET"), LAST_PARAMETER.sub("", shape)
            if read is None or base == shape or "POST" in self._by_shape.get(base, {}):
                continue
            parents = PATH_PARAMETER.findall(read.path)[:-1]
            if _component(read) == made and parents == PATH_PARAMETER.findall(create.path):
                bases.append(base)
        return (bases[0] if len(bases) == 1 else None), None

    def _shallow_base(self, create: Operation) -> str | None:
        """The path without a parent that has the items made in one; None without any."""
        shape = shape_of(create.path)
        for base in shallow(shape):
            flat = self._by_shape.get(base, {}).get("POST")
            if (
                self._shows_same(create, base, self._by_shape.get(f"{shape}/{{}}"))
                and not self._only_names(create, base)
                and (flat is None or self._asks_same(create, flat))
            ):
                return base
        return None

    def _shows_same(
        self, create: Operation, base: str, nested: Mapping[str, Operation] | None = None
    ) -> bool:
        """Whether a POST answers with what an operation by id on another path shows.

        Items that are shown below the POST's own path too, by ``nested`` operations, are the same
        where nothing tells them apart.
        """
        noun = base.rpartition("/")[2]
        for one in self._by_shape.get(f"{base}/{{}}", {}).values():
            parameter = PATH_PARAMETER.findall(one.path)[-1]
            if one.method not in {"GET", "PUT", "PATCH"}:
                continue
            pointers = {_component(create), _component(one)}
            is_one = len(pointers) == 1 and None not in pointers
            if nested is not None and not is_one and None not in pointers:
                continue
            shown, made = self._objects(one, noun), self._objects(create, noun)
            for members in shown:
                own = id_member(members, parameter, noun)
                names = [mine.keys() for mine in made if own in mine]
                if nested is not None and own not in self._ids(nested, noun):
                    continue
                if any(
                    is_one
                    or (names_ == members.keys() if nested is not None else
                        are_alike(names_, members.keys(), whole=None not in pointers))
                    for names_ in names
                ):  # fmt: skip
                    return True
        return False

    def _ids(self, by_id: Mapping[str, Operation], noun: str) -> Iterator[str | None]:
        """The member that operations by id name in their path."""
        for one in by_id.values():
            parameter = PATH_PARAMETER.findall(one.path)[-1]
            for members in self._objects(one, noun):
                yield id_member(members, parameter, noun)

    def _asks_same(self, create: Operation, other: Operation) -> bool:
        """Whether two POSTs ask for the same: one that adds what is there asks for its id."""
        asked, known = set(request_members(create)), set(request_members(other))
        return asked == known or are_alike(asked, known)

    def _only_names(self, create: Operation, base: str) -> bool:
        """Whether a POST asks for nothing but the id of what is there already."""
        by_id, noun = self._by_shape[f"{base}/{{}}"], singular(base.rpartition("/")[2])
        names = {PATH_PARAMETER.findall(one.path)[-1] for one in by_id.values()}
        ids = {"id", "ids", noun, f"{noun}id", f"{noun}ids", *map(spelt, names)}
        asked = {spelt(one) for one in request_members(create)}
        return bool(asked) and asked <= ids

    def _objects(
        self, operation: Operation, noun: str
    ) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        media_type = json_of(operation, operation.success_status)
        schema = media_type.schema if media_type else None
        found = objects_in(self._reader, schema.definition, noun) if schema else ()
        return [members for _, members in found]

    def has_any(self) -> bool:
        """Whether there is any collection in the contract."""
        return any(map(self._at, self._makers))

    def of(self, operation: Operation) -> Collection | None:
        """The collection that an operation is of; None where it is of none."""
        if operation not in self._of:
            shape = shape_of(operation.path)
            bases = [shape, LAST_PARAMETER.sub("", shape)]
            bases += [base for base, makers in self._makers.items()
                      if any(one.operation is operation for one in makers)]  # fmt: skip
            found = (self._at(base) for base in bases)
            self._of[operation] = next(
                (one for one in found if one and operation in _operations(one)), None
            )
        return self._of[operation]

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
                collection = (
                    self._at("/".join(parts[: end - 1])) if parts[end - 1] == "{}" else None
                )
                if collection and collection.is_made_here:
                    found = collection, "/".join(parts[:end])
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
        on_item = [
            one
            for shape in (base, *nested)
            for one in self._by_shape.get(f"{shape}/{{}}", {}).values()
            if one.name not in self._apart
        ]
        beside = [
            one
            for shape in dict.fromkeys((base, *(shape_of(one.path) for one in creating)))
            for one in self._by_shape.get(shape, {}).values()
        ]
        by_parameter = on_item or self._actions(base)
        if not by_parameter:
            return None
        parameter = PATH_PARAMETER.findall(by_parameter[0].path)[-1]
        noun = base.rpartition("/")[2]
        reads = [one for one in on_item if one.method == "GET"]
        identity = self._id(makers[0].pointer, parameter, noun, [*reads, *creating, *on_item])
        # Without an operation by id, only a member of that very name is sure to be the id.
        if identity is None or (not on_item and identity != parameter):
            return None
        return Collection(
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
            lists=[one for one in beside if one.method == "GET"],
            id=identity,
            id_parameters={one: PATH_PARAMETER.findall(one.path)[-1] for one in by_parameter},
            reader=self._reader,
        )

    def _id(
        self,
        pointer: str | None,
        parameter: str,
        noun: str,
        operations: Sequence[Operation],
    ) -> str | None:
        """The member with the id, in the first answer that has one.

        None for an id from a fixed list.
        """
        linked = pointer.rpartition("/")[2] if pointer else None
        objects = [one for operation in operations for one in self._objects(operation, noun)]
        named = [
            *((linked, members) for members in objects if linked in members),
            *((id_member(members, parameter, noun), members) for members in objects),
            *((called_id(members), members) for members in objects),
        ]
        name, members = next((one for one in named if one[0] is not None), (None, {}))
        return None if name is None or {"enum", "const"} & members[name].keys() else name


@lru_cache(maxsize=8)
def collections_of(contract: Contract, apart: frozenset[str]) -> Collections:
    """The collections of a contract without the operations that are ``apart``, read once."""
    return Collections(contract, apart)


def _component(operation: Operation) -> str | None:
    """The named schema that an operation answers with; None where it has no name."""
    media_type = json_of(operation, operation.success_status)
    schema = media_type.schema if media_type else None
    pointer = schema.pointer if schema else ""
    return pointer if pointer.startswith("#/components/schemas/") else None


def _operations(collection: Collection) -> Iterator[Operation]:
    yield from collection.makers
    yield from collection.updates
    yield from collection.updates_in_body
    yield from (*collection.reads, *collection.deletes, *collection.lists)
