"""One execution for each idempotency key (seed: ``Idempotency-Key``, cached for 24 hours).

The stage applies wherever the contract declares the header. A key belongs to its partner, and the
answer to what was asked with it (operation, path, query and the JSON value of the body). Only an
operation that executed is recorded, so a request that failed leaves its key free.

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
"""In the text of every number that is read as no integer, and in little else."""


class Idempotency:
    """Commits what the operation wants stored, once for each key, and replays its answer."""

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
            # What the operation refuses now it may have granted to this key before.
            earlier = await self.store.find_record(
                exchange.partner_id or "", key.hash, exchange.now
            )
            if earlier is None:
                raise
        else:
            record = key.record(exchange, self.seal)
            earlier = await self.store.commit(exchange.writes, record, exchange.now)
            if earlier is not None and self._is_own(earlier, record):
                earlier = None
        if earlier is not None:
            exchange.response = key.replay(earlier, self.seal)
        else:
            exchange.executed = True

    def _is_own(self, found: IdempotencyRecord, record: IdempotencyRecord) -> bool:
        """Whether a store that was cut off after the commit tried again, and found what it did.

        No two records are sealed alike, but in memory, where there is nothing to be cut off from.
        """
        return not self.store.is_volatile and found.sealed == record.sealed


class _Key:
    """One use of a key. It is never kept: only its hash is, and what it can unseal."""

    __slots__ = ("_asked", "_sealing_key", "hash")

    def __init__(self, partner_id: str, key: str, asked: bytes) -> None:
        # Two halves of one digest: neither tells anything of the other or of the key.
        digest = hashlib.blake2b(f"{partner_id}\0{key}".encode()).digest()
        self.hash = digest[:32]
        self._sealing_key = digest[32:]
        self._asked = asked

    def record(self, exchange: Exchange, seal: Seal) -> IdempotencyRecord:
        """What is to be stored of this use: the response, which may hold a secret, is sealed."""
        response = exchange.response
        assert response is not None, "every operation answers"  # noqa: S101 - for the type checker
        head = orjson.dumps([response.status, response.media_type, response.headers])
        sealed = seal.close(self._sealing_key, head + b"\n" + response.body, self._asked)
        return IdempotencyRecord(
            self.hash, exchange.partner_id or "", sealed, exchange.now + LIFETIME_SECONDS
        )

    def replay(self, record: IdempotencyRecord, seal: Seal) -> Response:
        """The stored response, byte for byte; a 422 where the key was used for another request."""
        opened = seal.open(self._sealing_key, record.sealed, self._asked)
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
    """The key in use: declared by the contract, sent by the client, and not empty."""
    operation = exchange.operation
    if operation is None or not operation.accepts_idempotency_key:
        return None
    text = exchange.header(b"idempotency-key")
    if not text:
        return None
    scope = exchange.scope
    target = f"{operation.id}\0{scope['path']}\0".encode()
    asked = b"\0".join((target, scope["query_string"], _canonical(exchange)))
    return _Key(exchange.partner_id or "", text, asked)


def _canonical(exchange: Exchange) -> bytes:
    """The same bytes for the same JSON value, however it was spelt."""
    if exchange.value is None:
        return exchange.body
    value = exchange.value
    if _FRACTION_OR_EXPONENT.search(exchange.body):
        value = _integral(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _integral(value: Any) -> Any:
    """JSON has one kind of number: ``1.0`` is ``1``."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {key: _integral(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_integral(child) for child in value]
    return value
