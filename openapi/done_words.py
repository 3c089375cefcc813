"""What an item says of an action that is done: ``canceled``, or ``canceledAt``, for ``/cancel``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from openapi.names import spelt
from openapi.schema import types_of

_DONE = {
    "activate": ("active",), "deactivate": ("inactive",), "begin": ("begun",), "hold": ("held",),
    "pay": ("paid",), "send": ("sent",), "withdraw": ("withdrawn",), "undo": ("undone",),
    "win": ("won",), "lose": ("lost",), "resend": ("resent",), "freeze": ("frozen",),
    "lend": ("lent",), "sell": ("sold",), "hide": ("hidden",), "show": ("shown",),
}  # fmt: skip
"""What an item is called after an action, where that is not regular."""

_REVERSED = re.compile(r"(?:un|de|dis)(?=[a-z]{3})")
_ENABLE = {"disable": "enable"}
_TIME = re.compile(r"(at|on|date|time|timestamp)$")


class DoneWords:
    """The members of an item that are called after an action, and what they are once it is done."""

    def __init__(self, action: str, members: Mapping[str, Mapping[str, Any]]) -> None:
        self._members = members
        self.words = [one for one in re.split(r"[-_.]|(?<=[a-z])(?=[A-Z])", action) if one]

    @cached_property
    def state(self) -> Mapping[str, str]:
        """The member with an enumeration one of whose values, and no more, is the action done.

        None of several: one of them may be of another thing.
        """
        found: dict[str, str] = {}
        for name, one in self._members.items():
            values = [value for value in one.get("enum") or () if self._is_done(value)]
            if len(values) == 1:
                found[name] = values[0]
        return found if len(found) == 1 else {}

    @cached_property
    def flags(self) -> Mapping[str, bool]:
        """The flags that are called after the action, or after what it undoes."""
        found = {}
        for name, one in self._members.items():
            plain = spelt(name).removeprefix("is")
            if "boolean" in types_of(one) and plain in self._done | self._undone:
                found[name] = plain in self._done
        return found

    @cached_property
    def times(self) -> Sequence[str]:
        """The members with the time of the action."""
        stems = ((name, _TIME.sub("", spelt(name))) for name in self._members)
        return [name for name, stem in stems if stem != spelt(name) and stem in self._done]

    def _is_done(self, value: object) -> bool:
        return isinstance(value, str) and spelt(value) in self._done

    @cached_property
    def _done(self) -> frozenset[str]:
        """What an item may be called after the action."""
        return frozenset(form for word in self.words for form in _forms(word.lower()))

    @cached_property
    def _undone(self) -> frozenset[str]:
        """What an item may be called before the action, and is not after it."""
        words = (_ENABLE.get(word.lower(), _REVERSED.sub("", word.lower())) for word in self.words)
        return frozenset(form for word in words for form in _forms(word)) - self._done


def _forms(word: str) -> Iterator[str]:
    """The forms of a verb that say that it is done: ``stop``, ``stopped``."""
    yield from (word, f"{word}ed", f"{word}d", f"{word}{word[-1]}ed", f"{word[:-1]}ied")
    yield from _DONE.get(word, ())
