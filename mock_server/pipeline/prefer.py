"""The header ``Prefer: code=429, fault=slow`` (RFC 7240), and documented responses by it."""

import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.documented.answers import DocumentedAnswers
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response

_VALUE = r"""(?:^|[,;])\s*{}\s*=\s*"?([^",;\s]*)"?"""
_PATTERNS = {name: re.compile(_VALUE.format(name), re.IGNORECASE) for name in ("code", "fault")}


def preference(exchange: Exchange, name: str) -> str | None:
    """The value of the preference ``code`` or ``fault``; None where the request has none."""
    preferences = exchange.header(b"prefer")
    found = _PATTERNS[name].search(preferences) if preferences else None
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Prefer:
    """Answers with the documented response that the request prefers, in place of the operation.

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
        status = int(code) if re.fullmatch(r"[2-5]\d\d", code, re.ASCII) else 0
        if not status or operation.response(status) is None:
            documented = ", ".join(sorted(operation.responses))
            raise Problem(
                ProblemType.INVALID_REQUEST,
                "undocumented_code",
                f"Prefer asks for a response that {operation.id} does not document."
                f" Documented: {documented}.",
            )
        response = self.answers.response(operation, status)
        response.headers["Preference-Applied"] = f"code={status}"
        return response
