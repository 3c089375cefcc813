"""What the server answers: a status, headers and a body, or a refusal as a problem document."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Request

ERRORS = "https://api.dinie.com.br/errors/"
KINDS = {
    400: "invalid-request",
    401: "authentication-failed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    422: "validation-failed",
    429: "rate-limit-exceeded",
    500: "internal",
}

Document = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def with_headers(self, **headers: str) -> "Answer":
        """The same answer with more headers; an underscore in a name stands for a hyphen."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    @property
    def document(self) -> Document:
        read: Document = json.loads(self.body)
        return read


def as_json(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def answer(status: int, document: Document, media_type: str = "application/json") -> Answer:
    headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
    return Answer(status, as_json(document), headers)


@dataclass(frozen=True)
class FieldError:
    param: str
    code: str
    detail: str

    @property
    def document(self) -> Document:
        return {"param": self.param, "code": self.code, "detail": self.detail}


class Refusal(Exception):
    """A request that ends here, with a problem document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.errors = errors
        self.headers = headers or {}

    def document(self, path: str) -> Document:
        document: Document = {
            "type": ERRORS + KINDS.get(self.status, "other"),
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self),
            "instance": quote(path, safe="/:@!$&'()*+,;=~"),
            "code": self.code,
        }
        if self.errors:
            document["param"] = self.errors[0].param
            document["errors"] = [error.document for error in self.errors]
        return document


def invalid(param: str, code: str, detail: str) -> Refusal:
    return Refusal(422, code, "The request is not valid.", (FieldError(param, code, detail),))


def as_is(document: Document) -> Document:
    return document


def unchanged(request: Request, given: Answer) -> Answer:
    return given


@dataclass
class Answers:
    """The seams of every answer."""

    problem: Callable[[Document], Document] = as_is
    problem_type: str = "application/problem+json"
    created: Callable[[Answer, Document], Answer] = lambda given, document: given
    finish: Callable[[Request, Answer], Answer] = unchanged

    def refuse(self, refusal: Refusal, path: str) -> Answer:
        document = self.problem(refusal.document(path))
        made = answer(refusal.status, document, self.problem_type)
        return replace(made, headers={**made.headers, **refusal.headers})
