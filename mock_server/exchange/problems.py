"""Responses, and the table of every error that the mock answers (RFC 9457 problem details)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum

import orjson

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
    return Response(status, orjson.dumps(value), "application/json", named)


MEDIA_TYPE = "application/problem+json"

_TYPE_BASE = "https://api.dinie.com.br/errors/"


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    slug: str
    title: str


class ProblemType(Enum):
    """Problem types: status, last segment of the ``type`` URI, and title."""

    INVALID_REQUEST = _Kind(400, "invalid-request", "Invalid request")
    AUTHENTICATION_FAILED = _Kind(401, "authentication-failed", "Authentication failed")
    FORBIDDEN = _Kind(403, "forbidden", "Forbidden")
    NOT_FOUND = _Kind(404, "not-found", "Not found")
    METHOD_NOT_ALLOWED = _Kind(405, "method-not-allowed", "Method not allowed")
    REQUEST_TIMEOUT = _Kind(408, "request-timeout", "Request timeout")
    CONFLICT = _Kind(409, "conflict", "Conflict")
    VALIDATION_FAILED = _Kind(422, "validation-failed", "Validation failed")
    RATE_LIMIT_EXCEEDED = _Kind(429, "rate-limit-exceeded", "Rate limit exceeded")
    HEAD_TOO_LARGE = _Kind(431, "head-too-large", "Request head too large")
    INTERNAL = _Kind(500, "internal", "Internal error")
    NOT_IMPLEMENTED = _Kind(501, "not-implemented", "Not implemented")
    OVERLOADED = _Kind(503, "overloaded", "Overloaded")
    UNAVAILABLE = _Kind(503, "unavailable", "Service unavailable")


class Problem(Exception):
    """An error response, raised anywhere in the pipeline.

    ``code`` names the case within the problem type; ``errors`` has one item for every bad field.
    ``headers`` are added to the response (a challenge, ``Retry-After``, ``Allow``).
    """

    def __init__(
        self,
        kind: ProblemType,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{kind.value.status} {code}: {detail}")
        self.kind = kind
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.status = kind.value.status
        """The HTTP status. Connexion reads it by this name, to choose between several errors."""

    def response(self, instance: str | None) -> Response:
        """The problem as a response; ``instance`` is the path of the request, None if unknown."""
        body: dict[str, object] = {
            "type": _TYPE_BASE + self.kind.value.slug,
            "title": self.kind.value.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
        }
        if instance is None:
            del body["instance"]
        if self.errors:
            body["param"] = self.errors[0].param
            body["errors"] = [asdict(error) for error in self.errors]
        return Response(self.status, orjson.dumps(body), MEDIA_TYPE, dict(self.headers))


def method_not_allowed(allow: str) -> Problem:
    """The problem (405) for a method other than those in ``allow`` (RFC 9110 section 15.5.6)."""
    detail, headers = f"This path answers {allow}.", {"Allow": allow}
    return Problem(ProblemType.METHOD_NOT_ALLOWED, "method_not_allowed", detail, headers=headers)


def invalid_fields(errors: Sequence[FieldError]) -> Problem:
    """The problem (422) with one item for every bad field."""
    if len(errors) == 1:
        detail = f"{errors[0].param} {errors[0].detail}"
        detail += "" if detail.endswith("?") else "."
    else:
        detail = f"{len(errors)} fields are not valid: {', '.join(e.param for e in errors)}."
    return Problem(ProblemType.VALIDATION_FAILED, errors[0].code, detail, errors=errors)
