"""The actions of faults: delays, wrong answers, and broken connections."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Protocol

from mock_server.connection.delivery import Late, Slow, drop, reset, truncate, wait
from mock_server.documented.answers import DocumentedAnswers, Wish
from mock_server.documented.gateway import GatewayBody, is_gateways, response_with
from mock_server.exchange.authorization import bearer_token, expired_token
from mock_server.exchange.exchange import Delivery, Exchange
from mock_server.exchange.problems import Problem
from mock_server.partners.access_tokens import AccessTokens
from openapi.operation import Operation

Proceed = Callable[[], Awaitable[None]]
"""Runs the stages further in, down to the operation and its commit."""


class Action(Protocol):
    """What a fault does to the request that it fires for."""

    takes: ClassVar[str]
    """What an operation must have to suit the action, for error messages."""

    def suits(self, operation: Operation) -> bool:
        """Whether the action is possible on a request for ``operation``."""

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        """Run the action, around the rest of the pipeline or in its place."""


class _ForAll:
    takes: ClassVar[str] = "nothing"

    def suits(self, operation: Operation) -> bool:
        return True


class _ForBodies:
    takes: ClassVar[str] = "an answer with a body"

    def suits(self, operation: Operation) -> bool:
        answer = operation.response(operation.success_status)
        return answer is not None and bool(answer.content)


@dataclass(frozen=True, slots=True)
class Delay(_ForAll):
    """Wait between ``seconds`` and ``upto`` before the request is processed.

    Once the client has closed, the request is processed at once.
    """

    seconds: float
    upto: float
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - no secret

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        await wait(exchange, self.random.uniform(self.seconds, self.upto))
        await proceed()


@dataclass(frozen=True, slots=True)
class Status:
    """Answer a status, in place of the operation or after it committed.

    The answer is the documented one. A ``body`` makes it that of a gateway, and so is a status that
    the operation does not document: one that any gateway has, or that no operation documents.
    """

    answers: DocumentedAnswers
    takes: ClassVar[str] = "a status that the operation documents"

    status: int
    retry_after: int | None
    after_commit: bool
    body: GatewayBody | None
    is_for_all: bool
    """Whether it is possible on operations that do not document the status."""

    def suits(self, operation: Operation) -> bool:
        return self.is_for_all or operation.response(self.status) is not None

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        assert exchange.operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        if self.after_commit:
            await _answered(exchange, proceed)
        wish = Wish(exchange.header(b"accept"))
        response = response_with(self.answers, exchange.operation, self.status, self.body, wish)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        exchange.response = response


@dataclass(frozen=True, slots=True)
class Lose(_ForAll):
    """Close or reset the connection without an answer, before the operation or after it."""

    delivery: Delivery
    after_commit: bool

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        if self.after_commit:
            await _answered(exchange, proceed)
        exchange.delivery = self.delivery


@dataclass(frozen=True, slots=True)
class Deliver(_ForBodies):
    """Deliver the answer of the operation in a faulty way."""

    delivery: Delivery

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        await _answered(exchange, proceed)
        exchange.delivery = self.delivery


@dataclass(frozen=True, slots=True)
class Spoil(_ForBodies):
    """Send the answer with a wrong ``Content-Type``, or with a body of its length that is no JSON.

    A ``media_type`` of None spoils the body.
    """

    media_type: str | None

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        await _answered(exchange, proceed)
        response = exchange.response
        if response is None or not response.body:
            return
        if self.media_type is None:
            response.body = response.body[:-1] + b","
        else:
            response.media_type = self.media_type


@dataclass(frozen=True, slots=True)
class ExpireToken:
    """Expire the token of the request, for this one and all later requests."""

    takes: ClassVar[str] = "a token"

    tokens: AccessTokens

    def suits(self, operation: Operation) -> bool:
        return operation.needs_authentication

    async def __call__(self, exchange: Exchange, proceed: Proceed) -> None:
        token = bearer_token(exchange)
        if token:
            self.tokens.expire(token, exchange.partner_id or "")
        raise expired_token()


async def _answered(exchange: Exchange, proceed: Proceed) -> None:
    """Run the rest of the pipeline, turning a problem into a response."""
    try:
        await proceed()
    except Problem as problem:
        exchange.refuse(problem)


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What the actions of faults are made from."""

    operations: Mapping[str, Operation]
    answers: DocumentedAnswers
    tokens: AccessTokens


def _status(text: Mapping[str, Any], context: ActionContext) -> Status:
    # To JSON Schema, 2.0 is an integer as well.
    status, body = int(text["status"]), text.get("body")
    is_documented = any(one.response(status) for one in context.operations.values())
    return Status(
        context.answers,
        status,
        int(text["retry_after"]) if "retry_after" in text else None,
        _is_after_commit(text),
        body,
        is_for_all=body is not None or is_gateways(status) or not is_documented,
    )


def _is_after_commit(text: Mapping[str, Any]) -> bool:
    return text.get("when") == "after_commit"


_KINDS: Mapping[str, Callable[[Mapping[str, Any], ActionContext], Action]] = {
    "delay": lambda text, _: Delay(text["seconds"], text.get("upto", text["seconds"])),
    "status": _status,
    "drop": lambda text, _: Lose(drop, _is_after_commit(text)),
    "reset": lambda text, _: Lose(reset, _is_after_commit(text)),
    "truncate": lambda *_: Deliver(truncate),
    "late": lambda text, _: Deliver(Late(text["seconds"])),
    "slow": lambda text, _: Deliver(Slow(text["seconds"])),
    "media_type": lambda text, _: Spoil(text["media_type"]),
    "malformed_json": lambda *_: Spoil(None),
    "expire_token": lambda _, context: ExpireToken(context.tokens),
}


ACTIONS = tuple(_KINDS)
"""The kinds of actions."""


def action_of(text: Mapping[str, Any], context: ActionContext) -> Action:
    """The action of a fault; ``text`` is its JSON object, valid by its schema."""
    return _KINDS[text["kind"]](text, context)
