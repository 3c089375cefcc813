"""Actions on an item, ``POST /payments/{id}/cancel``: what it is afterwards, by the contract."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any

from mock_server.documented.made_values import instant, timestamps
from mock_server.operations.item_answers import Documented, Item, ItemAnswers, fitting_members
from openapi.collection import Collection
from openapi.item_members import ItemPlace, body_of, item_place
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import Operation
from openapi.opposites import undone_by
from openapi.schema import types_of

_DONE = {
    "activate": ("active",), "deactivate": ("inactive",), "begin": ("begun",), "hold": ("held",),
    "pay": ("paid",), "send": ("sent",), "withdraw": ("withdrawn",), "undo": ("undone",),
    "win": ("won",), "lose": ("lost",), "resend": ("resent",), "freeze": ("frozen",),
}  # fmt: skip
"""What an item is called after an action, where that is not regular."""

_REVERSED = re.compile(r"(?:un|de|dis)(?=[a-z]{3})")
_ENABLE = {"disable": "enable"}
_TIME = re.compile(r"(at|on|date|time|timestamp)$")


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
        self._words = [one for one in re.split(r"[-_.]|(?<=[a-z])(?=[A-Z])", word) if one]

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
        is_deletion = self._operation.method == "DELETE" and bool(self._time_names)
        times = self._times(item, now) if set_ or is_deletion else {}
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
        return {**back, **dict.fromkeys(undone._time_names if is_deletion else ())}

    @cached_property
    def _said_or_named(self) -> Item:
        """The members that the action sets by its documented answer, or by its word."""
        said = {**dict(self._flags()), **self._said()}
        if any("enum" in self._collection.members.get(name, {}) for name in said):
            return said
        states = list(self._states())
        return {**said, **dict(states[:1] if len({name for name, _ in states}) == 1 else ())}

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

    def _states(self) -> Iterator[tuple[str, Any]]:
        for name, one in self._collection.members.items():
            values = one.get("enum") if _is_state(one) else None
            fitting = [value for value in values or () if self._is_done(value)]
            if len(fitting) == 1:
                yield name, fitting[0]

    def _flags(self) -> Iterator[tuple[str, bool]]:
        for name, one in self._collection.members.items():
            if "boolean" in types_of(one):
                plain = spelt(name).removeprefix("is")
                if plain in self._done:
                    yield name, True
                elif plain in self._undone:
                    yield name, False

    def _times(self, item: Item, now: float) -> Item:
        """The times of the action and of the change."""
        members = self._collection.members
        own = {name: instant(members[name], item.get(name), now, name) for name in self._time_names}
        own = {name: value for name, value in own.items() if value is not None}
        return {**timestamps(members, item, now, new=False), **own}

    @cached_property
    def _time_names(self) -> Sequence[str]:
        """The members with the time of the action."""
        stems = ((name, _TIME.sub("", spelt(name))) for name in self._collection.members)
        return [name for name, stem in stems if stem != spelt(name) and stem in self._done]

    @property
    def tells(self) -> bool:
        """Whether an item shows that the action was done."""
        return bool(self._set or self._time_names)

    def _is_done(self, value: object) -> bool:
        return isinstance(value, str) and spelt(value) in self._done

    @cached_property
    def _done(self) -> frozenset[str]:
        """What an item may be called after the action."""
        return frozenset(form for word in self._words for form in _forms(word.lower()))

    @cached_property
    def _undone(self) -> frozenset[str]:
        """What an item may be called before the action, and is not after it."""
        words = (_ENABLE.get(word.lower(), _REVERSED.sub("", word.lower())) for word in self._words)
        return frozenset(form for word in words for form in _forms(word)) - self._done


def _forms(word: str) -> Iterator[str]:
    """The forms of a verb that say that it is done: ``stop``, ``stopped``."""
    yield from (word, f"{word}ed", f"{word}d", f"{word}{word[-1]}ed", f"{word[:-1]}ied")
    yield from _DONE.get(word, ())


def _is_fixed(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one value alone."""
    return "const" in definition or len(definition.get("enum", ())) == 1


def _is_state(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one of a few values."""
    return "enum" in definition or "boolean" in types_of(definition)
