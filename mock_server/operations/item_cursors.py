"""Cursors that name a place in a list: the position of an item, and what the list is sorted by."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.operations.item_order import Sorting, in_order
from mock_server.store.interface import Item as StoredItem

MARK = "page-"
"""The beginning of a cursor that names a position, and no item."""

_LONGEST_TEXT = 100
_LONGEST = 1000
_CURSOR = re.compile(rf"{MARK}([0-9]{{1,18}})(?:-([A-Za-z0-9_-]{{1,{_LONGEST}}}))?")


def cursor_behind(kept: StoredItem, order: Sequence[Sorting]) -> str:
    """The cursor of the page behind an item, which outlives the item."""
    cursor, names = f"{MARK}{kept.position}", [one.member for one in order if one.member]
    if not names:
        return cursor
    item = read_json(kept.value)
    values = {name: item[name] for name in names if isinstance(item.get(name), str | int | float)}
    short = {name: one[:_LONGEST_TEXT] if isinstance(one, str) else one
             for name, one in values.items()}  # fmt: skip
    text = urlsafe_b64encode(write_json(short)).decode().rstrip("=")
    return f"{cursor}-{text}" if len(text) <= _LONGEST else cursor


def place_of(cursor: str) -> StoredItem | None:
    """What stands in a list where a cursor leads; None for any other text."""
    if found := _CURSOR.fullmatch(cursor):
        with suppress(ValueError):
            value = urlsafe_b64decode(f"{found[2]}==") if found[2] else b"{}"
            if isinstance(read_json(value), dict):
                return StoredItem(int(found[1]), "", value)
    return None


def behind(
    every: Sequence[StoredItem],
    order: Sequence[Sorting],
    place: StoredItem | None,
    *,
    falls: bool,
    is_before: bool,
) -> list[StoredItem]:
    """The items in an order behind a place, or those before it, from there on.

    ``every`` are all items of the list, by position, which ``falls`` or not. What stood at the
    place may be gone: it is put back, as the cursor has it.
    """
    if place and all(kept.position != place.position for kept in every):
        every = sorted([*every, place], key=lambda kept: kept.position, reverse=falls)
    found = in_order(every, order)
    if place is None:
        return found
    found = found[::-1] if is_before else found
    at = next(at for at, kept in enumerate(found, 1) if kept.position == place.position)
    return found[at:]
