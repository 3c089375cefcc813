"""Responses, and the table of every error that the mock answers (RFC 9457 problem details)."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import NamedTuple

import orjson

from mock_server.exchange.exact_json import write_json
from openapi.errors import ContractError
from openapi.field_errors import FieldError


@dataclass(slots=True)
class Response:
    """A response, complete before any of it is sent."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def json_response(status: int, value: object, **headers: str) -> Response:
    """A response with a JSON body; headers are given as ``Cache_Control="no-store"``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, write_json(value), "application/json", named)


MEDIA_TYPE = "application/problem+json"

TYPE_BASE = "https://api.dinie.com.br/errors/"
"""The start of each ``type`` URI of the bundled contract."""

BLANK = "about:blank"
"""The ``type`` of a problem that says no more than its status (RFC 9457 section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class ProblemStyle:
    """How an API writes its problems: ``type``, the realm of its challenges, its field errors."""

    type_base: str | None = TYPE_BASE
    """The start of its ``type`` URIs; None where they are ``about:blank``."""
    realm: str = "dinie"
    has_sentences: bool = True
    """Whether the detail of a field is a sentence, such as "This field is required."."""

    def detail_of(self, error: FieldError) -> str:
        """The detail of a field error."""
        detail = error.detail
        if not self.has_sentences or detail[:1].isupper():
            return detail
        return f"This field {detail}" + ("" if detail.endswith("?") else ".")


BUNDLED_STYLE = ProblemStyle()
CONTROL_STYLE = ProblemStyle(has_sentences=False)
"""The style of the control plane, whose errors a test reads behind the name of the field."""


PROBLEM_STYLE = "mock_server.exchange.problems"
"""The name of the style in the state of the application (ASGI lifespan)."""


class Challenge(NamedTuple):
    """The challenge of a 401; ``error`` is RFC 6750's code for a token that was sent."""

    scheme: str
    error: str | None = None


_BARE = ("negotiate", "ntlm")
"""Schemes whose challenge is their name alone (RFC 4559 section 4.1)."""


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    slug: str
    title: str
    exact: int | None = None
    """A status that says more, for an operation that documents it."""
    others: tuple[int, ...] = ()
    """Statuses in its place, the closest first, for an operation that does not document it."""

    def status_in(self, documented: Collection[str]) -> int:
        """The status for an operation with these keys of responses."""
        usual = (self.status, *self.others)
        for one in usual if self.exact is None else (self.exact, *usual):
            if str(one) in documented:
                return one
        of_range = (one for one in usual if f"{one // 100}XX" in documented)
        return next(of_range, self.status)


_INVALID = "invalid-request", "Invalid request"


class ProblemType(Enum):
    """Problem types: status, last segment of the ``type`` URI, title, and other statuses."""

    INVALID_REQUEST = _Kind(400, *_INVALID, others=(422,))
    INVALID_CONTENT_TYPE = _Kind(400, *_INVALID, exact=415, others=(422,))
    BODY_TOO_LARGE = _Kind(400, *_INVALID, exact=413, others=(422,))
    UNKNOWN_PREFERENCE = _Kind(400, *_INVALID)
    AUTHENTICATION_FAILED = _Kind(
        401, "authentication-failed", "Authentication failed", others=(403,)
    )
    FORBIDDEN = _Kind(403, "forbidden", "Forbidden")
    NOT_FOUND = _Kind(404, "not-found", "Not found", others=(410,))
    METHOD_NOT_ALLOWED = _Kind(405, "method-not-allowed", "Method not allowed")
    NOT_ACCEPTABLE = _Kind(406, "not-acceptable", "Not acceptable")
    REQUEST_TIMEOUT = _Kind(408, "request-timeout", "Request timeout")
    CONFLICT = _Kind(409, "conflict", "Conflict", others=(404, 410, 422, 400))
    PRECONDITION_FAILED = _Kind(412, "precondition-failed", "Precondition failed")
    UNSUPPORTED = _Kind(415, "unsupported-media-type", "Unsupported media type", others=(400, 422))
    VALIDATION_FAILED = _Kind(422, "validation-failed", "Validation failed", others=(400,))
    KEY_REUSED = _Kind(422, "validation-failed", "Validation failed", others=(409, 400))
    RATE_LIMIT_EXCEEDED = _Kind(429, "rate-limit-exceeded", "Rate limit exceeded")
    HEAD_TOO_LARGE = _Kind(431, "head-too-large", "Request head too large")
    INTERNAL = _Kind(500, "internal", "Internal error")
    NOT_IMPLEMENTED = _Kind(501, "not-implemented", "Not implemented")
    OVERLOADED = _Kind(503, "overloaded", "Overloaded")
    STORE_FULL = _Kind(507, "store-full", "Store full", others=(503, 500))
    UNAVAILABLE = _Kind(503, "unavailable", "Service unavailable")


class Problem(Exception):
    """An error response, raised anywhere in the pipeline.

    ``code`` names the case within the problem type; ``errors`` has one item for every bad field,
    and ``param`` is the part of the request at fault, by default the first of these, at a
    ``location`` as in :class:`~openapi.field_errors.FieldError`. ``headers`` are added to the
    response (``Retry-After``, ``Allow``), and so is the ``challenge`` of a 401.
    """

    def __init__(
        self,
        kind: ProblemType,
        code: str,
        detail: str,
        *,
        param: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        challenge: Challenge | None = None,
        location: str = "",
    ) -> None:
        self._form = form = kind.value
        super().__init__(f"{form.status} {code}: {detail}")
        self.kind = kind
        self.code = code
        self.detail = detail
        self.param = errors[0].param if errors and param is None else param
        self.errors = errors
        self.location = errors[0].location if errors else location
        self.headers = headers or {}
        self.challenge = challenge
        self.status: int = form.status
        """The HTTP status. Connexion reads it by this name, to choose between several errors."""

    @property
    def closest_status(self) -> int:
        """The status that says most of this problem, whichever an operation documents."""
        return self._form.exact or self._form.status

    def take_status(self, documented: Collection[str]) -> None:
        """Take the status that an operation with these keys of responses has for this problem."""
        self.status = self._form.status_in(documented)

    def response(self, instance: str | None, style: ProblemStyle = BUNDLED_STYLE) -> Response:
        """The problem as a response; ``instance`` is the path of the request, None if unknown."""
        body = orjson.dumps(self.document(instance, style))
        return Response(self.status, body, MEDIA_TYPE, self.headers_in(style))

    def document(self, instance: str | None, style: ProblemStyle) -> dict[str, object]:
        """The members of the problem document."""
        is_blank = style.type_base is None
        members: dict[str, object] = {
            "type": BLANK if is_blank else f"{style.type_base}{self._form.slug}",
            "title": HTTPStatus(self.status).phrase if is_blank else self._form.title,
            "status": self.status,
            "detail": self.detail,
        }
        if instance is not None:
            members["instance"] = instance
        members["code"] = self.code
        if self.param is not None:
            members["param"] = self.param
        if self.errors:
            members["errors"] = [
                {"param": one.param, "detail": style.detail_of(one), "code": one.code}
                for one in self.errors
            ]
        return members

    def headers_in(self, style: ProblemStyle) -> dict[str, str]:
        """The headers of the response, with the challenge."""
        headers = dict(self.headers)
        if self.challenge:
            scheme, error = self.challenge
            text = scheme if scheme.lower() in _BARE else f'{scheme} realm="{style.realm}"'
            if scheme.lower() == "digest":
                text += f', qop="auth", nonce="{secrets.token_hex(16)}"'
            if error:
                text += f', error="{error}", error_description="{self.detail}"'
            headers["WWW-Authenticate"] = text
        return headers


def method_not_allowed(allow: str) -> Problem:
    """The problem (405) for a method other than those in ``allow`` (RFC 9110 section 15.5.6)."""
    detail, headers = f"This path answers {allow}.", {"Allow": allow}
    return Problem(ProblemType.METHOD_NOT_ALLOWED, "method_not_allowed", detail, headers=headers)


def not_served(flaw: ContractError) -> Problem:
    """The problem (501) for what a flaw of the contract leaves out."""
    detail = f"The contract has a flaw: {flaw}."
    return Problem(ProblemType.NOT_IMPLEMENTED, "not_served", detail)


def no_item(parameter: str) -> Problem:
    """The problem (404) where no item has the id that a parameter of the path names."""
    detail = f"No item has this {parameter}."
    return Problem(ProblemType.NOT_FOUND, "not_found", detail)


def invalid_fields(errors: Sequence[FieldError]) -> Problem:
    """The problem (422) with one item for every bad field."""
    if len(errors) == 1:
        detail = f"{errors[0].param} {errors[0].detail}"
        detail += "" if detail.endswith("?") else "."
    else:
        detail = f"{len(errors)} fields are not valid: {', '.join(e.param for e in errors)}."
    return Problem(ProblemType.VALIDATION_FAILED, errors[0].code, detail, errors=errors)
