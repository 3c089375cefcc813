"""Idempotency: one execution for each key (seed: ``Idempotency-Key``, cached for 24 hours).

The stage applies wherever the contract declares the header. A key belongs to its partner, and its
answer to one request (operation, path, query and the JSON value of the body). Only an operation
that executed is recorded, so a request that failed leaves its key free.

There is no lock and no reservation that a dead worker could hold. Of several requests with one
key, each computes its answer, and the store's commit decides which of them happened: it takes
the operation's writes and the record together or, where a record exists, neither. The others
answer with that record. A later request with a key that this process has seen looks for
the record first, and computes an answer only where there is none.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.store.interface import (
    MAX_ITEM_BYTES,
    IdempotencyRecord,
    ItemsFull,
    Outdated,
    Store,
)
from mock_server.store.seals import Seal, seal_for
from openapi.field_errors import FieldError
from openapi.media_types import is_json
from openapi.operation import IDEMPOTENCY_KEY, Operation

LIFETIME_SECONDS = 24 * 3600

_INEXACT = re.compile(rb"[0-9][.eE]|[0-9]{19}")
"""Matches every JSON number that is parsed as a float, and little else."""

_LONGEST_INTEGER = 18
"""Decimal digits that every integer of 64 bits has room for."""


_MOST_KNOWN = 10_000

_ATTEMPTS = 100
"""How often an operation is tried where other requests change its item first: each is another's."""


class Idempotency:
    """Commits the writes of an operation once for each key, or replays the earlier answer.

    An operation whose item another request has changed meanwhile is tried again. The keys of
    requests without a partner are those of ``anonymous``.
    """

    def __init__(self, app: ASGIApp, store: Store, anonymous: str = "") -> None:
        self.app = app
        self.store = store
        self.anonymous = anonymous
        self.seal = seal_for(is_volatile=store.is_volatile)
        self._known: set[bytes] = set()
        """Hashes of keys that were committed through this process."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._execute(scope, receive, send)
            except Outdated:
                if attempt == _ATTEMPTS:
                    raise
            except ItemsFull:
                detail = f"The items of this partner have more than {MAX_ITEM_BYTES >> 20} MiB."
                raise Problem(ProblemType.STORE_FULL, "items_full", detail) from None
            else:
                return

    async def _execute(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        key = _key(exchange, self.anonymous)
        if key is None:
            await self.app(scope, receive, send)
            await self.store.commit(exchange.writes, None, exchange.now)
            exchange.executed = True
            return
        # The answer of a key that is known here is there already, as a rule: whatever the operation
        # does would be in vain.
        earlier = await self._record_of(key, exchange) if key.hash in self._known else None
        if earlier is None:
            earlier = await self._commit(key, exchange, partial(self.app, scope, receive, send))
        if earlier is not None:
            exchange.response = key.replay(earlier, self.seal, exchange.operation)
        else:
            exchange.executed = True

    async def _commit(
        self, key: "_Key", exchange: Exchange, operate: Callable[[], Awaitable[None]]
    ) -> IdempotencyRecord | None:
        """Run the operation and commit it, or give the record of an earlier one."""
        try:
            await operate()
        except Problem:
            # The operation may have accepted this key before it refused the request now.
            earlier = await self._record_of(key, exchange)
            if earlier is None:
                raise
            return earlier
        record = key.record(exchange, self.seal)
        earlier = await self.store.commit(exchange.writes, record, exchange.now)
        if len(self._known) == _MOST_KNOWN:
            self._known.clear()
        self._known.add(key.hash)
        # A store that lost its connection after the commit, and retried, finds the record of
        # this request. No two are sealed alike, except in memory without a connection to lose.
        if earlier and earlier.sealed == record.sealed and not self.store.is_volatile:
            return None
        return earlier

    async def _record_of(self, key: "_Key", exchange: Exchange) -> IdempotencyRecord | None:
        return await self.store.find_record(key.partner_id, key.hash, exchange.now)


class _Key:
    """One use of an idempotency key. Only its hash and what it seals are stored."""

    __slots__ = ("_request", "_sealing_key", "hash", "partner_id")

    def __init__(self, partner_id: str, key: str, request: bytes) -> None:
        # Two halves of one digest: neither reveals the other, or the key.
        digest = hashlib.blake2b(f"{partner_id}\0{key}".encode()).digest()
        self.hash = digest[:32]
        self.partner_id = partner_id
        self._sealing_key = digest[32:]
        self._request = request

    def record(self, exchange: Exchange, seal: Seal) -> IdempotencyRecord:
        """The record to store; the response is sealed, because it may hold a secret."""
        response = exchange.response
        assert response is not None, "every operation answers"  # noqa: S101 - for the type checker
        head = orjson.dumps([response.status, response.media_type, response.headers])
        sealed = seal.close(self._sealing_key, head + b"\n" + response.body, self._request)
        expires_at = exchange.now + LIFETIME_SECONDS
        return IdempotencyRecord(self.hash, self.partner_id, sealed, expires_at)

    def replay(
        self, record: IdempotencyRecord, seal: Seal, operation: Operation | None
    ) -> Response:
        """The stored response, byte for byte; raises a 422 if it answered another request."""
        opened = seal.open(self._sealing_key, record.sealed, self._request)
        if opened is None:
            code, detail = "idempotency_key_reused", "Use a new key for a new request."
            header = operation.idempotency_header if operation else None
            parameters = operation.parameters if operation else ()
            named = (one.name for one in parameters if one.key.encode("latin-1") == header)
            name = next(named, IDEMPOTENCY_KEY)
            raise Problem(
                ProblemType.KEY_REUSED,
                code,
                "This idempotency key was sent before with another body.",
                errors=[FieldError(name, detail, code, "header")],
            )
        head, _, body = opened.partition(b"\n")
        status, media_type, headers = orjson.loads(head)
        return Response(status, body, media_type, {**headers, "Idempotent-Replayed": "true"})


def _key(exchange: Exchange, anonymous: str) -> _Key | None:
    """The key of a request; None if not sent, empty, or not declared by the contract."""
    operation = exchange.operation
    if operation is None or operation.idempotency_header is None:
        return None
    text = exchange.header(operation.idempotency_header)
    if not text:
        return None
    scope = exchange.scope
    target = f"{operation.id}\0{scope['path']}\0".encode()
    request = b"\0".join((target, scope["query_string"], _canonical(exchange)))
    return _Key(exchange.partner_id or anonymous, text, request)


def _canonical(exchange: Exchange) -> bytes:
    """The same bytes for the same JSON value, however it is formatted."""
    value = exchange.value
    if value is None:
        return exchange.body
    if _INEXACT.search(exchange.body) and is_json(exchange.header(b"content-type") or ""):
        value = json.loads(exchange.body, parse_int=_exact, parse_float=_exact)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, of a form
        return json.dumps(value, sort_keys=True).encode()


def _exact(number: str) -> Any:
    """A JSON number by its exact value: the same for ``1``, ``1.0`` and ``10e-1``.

    It stays a text where it has many digits, which Python would take its time to convert.
    """
    mantissa, _, exponent = number.lower().partition("e")
    if len(exponent) > _LONGEST_INTEGER:  # so small that a reader takes it for zero
        return orjson.Fragment(number)
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return 0
    sign = "-" if number.startswith("-") else ""
    zeros = int(exponent or 0) - len(fraction) + len(digits) - len(significant)
    if zeros >= 0 and len(significant) + zeros <= _LONGEST_INTEGER:
        return int(sign + significant + "0" * zeros)
    return orjson.Fragment(f"{sign}{significant}e{zeros}")
