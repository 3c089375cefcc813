"""The kept items of collections on a Redis server.

Each partner has four keys. ``items`` has the value of each item, behind its position, by collection
and id. ``places`` orders them: a sorted set by text alone, of collection, position and id. So one
range of it is a collection, and another all that is below an item. ``numbers`` has the last number
of each collection, and ``size`` the bytes of all items.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mock_server.store.interface import (
    ITEM_OVERHEAD_BYTES,
    MAX_ITEM_BYTES,
    Item,
    ItemChange,
    Items,
    ItemWindow,
    StoreErrors,
)

_DIGITS = 16
_NAMES = ("items", "places", "size")

OUTDATED, FULL = b"outdated", b"full"
"""What the script answers in place of a commit."""

CHECK_ITEMS = f"""
local size = 0
do
    local at = first
    while at <= #ARGV do
        if ARGV[at] == 'item' then
            local field = ARGV[at + 3] .. '\\0' .. ARGV[at + 1]
            local found = redis.call('HGET', KEYS[4], field)
            local before = found and '=' .. string.sub(found, {_DIGITS + 1}) or ''
            if before ~= ARGV[at + 4] then
                return '{OUTDATED.decode()}'
            end
            local after = ARGV[at + 5]
            if before ~= '' then
                size = size - #before + 1 - {ITEM_OVERHEAD_BYTES}
            end
            if after ~= '' then
                size = size + #after - 1 + {ITEM_OVERHEAD_BYTES}
            end
        end
        at = at + 3 + tonumber(ARGV[at + 2])
    end
    if size > 0 and size + tonumber(redis.call('GET', KEYS[6]) or 0) > {MAX_ITEM_BYTES} then
        return '{FULL.decode()}'
    end
end
"""
"""The part of the commit that refuses it, before anything is written. ``first`` is the first write.

A value has ``=`` in front, so that no item is another thing than an empty one.
"""

CHANGE_ITEM = f"""
local function change_item(collection, id, after)
    local field = collection .. '\\0' .. id
    local found = redis.call('HGET', KEYS[4], field)
    if after ~= '' then
        local position = found and string.sub(found, 1, {_DIGITS})
        if not position then
            position = string.format('%0{_DIGITS}d', redis.call('INCR', KEYS[3]))
            redis.call('ZADD', KEYS[5], 0, collection .. '\\0' .. position .. '\\0' .. id)
        end
        redis.call('HSET', KEYS[4], field, position .. string.sub(after, 2))
    else
        if found then
            local position = string.sub(found, 1, {_DIGITS})
            redis.call('ZREM', KEYS[5], collection .. '\\0' .. position .. '\\0' .. id)
            redis.call('HDEL', KEYS[4], field)
        end
        local below = collection .. '/' .. id
        for _, place in ipairs(redis.call('ZRANGEBYLEX', KEYS[5],
                                          '[' .. below .. '/', '(' .. below .. '0')) do
            local own = string.gsub(place, '%z%d+%z', '\\0')
            local value = redis.call('HGET', KEYS[4], own)
            size = size - #value + {_DIGITS} - {ITEM_OVERHEAD_BYTES}
            redis.call('HDEL', KEYS[4], own)
            redis.call('ZREM', KEYS[5], place)
        end
    end
end
"""
"""The part of the commit that applies the change of an item."""


def item_arguments(change: ItemChange) -> Iterator[str | bytes | int]:
    """A change as arguments of the script."""
    yield from ("item", change.item_id, 3, change.collection)
    for value in (change.before, change.after):
        yield b"" if value is None else b"=" + value


class RedisItems(Items):
    """Items on a Redis server; ``own`` makes a partner's key of a name."""

    def __init__(self, redis: Any, errors: StoreErrors, own: Callable[[str, str], str]) -> None:
        self._redis = redis
        self._errors = errors
        self._own = own

    def keys(self, partner_id: str) -> list[str]:
        """The keys that a commit changes, as the script numbers them."""
        return [self._own(partner_id, name) for name in _NAMES]

    async def find(self, partner_id: str, collection: str, item_id: str) -> Item | None:
        with self._errors:
            found = await self._redis.hget(
                self._own(partner_id, "items"), f"{collection}\0{item_id}"
            )
        return _item(item_id, found) if found else None

    async def list(self, partner_id: str, collection: str, window: ItemWindow) -> Sequence[Item]:
        low, high = f"[{collection}\0", f"({collection}\1"
        if window.beyond is not None and window.newest_first:
            high = f"({collection}\0{window.beyond:0{_DIGITS}d}"
        elif window.beyond is not None:
            low = f"[{collection}\0{window.beyond + 1:0{_DIGITS}d}"
        with self._errors:
            places = await self._redis.zrange(
                self._own(partner_id, "places"),
                *((high, low) if window.newest_first else (low, high)),
                desc=window.newest_first,
                bylex=True,
                offset=window.skip,
                num=window.limit,
            )
            ids = [place.decode().rpartition("\0")[2] for place in places]
            if not ids:
                return []
            found = await self._redis.hmget(
                self._own(partner_id, "items"), [f"{collection}\0{one}" for one in ids]
            )
        return [_item(one, value) for one, value in zip(ids, found, strict=True) if value]

    async def count(self, partner_id: str, collection: str) -> int:
        with self._errors:
            place = self._own(partner_id, "places")
            return int(await self._redis.zlexcount(place, f"[{collection}\0", f"({collection}\1"))

    async def next_number(self, partner_id: str, collection: str) -> int:
        with self._errors:
            return int(await self._redis.hincrby(self._own(partner_id, "numbers"), collection, 1))


def _item(item_id: str, found: bytes) -> Item:
    return Item(int(found[:_DIGITS]), item_id, found[_DIGITS:])
