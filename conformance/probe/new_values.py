"""Values that are new in each request: those that a server may take but once."""

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from conformance.probe.parameter_values import another_like, changing_ends, with_other_end
from openapi.item_members import Members
from openapi.operation import Operation
from openapi.references import patterns_of
from openapi.texts import drawn_by

_LARGEST_NUMBERS = (2**31 - 1, 10**6, 10**4)
_MOST_STEPS = 10_000
"""The steps to a text by a pattern: each character of a set is one."""

_FEWEST_CHARACTERS = 6
"""The characters that are others in a new text: with fewer it may be one that was taken before."""

_SIZES = (_FEWEST_CHARACTERS, 4, 3)
"""The bytes of a new text, each of which is two characters."""

_TRIES = 10


def with_new_values(operation: Operation, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with other values, as its schema allows, where a creation may take each but once.

    That is what stands in the path of the resource, where clients choose it, and, where the
    contract has a 409, an e-mail address.
    """
    value, media_type = dict(body), operation.object_body
    if media_type is None or media_type.schema is None:
        return value
    once = taken_once(operation)
    for name in [one for one in value if one in once]:
        tried = ({**value, name: one} for one in new_values_like(value[name], once[name]))
        value = next(filter(media_type.schema.is_valid, tried), value)
    resource = operation.resource
    holder, _, name = resource.handle.partition("/") if resource else ("", "", "")
    held = value.get(holder) if name else None
    if isinstance(held, dict) and isinstance(held.get(name), str):
        named = ({**value, holder: {**held, name: one}} for one in new_values_like(held[name], {}))
        value = next(filter(media_type.schema.is_valid, named), value)
    return value


def new_texts(operation: Operation, before: object, after: object) -> Iterator[tuple[str, int]]:
    """The texts of a body that are others than before, where still others could be sent.

    Each has the number of its last characters that may be others. Of an e-mail address it is what
    is before the ``@``.
    """
    media_type = operation.object_body
    if media_type is None or media_type.schema is None or not isinstance(after, dict):
        return
    is_valid, old = media_type.schema.is_valid, before if isinstance(before, dict) else {}
    for name, value in after.items():
        nested = value if isinstance(value, dict) else {"": value}
        old_nested = old.get(name) if isinstance(value, dict) else {"": old.get(name)}
        for inner, text in nested.items():
            is_known = isinstance(old_nested, dict) and old_nested.get(inner) == text
            if not isinstance(text, str) or is_known:
                continue
            start, at, domain = text.partition("@")
            for changed in changing_ends(start):
                others = [f"{with_other_end(start, changed)}{at}{domain}" for _ in range(_TRIES)]
                bodies = [{**nested, inner: one} for one in others]
                if all(is_valid({**after, name: one if isinstance(value, dict) else one[""]})
                       for one in bodies):  # fmt: skip
                    yield start, changed
                    break


def new_ends(value: object, takes: Callable[[object], bool]) -> Iterator[tuple[str, int]]:
    """A text or number, with how many of its last characters may be any others; none is possible.

    ``takes`` says whether another one could be sent.
    """
    text = str(value)

    def is_another(other: str) -> bool:
        found = int(other) if isinstance(value, int) else other
        return str(found) == other and takes(found)

    for changed in changing_ends(text):
        if all(is_another(with_other_end(text, changed)) for _ in range(_TRIES)):
            yield text, changed
            break


@cache
def taken_once(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    """The members of a creation whose values may be taken once each, with their schemas."""
    resource, media_type = operation.resource, operation.object_body
    schema = media_type.schema if media_type else None
    if resource is None or resource.create is not operation or schema is None:
        return {}
    others = operation.contract.operations.values() if operation.contract else ()
    own = {one.path.removeprefix(f"{operation.path}/") for one in others}
    formats = {"email"} if operation.documents(HTTPStatus.CONFLICT) else set()
    return {
        name: one
        for name, one in Members(schema.resolve).of(schema.definition).items()
        if (name == resource.handle or f"{{{name}}}" in own or one.get("format") in formats)
        and name != resource.name
        and not {"enum", "const"} & one.keys()
    }


def new_values_like(value: Any, definition: Mapping[str, Any]) -> Iterator[Any]:
    """Other values of a member, the likest first; not each of them need be valid."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (1 + secrets.randbelow(most) for most in _LARGEST_NUMBERS)
    if not isinstance(value, str):
        return
    if make := _BY_FORMAT.get(definition.get("format", "")):
        yield make()
    if definition.get("format") == "email":
        yield f"{secrets.token_hex(_FEWEST_CHARACTERS)}@{value.rpartition('@')[2]}"
    if another := another_like(value):
        yield another
    # A text by a pattern may be of one letter, which is soon taken.
    for size in _SIZES:
        text = secrets.token_hex(size)
        yield from (text, text.upper(), f"{value}{text}")
    for pattern in patterns_of(definition):
        yield from drawn_by(pattern, _TRIES, _MOST_STEPS)


_FIRST_IPV4, _FIRST_IPV6 = int(IPv4Address("10.0.0.0")), int(IPv6Address("2001:db8::"))

_BY_FORMAT: Mapping[str, Callable[[], str]] = {
    "uuid": lambda: str(uuid.uuid4()),
    "ipv4": lambda: str(IPv4Address(_FIRST_IPV4 + secrets.randbits(24))),
    "ipv6": lambda: str(IPv6Address(_FIRST_IPV6 + secrets.randbits(64))),
}
