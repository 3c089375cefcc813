"""Actions that undo others: ``/unarchive`` beside ``/archive``, as their names say."""

from collections.abc import Iterator, Mapping
from functools import cache

from openapi.contract import Contract
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import Operation
from openapi.reads import acted_on_by

_UNDONE = {
    "activate": ("deactivate", "suspend", "disable"),
    "checkin": ("checkout",),
    "continue": ("pause", "suspend"),
    "deactivate": ("activate",),
    "disable": ("enable",),
    "enable": ("disable",),
    "open": ("close",),
    "reactivate": ("deactivate", "suspend", "cancel", "close", "disable"),
    "recover": ("trash", "delete"),
    "reenable": ("disable",),
    "reinstate": ("suspend", "cancel", "revoke", "terminate", "archive"),
    "release": ("hold", "lock", "freeze"),
    "reopen": ("close", "resolve", "complete", "finish", "archive"),
    "restart": ("stop", "pause"),
    "restore": ("trash", "archive", "cancel", "delete"),
    "resume": ("pause", "suspend", "hold", "stop"),
    "show": ("hide",),
    "stop": ("start",),
}
"""The words of actions, and of what each of them undoes; so does any word with ``un`` before it."""


@cache
def undone_by(operation: Operation) -> Operation | None:
    """What an action undoes, on the same item: an action, or the DELETE; None for any other."""
    if acted_on_by(operation) is None or operation.contract is None:
        return None
    item, _, last = shape_of(operation.path).rpartition("/")
    beside = _by_item(operation.contract)[item]
    own = spelt(last)
    # What another action undoes as well comes last.
    by_others = {one for word in beside if word != own for one in _undone(word)}
    found = sorted((one for one in _undone(own) if one in beside), key=lambda one: one in by_others)
    return beside[found[0]] if found else None


def is_undone(operation: Operation) -> bool:
    """Whether an action undoes an operation."""
    return operation.contract is not None and operation in _all_undone(operation.contract)


@cache
def _all_undone(contract: Contract) -> frozenset[Operation]:
    found = map(undone_by, contract.operations.values())
    return frozenset(one for one in found if one)


@cache
def _by_item(contract: Contract) -> Mapping[str, Mapping[str, Operation]]:
    """The actions on each item and its DELETE, by the shape of its path and by their words."""
    found: dict[str, dict[str, Operation]] = {}
    for one in contract.operations.values():
        if read := acted_on_by(one):
            item, _, word = shape_of(one.path).rpartition("/")
            beside = {"delete": read.delete} if read.delete else {}
            found.setdefault(item, beside)[spelt(word)] = one
    return found


def _undone(word: str) -> Iterator[str]:
    if word.startswith("un"):
        yield word.removeprefix("un")
    yield from _UNDONE.get(word, ())
