"""Operations of the contract, with their parameters, bodies and responses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

from openapi.errors import ContractError
from openapi.file_bodies import holds_any_bytes, sent_type
from openapi.media_types import (
    FORM,
    MULTIPART,
    essence,
    is_json,
    is_plain_text,
    specificity,
    type_parameters,
)
from openapi.schema import Schema, types_of

IDEMPOTENCY_KEY = "Idempotency-Key"


METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

PATH_PARAMETER = re.compile(r"\{([^{}]*?)\+?\}")
"""A parameter in a path template, or a variable in a server's URL."""


_STATUS_KEY = re.compile(r"[1-5]([0-9]{2}|XX)")


def status_key(name: str) -> str | None:
    """The key of a response by its name in a document: ``4XX`` of ``4xx``; None for no status."""
    key = name.upper()
    return name if name == "default" else key if _STATUS_KEY.fullmatch(key) else None


def is_key_header(name: str) -> bool:
    """Whether a header of this name has an idempotency key; another name may be around it."""
    return "idempotency" in name.lower()


def is_greedy(path: str) -> bool:
    """Whether the last parameter of a path template is the rest of a path: ``/files/{name+}``."""
    return path.endswith("+}")


@dataclass(frozen=True)
class Parameter:
    """A path, query, header or cookie parameter."""

    name: str
    location: str
    required: bool
    schema: Schema
    style: str
    explode: bool
    media_type: str | None = None
    """The media type of its value, for a parameter with ``content``."""
    allows_empty: bool = False
    """Whether it may be sent without a value, as ``?flag`` or ``?flag=``."""
    examples: tuple[object, ...] = ()
    key: str = field(init=False)
    """The name to look it up by: in lower case for a header, else as declared."""

    def __post_init__(self) -> None:
        key = self.name.lower() if self.location == "header" else self.name
        object.__setattr__(self, "key", key)

    @cached_property
    def types(self) -> Sequence[str]:
        """The types of its schema."""
        return types_of(self.schema.outline)

    @cached_property
    def is_single(self) -> bool:
        """Whether its value is a single string and nothing else: no array, no object, no prefix."""
        composite = {"array", "object"} & set(self.types) or self.style in _COMPOSITE_STYLES
        return not (composite or self.media_type is not None or self.allows_empty)

    @cached_property
    def is_sent_once(self) -> bool:
        """Whether a second value in the query cannot be meant: nothing in it is a list."""
        is_scalar = bool(self.types) and {"array", "object"}.isdisjoint(self.types)
        return self.location == "query" and (is_scalar or self.media_type is not None)

    @property
    def is_unrestricted(self) -> bool:
        """Whether no request can violate it: an optional header that accepts any string."""
        return self.location == "header" and not self.required and self.schema.accepts_any_string


_COMPOSITE_STYLES = ("deepObject", "label", "matrix")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a property is written in a form (OpenAPI 3.1, section 4.8.15)."""

    content_types: tuple[str, ...]
    """The media types of its part; empty where the contract names none."""
    style: str | None
    """The style of its fields, as that of a query parameter; None where it has a media type."""
    explode: bool
    headers: tuple[Parameter, ...] = ()
    """The headers of its part, in a multipart form."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type of a body, with its schema and documented examples."""

    name: str
    schema: Schema | None
    examples: tuple[object, ...]
    example_places: tuple[str, ...] = ()
    named_examples: Mapping[str, object] = field(default_factory=dict)
    """The examples that have a name."""
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    """The encoding of properties, for a form."""

    @property
    def is_file(self) -> bool:
        """Whether its schema says that a body is a file (OpenAPI 3.0.3, section 4.7.14.2)."""
        return self.schema is not None and self.schema.definition.get("format") == "binary"

    @property
    def takes_objects(self) -> bool:
        """Whether its schema says nothing against an object."""
        types = types_of(self.schema.outline) if self.schema else ()
        return not types or "object" in types


def media_type_of(content: Mapping[str, MediaType], given: str) -> MediaType | None:
    """The most specific documented media type or range that matches a body's media type.

    The parameters of a documented type must be sent; only where one documented type has the name
    may they be missing.
    """
    name, parameters = essence(given), type_parameters(given)
    best: tuple[tuple[int, int], MediaType] | None = None
    partial = []
    for key, one in content.items():
        own = type_parameters(key)
        level = specificity(essence(key), name)
        if not level or any(parameters.get(each, text) != text for each, text in own.items()):
            continue
        if not own.keys() <= parameters.keys():
            partial.append(one)
        elif best is None or (level, len(own)) > best[0]:
            best = (level, len(own)), one
    if best:
        return best[1]
    return partial[0] if len(partial) == 1 else None


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The bodies that an operation accepts, by media type (see :func:`canonical`)."""

    required: bool
    content: Mapping[str, MediaType]
    is_plain: bool = field(init=False)
    """Whether no documented media type has parameters."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_plain", not any(";" in name for name in self.content))

    def accepts(self, media_type: str) -> MediaType | None:
        """Return the documented media type or range (``image/*``) that ``media_type`` matches."""
        if self.is_plain:
            found = self.content.get(media_type) or self.content.get(essence(media_type))
            if found:
                return found
        return media_type_of(self.content, media_type)


@dataclass(frozen=True, slots=True)
class Header:
    """A documented response header."""

    name: str
    required: bool
    schema: Schema | None
    examples: tuple[object, ...]
    example_places: tuple[str, ...] = ()
    explode: bool = False
    """Whether an object is written as ``a=1,b=2``, and not as ``a,1,b,2``."""
    media_type: str | None = None
    """The media type of its value, for a header with ``content``."""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A documented response: its key (``201``, ``4XX``, ``default``), bodies and headers.

    ``flaw`` says why it cannot be read, and has neither then; None for any other.
    """

    key: str
    pointer: str
    description: str = ""
    content: Mapping[str, MediaType] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    links: Mapping[str, object] = field(default_factory=dict)
    """Its links as the contract has them, by name."""
    flaw: ContractError | None = None

    def describes(self, content_type: str) -> MediaType | None:
        """The documented media type or range of a body with this ``Content-Type``; else None.

        RFC 9110 section 8.3.1: parameters such as a charset do not make another media type.
        """
        return media_type_of(self.content, content_type)

    @property
    def json_content(self) -> MediaType | None:
        """Its JSON body: ``application/json``, else the first other type of JSON; else None."""
        others = (one for name, one in self.content.items() if is_json(name))
        return self.content.get("application/json") or next(others, None)


@dataclass(frozen=True, slots=True)
class Unserved:
    """An operation that cannot be read, or, without a method, all operations of a path."""

    path: str
    method: str | None
    flaw: ContractError


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation: a method on a path."""

    id: str
    method: str
    path: str
    """Its path below the base path of the contract, as requests have it."""
    pointer: str
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: Mapping[str, DocumentedResponse]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    summary: str
    """What it does in one line; empty where the contract does not say."""
    prefix: str = ""
    """What its path begins with by its own servers, and not by the contract's list of paths."""
    name: str = field(init=False)
    """Its id, method and path: ``createCredential POST /auth/credentials``."""
    header_names: Mapping[str, bytes] = field(init=False)
    """The declared request headers: names in lower case, and encoded as in an ASGI scope."""
    checked_parameters: tuple[Parameter, ...] = field(init=False)
    """The parameters that a request can violate."""
    accepts_idempotency_key: bool = field(init=False)
    """Whether the operation declares a header with an idempotency key."""
    requires_idempotency_key: bool = field(init=False)
    """Whether no request is valid without that header."""
    key_header: str = field(init=False)
    """The header of its idempotency key, as the contract writes it: see :func:`is_key_header`."""
    idempotency_header: bytes | None = field(init=False)
    """That header in lower case; None where the operation declares none."""
    contract: Any = field(init=False, default=None, repr=False)
    """The :class:`~openapi.contract.Contract` that it is of, once that is read."""

    def __post_init__(self) -> None:
        headers = [one.key for one in self.parameters if one.location == "header"]
        names = {name: name.encode("latin-1") for name in headers}
        object.__setattr__(self, "header_names", names)
        # Without an ``operationId`` the id is the place, as the contract writes it.
        is_place = self.id.startswith(f"{self.method} /")
        name = self.id if is_place else f"{self.id} {self.method} {self.path}"
        object.__setattr__(self, "name", name)
        checked = tuple(one for one in self.parameters if not one.is_unrestricted)
        object.__setattr__(self, "checked_parameters", checked)
        keys = [one for one in self.parameters
                if one.location == "header" and is_key_header(one.name)]  # fmt: skip
        found = next((one for one in keys if one.key == IDEMPOTENCY_KEY.lower()), None)
        key = found or next(iter(keys), None)
        object.__setattr__(self, "accepts_idempotency_key", key is not None)
        object.__setattr__(self, "requires_idempotency_key", key is not None and key.required)
        object.__setattr__(self, "key_header", key.name if key else IDEMPOTENCY_KEY)
        object.__setattr__(self, "idempotency_header", names[key.key] if key else None)

    @property
    def json_body(self) -> MediaType | None:
        """Its JSON request body: ``application/json``, else another type of JSON that it has."""
        if self.request_body is None:
            return None
        others = (one for name, one in self.request_body.content.items() if is_json(name))
        return self.request_body.accepts("application/json") or next(others, None)

    @property
    def object_body(self) -> MediaType | None:
        """The media type of a request body that has members: JSON, else a form of either kind."""
        content = self.request_body.content if self.request_body else {}
        form = content.get(FORM) or content.get(MULTIPART)
        return self.json_body if self.json_body and self.json_body.takes_objects else form

    @property
    def file_body(self) -> MediaType | None:
        """Its request body of a text or a file, where it takes nothing that has members; else None.

        Of several it is a text, else any bytes, else a file of a type of which one is known.
        """
        content = self.request_body.content if self.request_body else {}
        whole = self.json_body
        if self.object_body or (whole and (is_json(whole.name) or not whole.is_file)):
            return None
        for is_taken in is_plain_text, holds_any_bytes, sent_type:
            if found := next((one for name, one in content.items() if is_taken(name)), None):
                return found
        return None

    @property
    def needs_authentication(self) -> bool:
        """Whether each of its security requirements asks for credentials."""
        return bool(self.security) and all(self.security)

    def documents(self, *statuses: int) -> bool:
        """Whether it documents each of these statuses by itself, and not by a range."""
        return all(str(one) in self.responses for one in statuses)

    @property
    def refusals(self) -> tuple[DocumentedResponse, ...]:
        """The documented responses to requests at fault: 4xx, and ``default``."""
        return tuple(
            one for key, one in self.responses.items() if key.startswith("4") or key == "default"
        )

    def allows(self, status: int) -> bool:
        """Whether a status is documented, or a refusal that the contract leaves to its server."""
        is_left = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        return self.response(status) is not None or (is_left and self.leaves_refusals)

    @property
    def leaves_refusals(self) -> bool:
        """Whether the contract leaves open by which status a server refuses a request at fault.

        It does so where it has no refusal at all, and of an operation with a body or a query where
        those that it has say nothing of what is sent: no server refuses a wrong body with 404.
        """
        says_of_data = {"400", "422", "4XX", "default"} & self.responses.keys()
        takes_data = self.request_body or any(one.location == "query" for one in self.parameters)
        return not self.refusals or bool(takes_data and not says_of_data)

    @property
    def resource(self) -> Any:
        """The :class:`~openapi.resource.Resource` that it creates, lists, reads or revokes."""
        return self.contract.resource_of(self) if self.contract else None

    @property
    def success_status(self) -> int:
        """The lowest documented 2xx status, else 3xx; 200 for a range or ``default``."""
        for first, others in (("2", "2XX"), ("3", "default")):
            exact = sorted(key for key in self.responses if key.isdigit() and key.startswith(first))
            if exact or others in self.responses:
                return int(exact[0]) if exact else int(HTTPStatus.OK)
        return int(HTTPStatus.OK)

    def is_success(self, status: int) -> bool:
        """Whether a status is a success that is documented: a PUT may have 200 and 201."""
        is_named = not {str(status), f"{status // 100}XX"}.isdisjoint(self.responses)
        return status == self.success_status or (is_named and f"{status}".startswith("2"))

    @property
    def usual_status(self) -> int | None:
        """The status of its success where that is documented, else the lowest that is.

        None where no answer is documented that could be the last one to a request.
        """
        if self.response(self.success_status):
            return self.success_status
        numbers = (key.replace("XX", "00") for key in self.responses)
        return min(
            (int(one) for one in numbers if one.isdigit() and one[0] in "2345"), default=None
        )

    def is_usual_error(self, status: int) -> bool:
        """Whether a status is a server error that is documented, and nothing but such errors is."""
        are_errors = all(key.startswith("5") for key in self.responses)
        return are_errors and self.response(status) is not None

    def schemas(self) -> Iterator[Schema]:
        """The schemas of its parameters, bodies and headers."""
        yield from (one.schema for one in self.parameters)
        contents = [self.request_body.content] if self.request_body else []
        for response in self.responses.values():
            contents.append(response.content)
            yield from (one.schema for one in response.headers if one.schema)
        for content in contents:
            yield from (one.schema for one in content.values() if one.schema)

    def response(self, status: int) -> DocumentedResponse | None:
        """Return the documented response for ``status``: exact, of its range, or ``default``."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None
