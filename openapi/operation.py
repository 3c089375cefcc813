"""Operations of the contract, with their parameters, bodies and responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from openapi.schema import Schema, types_of

IDEMPOTENCY_KEY = "Idempotency-Key"


def essence(media_type: str) -> str:
    """Return the media type in lower case and without parameters (RFC 9110 section 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON (RFC 6839 section 3.1: the suffix counts)."""
    return essence(media_type).endswith(("/json", "+json"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path, query, header or cookie parameter."""

    name: str
    location: str
    required: bool
    schema: Schema
    style: str
    explode: bool
    key: str = field(init=False)
    """The name to look it up by: in lower case for a header, else as declared."""
    types: Sequence[str] = field(init=False)
    """The types of its schema."""
    is_single: bool = field(init=False)
    """Whether its value is a single string: neither an array nor an object."""

    def __post_init__(self) -> None:
        key = self.name.lower() if self.location == "header" else self.name
        object.__setattr__(self, "key", key)
        types = types_of(self.schema.outline)
        object.__setattr__(self, "types", types)
        composite = "array" in types or "object" in types or self.style == "deepObject"
        object.__setattr__(self, "is_single", not composite)

    @property
    def is_unrestricted(self) -> bool:
        """Whether no request can violate it: an optional header that accepts any string."""
        return self.location == "header" and not self.required and self.schema.accepts_any_string


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type of a body, with its schema and documented examples."""

    name: str
    schema: Schema | None
    examples: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The bodies that an operation accepts, by media type (lower case, without parameters)."""

    required: bool
    content: Mapping[str, MediaType]

    def accepts(self, media_type: str) -> MediaType | None:
        """Return the documented media type or range (``image/*``) that ``media_type`` matches."""
        if media_type in self.content:
            return self.content[media_type]
        main_type = media_type.partition("/")[0]
        return self.content.get(f"{main_type}/*") or self.content.get("*/*")


@dataclass(frozen=True, slots=True)
class Header:
    """A documented response header."""

    name: str
    required: bool
    schema: Schema | None
    examples: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A documented response: its key (``201``, ``4XX``, ``default``), bodies and headers."""

    key: str
    pointer: str
    description: str
    content: Mapping[str, MediaType]
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation: a method on a path."""

    id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: Mapping[str, DocumentedResponse]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    summary: str
    """What it does in one line; empty where the contract does not say."""
    name: str = field(init=False)
    """Its id, method and path: ``createCredential POST /auth/credentials``."""
    header_names: Mapping[str, bytes] = field(init=False)
    """The declared request headers: names in lower case, and encoded as in an ASGI scope."""
    checked_parameters: tuple[Parameter, ...] = field(init=False)
    """The parameters that a request can violate."""
    accepts_idempotency_key: bool = field(init=False)
    """Whether the operation declares the ``Idempotency-Key`` header."""

    def __post_init__(self) -> None:
        headers = [one.key for one in self.parameters if one.location == "header"]
        names = {name: name.encode("latin-1") for name in headers}
        object.__setattr__(self, "header_names", names)
        object.__setattr__(self, "name", f"{self.id} {self.method} {self.path}")
        checked = tuple(one for one in self.parameters if not one.is_unrestricted)
        object.__setattr__(self, "checked_parameters", checked)
        accepts = IDEMPOTENCY_KEY.lower() in self.header_names
        object.__setattr__(self, "accepts_idempotency_key", accepts)

    @property
    def json_body(self) -> MediaType | None:
        """The media type of its JSON request body, with schema and examples; None without one."""
        return self.request_body.accepts("application/json") if self.request_body else None

    @property
    def needs_authentication(self) -> bool:
        """Whether each of its security requirements asks for credentials."""
        return bool(self.security) and all(self.security)

    @property
    def success_status(self) -> int:
        """The lowest documented 2xx status, else 3xx; 200 for a range or ``default``."""
        for first, others in (("2", "2XX"), ("3", "default")):
            exact = sorted(key for key in self.responses if key.isdigit() and key.startswith(first))
            if exact or others in self.responses:
                return int(exact[0]) if exact else int(HTTPStatus.OK)
        return int(HTTPStatus.OK)

    def response(self, status: int) -> DocumentedResponse | None:
        """Return the documented response for ``status``: exact, of its range, or ``default``."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None
