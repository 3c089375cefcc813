"""The store for several hosts: a Redis or Valkey server, or a cluster of them.

Every key of a partner carries the hash tag of that partner, so on a cluster all that one commit
touches is on one shard. A commit is one script, which the server runs to its end or not at all:
of several hosts with one idempotency key, one happens and the others find its record.

The login of a client id, which names its partner, has a key of its own. On a single server the
script writes it. On a cluster that key may be on another shard, so it is written before the
commit; if the commit then fails, it names a partner without such a credential, and is ignored.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from redis.exceptions import RedisError

from mock_server.store.interface import (
    Backend,
    Credential,
    IdempotencyRecord,
    ItemChange,
    ItemsFull,
    Login,
    Outdated,
    PartnerLogin,
    Store,
    StoreErrors,
    UnknownCursor,
    UpdateCredential,
    Write,
)
from mock_server.store.redis_client import KEY_PREFIX, connect, is_cluster, shown
from mock_server.store.redis_counters import RedisCounters
from mock_server.store.redis_items import (
    CHANGE_ITEM,
    CHECK_ITEMS,
    FULL,
    OUTDATED,
    RedisItems,
    item_arguments,
)

_RECORD_LIFETIME_MILLISECONDS = 25 * 3600 * 1000
"""Deletes old records on the server. Whether one is valid depends on the partner's clock."""

_COMMIT = f"""
-- KEYS: the record of the key, the order of the credentials, the count of them and of items, the
--       items, their places and their size, and the login of each credential that is added,
--       where one server has them all
-- ARGV: now, expiry and sealed answer of the record ('' without one), its lifetime, the key
--       that credentials begin with, the partner, then each write as its kind ('add', 'update',
--       'update_active' or 'item'), client id or id, the length of what it sets, and that
local first = 7
local now, expires_at, sealed, lifetime, credential, partner_id = unpack(ARGV, 1, 6)
if expires_at ~= '' then
    local earlier = redis.call('HMGET', KEYS[1], 'expires_at', 'sealed')
    if earlier[1] and tonumber(earlier[1]) > tonumber(now) then
        return earlier
    end
end
{CHECK_ITEMS}{CHANGE_ITEM}
local at, login = first, 7
while at <= #ARGV do
    local kind, client_id, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local key = credential .. client_id
    local fields = {{unpack(ARGV, at + 3, at + 2 + count)}}
    at = at + 3 + count
    if kind == 'item' then
        change_item(fields[1], client_id, fields[3])
    elseif kind == 'add' then
        redis.call('HSET', key, unpack(fields))
        redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), client_id)
        if KEYS[login] then
            redis.call('HSET', KEYS[login], 'partner_id', partner_id)
            login = login + 1
        end
    else
        local status = redis.call('HGET', key, 'status')
        if status and (kind == 'update' or status == 'active') then
            redis.call('HSET', key, unpack(fields))
        end
    end
end
if size ~= 0 then
    redis.call('INCRBY', KEYS[6], size)
end
if expires_at ~= '' then
    redis.call('HSET', KEYS[1], 'expires_at', expires_at, 'sealed', sealed)
    redis.call('PEXPIRE', KEYS[1], lifetime)
end
return false
"""


class RedisStore(Store):
    """State in Redis. Raises :class:`StoreError` for a URL that cannot be used.

    ``url`` is ``redis://[:PASSWORD@]HOST[:PORT][/DATABASE]``, or ``rediss://`` for TLS; with
    ``+cluster`` behind the scheme it is any node of a cluster.
    """

    is_volatile = False

    def __init__(self, url: str) -> None:
        # The library's texts name hosts and commands, and no password.
        self._errors = StoreErrors(shown(url), RedisError)
        self._redis = connect(url)
        self._is_cluster = is_cluster(url)
        self._commit = self._redis.register_script(_COMMIT)
        self.items = RedisItems(self._redis, self._errors, _own)

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        partner_id = next((one.partner_id for one in (record, *writes) if one), None)
        if partner_id is None:
            return None
        with self._errors:
            logins = [_login(one.client_id) for one in writes if isinstance(one, Credential)]
            if self._is_cluster:
                for login in logins:
                    await self._redis.hset(login, "partner_id", partner_id)
                logins.clear()
            key_hash = record.key_hash if record else b""
            found = await self._commit(
                keys=[
                    _record(partner_id, key_hash),
                    _own(partner_id, "order"),
                    _own(partner_id, "count"),
                    *self.items.keys(partner_id),
                    *logins,
                ],
                args=[
                    now,
                    record.expires_at if record else "",
                    record.sealed if record else b"",
                    _RECORD_LIFETIME_MILLISECONDS,
                    _own(partner_id, "credential:"),
                    partner_id,
                    *_arguments(writes),
                ],
            )
        if found == OUTDATED:
            raise Outdated
        if found == FULL:
            raise ItemsFull
        if found is None or record is None:
            return None
        expires_at, sealed = found
        return IdempotencyRecord(key_hash, partner_id, sealed, float(expires_at))

    async def find_record(
        self, partner_id: str, key_hash: bytes, now: float
    ) -> IdempotencyRecord | None:
        with self._errors:
            key = _record(partner_id, key_hash)
            expires_at, sealed = await self._redis.hmget(key, "expires_at", "sealed")
        if expires_at is None or sealed is None or float(expires_at) <= now:
            return None
        return IdempotencyRecord(key_hash, partner_id, sealed, float(expires_at))

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        with self._errors:
            fields = {"partner_id": partner_id, "secret_hash": secret_hash}
            await self._redis.sadd(_logins(partner_id), client_id)
            await self._redis.hset(_login(client_id), mapping=fields)
            await self._redis.hset(_PARTNERS, partner_id, client_id)

    async def list_partners(self) -> list[PartnerLogin]:
        with self._errors:
            found = await self._redis.hgetall(_PARTNERS)
        return sorted(PartnerLogin(one.decode(), client.decode()) for one, client in found.items())

    async def find_partner(self, partner_id: str) -> PartnerLogin | None:
        with self._errors:
            client_id = await self._redis.hget(_PARTNERS, partner_id)
        return PartnerLogin(partner_id, client_id.decode()) if client_id else None

    async def reset_partner(self, partner_id: str) -> None:
        with self._errors:
            clients = await self._redis.zrange(_own(partner_id, "order"), 0, -1)
            for client_id in clients:
                await self._redis.delete(_login(client_id.decode()))
            async for key in self._redis.scan_iter(match=_own(_pattern(partner_id), "*")):
                await self._redis.delete(key)

    async def remove_partner(self, partner_id: str) -> None:
        await self.reset_partner(partner_id)
        with self._errors:
            for client_id in await self._redis.smembers(_logins(partner_id)):
                await self._redis.delete(_login(client_id.decode()))
            await self._redis.delete(_logins(partner_id))
            await self._redis.hdel(_PARTNERS, partner_id)

    async def find_login(self, client_id: str) -> Login | None:
        with self._errors:
            partner_id, secret_hash = await self._redis.hmget(
                _login(client_id), "partner_id", "secret_hash"
            )
        if partner_id is None:
            return None
        if secret_hash is not None:
            return Login(partner_id.decode(), secret_hash, None)
        credential = await self.find_credential(partner_id.decode(), client_id)
        return credential and Login(credential.partner_id, credential.secret_hash, credential)

    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        with self._errors:
            key = _own(partner_id, f"credential:{client_id}")
            return _credential(await self._redis.hgetall(key))

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        order = _own(partner_id, "order")
        with self._errors:
            first: float | str = "+inf"
            if after is not None:
                position = await self._redis.zscore(order, after)
                if position is None:
                    raise UnknownCursor(after)
                first = f"({position:.0f}"
            clients = await self._redis.zrevrangebyscore(order, first, "-inf", 0, limit)
            pipeline = self._redis.pipeline(transaction=False)
            for client_id in clients:
                pipeline.hgetall(_own(partner_id, f"credential:{client_id.decode()}"))
            found = [_credential(one) for one in await pipeline.execute()]
        return [one for one in found if one]

    async def signing_key(self) -> bytes:
        with self._errors:
            key = f"{KEY_PREFIX}:signing_key"
            await self._redis.set(key, secrets.token_bytes(32), nx=True)
            return bytes(await self._redis.get(key) or b"")

    async def check(self) -> None:
        with self._errors:
            await self._redis.set(f"{KEY_PREFIX}:checked", b"", ex=1)

    async def close(self) -> None:
        await self._redis.aclose()


_PARTNERS = f"{KEY_PREFIX}:partners"


def _own(partner_id: str, name: str) -> str:
    """A key of a partner, with the hash tag in braces that decides on the shard."""
    return f"{KEY_PREFIX}:{{{partner_id}}}:{name}"


def _pattern(text: str) -> str:
    """Escape ``text`` for the pattern of a scan."""
    return re.sub(r"([\\[\]*?^])", r"\\\1", text)


def _record(partner_id: str, key_hash: bytes) -> str:
    return _own(partner_id, f"key:{key_hash.hex()}")


def _login(client_id: str) -> str:
    return f"{KEY_PREFIX}:login:{client_id}"


def _logins(partner_id: str) -> str:
    """The key of a partner's own client ids, outside of the keys that a reset deletes."""
    return f"{KEY_PREFIX}:logins:{{{partner_id}}}"


def _arguments(writes: Sequence[Write]) -> Iterator[str | bytes | int]:
    for write in writes:
        match write:
            case ItemChange():
                yield from item_arguments(write)
                continue
            case Credential(client_id):
                kind, fields = "add", write._asdict().items()
                values: Mapping[str, str | bytes] = {
                    name: value for name, value in fields if value is not None
                }
            case UpdateCredential(_, client_id, values, only_active):
                kind = "update_active" if only_active else "update"
        yield from (kind, client_id, 2 * len(values), *chain.from_iterable(values.items()))


def _credential(fields: dict[bytes, bytes]) -> Credential | None:
    """The credential of a Redis hash, with None for each absent field; None without a hash."""
    if not fields:
        return None
    values: dict[str, Any] = dict.fromkeys(Credential._fields)
    for name, value in fields.items():
        values[name.decode()] = value if name == b"secret_hash" else value.decode()
    return Credential(**values)


BACKEND = Backend(RedisStore, RedisCounters, is_shared=lambda _: True)
