"""Values of parameters: plain ones, and those that name nothing that a target has."""

import secrets
import string
import uuid

from openapi.operation import Parameter
from openapi.page_query import names_of
from openapi.sample import sample_of

_LARGE_NUMBERS = (10**15, 10**9)
"""From each of these to twice as much, few numbers are ids: an int32 is in the second range."""


_FEWEST_CHANGED = 6
"""The characters that are others in a text like an id: with fewer it may be the id of something."""


def plain_value(parameter: Parameter) -> object:
    """A valid value of a parameter: its example, else one of its schema."""
    return next(iter(parameter.examples), None) or sample_of(parameter.schema)


def plain_query(parameter: Parameter) -> dict[str, object]:
    """What a query has for a parameter; an object's members may have names of their own in it."""
    value = plain_value(parameter)
    names = {one.member: name for name, one in names_of(parameter) if one.member}
    if not names or not isinstance(value, dict):
        return {parameter.name: value}
    return {names[member]: one for member, one in value.items() if member in names}


def unknown_value(parameter: Parameter, text: str, like: str = "") -> str | None:
    """A valid value of a parameter that names nothing: ``text`` where that is valid.

    None where neither a text, a number, a UUID nor a text ``like`` another is valid. The other is
    the parameter's example unless it is given.
    """
    like = like or str(plain_value(parameter))
    start = max(map(like.rfind, "_-:./")) + 1
    tried = (
        text,
        *(number + secrets.randbelow(number) for number in _LARGE_NUMBERS),
        str(uuid.uuid4()),
    )
    if len(like) - start >= _FEWEST_CHANGED:
        tried += (another_like(like),)
    return next((str(one) for one in tried if parameter.schema.is_valid(one)), None)


def another_like(text: str) -> str:
    """Another text of the same form: what stands before the last mark stays."""
    start = max(map(text.rfind, "_-:./")) + 1
    return text[:start] + "".join(map(_another, text[start:]))


def _another(character: str) -> str:
    """A character of the same kind."""
    kinds = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)
    return next((secrets.choice(one) for one in kinds if character in one), character)
