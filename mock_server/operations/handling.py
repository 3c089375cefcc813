"""The innermost stage: the operation itself."""

from typing import Protocol

from starlette.types import Receive, Scope, Send

from mock_server.documented.answers import DocumentedAnswers, Wish
from mock_server.documented.last_pages import ended
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response


class Kept(Protocol):
    """The kept items of a contract."""

    async def response(self, exchange: Exchange) -> Response | None:
        """The answer of an operation on them; None for any other operation."""


class Handling:
    """Calls the operation's handler; an operation without one answers from ``kept`` items.

    Where it has none either, it answers with its example. What a handler answers is written in the
    media type that is accepted best where it ``negotiates``.
    """

    def __init__(
        self,
        handlers: Handlers,
        answers: DocumentedAnswers | None = None,
        kept: Kept | None = None,
        *,
        negotiates: bool = False,
    ) -> None:
        self.handlers = handlers
        self.answers = answers
        self.kept = kept
        self.negotiates = negotiates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        handler = self.handlers.get(operation.name)
        if handler is not None:
            answer = await handler(exchange)
            if self.negotiates and self.answers is not None:
                answer = self.answers.rewritten(operation, answer, _wish(exchange))
            exchange.response = answer
            return
        response = await self.kept.response(exchange) if self.kept else None
        if self.answers is not None:
            wish = _wish(exchange)
            if response is None:
                response = self.answers.usual(operation, wish)
                response = ended(operation, exchange.parameters, response)
            else:
                response = self.answers.rewritten(operation, response, wish)
        exchange.response = response


def _wish(exchange: Exchange) -> Wish:
    return Wish(exchange.header(b"accept"), may_be_refused=True)
