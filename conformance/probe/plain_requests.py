"""Plain valid requests for one operation: their paths, also in other resources, and bodies."""

import json
import random
import re
import secrets
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import quote

from conformance.probe.budget import DEFAULT_BUDGET, GenerationBudget
from conformance.probe.new_values import new_ends, new_texts, taken_once, with_new_values
from conformance.probe.not_verified import NotAsked, NotServed, NotVerified
from conformance.probe.parameter_values import (
    new_values,
    plain_query,
    plain_value,
    unknown_value,
)
from conformance.probe.several import asking_for_items
from conformance.probe.shared_refusals import SharedRefusals
from conformance.probe.taken_bodies import has_rules, may_end_or_hide, varied, with_references
from conformance.target.entity_tags import tag_parameter, with_tag
from conformance.target.exchange import (
    Recording,
    Request,
    UnsendableRequest,
    names_in,
    path_of,
    path_to,
    query_with,
    sendable,
)
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.item_paths import above_id
from openapi.media_types import is_json
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, MediaType, Operation, Parameter
from openapi.reads import changed_by, updated_by
from openapi.resource import (
    Resource,
    creates,
    puts_items,
    request_members,
    takes_member,
)
from openapi.sample import valid_sample_of
from openapi.schema import Schema
from openapi.several import several_made_by

NAME_PREFIX = "dinie-conformance"
"""The start of the name of every created resource, which marks it as test data."""

NEW_NAME = re.compile(rf"{NAME_PREFIX} [0-9a-f]{{12}}")
"""What is in names that no other request has, in any run."""

_TEXT = ""
"""The member of a body of a text or a file that is all of it."""

_NOTHING = f"{NAME_PREFIX}-unknown"
"""A value in a path that names nothing."""


def makes_bodies(operation: Operation) -> bool:
    """Whether the bodies that an operation requires are made here: JSON, forms, texts and files."""
    body = operation.request_body
    is_made = bool(operation.object_body or operation.json_body or operation.file_body)
    return not (body and body.required and body.content) or is_made


def changes_what_is_there(operation: Operation) -> bool:
    """Whether an operation changes or ends what its path names, as far as the contract tells.

    A POST that creates something leaves what is there as it is; no other POST is sure to.
    """
    return operation.method not in {"GET", "HEAD", "OPTIONS"} and not creates(operation)


class PlainRequests(ABC):
    """Valid requests for one operation, made of what the contract documents."""

    def __init__(
        self,
        contract: Contract,
        operation: Operation,
        target: Target,
        randomness: random.Random,
        seed: int = 0,
        budget: GenerationBudget = DEFAULT_BUDGET,
        refusals: SharedRefusals | None = None,
    ) -> None:
        self.contract = contract
        self.operation = operation
        self.target = target
        self.random = randomness
        self.seed = seed
        self.budget = budget
        self.recording = Recording()
        self.refusals = refusals or SharedRefusals()

    def of(self, operation: Operation) -> Self:
        """A probe for another operation; both keep one record."""
        other = type(self)(
            self.contract, operation, self.target, self.random, self.seed, self.budget,
            self.refusals,
        )  # fmt: skip
        other.recording = self.recording
        return other

    @property
    def token_place(self) -> str:
        """Where the operation has its token by its own schemes."""
        return self.contract.token_place(self.operation)

    @property
    def token_places(self) -> tuple[str, ...]:
        """Where the operation has its token, and keys that it asks for beside it."""
        return self.contract.token_places(self.operation)

    @property
    def is_opened_by_certificate(self) -> bool:
        """Whether the client's certificate opens the operation, whatever token goes along."""
        is_shown = self.target.settings.connection.client_cert is not None
        return self.contract.opens_with_certificate(self.operation, is_shown=is_shown)

    @property
    def is_of_one_partner(self) -> bool:
        """Whether all requests are of one partner, for a certificate or a header says who it is."""
        of_both = {one.at(self.token_place) for one in self.target.access[:2]}
        is_shared = len(self.target.access) > 1 and len(of_both) == 1
        is_given = self.target.settings.is_given(self.token_place)
        return self.is_opened_by_certificate or is_given or is_shared

    def request(
        self,
        partner: int | None = 0,
        query: Mapping[str, object] = MappingProxyType({}),
        own: str = "",
    ) -> Request:
        """A valid request for the operation: plain data, marked as test data.

        Its path is as in :meth:`path`, and the id in the body of a PUT is that in its path. Nothing
        is verified without the token that the operation wants.
        """
        access = self.target.access[partner or 0 :]
        if partner is not None and access and self.token_places in access[0].refused_places:
            raise NotAsked(self.target.refusal(self.operation.id, self.token_places, partner))
        required = [one for one in self.operation.parameters if one.required]
        wanted: dict[str, object] = {}
        for one in required:
            wanted |= plain_query(one) if one.location == "query" else {}
        wanted |= query
        path = self.path(partner, own)
        request = Request(
            self.operation.method, f"{path}?{query_with(wanted)}" if wanted else path,
            tuple((one.name, str(plain_value(one))) for one in required
                  if one.location == "header" and one.name != self.operation.key_header),
            partner=partner, key_header=self.operation.key_header, token_places=self.token_places,
        )  # fmt: skip
        request = self.with_tag(request, is_own=bool(own))
        if self.operation.requires_idempotency_key:
            request = request.with_key(self.new_key())
        body, text = self.operation.request_body, self.operation.file_body
        if text and body and (body.required or creates(self.operation)):
            return request.with_form(self.plain_body(partner), text)
        return self._with_body(request, partner, path)

    def _with_body(self, request: Request, partner: int | None, path: str) -> Request:
        """The same request with a plain body of JSON, or a form, where it takes one."""
        body = self.operation.request_body
        taken = self.operation.object_body
        if taken and not is_json(taken.name) and "*" not in taken.name:
            return request.with_form(self._identified(self.plain_body(partner), path), taken)
        if taken and is_json(taken.name):
            request = request.with_header("Content-Type", taken.name)
        if body is None or not body.content or (taken is None and not body.required):
            return request
        if taken is not None:
            value = self._identified(self.plain_body(partner), path)
            return request.with_json(self._asking_for_items(value))
        whole = self.operation.json_body
        if whole is None:
            kinds = " or ".join(body.content)
            raise NotServed(f"{self.operation.id} takes {kinds}: no such body is made here")
        made = next(iter(whole.examples), None)
        if whole.schema and not whole.examples:
            made = self._sample(whole.schema)
        made = self._asking_for_items(made)
        return request.with_header("Content-Type", whole.name).with_json(made)

    def _asking_for_items(self, body: Any) -> Any:
        """A body that asks for items where it may make several."""
        several = several_made_by(self.operation)
        return asking_for_items(several, body, self.new_name) if several else body

    def with_tag(self, request: Request, *, is_own: bool = True) -> Request:
        """The same request, with an ``If-Match`` that holds now where the operation asks for it."""
        tag = tag_parameter(self.operation)
        is_new = puts_items(self.operation) and not is_own
        if tag is None or (is_new and not tag.required):
            return request
        if is_new:
            raise NotServed(f"{self.operation.id} requires an If-Match, and a new item has no tag")
        # The tag is that of a read, which has none to be asked for.
        is_read = self.operation.method in {"GET", "HEAD"}
        return with_tag(
            request, tag, lambda: None if is_read else self._shown_tag(request), is_own=is_own
        )

    @abstractmethod
    def _shown_tag(self, request: Request) -> str | None:
        """The entity tag of what a request is on; None where no read shows any."""

    def on_one(self, handle: str, partner: int | None = 0) -> Request:
        """A valid request for the operation on the resource with this handle.

        Raises :class:`UnsendableRequest` for a handle that cannot stand in a path.
        """
        return self.request(partner, own=path_to("{}", handle))

    def path(self, partner: int | None = 0, own: str = "") -> str:
        """The operation's path for a partner, in a resource of that partner's where it is in one.

        ``own`` stands for the resource itself, as it is; without it an example does. What changes
        or ends something never has one that may be there already: a PUT or PATCH has an item of the
        run's, for a server may look at no data before it has found that, and all others a value
        that names nothing; a PUT that makes items has a new id. Nothing is verified where there is
        none.
        """
        parts, found = PATH_PARAMETER.split(self.operation.path), list[str]()
        if self.operation.method == "DELETE" and len(parts) == 1:
            raise NotServed(f"{self.operation.id} would delete what the run has not made")
        for number in range(1, len(parts), 2):
            above = "".join(f"{{{one}}}" if place % 2 else one
                            for place, one in enumerate(parts[:number]))  # fmt: skip
            found.append(self._value_in_path(
                above_id(above), parts[number], partner, own, is_last=number == len(parts) - 2,
            ))  # fmt: skip
        return path_of(self.operation.path, found)

    def _value_in_path(
        self, collection: str, name: str, partner: int | None, own: str, *, is_last: bool
    ) -> str:
        resource, is_update = self.known_resource, updated_by(self.operation) is not None
        is_own = resource.has_items_below(collection) if resource else is_last
        if is_own and own:
            return own
        if is_own and puts_items(self.operation):
            return quote(self._new_in_path(name), safe="")
        if is_last and changes_what_is_there(self.operation) and not (is_own and is_update):
            return quote(self._unknown_in_path(name), safe="")
        if resource and is_own and not is_update:
            return quote(self._path_example(name), safe="")
        above = [one for one in self.contract.resources if one.has_items_below(collection)]
        is_read = resource is None and not changes_what_is_there(self.operation)
        if above:
            try:
                return quote(sendable(self._made_above(above[0], partner or 0)), safe="")
            except (NotVerified, UnsendableRequest):
                # What is read shows its access also where nothing can be made for it.
                if not is_read:
                    raise
        parameter = self._path_parameter(name)
        unmade = self._path_example(name) if resource is None else _place(parameter)
        return quote(str(next(iter(parameter.examples), unmade)), safe="")

    @abstractmethod
    def _made_above(self, resource: Resource, partner: int, number: int = 0) -> str:
        """The handle of a resource of the partner's to make others in, one for each number."""

    def plain_body(self, partner: int | None = 0) -> dict[str, Any]:
        """The smallest documented JSON body, its name a new one that is marked as test data.

        Without an example it is made by the schema. Where the target has refused that one, it is
        one that was taken; what it refers to is of the ``partner``.
        """
        if text := self.operation.file_body:
            return {_TEXT: self._new_text(text)}
        taken = self.target.places.taken.get(self.operation.id)
        if taken is not None and isinstance(taken.body, dict):
            value = varied(self.operation, taken, frozenset({self.name_member}))
            self.target.places.new_texts.add(new_texts(self.operation, taken.body, value))
            return self._named(self._with_new_values(self._referring(value, partner)))
        return self._named(self._with_new_values(self._smallest_body()))

    def _smallest_body(self) -> dict[str, Any]:
        body = self.operation.object_body
        examples = [one for one in (body.examples if body else ()) if one]
        if body and body.schema and not examples:
            examples = [self._sample(body.schema)]
        smallest = min(examples, key=lambda one: len(json.dumps(one, default=str)), default={})
        return smallest if isinstance(smallest, dict) else {}

    def is_plain(self, body: Mapping[str, Any]) -> bool:
        """Whether a body is as each plain one, but for what is new in each: it gives no end.

        Nor does it refer to anything, with which what it makes may end, or choose what is listed.
        """
        if body.keys() == {self.name_member}:
            return True
        taken = self.target.places.taken.get(self.operation.id)
        new = {self.name_member, *taken_once(self.operation)}
        if taken is not None and taken.varied_member:
            new.add(taken.varied_member)
        try:
            plain = self._smallest_body()
        except NotVerified:
            return False
        sent, usual = ({name: one for name, one in value.items() if name not in new}
                       for value in (body, plain))  # fmt: skip
        has_rule = has_rules(self.operation, plain) or may_end_or_hide(self.operation, plain)
        return sent == usual and not self.has_rules and not has_rule

    @property
    def asks_for_a_name_alone(self) -> bool:
        """Whether a plain body has a new name, and nothing else."""
        return self._smallest_body().keys() <= {self.name_member}

    def _new_text(self, body: MediaType) -> Any:
        """A text that a body may be: a new name, where its schema takes that."""
        name = self.new_name()
        if body.schema is None or body.schema.is_valid(name):
            return name
        return next(iter(body.examples), None) or self._sample(body.schema)

    def _with_new_values(self, body: dict[str, Any]) -> dict[str, Any]:
        value = with_new_values(self.operation, body)
        self.target.places.new_texts.add(new_texts(self.operation, body, value))
        return value

    def _sample(self, schema: Schema) -> Any:
        """A plain value of a schema; nothing is verified where none is found."""
        try:
            return valid_sample_of(schema)
        except LookupError:
            raise NotServed(
                f"no body that {self.operation.id} takes was found: give its schema an example"
            ) from None

    @property
    def has_rules(self) -> bool:
        """Whether the target refuses plain bodies by rules of its business, and takes others."""
        taken = self.target.places.taken.get(self.operation.id)
        return taken is not None and taken.has_rules

    def _referring(self, value: dict[str, Any], partner: int | None) -> dict[str, Any]:
        """A body that refers to resources of the partner's, where it refers to any."""
        taken = self.target.places.taken.get(self.operation.id)
        known = taken.references if taken else {}
        resources = {one.create.id: one for one in self.contract.resources}
        # What moves something from one to another is refused where both are the same.
        number = Counter[str]()
        handles: dict[str, str] = {}
        for name, id_ in known.items():
            made = self._made_above(resources[id_], partner or 0, number[id_])
            handles[name] = sendable(made)
            number[id_] += 1
        found: dict[str, Any] = with_references(value, handles)
        return found

    def other_reference(self, name: str) -> str | None:
        """The handle of what no plain body refers to by this member; None where it refers to none.

        It is of the first partner.
        """
        taken = self.target.places.taken.get(self.operation.id)
        if taken is None or name not in taken.references:
            return None
        resources = {one.create.id: one for one in self.contract.resources}
        resource = resources[taken.references[name]]
        return sendable(self._made_above(resource, 0, len(taken.references)))

    def _named(self, value: dict[str, Any]) -> dict[str, Any]:
        body, taken = self.operation.object_body, self.target.places.taken.get(self.operation.id)
        if taken and self.name_member in taken.references:
            return value
        named = {**value, self.name_member: self.new_name()}
        if self.name_member in value or (
            self.name_member in request_members(self.operation)
            and body and body.schema and body.schema.is_valid(named)
        ):  # fmt: skip
            return named
        return value

    def new_name(self) -> str:
        """A short printable name that no other request has, in any run."""
        return f"{NAME_PREFIX} {secrets.token_hex(6)}"

    def new_key(self) -> str:
        """A fresh idempotency key: a UUID, for a target knows the keys of the last run."""
        return str(uuid.uuid4())

    @property
    def known_resource(self) -> Resource | None:
        """The resource of the operation, also one that it changes; None where it is of none."""
        known = changed_by(self.operation)
        return known.resource if known else self.contract.resource_of(self.operation)

    @property
    def name_member(self) -> str:
        """The member of requests, answers and items that people call a resource by."""
        found = self.known_resource
        return found.name if found else "name"

    def _path_example(self, name: str) -> str:
        parameter = self._path_parameter(name)
        examples = parameter.schema.definition.get("examples", [])
        if examples:
            return str(examples[0])
        return unknown_value(parameter, _NOTHING) or str(plain_value(parameter))

    def _new_in_path(self, name: str) -> str:
        """The id of what a PUT makes, which its body takes as well; nothing is verified without."""
        parameter, member = self._path_parameter(name), self._id_in_body

        def is_taken(value: object) -> bool:
            return not member or bool(self._ids_in_body(member, str(value)))

        found = new_values(parameter, self.new_name().replace(" ", "-"))
        if (first := next(filter(is_taken, found), None)) is None:
            raise NotServed(f"no {name} is known that names nothing, and that the body takes")
        others = new_ends(first, lambda one: parameter.schema.is_valid(one) and is_taken(one))
        self.target.places.new_texts.add(others)
        return str(first)

    def _identified(self, body: dict[str, Any], path: str) -> dict[str, Any]:
        """The body of a request with the id in its path, where it is a PUT that has that."""
        member = self._id_in_body
        ids = self._ids_in_body(member, names_in(path)[-1]) if member else []
        return {**body, str(member): ids[0]} if ids else body

    @property
    def _id_in_body(self) -> str | None:
        """The member of the body that has the id in the path of a PUT which makes items."""
        if not puts_items(self.operation) or self.known_resource is None:
            return None
        handle = self.known_resource.handle
        names = {spelt(handle), spelt(PATH_PARAMETER.findall(self.operation.path)[-1])}
        return next((one for one in request_members(self.operation) if spelt(one) in names), None)

    def _ids_in_body(self, member: str, text: str) -> list[object]:
        """An id as the body takes it: as a text, or as a number."""
        body = self.operation.object_body
        tried: list[object] = [text, *([int(text)] if text.isdecimal() else [])]
        schema = body.schema if body else None
        if schema is None or not schema.is_usable:
            return tried
        return [one for one in tried if takes_member(schema, member, one)]

    def _unknown_in_path(self, name: str) -> str:
        found = unknown_value(self._path_parameter(name), _NOTHING)
        if found is None:
            raise NotServed(
                f"{self.operation.id} would change what the run has not made: each {name} may"
                " name that"
            )
        return found

    def _path_parameter(self, name: str) -> Parameter:
        [found] = [one for one in self.operation.parameters
                   if (one.location, one.name) == ("path", name)]  # fmt: skip
        return found


def _place(parameter: Parameter) -> str:
    """The value of what no operation makes and others are made in: always the same one."""
    return _NOTHING if parameter.schema.is_valid(_NOTHING) else str(plain_value(parameter))
