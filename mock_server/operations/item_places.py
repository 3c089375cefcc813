"""Where items lie: below their own path, or in a parent while another path leads to them too.

An item that is made in a parent (``/docs/7/comments``) lies there, and goes with the parent. Below
the path without a parent (``/comments``) the store has the name of that place: a JSON string. What
an action may bring back lies beside the others once it is deleted.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.store.interface import Item, ItemChange, Items, ItemWindow

DELETED = "?deleted"
"""What stands behind a path where deleted items lie that an action may bring back."""


class FoundItem(NamedTuple):
    """A stored item, and the path that it lies below."""

    stored: Item
    path: str


async def find_item(items: Items, partner_id: str, path: str, item_id: str) -> FoundItem | None:
    """The item with an id below a path, or in the parent that is named there."""
    found = await items.find(partner_id, path, item_id)
    if found is None:
        return None
    place = _place(found)
    if place is None:
        return FoundItem(found, path)
    inner = await items.find(partner_id, place, item_id)
    return None if inner is None else FoundItem(inner, place)


async def items_with_parents(
    items: Items, partner_id: str, path: str, window: ItemWindow
) -> Sequence[Item]:
    """The items below a path, and those in parents that are named there."""
    listed = []
    for one in await items.list(partner_id, path, window):
        place = _place(one)
        inner = one if place is None else await items.find(partner_id, place, one.item_id)
        if inner is not None:
            listed.append(Item(one.position, one.item_id, inner.value))
    return listed


def naming(partner_id: str, flat_path: str, path: str, item_id: str, *, is_new: bool) -> ItemChange:
    """The change that names the place of an item where others look for it, or no more."""
    name = write_json(path)
    return ItemChange(
        partner_id, flat_path, item_id, None if is_new else name, name if is_new else None
    )


def _place(stored: Item) -> str | None:
    if not stored.value.startswith(b'"'):
        return None
    place: Any = read_json(stored.value)
    return str(place)
