"""Items in bodies: the members of schemas, where a body has an item, and which member is its id."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from openapi.errors import ContractError
from openapi.media_types import is_json, is_xml
from openapi.names import IDS, spelt
from openapi.operation import MediaType, Operation
from openapi.references import merge_schemas
from openapi.schema import is_read_only, types_of

_ANY_ID = re.compile(r"(^|_)(id|uuid|guid|uid|sid)$")
_LEVELS = 4
"""How many levels of alternatives and of members are looked into."""


def body_of(operation: Operation, status: int) -> MediaType | None:
    """The body that an operation documents for a status: JSON, else XML; None without any."""
    answer = operation.response(status)
    content = answer.content if answer else {}
    found = (one for name, one in content.items() if is_json(name) or name in _ANY_JSON)
    xml = (one for name, one in content.items() if is_xml(name))
    return content.get("application/json") or next(found, None) or next(xml, None)


_ANY_JSON = ("*/*", "application/*")


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where a body has an item: the members that lead to it, and the item's own by name.

    An item that ``is_open`` has other members too.
    """

    path: tuple[str, ...]
    members: Mapping[str, Mapping[str, Any]]
    is_open: bool = False

    def shown(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The members of an item that the body has."""
        return {name: one for name, one in item.items() if self.is_open or name in self.members}

    def item(self, body: Any) -> dict[str, Any] | None:
        """The item in a body; None where there is no object."""
        for name in self.path:
            body = body.get(name) if isinstance(body, dict) else None
        return body if isinstance(body, dict) else None

    def body(self, around: Any, item: Any) -> Any:
        """A body with this item in place of the one of ``around``."""
        return _replaced(around, self.path, item)


def _replaced(around: Any, path: Sequence[str], item: Any) -> Any:
    if not path:
        return item
    here = around if isinstance(around, dict) else {}
    return {**here, path[0]: _replaced(here.get(path[0]), path[1:], item)}


class Members:
    """Reads the members of schemas, with references, ``allOf`` and alternatives merged in."""

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self._resolve = resolve

    def merged(self, definition: Any) -> Mapping[str, Any]:
        """A schema with its references and its ``allOf`` merged in; empty for a broken one."""
        with suppress(ContractError, AttributeError, TypeError):
            resolved = self._resolve(definition)
            if isinstance(resolved, dict):
                return merge_schemas(self._resolve, resolved)
        return {}

    def of(
        self, definition: Any, level: int = _LEVELS, value: Mapping[str, Any] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        """The members of an object by name, each merged; of a value, those that it may have."""
        merged = self.merged(definition)
        found: dict[str, Mapping[str, Any]] = {}
        for branch in self._branches(merged) if level else ():
            if value is None or self.may_be(branch, value):
                found = {**self.of(branch, level - 1, value), **found}
        own = merged.get("properties", {})
        return {**found, **{name: self.merged(one) for name, one in own.items()}}

    def shown(self, definition: Any) -> Mapping[str, Mapping[str, Any]]:
        """The members of an object that answers show."""
        members = self.of(definition).items()
        return {name: one for name, one in members if one.get("writeOnly") is not True}

    def is_open(self, definition: Any) -> bool:
        """Whether the contract says that an object has other members than it names."""
        return self.merged(definition).get("additionalProperties", False) is not False

    def items(self, definition: Any, level: int = _LEVELS) -> Any:
        """The schema of the items of an array; None for any other."""
        merged = self.merged(definition)
        if "items" in merged:
            return merged["items"]
        found = (self.items(one, level - 1) for one in self._branches(merged) if level)
        return next((one for one in found if one is not None), None)

    def with_defaults(self, definition: Any, value: Any) -> Any:
        """A value with the defaults of the members that it leaves out, at all levels."""
        if isinstance(value, list):
            inner = self.items(definition)
            return [self.with_defaults(inner, one) for one in value]
        if not isinstance(value, dict):
            return value
        properties = self.merged(definition).get("properties", {})
        own = {name: self.merged(one) for name, one in properties.items()}
        usual = {
            name: one["default"]
            for name, one in own.items()
            if "default" in one and not is_read_only(one)
        }
        given = {name: self.with_defaults(own.get(name), one) for name, one in value.items()}
        return {**usual, **given}

    def visible(self, definition: Any, value: Any) -> Any:
        """A value without the members that no answer shows (``writeOnly``), at all levels."""
        if isinstance(value, list):
            inner = self.items(definition)
            return [self.visible(inner, one) for one in value]
        if definition is None or not isinstance(value, dict):
            return value
        members, others = self.of(definition, value=value), self.merged(definition)
        more = others.get("additionalProperties")
        return {
            name: self.visible(members.get(name, more), one)
            for name, one in value.items()
            if members.get(name, {}).get("writeOnly") is not True
        }

    def may_be(self, branch: Any, value: Mapping[str, Any]) -> bool:
        """Whether the constants of an alternative allow a value."""
        return all(
            value[name] in one.get("enum", [one.get("const", value[name])])
            for name, one in self.of(branch).items()
            if name in value
        )

    def may_be_null(self, merged: Mapping[str, Any]) -> bool:
        """Whether a merged schema says that its value may be null."""
        kinds = [merged, *map(self.merged, self._branches(merged))]
        return any("null" in types_of(one) or None in one.get("enum", ()) for one in kinds)

    def alternatives(self, merged: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The alternatives of a merged schema, each merged; itself where it has none."""
        branches = self._branches(merged)
        rest = {name: one for name, one in merged.items() if name not in {"anyOf", "oneOf"}}
        return [{**rest, **self.merged(one)} for one in branches] or [merged]

    def discriminator(self, definition: Any) -> str | None:
        """The member that says which alternative an item is."""
        discriminator = self.merged(definition).get("discriminator")
        found = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
        return found if isinstance(found, str) else None

    def _branches(self, merged: Mapping[str, Any]) -> Sequence[Any]:
        return [*merged.get("anyOf", ()), *merged.get("oneOf", ())]


NATURAL_KEYS = ("slug", "handle", "code", "key", "number", "login", "username")
"""What members are called that name an item in a path such as ``/orgs/{org}``, without an id."""


def id_text(value: Any) -> str:
    """An id as a part of a path: one text for each value, without a slash."""
    whole = isinstance(value, float) and value.is_integer()
    return quote(str(int(value) if whole else value), safe="", errors="replace")


def id_member(members: Mapping[str, Any], parameter: str, noun: str) -> str | None:
    """The member that a path's parameter is named after; None without any."""
    if parameter in members:
        return parameter
    names = {spelt(name): name for name in members}
    last_word = _snake(parameter).rpartition("_")[2].rpartition("-")[2]
    first_id, *other_ids = IDS
    wanted = [spelt(parameter), last_word, first_id, f"{singular(noun)}{first_id}", *other_ids]
    if spelt(parameter) == singular(noun):
        wanted += NATURAL_KEYS
    ends = [name for name in names if len(name) > 1 and spelt(parameter).endswith(name)]
    wanted += sorted(ends, key=len, reverse=True)
    return next((names[name] for name in wanted if name in names), None)


HOLDERS = {"metadata", "meta", "sys"}
"""What a member is called that has the id of the item around it, and is no item itself."""


def held_id(reader: "Members", members: Mapping[str, Any], parameter: str, noun: str) -> str | None:
    """The id in a member that holds what is known of the item: ``metadata/name``."""
    for name, one in members.items():
        found = id_member(reader.of(one), parameter, noun) if spelt(name) in HOLDERS else None
        if found:
            return f"{name}/{found}"
    return None


def value_at(item: Mapping[str, Any], identity: str) -> Any:
    """The id of an item; None where it shows none."""
    if identity in item:
        return item[identity]
    holder, _, name = identity.partition("/")
    inner = item.get(holder) if name else None
    return inner.get(name) if isinstance(inner, dict) else None


def member_at(reader: "Members", members: Mapping[str, Any], identity: str) -> Any:
    """The schema of the member with the id; None where an item has no such member."""
    if identity in members:
        return members[identity]
    holder, _, name = identity.partition("/")
    return reader.of(members.get(holder)).get(name) if name else None


def called_id(members: Mapping[str, Any]) -> str | None:
    """The first member whose name ends as that of an id; None without any."""
    return next((name for name in members if _ANY_ID.search(_snake(name))), None)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def objects_in(
    reader: Members, definition: Any, noun: str, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Mapping[str, Any]]]]:
    """The object that a schema describes, and those that it only wraps, the outermost first."""
    members = reader.of(definition)
    if members:
        yield path, members
    if len(path) == _WRAPPERS:
        return
    inner = {name: one for name, one in members.items() if reader.of(one)}
    for name, one in inner.items():
        is_named = spelt(name) in WRAPPING or spelt(name) == singular(noun)
        if is_named or (len(inner) == 1 and spelt(name) not in HOLDERS):
            yield from objects_in(reader, one, noun, (*path, name))


WRAPPING = {
    "data",
    "result",
    "item",
    "payload",
    "response",
    "resource",
    "record",
    "entity",
    "body",
}
"""What a member is called that holds the item of an answer."""

HOLDING = {"node", *WRAPPING}
"""What a member is called that holds the item in what is listed: that of an edge."""

_WRAPPERS = 2


def singular(noun: str) -> str:
    """A word for several things as the word for one: ``categories``, ``category``."""
    word = spelt(noun)
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def item_place(reader: Members, definition: Any, identity: str, noun: str) -> ItemPlace | None:
    """Where a body has an item; None where no object in it has the member with the id."""
    for path, members in objects_in(reader, definition, noun):
        if member_at(reader, members, identity) is not None:
            for name in path:
                definition = reader.of(definition)[name]
            return ItemPlace(path, reader.shown(definition), reader.is_open(definition))
    return None
