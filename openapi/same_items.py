"""Whether operations are about the same items: by the members and names of schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openapi.item_members import Members, body_of, called_id, id_member, objects_in, singular
from openapi.item_paths import are_alike
from openapi.media_types import essence, specificity
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation, media_type_of
from openapi.resource import request_members
from openapi.schema import is_read_only


class SameItems:
    """Compares the operations of a contract, by the shape of their path and their method."""

    def __init__(self, reader: Members, by_shape: Mapping[str, Mapping[str, Operation]]) -> None:
        self._reader = reader
        self._by_shape = by_shape

    def shows_same(
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
            pointers = {component(create), component(one)}
            is_one = len(pointers) == 1 and None not in pointers
            are_named = nested is not None and not is_one and None not in pointers
            if are_named and "POST" in self._by_shape.get(base, {}):
                continue
            shown, made = self.objects(one, noun), self.objects(create, noun)
            if are_named:
                shown, made = shown[:1], made[:1]
            for members in shown:
                own = id_member(members, parameter, noun)
                names = [mine.keys() for mine in made if own in mine]
                if nested is not None and own not in self._ids(nested, noun):
                    continue
                if are_named and not _names_parent(create, members):
                    continue
                if any(
                    is_one
                    or (names_ == members.keys() if nested is not None and not are_named else
                        are_alike(names_, members.keys(),
                                  whole=None not in pointers and not are_named))
                    for names_ in names
                ):  # fmt: skip
                    return True
        return False

    def _ids(self, by_id: Mapping[str, Operation], noun: str) -> Iterator[str | None]:
        """The member that operations by id name in their path."""
        for one in by_id.values():
            parameter = PATH_PARAMETER.findall(one.path)[-1]
            for members in self.objects(one, noun):
                yield id_member(members, parameter, noun)

    def asks_same(self, create: Operation, other: Operation) -> bool:
        """Whether two POSTs ask for the same: one that adds what is there asks for its id."""
        asked, known = set(request_members(create)), set(request_members(other))
        return asked == known or are_alike(asked, known)

    def only_names(self, create: Operation, base: str) -> bool:
        """Whether a POST asks for nothing but the id of what is there already."""
        by_id, noun = self._by_shape[f"{base}/{{}}"], singular(base.rpartition("/")[2])
        names = {PATH_PARAMETER.findall(one.path)[-1] for one in by_id.values()}
        ids = {"id", "ids", noun, f"{noun}id", f"{noun}ids", *map(spelt, names)}
        asked = {spelt(one) for one in request_members(create)}
        return bool(asked) and asked <= ids

    def objects(self, operation: Operation, noun: str) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        media_type = body_of(operation, operation.success_status)
        schema = media_type.schema if media_type else None
        found = objects_in(self._reader, schema.definition, noun) if schema else ()
        return [members for _, members in found]

    def is_listed(self, create: Operation, pages: Operation) -> bool:
        """Whether a list shows what a POST on its path answers with.

        One that asks for the id of such an item adds what is there.
        """
        noun = create.path.rpartition("/")[2]
        media_type = body_of(pages, pages.success_status)
        schema = media_type.schema if media_type else None
        items = self._items(schema.definition) if schema else None
        shown = self._reader.of(items).keys() if items is not None else frozenset()
        ids = {f"{singular(noun)}{end}" for end in ("", "id", "ids")}
        return ids.isdisjoint(map(spelt, request_members(create))) and any(
            are_alike(made.keys(), shown, whole=True) and (called_id(made) or "") in {"", *shown}
            for made in self.objects(create, noun)
        )

    def _items(self, definition: Any, level: int = 2) -> Any:
        items = self._reader.items(definition)
        if items is not None or not level:
            return items
        inner = (self._items(one, level - 1) for one in self._reader.of(definition).values())
        return next((one for one in inner if one is not None and self._reader.of(one)), None)

    def shows_what_is_written(self, write: Operation, read: Operation) -> bool:
        """Whether a GET shows half of what a PUT or PATCH sets, and more than a list in it."""
        noun = write.path.rpartition("/")[2]
        content = write.request_body.content.values() if write.request_body else ()
        bodies = [
            members
            for one in content
            if one.schema
            for _, members in objects_in(self._reader, one.schema.definition, noun)
        ]
        for members in bodies:
            asked = {name for name, one in members.items() if not is_read_only(one)}
            for shown in self.objects(read, noun):
                common = asked & shown.keys()
                plain = [one for one in common if not self._is_list(shown[one])]
                if plain and len(common) * 2 >= len(asked):
                    return True
        return False

    def shows_whole_body(self, write: Operation, read: Operation) -> bool:
        """Whether a GET may show the body of a PUT as it is: both have no members of their own."""
        answer = read.response(read.success_status)
        for name, sent in write.request_body.content.items() if write.request_body else ():
            content = answer.content if answer else {}
            of_range = (one for key, one in content.items() if specificity(name, essence(key)))
            shown = media_type_of(content, name) or next(of_range, None)
            if shown is not None:
                parts = [
                    (self._reader.of(definition), self._reader.of(self._reader.items(definition)))
                    for definition in (one.schema.definition if one.schema else {}
                                       for one in (sent, shown))
                ]  # fmt: skip
                wholes, items = zip(*parts, strict=True)
                if not any(wholes) and items[0].keys() == items[1].keys():
                    return True
        return False

    def _is_list(self, definition: Any) -> bool:
        items = self._reader.items(definition)
        return items is not None and bool(self._reader.of(items))


def _names_parent(create: Operation, members: Mapping[str, Any]) -> bool:
    """Whether an item names the item that a POST makes it in: ``call_sid`` of ``{CallSid}``."""
    return spelt(PATH_PARAMETER.findall(create.path)[-1]) in set(map(spelt, members))


def component(operation: Operation) -> str | None:
    """The named schema that an operation answers with; None where it has no name."""
    media_type = body_of(operation, operation.success_status)
    schema = media_type.schema if media_type else None
    pointer = schema.pointer if schema else ""
    return pointer if pointer.startswith("#/components/schemas/") else None
