"""The collections of a contract, recognised by paths, links and schemas."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache

from openapi.collection import Collection
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.item_members import Members, called_id, id_member, json_of, objects_in
from openapi.item_paths import LAST_PARAMETER, shape_of
from openapi.operation import PATH_PARAMETER, Operation, is_greedy

_ACTION = re.compile(r"/\{\}/[^/{}]+")
_LINKED_ID = re.compile(r"\$(response|request)\.body#/(.+)")
_MADE = (200, 201, 202, 204)


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
    def _creates(self) -> Mapping[str, tuple[Operation, str | None]]:
        """The operation that makes the items below a path, and the pointer of the id, by shape."""
        found: dict[str, tuple[Operation, str | None]] = {}
        creating = [one for one in self._by_id.values() if self._may_create(one)]
        for create in creating:
            shape = shape_of(create.path)
            if f"{shape}/{{}}" in self._by_shape or self._actions(shape):
                found.setdefault(shape, (create, None))
        for create in creating:
            if shape_of(create.path) not in found:
                for target, pointer in self._links(create):
                    found.setdefault(
                        LAST_PARAMETER.sub("", shape_of(target.path)), (create, pointer)
                    )
        for create in creating:
            if not any(create is one for one, _ in found.values()):
                base = self._base_by_schema(create)
                if base is not None:
                    found.setdefault(base, (create, None))
        return found

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

    def _links(self, create: Operation) -> Iterator[tuple[Operation, str]]:
        """The operations by id that the answer of a POST links to, and where their id stands."""
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
                    yield target, pointer[2]

    def _base_by_schema(self, create: Operation) -> str | None:
        """The path of the items with the schema of the answer, where no other POST makes them."""
        made = json_of(create, create.success_status)
        if (
            not made
            or not made.schema
            or not made.schema.pointer.startswith("#/components/schemas/")
        ):
            return None
        bases = []
        for shape, by_method in self._by_shape.items():
            read, base = by_method.get("GET"), LAST_PARAMETER.sub("", shape)
            if read is None or base == shape or "POST" in self._by_shape.get(base, {}):
                continue
            shown = json_of(read, read.success_status)
            same = shown and shown.schema and shown.schema.pointer == made.schema.pointer
            parents = PATH_PARAMETER.findall(read.path)[:-1]
            if same and parents == PATH_PARAMETER.findall(create.path):
                bases.append(base)
        return bases[0] if len(bases) == 1 else None

    def has_any(self) -> bool:
        """Whether there is any collection in the contract."""
        return any(map(self._at, self._creates))

    def of(self, operation: Operation) -> Collection | None:
        """The collection that an operation is of; None where it is of none."""
        if operation not in self._of:
            shape = shape_of(operation.path)
            bases = [shape, LAST_PARAMETER.sub("", shape)]
            bases += [base for base, (create, _) in self._creates.items() if create is operation]
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
                if collection and shape_of(collection.create.path) == collection.base:
                    found = collection, "/".join(parts[:end])
                    break
            self._above[operation] = found
        return self._above[operation]

    def _at(self, base: str) -> Collection | None:
        if base not in self._of_base:
            self._of_base[base] = self._read(base)
        return self._of_base[base]

    def _read(self, base: str) -> Collection | None:
        if base not in self._creates:
            return None
        create, pointer = self._creates[base]
        on_item = {
            method: one
            for method, one in self._by_shape.get(f"{base}/{{}}", {}).items()
            if one.name not in self._apart
        }
        beside = self._by_shape.get(base, {}) | self._by_shape.get(shape_of(create.path), {})
        read, delete = on_item.get("GET"), on_item.get("DELETE")
        by_parameter = [*on_item.values()] or self._actions(base)
        if not by_parameter:
            return None
        parameter = PATH_PARAMETER.findall(by_parameter[0].path)[-1]
        noun = base.rpartition("/")[2]
        identity = self._id(pointer, parameter, noun, [read, create, *on_item.values()])
        # Without an operation by id, only a member of that very name is sure to be the id.
        if identity is None or (not on_item and identity != parameter):
            return None
        by_id = [one for one in map(on_item.get, ("PUT", "PATCH", "POST")) if one]
        return Collection(
            base=base,
            create=create,
            read=read,
            delete=delete,
            updates=tuple(one for one in by_id if one.request_body),
            updates_in_body=tuple(
                one for one in map(beside.get, ("PUT", "PATCH")) if one and one.request_body
            ),
            list=beside.get("GET"),
            id=identity,
            id_parameters={one: PATH_PARAMETER.findall(one.path)[-1] for one in by_parameter},
            reader=self._reader,
        )

    def _id(
        self,
        pointer: str | None,
        parameter: str,
        noun: str,
        operations: Sequence[Operation | None],
    ) -> str | None:
        """The member with the id, in the first answer that has one.

        None for an id from a fixed list.
        """
        linked = pointer.rpartition("/")[2] if pointer else None
        objects = []
        for operation in operations:
            media_type = json_of(operation, operation.success_status) if operation else None
            if media_type and media_type.schema:
                found = objects_in(self._reader, media_type.schema.definition, noun)
                objects += [members for _, members in found]
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


def _operations(collection: Collection) -> Iterator[Operation]:
    yield collection.create
    yield from collection.updates
    yield from collection.updates_in_body
    yield from (one for one in (collection.read, collection.delete, collection.list) if one)
