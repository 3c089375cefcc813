"""The header ``Prefer: code=429, example=empty`` (RFC 7240), and documented responses by it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.documented.answers import (
    DocumentedAnswers,
    Wish,
    example_names,
    usual_status,
)
from mock_server.documented.gateway import GATEWAY_BODIES, GatewayBody, response_with
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response
from openapi.operation import Operation

_PREFERENCE = re.compile(
    r"""(?:^|[,;])\s*([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"([^"]*)"|([^",;\s]*)))?""", re.ASCII
)

_KNOWN = ("code", "body", "fault", "example", "dynamic")

_DYNAMIC = ("true", "1", "")

_VALUES = {"dynamic": (*_DYNAMIC, "false", "0"), "body": GATEWAY_BODIES}
"""The values of the preferences that have only some."""

_MOST_IGNORED = 20


def preference(exchange: Exchange, name: str) -> str | None:
    """The value of a preference; None where the request has none of that name."""
    preferences = exchange.header(b"prefer")
    return _read(preferences).get(name) if preferences else None


def _read(preferences: str) -> dict[str, str]:
    """The values by names in lower case, the first of each name (RFC 7240 section 2)."""
    found: dict[str, str] = {}
    for name, quoted, value in _PREFERENCE.findall(preferences):
        found.setdefault(name.lower(), quoted or value)
    return found


@dataclass(frozen=True, slots=True)
class Prefer:
    """Answers with the response that the request prefers, in place of the operation.

    It is the documented one, or a gateway's.

    The stage follows authentication and precedes validation: a forced error needs no invalid
    request, and neither reads nor changes state.
    """

    app: ASGIApp
    answers: DocumentedAnswers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        header = exchange.header(b"prefer")
        if not header:
            await self.app(scope, receive, send)
            return
        preferences = _read(header)
        told = _ignored(preferences)
        try:
            response = self._preferred(exchange, preferences)
            if response is None:
                await self.app(scope, receive, send)
                response = exchange.response
        except Problem as problem:
            problem.headers = {**problem.headers, **told}
            raise
        exchange.response = response
        if response is not None:
            response.headers.update(told)

    def _preferred(self, exchange: Exchange, preferences: Mapping[str, str]) -> Response | None:
        """The documented response that is preferred; None where none is."""
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        code, example = preferences.get("code"), preferences.get("example")
        is_dynamic = preferences.get("dynamic", "false").lower() in _DYNAMIC
        if code is None and example is None and not is_dynamic:
            return None
        status = usual_status(operation) if code is None else _status(operation, code)
        applied = [] if code is None else [f"code={status}"]
        body = _gateway_body(preferences) if code is not None else None
        if body is not None:
            applied.append(f"body={body}")
        elif example is not None:
            status = _status_with(operation, example, status, has_code=code is not None)
            applied.append(f"example={example}")
        elif is_dynamic:
            applied.append("dynamic=true")
        wish = Wish(exchange.header(b"accept"), example, is_dynamic and example is None)
        response = response_with(self.answers, operation, status, body, wish)
        response.headers["Preference-Applied"] = ", ".join(applied)
        return response


def _ignored(preferences: Mapping[str, str]) -> dict[str, str]:
    """The header that names the preferences without a meaning here, or with such a value."""
    names = [
        name
        for name, value in preferences.items()
        if name not in _KNOWN or (name in _VALUES and value.lower() not in _VALUES[name])
    ][:_MOST_IGNORED]
    return {"Preference-Ignored": ", ".join(names)} if names else {}


def _gateway_body(preferences: Mapping[str, str]) -> GatewayBody | None:
    return next((one for one in GATEWAY_BODIES if one == preferences.get("body")), None)


def _status(operation: Operation, code: str) -> int:
    """The status that a code asks for; a 400 where it is none."""
    if not re.fullmatch(r"[2-5]\d\d", code, re.ASCII):
        documented = ", ".join(sorted(operation.responses))
        raise Problem(
            ProblemType.UNKNOWN_PREFERENCE,
            "undocumented_code",
            "Prefer asks for a code that is no status from 200 to 599."
            f" {operation.id} documents: {documented}.",
        )
    return int(code)


def _status_with(operation: Operation, example: str, status: int, *, has_code: bool) -> int:
    """The status of the answer that has an example: this one, or any where no code is preferred.

    A 400 where none has it.
    """
    statuses: list[int] = [status, *(() if has_code else _statuses(operation))]
    names: list[str] = []
    for one in statuses:
        answer = operation.response(one)
        own = example_names(answer) if answer else []
        if example in own:
            return one
        names += own
    known = ", ".join(dict.fromkeys(names))
    raise Problem(
        ProblemType.UNKNOWN_PREFERENCE,
        "unknown_example",
        f"Prefer asks for an example that the answers of {operation.id} do not have, or that is not"
        f" true to its schema. {f'They have: {known}.' if known else 'They have none.'}",
    )


def _statuses(operation: Operation) -> Iterator[int]:
    """A status of each documented answer."""
    for key in sorted(operation.responses):
        if key.isdigit():
            yield int(key)
        elif key.endswith("XX"):
            yield int(f"{key[0]}00")
