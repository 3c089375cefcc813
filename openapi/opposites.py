"""Actions that undo others: ``/unarchive`` beside ``/archive``, as their names say."""

from collections.abc import Iterator
from functools import cache

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
    read, contract = acted_on_by(operation), operation.contract
    if read is None or contract is None:
        return None
    item, _, last = shape_of(operation.path).rpartition("/")
    beside = {"delete": read.delete} if read.delete else {}
    for one in contract.operations.values():
        above, _, word = shape_of(one.path).rpartition("/")
        if above == item and acted_on_by(one) is read:
            beside[spelt(word)] = one
    own = spelt(last)
    # What another action undoes as well comes last.
    by_others = {one for word in beside if word != own for one in _undone(word)}
    found = sorted((one for one in _undone(own) if one in beside), key=lambda one: one in by_others)
    return beside[found[0]] if found else None


@cache
def is_undone(operation: Operation) -> bool:
    """Whether an action undoes an operation."""
    contract = operation.contract
    others = contract.operations.values() if contract else ()
    return any(undone_by(one) is operation for one in others)


def _undone(word: str) -> Iterator[str]:
    if word.startswith("un"):
        yield word.removeprefix("un")
    yield from _UNDONE.get(word, ())
