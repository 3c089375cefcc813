"""Paths of items: their shape, without the names of their parameters, and which belong together."""

import re
from collections.abc import Iterator, Set

from openapi.operation import PATH_PARAMETER

_KEY = re.compile(r"\(('?)(\{[^{}]+\})\1\)(?=/|$)")
_BEFORE_ID = re.compile(r"(/|\('?)$")
_ENDING = re.compile(r"(\.json|\.xml)?/?$")
_ACTION = re.compile(r"(?<=\}):(?=\w+$)")
LAST_PARAMETER = re.compile(r"/\{\}$")
"""The end of the shape of an item's path."""

_MAKING = re.compile(r"[/:](create|new|add|insert)$")
_SEEKING = re.compile(
    r"[/:]_?(search|query|find|filter|lookup|list|count|aggregate|validate|verify|check|preview|simulate"
    r"|estimate|calculate|match|suggest|autocomplete|export|compare|test|parse|login)$",
    re.IGNORECASE,
)
_ALIKE = 0.8
"""The share of the members of the smaller of two objects that the other has, if both are one."""


def segments_of(path: str) -> str:
    """A path with ids in segments of their own, where it has them in parentheses as OData does.

    That of ``/things({id})`` is ``/things/{id}``.
    """
    return _KEY.sub(r"/\2", path) if "(" in path else path


def is_of_one(path: str) -> bool:
    """Whether a path ends in an id: that of one item."""
    return segments_of(path).endswith("}")


def is_below(path: str, collection: str) -> bool:
    """Whether a path is that of one item of a collection, or of what is done with it."""
    path, above = segments_of(path), segments_of(collection)
    return path.startswith(f"{above}/{{") and path.count("{") == above.count("{") + 1


def parameter_below(path: str, collection: str) -> str:
    """The parameter that stands next to the path of a collection, in a path below it."""
    return segments_of(path).removeprefix(f"{segments_of(collection)}/{{").partition("}")[0]


def above_id(before: str) -> str:
    """The path of a collection, from that of an item as far as its id: ``/things(``."""
    return _BEFORE_ID.sub("", before)


def shape_of(path: str) -> str:
    """A path without the names of its parameters, and without ``/`` or ``.json`` at its end.

    Ids are in segments of their own, and so is an action on one: ``/things/{id}:cancel``.
    """
    return _ACTION.sub("/", _ENDING.sub("", PATH_PARAMETER.sub("{}", segments_of(path))))


def as_written(path: str, template: str) -> str:
    """The path of an item with ids in parentheses, where its template has them there."""
    if segments_of(template) == template:
        return path
    parts = zip(path.split("/"), segments_of(template).split("/"), strict=False)
    values = iter([value for value, part in parts if PATH_PARAMETER.fullmatch(part)])
    return PATH_PARAMETER.sub(lambda _: next(values), template)


def made_below(shape: str) -> str | None:
    """The path of the items that a POST on a path with a verb makes: ``/things/create``."""
    found = _MAKING.sub("", shape)
    return found if found not in {shape, ""} else None


def only_seeks(shape: str) -> bool:
    """Whether a path ends with a word for what makes nothing: ``/things/_search``."""
    return bool(_SEEKING.search(shape))


def shallow(path: str) -> Iterator[str]:
    """The paths that have the items made on a path in a parent, the nearest first.

    That of ``/docs/{id}/comments`` is ``/comments``.
    """
    *above, noun = path.split("/")
    if "{" in noun:
        return
    while len(above) > 1 and "{" in above[-1]:
        above.pop()
        if len(above) > 1:
            yield "/".join([*above, noun])
            if "{" not in above[-1]:
                above.pop()
                yield "/".join([*above, noun])


def are_alike(one: Set[str], other: Set[str], *, whole: bool = False) -> bool:
    """Whether two objects have so many members in common that both show the same item.

    With ``whole`` one of them has all members of the other.
    """
    smaller = min(len(one), len(other))
    return smaller > 0 and len(one & other) >= smaller * (1 if whole else _ALIKE)
