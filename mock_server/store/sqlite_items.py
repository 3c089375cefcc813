"""The kept items of collections in SQLite."""

from collections.abc import Callable, Sequence
from typing import Any

from mock_server.store.interface import (
    MAX_ITEM_BYTES,
    Item,
    ItemChange,
    Items,
    ItemsFull,
    ItemWindow,
    Outdated,
    StoreErrors,
)

_OWN = "partner_id = ? AND collection = ?"

# ruff: noqa: S608 - every statement is made of constants
_FIND = f"SELECT position, id, value FROM items WHERE {_OWN} AND id = ?"
_COUNT = f"SELECT count(*) FROM items WHERE {_OWN}"
_ADD = "INSERT INTO items (partner_id, collection, id, value) VALUES (?, ?, ?, ?)"
_CHANGE = f"UPDATE items SET value = ? WHERE {_OWN} AND id = ?"
_DELETE = f"DELETE FROM items WHERE {_OWN} AND id = ?"
_DELETE_BELOW = "DELETE FROM items WHERE partner_id = ? AND collection >= ? AND collection < ?"
_SIZE = "SELECT bytes FROM item_sizes WHERE partner_id = ?"
_NEXT_NUMBER = """
    INSERT INTO item_numbers VALUES (?, ?, 1)
    ON CONFLICT (partner_id, collection) DO UPDATE SET number = number + 1
    RETURNING number
"""


class SqliteItems(Items):
    """Items in the tables of a :class:`SqliteStore`, by its one cursor."""

    def __init__(self, execute: Callable[..., Any], errors: StoreErrors) -> None:
        self._execute = execute
        self._errors = errors

    def apply(self, change: ItemChange) -> None:
        """Apply a change, within a transaction that a raised error ends."""
        partner_id, collection, item_id, before, after = change
        place = partner_id, collection, item_id
        found = self._execute(_FIND, place).get
        if (found and found[2]) != before:
            raise Outdated(f"{collection}/{item_id}")
        if after is None:
            below = f"{collection}/{item_id}/"
            self._execute(_DELETE, place)
            # The character behind "/" ends what begins with it.
            self._execute(_DELETE_BELOW, (partner_id, below, f"{below[:-1]}0"))
        elif before is None:
            self._execute(_ADD, (*place, after))
        else:
            self._execute(_CHANGE, (after, *place))
        if after is not None and self._execute(_SIZE, (partner_id,)).get > MAX_ITEM_BYTES:
            raise ItemsFull

    async def find(self, partner_id: str, collection: str, item_id: str) -> Item | None:
        with self._errors:
            found = self._execute(_FIND, (partner_id, collection, item_id)).get
        return Item(*found) if found else None

    async def list(self, partner_id: str, collection: str, window: ItemWindow) -> Sequence[Item]:
        query = f"SELECT position, id, value FROM items WHERE {_OWN}"
        values: list[str | int] = [partner_id, collection]
        order, beyond = ("DESC", "<") if window.newest_first else ("ASC", ">")
        if window.beyond is not None:
            query += f" AND position {beyond} ?"
            values.append(window.beyond)
        query += f" ORDER BY position {order} LIMIT ? OFFSET ?"
        with self._errors:
            rows = self._execute(query, (*values, window.limit, window.skip))
            return [Item(*row) for row in rows]

    async def count(self, partner_id: str, collection: str) -> int:
        with self._errors:
            return int(self._execute(_COUNT, (partner_id, collection)).get)

    async def next_number(self, partner_id: str, collection: str) -> int:
        with self._errors:
            return int(self._execute(_NEXT_NUMBER, (partner_id, collection)).get)
