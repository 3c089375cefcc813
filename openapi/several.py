"""What one request makes several of: where a body and its answer list it, and what ends one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from openapi.item_paths import are_alike, is_below, is_of_one, parameter_below
from openapi.operation import Operation
from openapi.paging import success_schema
from openapi.resource import (
    item_members,
    listed,
    makes_several,
    named_after,
    success_members,
)

_AT_ONCE = re.compile(
    r"[/:]_?((bulk|batch|many|multiple)([_-]?(create|add|insert))?"
    r"|(create|add|insert)[_-]?(bulk|batch|many|multiple|all))$",
    re.IGNORECASE,
)
"""The end of a path that makes several of what is made on the path above it."""

_MADE = re.compile(r"created|made|added|inserted|succe", re.IGNORECASE)
"""What an answer calls the list of what was made, where it has others."""


@dataclass(frozen=True, slots=True)
class Several:
    """Items that one request makes, and the operations on one of them.

    ``sent`` and ``shown`` are the members of the body and of its answer that list them, empty where
    these are the list. ``base`` is the path that the operations on one lie below, and ``handle``
    the member that stands in their paths.
    """

    create: Operation
    sent: str
    shown: str
    base: str
    handle: str
    read: Operation | None
    delete: Operation | None

    def place_of(self, operation: Operation, path: str) -> tuple[str, str]:
        """Where an operation is on one, by the concrete path that made it: that, and the rest."""
        own = _AT_ONCE.sub("", path) if self.base != self.create.path else path
        return own, operation.path.removeprefix(self.base)


@cache
def several_made_by(operation: Operation) -> Several | None:
    """What an operation makes several of; None where it makes none, or nobody knows which.

    What is answered is of the operations by an id where it has the members of what these show: the
    lines of an order are no orders.
    """
    operations = operation.contract.operations if operation.contract else {}
    if not makes_several(operation, operations):
        return None
    body, answer = operation.json_body, success_schema(operation)
    sent = next(listed(body.schema.outline))[0] if body and body.schema else ""
    lists = [*listed(answer or {})]
    named = [one for one in lists if _MADE.search(one[0])] if len(lists) > 1 else lists
    if len(named) != 1:
        return None
    [(shown, items)] = named
    members = items.get("properties", {})
    for base in dict.fromkeys((operation.path, _AT_ONCE.sub("", operation.path))):
        on_one = [one for one in operations.values()
                  if is_below(one.path, base) and is_of_one(one.path)]  # fmt: skip
        known = {one.method: one for one in reversed(on_one)}
        handle = (
            named_after(members, parameter_below(on_one[0].path, base), base) if on_one else None
        )
        if handle and any(_is_item(members, one) for one in _shown(operations, base, known)):
            return Several(
                operation, sent, shown, base, handle, known.get("GET"), known.get("DELETE")
            )
    return None


def _shown(
    operations: Mapping[str, Operation], base: str, on_one: Mapping[str, Operation]
) -> Iterator[Mapping[str, Any]]:
    """The members of one item as its read shows them, and as the list has them."""
    if "GET" in on_one:
        yield success_members(on_one["GET"])
    beside = (one for one in operations.values() if (one.method, one.path) == ("GET", base))
    yield from map(item_members, beside)


def _is_item(members: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return len(members) > 1 and are_alike(members.keys(), shown.keys())
