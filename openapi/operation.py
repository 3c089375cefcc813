"""What the contract says of one operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from openapi.schema import Schema, types_of

IDEMPOTENCY_KEY = "Idempotency-Key"


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
    """What it is looked up by: the name, in lower case where that makes no difference."""
    types: Sequence[str] = field(init=False)
    """The types that its schema names."""
    is_single: bool = field(init=False)
    """Whether its value is one text and no more: neither an array nor an object."""
    is_free_header: bool = field(init=False)
    """Whether it is a header that may be left out, and may say anything."""

    def __post_init__(self) -> None:
        key = self.name.lower() if self.location == "header" else self.name
        object.__setattr__(self, "key", key)
        types = types_of(self.schema.outline)
        object.__setattr__(self, "types", types)
        parted = "array" in types or "object" in types
        object.__setattr__(self, "is_single", not parted and self.style != "deepObject")
        free = self.location == "header" and not self.required and self.schema.takes_any_text
        object.__setattr__(self, "is_free_header", free)


@dataclass(frozen=True, slots=True)
class MediaType:
    """What one media type of a body holds: its schema and the documented examples."""

    name: str
    schema: Schema | None
    examples: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The bodies that an operation accepts, by media type (lower case, without parameters)."""

    required: bool
    content: Mapping[str, MediaType]

    def accepts(self, media_type: str) -> MediaType | None:
        """The documented entry for ``media_type``, ranges such as ``image/*`` included."""
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
    """One documented response: its key (``201``, ``4XX``, ``default``), bodies and headers."""

    key: str
    pointer: str
    description: str
    content: Mapping[str, MediaType]
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: Mapping[str, DocumentedResponse]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    name: str = field(init=False)
    """All that identifies it: ``createCredential POST /auth/credentials``."""
    header_names: Mapping[str, bytes] = field(init=False)
    """The declared request headers, in lower case and as they come in."""
    checked_parameters: tuple[Parameter, ...] = field(init=False)
    """Those that a request may get wrong: an optional header that takes any text is none."""
    accepts_idempotency_key: bool = field(init=False)
    """Whether the contract declares the ``Idempotency-Key`` header here."""

    def __post_init__(self) -> None:
        headers = [one.key for one in self.parameters if one.location == "header"]
        names = {name: name.encode("latin-1") for name in headers}
        object.__setattr__(self, "header_names", names)
        object.__setattr__(self, "name", f"{self.id} {self.method} {self.path}")
        checked = tuple(one for one in self.parameters if not one.is_free_header)
        object.__setattr__(self, "checked_parameters", checked)
        accepts = IDEMPOTENCY_KEY.lower() in self.header_names
        object.__setattr__(self, "accepts_idempotency_key", accepts)

    @property
    def needs_authentication(self) -> bool:
        """Whether nobody may call it without credentials."""
        return bool(self.security) and all(self.security)

    @property
    def success_status(self) -> int:
        """The lowest documented 2xx status, else 3xx; 200 by a range or by ``default``."""
        for first, others in (("2", "2XX"), ("3", "default")):
            exact = sorted(key for key in self.responses if key.isdigit() and key.startswith(first))
            if exact or others in self.responses:
                return int(exact[0]) if exact else int(HTTPStatus.OK)
        return int(HTTPStatus.OK)

    def response(self, status: int) -> DocumentedResponse | None:
        """What is documented for ``status``: exactly, by its range, or by ``default``."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None
