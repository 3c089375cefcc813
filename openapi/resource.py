"""A resource: its create, list and revoke operations, and the names of its members."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Self

from openapi.envelopes import envelope_of, wrappers
from openapi.item_members import HOLDERS, NATURAL_KEYS, singular
from openapi.item_paths import (
    above_id,
    are_alike,
    is_below,
    is_of_one,
    parameter_below,
    segments_of,
    shallow,
)
from openapi.names import spelt
from openapi.operation import MediaType, Operation, is_greedy
from openapi.paging import PageMembers, page_members, snake, steps
from openapi.references import merge_schemas
from openapi.schema import Schema, is_read_only, types_of

FORM = "application/x-www-form-urlencoded"
"""The media type of a form."""

_ID, _LOGIN, _NAME = "id", "client_id", "name"

_MADE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}
_ENDING = re.compile(r"/(revoke|cancel|void|delete|close|deactivate|disable|archive|terminate)$")
"""The end of a path whose POST ends a resource."""

_ENDED = re.compile(
    r"revok|cancel|delet|void|inactiv|disabl|archiv|clos|remov|terminat|trash|ended", re.IGNORECASE
)
"""What a state is called that a resource has when it was revoked."""

ACTIVE, REVOKED = "active", "revoked"
"""The conditions of a resource, whatever a contract calls them."""

_LIVING = {"active", "is_active", "enabled", "is_enabled", "live"}
"""Members that say that a resource was not revoked."""

NAMES = ("name", "reference", "description", "title", "label")
"""What the text is called, mostly, that clients call a resource by."""

_FREE_TEXT = "dinie-conformance 0123456789ab"
"""A text as clients of ours choose them, which a member must take to be a name."""


def says_ended(name: str, value: object) -> bool:
    """Whether a member says that its resource was revoked: ``deleted`` true, ``active`` false."""
    name = snake(name)
    return value is False if name in _LIVING else bool(value and _ENDED.search(name))


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of resource, and the names of its members.

    Operations on one lie below ``bases``: the path of ``create``, or one without its parent,
    ``/comments`` beside ``/docs/{id}/comments``. ``id`` names one in lists and cursors;
    ``handle`` has the value that stands in the path of an operation on it; ``login`` is the client
    id of the one that is exchanged for a token; ``name`` is the text that people call it by;
    ``secret`` is in the answer of ``create`` alone, None where the resource has none; ``state``
    says in the list whether it was revoked, None where nothing does.
    """

    create: Operation
    list: Operation | None
    revoke: Operation | None
    page: PageMembers | None
    id: str
    handle: str
    login: str
    name: str
    secret: str | None
    read: Operation | None = None
    state: str | None = None
    states: tuple[str, ...] = ()
    """The documented values of ``state``."""
    bases: tuple[str, ...] = ()
    is_located: bool = False
    """Whether ``Location`` alone names what was made: the answer of the creation shows no id."""

    @classmethod
    def created_by(cls, create: Operation, operations: Mapping[str, Operation]) -> Self:
        """The resource that an operation creates, with the operations on its path and below."""
        bases = _bases(create, operations)
        base = bases[0]
        beside = [one for one in operations.values() if one.path == made_in(create)]
        below = [one for one in operations.values() if is_below(one.path, base)]
        pages = next((one for one in beside if page_members(one)), None)
        on_one = [one for one in below if is_of_one(one.path)]
        revoke = next((one for one in on_one if one.method == "DELETE"), None) or next(
            (one for one in below if one.method == "POST" and _ENDING.search(one.path)), None
        )
        read = next((one for one in on_one if one.method == "GET"), None)
        items = item_members(pages) if pages else {}
        parameter = next((parameter_below(one.path, base) for one in below), "")
        members = success_members(create)
        # A creation that shows no id in its answer says by Location alone what it has made.
        is_located = not members or _shows_no_id(create, parameter)
        if is_located:
            members = items or (success_members(read) if read else {}) or members
        if create.method == "PUT":
            handle = _chosen(members, parameter, base)
            shown = success_members(create).keys() | (success_members(read).keys() if read else ())
            pages = pages if _shows_made(items.keys(), shown, handle) else None
        else:
            handle = _handle(members, parameter, create.path)
        secret = secret_member(create) if create.method == "POST" else None
        return cls(
            create=create,
            list=pages,
            revoke=revoke,
            page=page_members(pages) if pages else None,
            id=_ID if _ID in members else handle,
            handle=handle,
            login=_LOGIN if _LOGIN in members else handle,
            name=name_member(create, members),
            # What lists document is no secret that is shown once.
            secret=secret if secret not in items else None,
            read=read,
            state=_state_member(pages) if pages else None,
            states=_states(pages) if pages else (),
            bases=bases,
            is_located=is_located,
        )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Its operations: create, and list, read and revoke where they are."""
        return tuple(one for one in (self.create, self.list, self.read, self.revoke) if one)

    def has_items_below(self, path: str) -> bool:
        """Whether the resource lies below a path: that of its POST, or one without the parent."""
        return path == self.collection or path in self.bases

    @property
    def collection(self) -> str:
        """The path that its items are made on, or by a PUT below."""
        return made_in(self.create)

    def collection_of(self, path: str) -> str:
        """The concrete path of the collection, by that of a request which makes an item."""
        path = path.partition("?")[0]
        end = "(" if self.create.path.endswith(")") else "/"
        return path if self.create.method == "POST" else path.rpartition(end)[0]

    def place_of(self, operation: Operation, collection: str) -> tuple[str, str]:
        """Where an operation is on one that was made below a concrete path: that, and the rest.

        A parent in the concrete path is left out where that of the operation has none.
        """
        base = self.bases[0]
        below = operation.path.removeprefix(base)
        if base == self.collection:
            return collection, below
        *above, noun = base.split("/")
        return "/".join([*collection.split("/")[: len(above)], noun]), below

    @property
    def is_in_parentheses(self) -> bool:
        """Whether its id is in parentheses in paths, as OData has it: ``/things({id})``."""
        on_one = self.read or self.revoke
        return on_one is not None and on_one.path.endswith(")")

    @property
    def is_chosen_in_path(self) -> bool:
        """Whether a PUT makes it by an id that clients choose."""
        return self.create.method == "PUT"

    @property
    def is_chosen(self) -> bool:
        """Whether clients choose its id: then that of one partner may be that of another, too."""
        if self.is_chosen_in_path:
            return True
        body = self.create.json_body
        members = body.schema.outline.get("properties", {}) if body and body.schema else {}
        holder, _, name = self.id.partition("/")
        if name and self.id not in members:
            members = members.get(holder, {}).get("properties", {})
        own = name or self.id
        return own in members and not is_read_only(members[own])

    @property
    def ended_states(self) -> tuple[str, ...]:
        """The documented states of a resource that was revoked."""
        return tuple(one for one in self.states if _ENDED.search(one))

    @property
    def tells_ended(self) -> bool:
        """Whether lists tell what was revoked: of documented states one must be that of an end."""
        return not self.states or bool(self.ended_states)

    def condition(self, item: Mapping[str, object]) -> str:
        """Whether an item of the list is ``active`` or ``revoked``, else the state that it has."""
        if self.state is None:
            ended = any(says_ended(name, value) for name, value in item.items())
            return REVOKED if ended else ACTIVE
        value = item.get(self.state)
        if not isinstance(value, str):
            return "none"
        if value in self.ended_states or (not self.states and _ENDED.search(value)):
            return REVOKED
        return value if self.states and value not in self.states else ACTIVE


def makes_resource(operation: Operation, operations: Mapping[str, Operation]) -> bool:
    """Whether an operation creates a resource: it answers 201, or has operations on one below.

    With another success its answer has what stands in the path of those.
    """
    if operation.method != "POST" or operation.success_status not in _MADE:
        return False
    if makes_several(operation, operations):
        return False
    if operation.success_status == HTTPStatus.CREATED:
        return True
    members, base = success_members(operation), _bases(operation, operations)[0]
    ids = (
        parameter_below(one.path, base) for one in operations.values() if is_below(one.path, base)
    )
    return any(named_after(members, one, operation.path) for one in ids)


def makes_several(operation: Operation, operations: Mapping[str, Operation]) -> bool:
    """Whether an operation makes what a list in its body says, and answers with a list.

    Its answer has no id of its own: each item has one.
    """
    body, answer = operation.json_body, _success(operation)
    sent = body.schema if body and operation.method == "POST" else None
    shown = answer.schema if answer else None
    if sent is None or shown is None or not any(listed(sent.outline)):
        return False
    members, base = success_members(operation), _bases(operation, operations)[0]
    below = [one.path for one in operations.values() if is_below(one.path, base)]
    ids = {_ID, *(parameter_below(one, base) for one in below)}

    def is_named(its: Mapping[str, Any]) -> bool:
        return any(named_after(its, one, operation.path) for one in ids)

    if is_named(members) or any(map(_is_text, members.values())):
        return False
    return any(is_named(one.get("properties", {})) for _, one in listed(shown.outline))


def listed(outline: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The lists of objects in a value: the member of each, and the outline of what is in it.

    The member is empty where the value is the list.
    """
    for name, one in {"": outline, **outline.get("properties", {})}.items():
        items = one.get("items", {}) if "array" in types_of(one) else {}
        if "object" in types_of(items):
            yield name, items


def makes_by_put(operation: Operation) -> bool:
    """Whether an operation makes an item by the id in its path: a PUT that may answer 201."""
    above, _, last = segments_of(operation.path).rpartition("/")
    is_by_id = bool(above and re.fullmatch(r"\{[^{}]+\}", last)) and operation.method == "PUT"
    return is_by_id and operation.documents(HTTPStatus.CREATED) and not is_greedy(operation.path)


def made_in(create: Operation) -> str:
    """The path that a POST makes items on, or a PUT by the id at the end of its own."""
    path = create.path
    return path if create.method == "POST" else above_id(path[: path.rindex("{")])


def makes_items(operation: Operation) -> bool:
    """The operation makes the items of a resource: a POST, or a PUT by a new id."""
    return operation.resource is not None and operation.resource.create is operation


def puts_items(operation: Operation) -> bool:
    """The operation, a PUT, makes the items of a resource, which no POST makes."""
    return operation.method == "PUT" and makes_items(operation)


def creates(operation: Operation) -> bool:
    """The operation, a POST, creates a resource each time."""
    return operation.method == "POST" and makes_items(operation)


def _bases(create: Operation, operations: Mapping[str, Operation]) -> tuple[str, ...]:
    """The paths that the operations on one resource lie below: of the POST, or without its parent.

    A path without the parent has no POST of its own, and an answer there shows what is made.
    """
    path = made_in(create)
    if create.method == "PUT":
        return (path,)
    has_own = any(is_below(one.path, path) for one in operations.values())
    found = [path] if has_own else []
    for base in shallow(path):
        below = [one for one in operations.values() if is_below(one.path, base)]
        makes = any(one.method == "POST" and one.path == base for one in operations.values())
        for one in below if not makes else ():
            if is_of_one(one.path) and one.method in {"GET", "PUT", "PATCH"}:
                made, shown = success_members(create).keys(), success_members(one).keys()
                own = named_after(success_members(one), parameter_below(one.path, base), base)
                is_same = made == shown if has_own else are_alike(made, shown)
                if own in made and is_same and base not in found:
                    found.append(base)
    return tuple(found) or (path,)


def _chosen(members: Mapping[str, Any], parameter: str, collection: str) -> str:
    """The member with the id that clients choose in a path, called as the parameter is.

    So is ``key`` of ``/flags/{flagKey}``. Where it has none, another may be one that a server
    makes: then it is called as the parameter itself.
    """
    noun, name = singular(collection.rpartition("/")[2]), spelt(parameter)
    names = {spelt(one): one for one in members}
    wanted = (name, name.removeprefix(noun), f"{noun}{name}")
    return next((names[one] for one in wanted if one in names), parameter)


def _shows_made(items: Set[str], shown: Set[str], handle: str) -> bool:
    """Whether the items of a list are what a PUT makes, by the members that its answers show.

    A list that shows no id does not say which of them is which. One of another kind may be on the
    same path, as the users of a team are above its invitations: it has other members, or ids of
    its own.
    """
    has_own = _ID in items and bool(shown) and _ID not in shown
    is_alike = not shown or are_alike(items, shown)
    return bool({_ID, handle} & items) and not has_own and is_alike


def _shows_no_id(create: Operation, parameter: str) -> bool:
    """Whether no member in the answer of a POST can be the id of what it makes."""
    members = success_members(create)
    named = _handle(members, parameter, create.path)
    return create.method == "POST" and named == _ID and _ID not in members


def _handle(members: Mapping[str, Any], parameter: str, path: str) -> str:
    """The member that stands in the path of an operation on one resource."""
    found = named_after(members, parameter, path)
    if found:
        return found
    for name, one in members.items():
        inner = one.get("properties", {}) if spelt(name) in HOLDERS else {}
        if held := named_after(inner, parameter, path):
            return f"{name}/{held}"
    above = {snake(one) for one in re.findall(r"\{([^{}]*)\}", path)}
    own = [name for name in members if snake(name) not in above]
    other = (name for name in own if snake(name).endswith(("_id", "uuid", "guid")))
    return next(other, _ID)


def named_after(members: Mapping[str, Any], parameter: str, path: str) -> str | None:
    """The member that the parameter of a path is named after; None without any."""
    if parameter in members:
        return parameter
    kind = re.sub(r"(ie)?s$", "", snake(path.rpartition("/")[2])) or "resource"
    word = snake(parameter).removesuffix("_id")
    ends = ("reference", "ref", "number", "code", "key")
    wanted = [snake(parameter), f"{word}_id", _ID, f"{kind}_id", "uuid", "guid", word]
    wanted += [f"{word}_{end}" for end in ends]
    wanted += NATURAL_KEYS if word == kind else ()
    names = {snake(name): name for name in members}
    return next((names[one] for one in wanted if one in names), None)


def item_members(operation: Operation) -> Mapping[str, Any]:
    """The members of the items of a list operation: schemas by name."""
    page = page_members(operation)
    response = operation.response(operation.success_status)
    schema = response.json_content.schema if response and response.json_content else None
    outline: Mapping[str, Any] = schema.outline if schema else {}
    for name in steps(page.items) if page else ():
        outline = outline.get("properties", {}).get(name, {})
    members: Mapping[str, Any] = outline.get("items", {}).get("properties", {})
    return members


def _state_member(pages: Operation) -> str | None:
    named = [name for name, one in item_members(pages).items() if _is_text(one)]
    return next((one for one in ("status", "state") if one in named), None)


def _states(pages: Operation) -> tuple[str, ...]:
    """The values that the contract has for the state of an item; none where it has any text."""
    page, member = page_members(pages), _state_member(pages)
    response = pages.response(pages.success_status)
    schema = response.json_content.schema if response and response.json_content else None
    if page is None or member is None or schema is None:
        return ()
    place: Any = schema.definition
    for name in (*steps(page.items), None, member):
        place = merge_schemas(schema.resolve, schema.resolve(place))
        place = (
            place.get("items", {}) if name is None else place.get("properties", {}).get(name, {})
        )
    values = merge_schemas(schema.resolve, schema.resolve(place)).get("enum", ())
    return tuple(one for one in values if isinstance(one, str))


def secret_member(create: Operation) -> str | None:
    """The member of a created resource that holds its secret, such as ``client_secret``."""
    if not any("secret" in one.lower() for one in _success_names(create)):
        return None
    members = success_members(create).items()
    return next((name for name, one in members if "secret" in name.lower() and _is_text(one)), None)


_REFERENCE = re.compile(r"(?:_|-|(?<=[a-z])(?=[IU]))(?:id|Id|ID|uuid|Uuid|UUID)$")


def name_member(create: Operation, shown: Mapping[str, Any]) -> str:
    """The member that people call a resource by: a text that clients choose and answers repeat.

    ``shown`` has the members of the resource in answers. It is ``name`` where the contract has it,
    else the first text that is never null and takes any words, a reference last.
    """
    sent = request_members(create)
    schema = create.object_body.schema if create.object_body else None
    texts = [
        name
        for name, one in sent.items()
        if name in shown
        and types_of(one) == ["string"]
        and schema is not None
        and schema.is_usable
        and takes_member(schema, name, _FREE_TEXT)
    ]
    if named := next((one for one in NAMES if one in texts), None):
        return named
    # What ends like an id, or as what the contract has elsewhere, may refer to something else.
    nouns = _nouns(create) if any("_" in snake(one) for one in texts[:1]) else frozenset()
    texts.sort(
        key=lambda one: bool(_REFERENCE.search(one)) or snake(one).rpartition("_")[2] in nouns
    )
    return next(iter(texts), _NAME)


def _nouns(create: Operation) -> frozenset[str]:
    """What the collections beside that of a creation hold: ``account`` of ``/accounts``."""
    paths = {one.path for one in create.contract.operations.values()} if create.contract else set()
    last = (path.rpartition("/")[2] for path in paths - {create.path})
    return frozenset(singular(one) for one in last if "{" not in one)


def takes_member(schema: Schema, name: str, value: object) -> bool:
    """Whether the schema of an object has nothing against a value of a member."""
    errors = schema.errors({name: value})
    return not any(re.split(r"[.\[]", one.param)[0] == name for one in errors)


def issues_tokens(operation: Operation) -> bool:
    """The operation answers with an access token (RFC 6749, section 5.1)."""
    return (
        operation.method == "POST"
        and "access_token" in _success_names(operation)
        and "access_token" in success_members(operation)
    )


def requires_pair_in_form(operation: Operation) -> bool:
    """Whether a request for a token must have client id and secret in its form.

    That is beside the grant of RFC 6749 section 4.4, as section 2.3.1 allows.
    """
    body = operation.request_body
    form = body.content.get(FORM) if body else None
    schema = form.schema if form else None
    grant = {"grant_type": "client_credentials"}
    return bool(
        schema and schema.is_usable and not schema.is_valid(grant)
        and schema.is_valid({**grant, "client_id": "text", "client_secret": "text"})
    )  # fmt: skip


@cache
def request_members(operation: Operation) -> Mapping[str, Any]:
    """The members of the JSON object, or of the form, that an operation takes: schemas by name."""
    return _members(operation.object_body)


@cache
def success_members(operation: Operation) -> Mapping[str, Any]:
    """The members of the resource that an operation answers with: schemas by name.

    They are those of the JSON object in the answer, or in its envelope.
    """
    members = _members(_success(operation))
    for name in envelope_of(operation):
        members = members[name].get("properties", {})
    return members


def _success(operation: Operation) -> MediaType | None:
    response = operation.response(operation.success_status)
    return response.json_content if response else None


@cache
def _success_names(operation: Operation) -> frozenset[str]:
    """The names of all members that an answer may have, for a look that costs little."""
    media_type = _success(operation)
    schema = media_type.schema if media_type else None
    return schema.names(wrappers(operation)) if schema else frozenset()


def _members(media_type: MediaType | None) -> Mapping[str, Any]:
    schema = media_type.schema if media_type else None
    members: Mapping[str, Any] = schema.outline.get("properties", {}) if schema else {}
    return members


def _is_text(definition: Mapping[str, Any]) -> bool:
    return "string" in types_of(definition)
