"""Actions on an item, ``POST /payments/{id}/cancel``: what it is afterwards, by the contract."""

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from mock_server.documented.made_values import instant, timestamps
from mock_server.operations.item_answers import Documented, Item, ItemAnswers, fitting_members
from openapi.collection import Collection
from openapi.done_words import DoneWords
from openapi.item_members import ItemPlace, body_of, item_place
from openapi.item_paths import shape_of
from openapi.operation import Operation
from openapi.opposites import undone_by
from openapi.schema import types_of


def is_action(operation: Operation, shape: str, item_shape: str) -> bool:
    """Whether an operation does something with an item: a POST or PUT one word below its path."""
    word = shape.removeprefix(f"{item_shape}/")
    return operation.method in {"POST", "PUT"} and word != shape and not {"/", "{"} & {*word}


class ItemAction:
    """One action: which members of an item it sets, and where its answer shows the item.

    It sets what its documented answer says in another way than that of the item as it is made: a
    member that has its only value there, or an example of one with an enumeration. Else it sets the
    one member with an enumeration that has the word of the action done, ``canceled`` for
    ``cancel``, and flags and times that are called so. An action that undoes another and says
    nothing of this sets what that sets to what a new item has.
    """

    def __init__(
        self, operation: Operation, collection: Collection, answers: ItemAnswers, word: str
    ) -> None:
        self._operation = operation
        self._collection = collection
        self._answers = answers
        self._words = DoneWords(word, collection.members)

    @cached_property
    def documented(self) -> Documented:
        """The documented answer."""
        return self._answers.documented(self._operation, self._operation.success_status)

    @cached_property
    def place(self) -> ItemPlace | None:
        """Where the answer has the item; None where it is of something else."""
        media_type = body_of(self._operation, self._operation.success_status)
        schema = media_type.schema if media_type else None
        own = self._collection
        if schema is None:
            return None
        return item_place(self._answers.reader, schema.definition, own.id, own.noun)

    @property
    def is_of_item(self) -> bool:
        """Whether the answer is the item, or has no body."""
        return self.place is not None or self.documented.body is None

    def is_refused(self, item: Item) -> bool:
        """Whether it is done already, and the contract has a conflict for that.

        A PUT may be repeated (RFC 9110 section 9.2.2), and what a body says may differ.
        """
        return (
            self._operation.method == "POST"
            and self._operation.request_body is None
            and self._operation.documents(HTTPStatus.CONFLICT)
            and bool(self._set)
            and all(item.get(name) == one for name, one in self._set.items())
        )

    def changed(self, item: Item, now: float) -> Item:
        """The item after the action, with as much of it as the contract allows."""
        set_ = {name: one for name, one in self._set.items() if item.get(name) != one}
        is_deletion = self._operation.method == "DELETE"
        is_new = not self._set and all(item.get(name) is None for name in self._words.times)
        is_told_by_times = bool(self._words.times) and (is_deletion or is_new)
        times = self._times(item, now) if set_ or is_told_by_times else {}
        return item | fitting_members(
            {**set_, **times}, lambda some: self._answers.is_shown(self._collection, item | some)
        )

    @cached_property
    def _set(self) -> Item:
        """The members that the action sets, but for times."""
        first = undone_by(self._operation)
        if self._said_or_named or first is None:
            return self._said_or_named
        is_deletion = first.method == "DELETE"
        word = "delete" if is_deletion else shape_of(first.path).rpartition("/")[2]
        undone = ItemAction(first, self._collection, self._answers, word)
        back = {name: self._made[name] for name in undone._said_or_named if name in self._made}
        is_by_times = is_deletion or not undone._said_or_named
        return {**back, **dict.fromkeys(undone._words.times if is_by_times else ())}

    @cached_property
    def _said_or_named(self) -> Item:
        """The members that the action sets by its documented answer, or by its word."""
        said = {**self._words.flags, **self._said()}
        if any("enum" in self._collection.members.get(name, {}) for name in said):
            return said
        return {**said, **self._words.state}

    def _said(self) -> Item:
        """What the documented answer says of the item in another way than that of a new one."""
        shown = (self.place.item(self.documented.body) if self.place else None) or {}
        made = self._made
        media_type = body_of(self._operation, self._operation.success_status)
        has_example = bool(media_type and media_type.examples)
        chosen = self._collection.request_members(self._collection.create)
        members = self.place.members.items() if self.place else ()
        return {
            name: shown[name]
            for name, one in members
            if name in shown
            and name not in chosen
            and shown[name] != made.get(name)
            and (_is_fixed(one) or (has_example and _is_state(one)))
        }

    @cached_property
    def _made(self) -> Item:
        """A new item, as it is documented."""
        made: Item = {}
        for documented, place in self._answers.shapes(self._collection):
            made |= place.item(documented.body) or {}
        return made

    def _times(self, item: Item, now: float) -> Item:
        """The times of the action and of the change."""
        members = self._collection.members
        own = {
            name: instant(members[name], item.get(name), now, name) for name in self._words.times
        }
        own = {name: value for name, value in own.items() if value is not None}
        return {**timestamps(members, item, now, new=False), **own}


def _is_fixed(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one value alone."""
    return "const" in definition or len(definition.get("enum", ())) == 1


def _is_state(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one of a few values."""
    return "enum" in definition or "boolean" in types_of(definition)
