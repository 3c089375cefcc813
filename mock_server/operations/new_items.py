"""New items: the documented one with what was sent, an id of its own, and the present time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.journal.secret_names import is_credential
from mock_server.documented.made_values import (
    instant,
    is_past_time,
    new_ids,
    new_secrets,
    timestamps,
)
from mock_server.exchange.exact_json import write_json
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, no_item
from mock_server.operations.item_answers import Item, ItemAnswers, fitting_members, merged
from mock_server.operations.item_places import naming
from mock_server.store.interface import ItemChange
from openapi.collection import Collection
from openapi.item_members import id_text, singular, value_at
from openapi.item_paths import segments_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation
from openapi.resource import says_ended
from openapi.schema import types_of

_UNIQUE = re.compile(r"id|uuid|guid|node_id", re.IGNORECASE)
"""What a further id of an item is called."""


_RELATIONSHIPS = "relationships"

ONLY_ITEM = "-"
"""The id of what is alone on its path."""


@dataclass(frozen=True, slots=True)
class ItemCall:
    """A request to an operation of a collection, whose concrete path is ``path``.

    ``flat_path`` is that without the parent that other operations do not have.
    """

    exchange: Exchange
    operation: Operation
    collection: Collection
    partner_id: str
    path: str
    flat_path: str

    @property
    def item_id(self) -> str:
        """The id in the path of the request."""
        names = self.collection.key_parameters(self.operation)
        return "/".join(id_text(self.exchange.parameters[name]) for name in names) or ONLY_ITEM

    def propose(self, item_id: str, before: bytes | None, after: Item | bytes | None) -> None:
        """Propose a change of an item with the answer."""
        value = write_json(after) if isinstance(after, dict) else after
        change = ItemChange(self.partner_id, self.path, item_id, before, value)
        self.exchange.writes = (change,)
        if self.path != self.flat_path and (before is None) != (value is None):
            name = naming(
                self.partner_id, self.flat_path, self.path, item_id, is_new=before is None
            )
            self.exchange.writes = (change, name)

    def not_found(self) -> Problem:
        """The problem (404) for an item that is not there."""
        name = self.collection.id_parameters.get(self.operation, self.collection.id)
        return no_item(name or self.collection.noun)


class NewItem:
    """One new item on its way: what is documented, what was sent, and what is made for it.

    ``number`` is one that no other item of its collection was given. One that ``replaces`` what is
    there, or is not, has nothing of the documented one that clients may set.
    """

    def __init__(
        self, call: ItemCall, answers: ItemAnswers, sent: Item, number: int, *, replaces: bool
    ) -> None:
        self._call = call
        self._collection = call.collection
        self._answers = answers
        self._sent = sent
        self._number = number
        self._documented: Item = {}
        for documented, place in answers.shapes(call.collection):
            self._documented |= place.item(documented.body) or {}
        if replaces:
            self._documented = self._without_unset()

    def with_id(self, given: object = None) -> Item | None:
        """The item with an id of its own, or the given one; None where no answer shows it."""
        if not self._answers.shapes(self._collection):
            return None
        own, made = self._collection.id, self._named(given)
        if made is None:
            return None
        self._documented = self._with_own_urls(value_at(made, own)) if own else self._documented
        others = self._times() | self._of_parents() | self._unique()
        fixed = self._sent.keys() | made.keys()
        others = {name: value for name, value in others.items() if name not in fixed}
        start = {**self._documented, **made}
        made |= fitting_members(others, lambda members: self._is_shown({**start, **members}))
        for item in self._forms():
            if self._is_shown({**item, **made}):
                return {**item, **made}
        start = {**self._documented, **made}
        fits = fitting_members(self._sent, lambda members: self._is_shown({**start, **members}))
        return start | fits | made

    def _without_unset(self) -> Item:
        """The documented item without what a client may set, where that is not required."""
        settable = self._collection.request_members(self._call.operation)
        bare = {name: one for name, one in self._documented.items() if name not in settable}
        bare |= {name: self._sent[name] for name in self._documented if name in self._sent}
        left = self._documented | bare
        unset = self._documented.keys() & settable - self._sent.keys()
        return (
            bare
            if self._answers.is_whole(self._collection, bare)
            else (self._answers.without(self._collection, left, unset))
        )

    def _is_shown(self, item: Item) -> bool:
        return self._answers.is_shown(self._collection, item)

    def _named(self, given: object) -> Item | None:
        """The id that all answers and paths take; None without any."""
        own = self._collection.id
        if not own:
            return {}
        if "/" in own and own not in self._collection.members:
            return self._held(own, given)
        is_invented = own in self._answers.invented(self._collection)
        example = None if is_invented else self._documented.get(own)
        definition = self._collection.members.get(own, {})
        ids = self._ids(definition, example) if given is None else iter((given,))
        named = ({own: one} for one in ids if self._collection.takes_id(one))
        return next((one for one in named if self._is_shown({**self._documented, **one})), None)

    def _ids(self, definition: Mapping[str, Any], example: object) -> Iterator[Any]:
        """Ids to try, of each alternative of a schema; first those of the example's type."""
        ways = self._answers.reader.alternatives(definition)
        is_text = isinstance(example, str)
        for one in sorted(ways, key=lambda it: is_text and "string" not in types_of(it)):
            yield from new_ids(one, example, self._number)

    def _held(self, own: str, given: object) -> Item | None:
        """The member that holds the id, with the times in it and a further id."""
        holder, _, name = own.partition("/")
        reader, members = self._answers.reader, self._collection.members
        inner = reader.of(members[holder])
        documented, sent = (
            one if isinstance(one := whole.get(holder), dict) else {}
            for whole in (self._documented, self._sent)
        )
        start = timestamps(inner, documented, self._call.exchange.now, new=True)
        if "uid" in inner and name != "uid":
            start["uid"] = next(self._ids(inner["uid"], documented.get("uid")))
        ids = self._ids(inner[name], None) if given is None else iter((given,))
        for one in (one for one in ids if self._collection.takes_id(one)):
            for found in ({**start, **sent}, {**sent}, {**documented, **start, **sent}):
                made = {holder: {**found, name: one}}
                if self._is_shown({**self._documented, **made}):
                    return made
        return None

    def _with_own_urls(self, new: object) -> Item:
        """The documented item whose URLs name the new item: ``https://…/pets/7``."""
        old = value_at(self._documented, self._collection.id)
        if old is None:
            return self._documented
        noun = re.escape(self._collection.noun)
        url = re.compile(rf"(/{noun}/){re.escape(id_text(old))}(?=[/?#]|$)")
        return {name: _with_urls(one, url, id_text(new)) for name, one in self._documented.items()}

    def _forms(self) -> Iterator[Item]:
        """The documented items with what was sent in them, the likeliest first."""
        create, sent = self._collection.create, self._sent
        place = self._collection.shown.get(create)
        kind = self._answers.kind(self._collection)
        if kind is None or sent.get(kind) in (None, self._documented.get(kind)):
            yield from self._unset()
            yield {**self._documented, **sent}
        for body in self._answers.examples(create, create.success_status) if place else ():
            item = (place.item(body) if place else None) or {}
            if kind is None or sent.get(kind) == item.get(kind):
                yield {**item, **sent}
        yield sent
        yield merged(self._documented, sent)

    def _unset(self) -> Iterator[Item]:
        """The documented item with what was sent, and with little of what no one says.

        What a client may set and has not set is left out, or else empty; anything else is null
        where that is allowed.
        """
        invented = self._answers.invented(self._collection) - self._sent.keys()
        unset = invented & self._collection.request_members(self._call.operation)
        start = {**self._documented, **self._sent}
        known = invented & self._documented.keys()
        empty = self._answers.empty(self._collection, known, unset)
        start |= fitting_members(empty, lambda members: self._is_shown({**start, **members}))
        # Such as the time of an end that is to come.
        ended = [name for name in known if says_ended(name, start.get(name))]
        start = self._answers.without(self._collection, start, ended)
        bare = {name: one for name, one in start.items() if name not in unset}
        if not self._answers.is_whole(self._collection, bare):
            left = [name for name in start if name in unset]
            yield self._answers.without(self._collection, start, left)
        yield bare

    def _times(self) -> Item:
        now, members = self._call.exchange.now, self._collection.members
        # What clients may not set, and no example says.
        own = self._answers.invented(self._collection) - self._collection.request_members(
            self._call.operation
        )
        times = {
            name: instant(members[name], self._documented.get(name), now, name)
            for name in own
            if is_past_time(name) and not self._answers.reader.may_be_null(members[name])
        }
        named = timestamps(members, self._documented, now, new=True)
        return {name: one for name, one in times.items() if one is not None} | named

    def _of_parents(self) -> Item:
        """The members that name the items above, by the parameters of the path."""
        parts = segments_of(self._call.operation.path).split("/")
        members = {spelt(name): name for name in self._collection.members}
        own, found = self._collection.id, Item()
        for at, part in enumerate(parts):
            for name in PATH_PARAMETER.findall(part):
                noun = singular(parts[at - 1])
                wanted = (members.get(one) for one in (spelt(name), f"{noun}id", noun))
                member = next((one for one in wanted if one not in {None, own}), None)
                value = self._call.exchange.parameters.get(name)
                if member:
                    found.setdefault(member, value)
                found |= self._related({**self._documented, **found}, noun, value)
        return found

    @staticmethod
    def _related(item: Item, noun: str, value: object) -> Item:
        """The relationships of an item, with the one above as one of them (JSON:API)."""
        known = item.get(_RELATIONSHIPS)
        if not isinstance(known, dict):
            return {}
        for name, one in known.items():
            data = one.get("data") if isinstance(one, dict) else None
            if spelt(name) == noun and isinstance(data, dict):
                return {
                    _RELATIONSHIPS: {**known, name: {**one, "data": {**data, "id": str(value)}}}
                }
        return {}

    def _unique(self) -> Item:
        """Other values than documented for the secrets of the item, and its further ids."""
        found: Item = {}
        for name, one in self._collection.members.items():
            is_secret, example = is_credential(name), self._documented.get(name)
            is_own = is_secret or _UNIQUE.fullmatch(name)
            if name != self._collection.id and is_own and isinstance(example, str | int):
                made = (
                    new_secrets(one, example, self._number)
                    if is_secret
                    else self._ids(one, example)
                )
                fitting = (value for value in made if self._is_shown_with(name, value))
                if (value := next(fitting, None)) is not None:
                    found[name] = value
        return found

    def _is_shown_with(self, name: str, value: object) -> bool:
        return self._is_shown({**self._documented, name: value})


def _with_urls(value: Any, url: re.Pattern[str], item_id: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_urls(one, url, item_id) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_urls(one, url, item_id) for one in value]
    return url.sub(lambda found: found[1] + item_id, value) if isinstance(value, str) else value
