"""Answers that show a kept item: the documented answer, with the item's members in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.xml_reading import parse_xml, read_xml
from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.problems import Problem, Response
from openapi.collection import Collection
from openapi.item_members import ItemPlace, Members, body_of
from openapi.media_types import is_json, is_xml
from openapi.operation import Operation
from openapi.resource import says_ended
from openapi.schema import Schema, types_of

_SAYING = {"example", "examples", "default", "enum", "const"}
"""Keywords that say a value."""

Item = dict[str, Any]
"""The members of a kept item: all that is known of it, whichever answers show them."""


@dataclass(frozen=True, slots=True)
class Documented:
    """The documented answer of an operation for a status, and the value of its body.

    ``body`` is None where that is neither JSON nor XML.
    """

    response: Response
    body: Any
    schema: Schema | None

    def accepts(self, body: Any) -> bool:
        """Whether a body is valid as this answer."""
        return self.schema is None or self.schema.is_valid(body)

    def with_body(self, body: Any, headers: Mapping[str, str | None]) -> Response:
        """The answer with another body, and with these headers; without those that are None."""
        given = self.response
        named = {name.lower() for name in headers}
        kept = {name: value for name, value in given.headers.items() if name.lower() not in named}
        kept |= {name: value for name, value in headers.items() if value is not None}
        content = given.body if body is None else write_json(body)
        return Response(given.status, content, given.media_type, kept)


class ItemAnswers:
    """The answers of a contract, by operation and status, with kept items in them."""

    def __init__(self, answers: DocumentedAnswers, reader: Members) -> None:
        self._answers = answers
        self.reader = reader
        self._documented: dict[tuple[Operation, int], Documented] = {}
        self._invented: dict[Collection, frozenset[str]] = {}

    def documented(self, operation: Operation, status: int) -> Documented:
        """The documented answer, whose body nobody may change."""
        found = self._documented.get((operation, status))
        if found is None:
            response = self._answers.response(operation, status)
            media_type = body_of(operation, status)
            schema, body = media_type.schema if media_type else None, None
            if response.body and is_json(response.media_type or ""):
                body = read_json(response.body)
            elif response.body and schema and is_xml(response.media_type or ""):
                body = read_xml(parse_xml(response.body), schema)[0]
                if body is not None:
                    # It is written as XML again on its way out.
                    content = write_json(body)
                    response = replace(response, body=content, media_type="application/json")
            found = Documented(response, body, schema)
            self._documented[operation, status] = found
        return found

    def examples(self, operation: Operation, status: int) -> Iterator[Any]:
        """The bodies that are documented, the first of them as it is answered."""
        documented = self.documented(operation, status)
        yield documented.body
        media_type = body_of(operation, status)
        for example in media_type.examples if media_type else ():
            if example != documented.body and documented.accepts(example):
                yield example

    def invented(self, collection: Collection) -> frozenset[str]:
        """The members whose value in a documented answer is made up: no example says it."""
        if collection not in self._invented:
            found: set[str] = set()
            for operation, place in collection.shown.items():
                media_type = body_of(operation, operation.success_status)
                if media_type is None or media_type.schema is None or media_type.examples:
                    continue
                definition: Any = media_type.schema.definition
                shown = [self.reader.merged(definition)]
                for name in place.path:
                    definition = self.reader.of(definition).get(name, {})
                    shown.append(definition)
                if not any(_SAYING & one.keys() for one in shown):
                    found |= {
                        name for name, one in place.members.items() if not _SAYING & one.keys()
                    }
            self._invented[collection] = frozenset(found)
        return self._invented[collection]

    def empty(
        self, collection: Collection, names: AbstractSet[str], lists: AbstractSet[str]
    ) -> Item:
        """The members among these that may be null, as null; those among ``lists`` as no items.

        One that says whether an item has ended says that it has not.
        """
        found: Item = {}
        for name, one in collection.members.items():
            if name in names and self.reader.may_be_null(one):
                found[name] = None
            elif name in names & lists and "array" in types_of(one):
                found[name] = []
            elif name in names and "boolean" in types_of(one) and says_ended(name, value=True):
                found[name] = False
        return found

    def completed(self, collection: Collection, item: Item, empty: Item) -> Item:
        """An item with those of the empty members that its answers require."""
        if self.is_whole(collection, item):
            return item
        return self.without(collection, {**empty, **item}, empty)

    def without(self, collection: Collection, item: Item, names: Iterable[str]) -> Item:
        """An item without those of these members that no answer requires."""
        for name in names:
            rest = {other: one for other, one in item.items() if other != name}
            item = rest if self.is_whole(collection, rest) else item
        return item

    def with_nulls(self, collection: Collection, before: Item, after: Item) -> Item:
        """A changed item, with null for what was taken away where its answers require that."""
        if self.is_whole(collection, after):
            return after
        nulls = self._nulls(collection.members, before, after)
        return self.without(collection, merged(after, nulls), sorted(nulls.keys() - after.keys()))

    def _nulls(self, members: Mapping[str, Any], before: Item, after: Item) -> Item:
        """The members, at all levels, that were taken away and may be null."""
        found: Item = {}
        for name, known in before.items():
            definition, now = members.get(name, {}), after.get(name)
            if name not in after and self.reader.may_be_null(definition):
                found[name] = None
            elif isinstance(known, dict) and isinstance(now, dict):
                found[name] = self._nulls(self.reader.of(definition), known, now)
        return found

    def kind(self, collection: Collection) -> str | None:
        """The member that says of which kind an item is; None where there is one kind."""
        for operation, place in collection.shown.items():
            media_type = body_of(operation, operation.success_status)
            if media_type and media_type.schema:
                definition: Any = media_type.schema.definition
                for name in place.path:
                    definition = self.reader.of(definition).get(name, {})
                return self.reader.discriminator(definition)
        return None

    def shapes(self, collection: Collection) -> Sequence[tuple[Documented, ItemPlace]]:
        """The documented answers of read and create that show an item, and where."""
        found = []
        for operation in (collection.read, collection.create):
            if operation and (place := collection.shown.get(operation)):
                # Where one cannot be made, the other one shows the item.
                with suppress(Problem):
                    documented = self.documented(operation, operation.success_status)
                    if documented.body is not None:
                        found.append((documented, place))
        return found

    def there(self, collection: Collection, ids: Sequence[Any]) -> Item:
        """What is there before anybody writes it: as documented, with the first id that fits."""
        item: Item = {}
        for documented, place in self.shapes(collection):
            item = (place.item(documented.body) or {}) | item
        named = ({**item, collection.id: one} for one in ids)
        return next((one for one in named if self.is_shown(collection, one)), item)

    def is_shown(self, collection: Collection, item: Item) -> bool:
        """Whether the answers of read and create show an item as it is."""
        return all(self.exact(*one, item) is not None for one in self.shapes(collection))

    def is_whole(self, collection: Collection, item: Item) -> bool:
        """Whether an item has all that the answers of read and create require of one."""
        return all(
            documented.accepts(place.body(documented.body, place.shown(item)))
            for documented, place in self.shapes(collection)
        )

    def exact(self, documented: Documented, place: ItemPlace, item: Item) -> Any:
        """The body that shows an item as it is; None where the contract does not allow it.

        What is required and not known has the documented value.
        """
        around, shown = documented.body, place.shown(item)

        def is_shown(some: Item) -> bool:
            return documented.accepts(place.body(around, some))

        found = shown if is_shown(shown) else least(shown, place.item(around) or {}, is_shown)
        return None if found is None else place.body(around, found)

    def showing(self, documented: Documented, place: ItemPlace, item: Item) -> Any:
        """The body that shows as much of an item as the contract allows."""
        exact = self.exact(documented, place, item)
        if exact is not None:
            return exact
        template = place.item(documented.body) or {}
        fitting = fitting_members(
            place.shown(item),
            lambda members: documented.accepts(
                place.body(documented.body, {**template, **members})
            ),
        )
        body = place.body(documented.body, {**template, **fitting})
        return body if documented.accepts(body) else documented.body


def least(own: Item, more: Item, accepts: Callable[[Item], bool]) -> Item | None:
    """An object with the fewest of further members that is accepted; None where none is."""
    found = {**more, **own}
    if not accepts(found):
        return None
    for name in (one for one in more if one not in own):
        rest = {other: one for other, one in found.items() if other != name}
        found = rest if accepts(rest) else found
    return found


def fitting_members(members: Item, accepts: Callable[[Item], bool]) -> Item:
    """The members that are accepted, each beside those before it."""
    found: Item = {}
    for name, value in members.items():
        if accepts({**found, name: value}):
            found[name] = value
    return found


def merged(known: Any, sent: Any) -> Any:
    """An object with the members of another one merged into it, at all levels."""
    if not isinstance(known, dict) or not isinstance(sent, dict):
        return sent
    return {**known, **{name: merged(known.get(name), value) for name, value in sent.items()}}


def status_of_change(operation: Operation) -> int:
    """The status of a change: the lowest documented success that does not say "created"."""
    others = sorted(
        int(one) for one in operation.responses if one.isdigit() and one[0] == "2" and one != "201"
    )
    return others[0] if others else operation.success_status
