"""Idempotency: one execution for each key (seed: ``Idempotency-Key``, cached for 24 hours).

The stage applies wherever the contract declares the header. A key belongs to its partner, and its
answer to one request (operation, path, query and the JSON value of the body). Only an operation
that executed is recorded, so a request that failed leaves its key free.

There is no lock and no reservation that a dead worker could hold. Of several requests with one
key, each computes its answer, and the store's commit decides which of them happened: it takes
the operation's writes and the record together or, where a record exists, neither. The others
answer with that record.
"""

import hashlib
import re
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.store.interface import IdempotencyRecord, Store
from mock_server.store.seals import FileSeal, MemorySeal, Seal

LIFETIME_SECONDS = 24 * 3600

_FRACTION_OR_EXPONENT = re.compile(rb"[0-9][.eE]")
"""Matches every JSON number that is parsed as a float, and little else."""


class Idempotency:
    """Commits the writes of an operation once for each key, or replays the earlier answer."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.store = store
        self.seal: Seal = MemorySeal() if store.is_volatile else FileSeal()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        key = _key(exchange)
        if key is None:
            await self.app(scope, receive, send)
            await self.store.commit(exchange.writes, None, exchange.now)
            exchange.executed = True
            return
        try:
            await self.app(scope, receive, send)
        except Problem:
            # The operation may have accepted this key before it refused the request now.
            earlier = await self.store.find_record(
                exchange.partner_id or "", key.hash, exchange.now
            )
            if earlier is None:
                raise
        else:
            record = key.record(exchange, self.seal)
            earlier = await self.store.commit(exchange.writes, record, exchange.now)
            # A store that lost its connection after the commit, and retried, finds the record of
            # this request. No two are sealed alike, except in memory without a connection to lose.
            if earlier and earlier.sealed == record.sealed and not self.store.is_volatile:
                earlier = None
        if earlier is not None:
            exchange.response = key.replay(earlier, self.seal)
        else:
            exchange.executed = True


class _Key:
    """One use of an idempotency key. Only its hash and what it seals are stored."""

    __slots__ = ("_request", "_sealing_key", "hash")

    def __init__(self, partner_id: str, key: str, request: bytes) -> None:
        # Two halves of one digest: neither reveals the other, or the key.
        digest = hashlib.blake2b(f"{partner_id}\0{key}".encode()).digest()
        self.hash = digest[:32]
        self._sealing_key = digest[32:]
        self._request = request

    def record(self, exchange: Exchange, seal: Seal) -> IdempotencyRecord:
        """The record to store; the response is sealed, because it may hold a secret."""
        response = exchange.response
        assert response is not None, "every operation answers"  # noqa: S101 - for the type checker
        head = orjson.dumps([response.status, response.media_type, response.headers])
        sealed = seal.close(self._sealing_key, head + b"\n" + response.body, self._request)
        return IdempotencyRecord(
            self.hash, exchange.partner_id or "", sealed, exchange.now + LIFETIME_SECONDS
        )

    def replay(self, record: IdempotencyRecord, seal: Seal) -> Response:
        """The stored response, byte for byte; raises a 422 if it answered another request."""
        opened = seal.open(self._sealing_key, record.sealed, self._request)
        if opened is None:
            raise Problem(
                ProblemType.VALIDATION_FAILED,
                "idempotency_key_reused",
                "This Idempotency-Key was used for a request with other content."
                " Send the first request again, or this one with a new key.",
            )
        head, _, body = opened.partition(b"\n")
        status, media_type, headers = orjson.loads(head)
        return Response(status, body, media_type, {**headers, "Idempotent-Replayed": "true"})


def _key(exchange: Exchange) -> _Key | None:
    """The key of a request; None if not sent, empty, or not declared by the contract."""
    operation = exchange.operation
    if operation is None or not operation.accepts_idempotency_key:
        return None
    text = exchange.header(b"idempotency-key")
    if not text:
        return None
    scope = exchange.scope
    target = f"{operation.id}\0{scope['path']}\0".encode()
    request = b"\0".join((target, scope["query_string"], _canonical(exchange)))
    return _Key(exchange.partner_id or "", text, request)


def _canonical(exchange: Exchange) -> bytes:
    """The same bytes for the same JSON value, however it is formatted."""
    if exchange.value is None:
        return exchange.body
    has_floats = _FRACTION_OR_EXPONENT.search(exchange.body)
    value = _integral(exchange.value) if has_floats else exchange.value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _integral(value: Any) -> Any:
    """The value with integral floats as integers: in JSON, ``1.0`` equals ``1``."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {key: _integral(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_integral(child) for child in value]
    return value
