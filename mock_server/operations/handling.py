"""The innermost stage: the operation itself."""

from starlette.types import Receive, Scope, Send

from mock_server.documented.answers import DocumentedAnswers
from mock_server.exchange.exchange import Exchange, Handlers


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
