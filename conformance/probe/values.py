"""Values that a check compares, as they were seen: what a report shows of them is decided later."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from conformance.target.exchange import Answer
from conformance.target.redaction import holds, places_of


class Lack(Enum):
    """A value that there is none of."""

    ABSENT = "absent"
    """The place is not there."""
    HIDDEN = "hidden"
    """The value is not to be shown."""
    UNSAID = ""
    """No certain value was expected."""


class Values(NamedTuple):
    """What was seen at one place, and what was expected there if that is certain.

    A ``place`` is the JSON pointer of a member, or the name of a header. The values are JSON, or
    whole bodies as bytes, of which the parts that differ are shown.
    """

    place: str
    actual: object
    expected: object = Lack.UNSAID


def member(answer: Answer, name: str, expected: object = Lack.UNSAID) -> Values:
    """The member of an answer's JSON object."""
    place = "".join(f"/{one}" for one in (*answer.envelope, name))
    return Values(place, (answer.json_object() or {}).get(name, Lack.ABSENT), expected)


def header(answer: Answer, name: str, expected: object = Lack.UNSAID) -> Values:
    """The header of an answer."""
    value = answer.header(name)
    return Values(name, Lack.ABSENT if value is None else value, expected)


def bodies(first: Answer, again: Answer) -> Values:
    """The bodies of two answers that were to be the same."""
    return Values("body", again.body, first.body)


def hidden(answer: Answer, texts: Iterable[str]) -> list[Values]:
    """The places of an answer that show one of these secrets; none where it does not hold one."""
    texts = [*texts]
    places = places_of(answer, texts) if holds(answer, texts) else ()
    return [Values(place, Lack.HIDDEN) for place in places]
