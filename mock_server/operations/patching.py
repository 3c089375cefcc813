"""Changes of an item by what a client sends: JSON Merge Patch (RFC 7396), JSON Patch (RFC 6902)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from openapi.document import name_of


class PatchError(ValueError):
    """An operation of a JSON Patch that the item cannot take; the message is one plain phrase."""


def merge_patch(target: Any, patch: Any) -> Any:
    """The target as a merge patch changes it: a null takes a member away."""
    if not isinstance(patch, dict):
        return patch
    changed = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = merge_patch(changed.get(name), value)
    return changed


def json_patch(target: Any, operations: Sequence[Any]) -> Any:
    """The target as the operations of a JSON Patch change it; raises :class:`PatchError`."""
    root = [deepcopy(target)]
    for one in operations:
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            raise PatchError("must be a list of operations with a path")
        name, path = one.get("op"), _steps(one["path"])
        if name in {"move", "copy"}:
            source = _steps(one.get("from"))
            value = deepcopy(_at(root, source))
            if name == "move":
                _remove(root, source)
            _add(root, path, value)
        elif name == "remove":
            _remove(root, path)
        elif name == "test":
            if _at(root, path) != one.get("value"):
                raise PatchError("has a test that fails")
        elif name in {"add", "replace"}:
            if name == "replace":
                _at(root, path)
                _remove(root, path, keeps_root=True)
            _add(root, path, one.get("value"))
        else:
            raise PatchError("has an unknown operation")
    return root[0]


def _steps(pointer: Any) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchError("has a path that is no JSON pointer")
    steps = map(name_of, pointer.split("/")[1:])
    return ["0", *steps]  # the target is the only item of a list


def _at(root: Any, steps: Sequence[str]) -> Any:
    try:
        for step in steps:
            root = root[int(step)] if isinstance(root, list) else root[step]
    except (KeyError, IndexError, TypeError, ValueError):
        raise PatchError("has a path to nothing") from None
    return root


def _add(root: Any, steps: Sequence[str], value: Any) -> None:
    if len(steps) == 1:
        root[0] = value
        return
    holder, last = _at(root, steps[:-1]), steps[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list) and (
        last == "-" or (last.isdigit() and int(last) <= len(holder))
    ):
        holder.insert(len(holder) if last == "-" else int(last), value)
    else:
        raise PatchError("has a path to nothing")


def _remove(root: Any, steps: Sequence[str], *, keeps_root: bool = False) -> None:
    _at(root, steps)
    if len(steps) == 1:
        root[0] = root[0] if keeps_root else None
        return
    holder, last = _at(root, steps[:-1]), steps[-1]
    del holder[int(last) if isinstance(holder, list) else last]
