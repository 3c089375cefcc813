"""The innermost stage: the operation itself."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.types import Receive, Scope, Send

from mock_server.exchange import Exchange
from mock_server.operations.examples import DocumentedAnswers
from mock_server.response import Response

Handler = Callable[[Exchange], Awaitable[Response]]
"""Reads the exchange, proposes ``exchange.writes`` and gives the response. It stores nothing."""

Handlers = Mapping[str, Handler]
"""Handlers by the operation they play, written ``createCredential POST /auth/credentials``."""


class Handling:
    """Calls the operation's handler; an operation without one answers with its example."""

    def __init__(self, handlers: Handlers, answers: DocumentedAnswers | None = None) -> None:
        self.handlers = handlers
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        handler = self.handlers.get(operation.name)
        if handler is not None:
            exchange.response = await handler(exchange)
        elif self.answers is not None:
            exchange.response = self.answers.response(operation, operation.success_status)
