"""Envelopes: the members of an answer that only wrap the resource, as ``data`` often does."""

from collections.abc import Iterator
from functools import cache

from openapi.item_members import WRAPPING, Members, objects_in, singular
from openapi.item_paths import is_below, parameter_below, segments_of
from openapi.names import IDS, REFERENCES, spelt
from openapi.operation import PATH_PARAMETER, Operation
from openapi.paging import page_members, success_schema


@cache
def envelope_of(operation: Operation) -> tuple[str, ...]:
    """The members that lead to the resource in the success of an operation; none without any.

    An envelope has no id of the resource, and what it wraps has one.
    """
    outline = success_schema(operation)
    if outline is None or page_members(operation):
        return ()
    nouns = list(_nouns(operation))
    named = [*PATH_PARAMETER.findall(operation.path)[-1:], *_named_below(operation)]
    ids = {*IDS, *(f"{noun}{end}" for noun in nouns for end in REFERENCES), *map(spelt, named)}
    for noun in nouns:
        for path, members in objects_in(Members(lambda one: one), outline, noun):
            if not ids.isdisjoint(map(spelt, members)):
                is_named = all(spelt(one) in wrappers(operation) for one in path)
                return path if is_named else ()
    return ()


def _named_below(operation: Operation) -> Iterator[str]:
    """The parameters next to the path of an operation, which name what it makes."""
    for one in operation.contract.operations.values() if operation.contract else ():
        if is_below(one.path, operation.path):
            yield parameter_below(one.path, operation.path)


def wrappers(operation: Operation) -> frozenset[str]:
    """What a member may be called, in lower case, that wraps the resource of an operation."""
    return frozenset({*WRAPPING, *_nouns(operation)})


def _nouns(operation: Operation) -> Iterator[str]:
    """What the resource of an operation may be called by its path, the likeliest first."""
    parts = segments_of(operation.path).strip("/").split("/")
    named = [at for at, one in enumerate(parts) if one.startswith("{")]
    if parts and not parts[-1].startswith("{"):
        yield singular(parts[-1])
    if named and named[-1]:
        yield singular(parts[named[-1] - 1])
