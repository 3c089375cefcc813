"""``Prefer: code=429``: a client asks for one of the documented responses (RFC 7240)."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.documented.answers import DocumentedAnswers
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.pipeline.preferences import preference


class Prefer:
    """Answers with the documented response that the request prefers, and does nothing else.

    It stands behind authentication and before validation: a forced error needs no wrong
    request, and neither reads nor changes any state.
    """

    def __init__(self, app: ASGIApp, answers: DocumentedAnswers) -> None:
        self.app = app
        self.answers = answers

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
