"""The header ``Prefer: code=429, fault=slow`` (RFC 7240), and documented responses by it."""

import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.gateway import GATEWAY_BODIES, response_with
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response

_VALUE = r"""(?:^|[,;])\s*{}\s*=\s*"?([^",;\s]*)"?"""
_PATTERNS = {
    name: re.compile(_VALUE.format(name), re.IGNORECASE) for name in ("code", "body", "fault")
}


def preference(exchange: Exchange, name: str) -> str | None:
    """The value of the preference ``code``, ``body`` or ``fault``; None where there is none."""
    preferences = exchange.header(b"prefer")
    found = _PATTERNS[name].search(preferences) if preferences else None
    return found[1] if found else None


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
        code = preference(exchange, "code")
        if code is None:
            await self.app(scope, receive, send)
            return
        exchange.response = self._forced(exchange, code)

    def _forced(self, exchange: Exchange, code: str) -> Response:
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        if not re.fullmatch(r"[2-5]\d\d", code, re.ASCII):
            documented = ", ".join(sorted(operation.responses))
            raise Problem(
                ProblemType.INVALID_REQUEST,
                "undocumented_code",
                "Prefer asks for a code that is no status from 200 to 599."
                f" {operation.id} documents: {documented}.",
            )
        body = next((one for one in GATEWAY_BODIES if one == preference(exchange, "body")), None)
        response = response_with(self.answers, operation, int(code), body)
        response.headers["Preference-Applied"] = f"code={code}" + (f", body={body}" if body else "")
        return response
