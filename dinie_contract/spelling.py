"""A name that is not known, in an error: quoted, and with what was meant by it."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice

from dinie_contract.output import excerpt, one_line

_LONGEST_NAME = 60
"""The characters of a name that is not ours, in an error."""

_MOST_LISTED = 20

_MOST_COMPARED = 2000
"""The known names that are compared: 10,000 would take half a second."""

_NEAR = 0.6


def nearest(name: str, known: Iterable[str], cutoff: float = _NEAR) -> str | None:
    """The known name that is most like ``name``; None where none is as like as ``cutoff``."""
    names = {_plain(one): one for one in islice(known, _MOST_COMPARED)}
    found = get_close_matches(_plain(name), names, 1, cutoff)
    return names[found[0]] if found else None


def hint(name: str, known: Collection[str]) -> str:
    """What is meant by ``name``, or what there is where nothing is like it."""
    near = nearest(name, known)
    if near is not None:
        return f"did you mean {quoted(near)}?"
    listed = [short(one) for one in list(known)[:_MOST_LISTED]]
    if len(known) > _MOST_LISTED:
        listed.append(f"{len(known) - _MOST_LISTED} more")
    return f"there is {', '.join(listed)}" if listed else "there is none"


def short(name: str) -> str:
    """A name that is not ours, fit for one line of an error."""
    return one_line(excerpt(name, _LONGEST_NAME))


def quoted(name: str) -> str:
    """A name that is not ours in quotes, which nothing in it ends."""
    return '"{}"'.format(short(name).replace('"', r"\""))


def _plain(name: str) -> str:
    return name[:_LONGEST_NAME].lower().replace("_", "-")
