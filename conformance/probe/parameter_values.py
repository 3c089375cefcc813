"""Values of parameters: plain ones, and those that name nothing that a target has."""

import secrets
import string
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from openapi.operation import Parameter
from openapi.page_query import names_of
from openapi.sample import sample_of

_LARGE_NUMBERS = (10**15, 10**9)
"""From each of these to twice as much, few numbers are ids: an int32 is in the second range."""

_MOST_CHANGED, _FEWEST_CHANGED = 12, 6
"""The last characters of a text like an id that are others: with fewer it may name something."""

_FAR_AWAY = ("2999-12-31", "2999-12-31T00:00:00Z", "00:00:00Z")
"""A day, an instant and a time that little is kept for."""

_FAR_DAY, _FAR_DAYS = date(2999, 12, 31), 2_500_000
"""The first of the far days, and how many there are: few of them are chosen twice."""

_KINDS = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)


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


def unknown_value(parameter: Parameter, text: str, like: Sequence[str] = ()) -> str | None:
    """A valid value of a parameter that names nothing, of the form of ids that are known.

    Without any it is ``text`` where that is valid, else a number, a UUID, an e-mail address, or a
    text like the parameter's example. None where none of these is valid.
    """
    numbers = [number + secrets.randbelow(number) for number in _LARGE_NUMBERS]
    tried: list[object] = [
        text,
        *numbers,
        str(uuid.uuid4()),
        f"t{secrets.token_hex(_FEWEST_CHANGED)}@example.com",
        another_like(str(plain_value(parameter))),
        *_FAR_AWAY,
    ]
    if like:
        far = numbers[-1]
        counted = [far, f"{_before_last_mark(like[-1])}{far}"] if _is_counted(like[-1]) else []
        # With fewer new characters more of the beginning stays, which a pattern may ask for.
        ends = [with_other_end(like[-1], changed) for changed in changing_ends(like[-1])]
        tried = [*counted, another_like(*like), *ends, *tried]
    found = (one for one in tried if one is not None and parameter.schema.is_valid(one))
    return next((str(one) for one in found if str(one) not in like), None)


def new_values(parameter: Parameter, text: str) -> Iterator[object]:
    """Valid values of a parameter that no other request has, for what a request names itself."""
    short = f"t{secrets.token_hex(_FEWEST_CHANGED)}"
    numbers = [number + secrets.randbelow(number) for number in _LARGE_NUMBERS]
    tried = [text, short, short.upper(), str(uuid.uuid4()), f"{short}@example.com", *numbers]
    tried.append(another_like(str(plain_value(parameter))) or "")
    day = _FAR_DAY + timedelta(secrets.randbelow(_FAR_DAYS))
    tried += [f"{day}", f"{day}T00:00:00Z"]
    yield from (one for one in tried if one and parameter.schema.is_valid(one))


def another_like(*texts: str) -> str | None:
    """Another text of the form of the last of these; None where too few characters are free.

    What stands before the last mark stays. Each new character is of the kind of the old one, and
    where there are several texts, one that they have: the alphabet of ids may be small.
    """
    like = texts[-1]
    start = max(len(_before_last_mark(like)), len(like) - _MOST_CHANGED)
    if len(like) - start < _FEWEST_CHANGED:
        return None
    seen = {one for text in texts for one in text[start:]} if len(texts) > 1 else None
    return with_other_end(like, len(like) - start, seen)


def changing_ends(text: str) -> list[int]:
    """How many of the last characters may be others in another text, the most first."""
    most = min(len(text) - len(_before_last_mark(text)), _MOST_CHANGED)
    return [one for one in (most, _FEWEST_CHANGED) if one >= _FEWEST_CHANGED]


def with_other_end(text: str, changed: int, seen: set[str] | None = None) -> str:
    """The text with so many other characters at its end, each of the kind of the old one."""
    start = len(text) - changed
    return text[:start] + "".join(secrets.choice(_kind_of(one, seen)) for one in text[start:])


def _kind_of(character: str, seen: set[str] | None) -> str:
    """The characters of the same kind, of those that were seen where any were."""
    if seen is None:
        return next((one for one in _KINDS if character in one), character)
    kind = next((one for one in _KINDS[::-1] if character in one), character)
    return "".join(sorted(seen.intersection(kind))) or character


def _before_last_mark(text: str) -> str:
    return text[: max(map(text.rfind, "_-:./")) + 1]


def _is_counted(text: str) -> bool:
    """Whether an id ends with a number that a server may have counted."""
    number = text.removeprefix(_before_last_mark(text))
    return number.isdigit() and len(number) < _MOST_CHANGED
