"""Answers, and how one server writes them."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.store import Key

_SLUGS = {
    400: "invalid-request", 401: "authentication-failed", 403: "forbidden",
    404: "not-found", 405: "not-allowed", 409: "conflict", 422: "validation-failed",
    429: "rate-limit-exceeded", 500: "internal",
}  # fmt: skip


_IN_PORTUGUESE = {
    400: "Requisição inválida", 401: "Não autenticado", 404: "Não encontrado",
    405: "Método não permitido", 409: "Conflito", 422: "Validação falhou",
    429: "Requisições demais",
}  # fmt: skip

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_CHARACTER = re.compile(r"\\u[0-9a-f]{4}|\\.|[A-Za-z/]")


def _escaped(text: str) -> str:
    """JSON with each letter of its texts escaped (RFC 8259 section 7)."""

    def escape(found: re.Match[str]) -> str:
        one = found[0]
        return one if one.startswith("\\") else f"\\u{ord(one):04x}"

    return _TEXT.sub(lambda found: _CHARACTER.sub(escape, found[0]), text)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, and the headers beside those that every answer has."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: int, detail: str, code: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.headers: dict[str, str] = more.pop("headers", {})
        self.errors: list[dict[str, str]] = more.pop("errors", [])


class Writer:
    """Writes in the manner of one server."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def success(self, status: int, value: dict[str, Any], **headers: str) -> Answer:
        return self._json(status, "application/json", value, headers)

    def problem(self, problem: Problem, path: str) -> Answer:
        status, options, headers = problem.status, self._options, problem.headers
        kind = "" if options.problem_types == "about:blank" else _SLUGS.get(status, "error")
        value: dict[str, Any] = {
            "type": f"{options.problem_types}{kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": problem.detail,
        }
        if options.speaks_portuguese:
            value["title"] = _IN_PORTUGUESE.get(status, "Erro")
            value["detail"] = f"{value['title']}: \u201c{problem.detail}\u201d"
            headers = {**headers, "Content-Language": "pt-BR"}
        if not options.short_problems:
            value |= {
                "instance": path,
                "code": problem.code or _SLUGS.get(status, "error").replace("-", "_"),
            }
            if problem.errors:
                errors = [
                    {**one, "param": options.pointer + one["param"]} for one in problem.errors
                ]
                value |= {"errors": errors, "param": errors[0]["param"]}
            if options.adds_more:
                value |= {"trace_id": "4bf92f3577b34da6", "retryable": False, "balance": None}
        media_type = "application/problem+json"
        if options.bug is Bug.REFUSALS_ARE_JSON and status == HTTPStatus.UNPROCESSABLE_ENTITY:
            media_type = "application/json"
        return self._json(status, media_type, value, headers)

    def key(self, key: Key, *, with_secret: bool = False) -> dict[str, Any]:
        value: dict[str, Any] = {
            "created_at": self._time(key.created_at),
            "updated_at": self._time(key.updated_at),
            "last_used_at": self._time(key.last_used_at),
            "expires_at": key.end if self._options.echoes_dates else self._time(key.expires_at),
            "status": "revoked" if key.revoked else "active",
            "name": key.name,
            "client_id": key.client_id,
            "id": key.id,
        }
        if self._options.adds_more:
            value |= {"object": "credential", "links": {"self": f"/keys/{key.id}"}, "tags": []}
        if with_secret or self._options.bug is Bug.SECRET_IS_LISTED:
            value["client_secret"] = key.secret
        return value

    def _json(
        self, status: int, media_type: str, value: dict[str, Any], headers: dict[str, str]
    ) -> Answer:
        if self._options.has_fractions:
            value = {name: float(one) if type(one) is int else one for name, one in value.items()}
        text = json.dumps(
            value,
            indent=2 if self._options.indented else None,
            # Characters as they are, or escaped where lone surrogates may be among them.
            ensure_ascii=not self._options.indented,
        )
        if self._options.escapes_all:
            text = _escaped(text)
        content_type = media_type + self._options.type_parameters
        return Answer(status, text.encode(), {"Content-Type": content_type, **headers})

    def _time(self, moment: datetime | None) -> str | None:
        if moment is None:
            return None
        hours = self._options.offset_hours
        try:
            local = moment.astimezone(timezone(timedelta(hours=hours or 0)))
        except OverflowError:
            local = moment.astimezone(UTC)
        text = local.isoformat(timespec=self._options.precision)
        if self._options.bug is Bug.TIMES_HAVE_NO_OFFSET:
            return text[:-6]
        return f"{text[:-6]}Z" if hours is None else text
