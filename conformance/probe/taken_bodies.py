"""Bodies that a target takes, where rules of its business, which no schema says, refuse others.

Such rules are on dates (to come, not too far ahead, an end after its beginning), on what is
referred to (an order of a product that there is), and on what may be there but once.
"""

import itertools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from conformance.probe.new_values import new_values_like
from conformance.target.kept import TakenBody
from openapi.contract import Contract
from openapi.item_members import Members
from openapi.names import spelt
from openapi.operation import Operation
from openapi.paging import snake
from openapi.reads import moves
from openapi.resource import Resource
from openapi.sample import sample_of

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?")
"""A date or a date-time as a text."""

_DURATION = re.compile(
    r"(^|_)(ttl|duration|lifetime|retention|timeout|age|expir\w*|validity|valid_for"
    r"|(milli)?seconds?|secs?|ms|minutes?|mins?|hours?|days?|weeks?|months?|years?)(_|$)"
)
"""What a member is called that may say how long an item lasts."""

_SOON, _LONG_AGO = 30, -30 * 365
"""The days from today of a date to come, and of one such as that of a birth."""

_DAYS = 600
"""The days on which what may be there but once is spread: what is further ahead may be refused."""

_NUMBERS = 10_000
"""The numbers on which it is spread, where a schema does not say the largest."""

_MOST_TRIED = 16
"""So many bodies are tried at the most before none is known that is taken."""

_ACTING = re.compile(
    r"^((auto|do|should|will)_)?(notify|send|publish|charge|invite|deliver)(_|$)"
    r"|(^|_)(e_?mails?|invitations?|invitees?|callbacks?|webhooks?)(_|$)"
)
"""What a member is called that has people or other servers told of an item, or charged for it."""

_NAMED_BY = re.compile(r"(?:[_-]?(?:id|uuid|code|ref)s?)$", re.IGNORECASE)


def tried_bodies(contract: Contract, operation: Operation, body: object) -> Iterator[TakenBody]:
    """Bodies to try in the place of one that was refused, the likeliest to be taken first."""
    fuller = with_items(operation, body)
    ways = [[*_ways(contract, operation, one)] for one in (body, fuller)]
    if fuller == body:
        ways[1:] = []
    elif not ways[1]:
        ways[1] = [TakenBody(fuller)]
    by_turns = itertools.chain.from_iterable(itertools.zip_longest(*ways))
    return itertools.islice(filter(None, by_turns), _MOST_TRIED)


def _ways(contract: Contract, operation: Operation, body: object) -> Iterator[TakenBody]:
    """A body with what it refers to, and with other dates, where it has any."""
    references = references_in(contract, operation, body)
    known = {name: one.create.id for name, one in references.items()}
    dates = sum(1 for _ in _dates_in(body))
    if known:
        yield TakenBody(body, known)
    for days in _days_of(dates) if dates else ():
        yield TakenBody(_dated(body, days), known)


def with_items(operation: Operation, body: object) -> object:
    """A body with an item in each array that it has empty, or that it leaves out.

    It is the body itself where that is not valid: a contract that has nothing against an order of
    nothing may be of a server that has.
    """
    media_type = operation.object_body
    schema = media_type.schema if media_type else None
    full = sample_of(schema, is_full=True) if schema else None
    if schema is None or not isinstance(body, dict) or not isinstance(full, dict):
        return body
    items = {name: one for name, one in full.items() if isinstance(one, list) and one}
    fuller = {**body, **{name: one for name, one in items.items() if not body.get(name)}}
    return fuller if schema.is_valid(fuller) else body


def _days_of(count: int) -> Iterator[list[int]]:
    """The days from today of so many dates: the first before the second, and other orders."""
    places = range(count)
    yield [_SOON + place for place in places]
    yield [_SOON - place for place in places]
    yield [place - _SOON for place in places]
    yield [1 + place for place in places]
    yield [0] * count
    yield [_LONG_AGO + place for place in places]
    for odd in places if count > 1 else ():
        yield [_LONG_AGO if place == odd else _SOON + place for place in places]
    for odd in places if count > 1 else ():
        yield [_SOON if place == odd else place - _SOON for place in places]


def has_rules(operation: Operation, body: object) -> bool:
    """Whether a body has a member that rules of business are often on: a date, or a reference."""
    body = with_items(operation, body)
    named = operation.contract and references_in(operation.contract, operation, body)
    return next(_dates_in(body), None) is not None or bool(_references(body)) or bool(named)


def may_end_or_hide(operation: Operation, body: Mapping[str, Any]) -> bool:
    """Whether a member may be why an item ends, or is not listed: a choice, or a duration."""
    media_type = operation.object_body
    schema = media_type.schema if media_type else None
    members = Members(schema.resolve).of(schema.definition) if schema else {}
    return any(
        isinstance(value, bool)
        or len(members.get(name, {}).get("enum", ())) > 1
        or members.get(name, {}).get("format") == "duration"
        or _DURATION.search(snake(name))
        for name, value in _members_in(body)
    )


def without_rules(value: Any, *, has_dates: bool = False) -> Any:
    """A value without what in it rules of business are often on; None where nothing is left.

    Nor has it what is no mere data.
    """
    if isinstance(value, list):
        items = [without_rules(one, has_dates=has_dates) for one in value]
        return None if None in items else items or None
    if isinstance(value, dict):
        inner = {name: without_rules(one, has_dates=has_dates)
                 for name, one in value.items()
                 if not (is_reference(name) or is_no_mere_data(name, one))}  # fmt: skip
        return {name: one for name, one in inner.items() if one is not None} or None
    is_date = isinstance(value, str) and _DATE.fullmatch(value)
    return None if is_date and not has_dates else value


def names_others(operation: Operation, name: str, value: object) -> bool:
    """Whether a member may refer to other resources: by its name, or as a list called as they are.

    What is made up refers to none.
    """
    if is_reference(name):
        return True
    is_list = isinstance(value, list) and not any(isinstance(one, dict) for one in value)
    contract = operation.contract
    return is_list and bool(contract and references_in(contract, operation, {f"{name}_id": ""}))


def references_in(contract: Contract, operation: Operation, body: object) -> dict[str, Resource]:
    """The members of a body that name another resource of the contract, which is made by itself.

    Such a member may be in an item of an array, or an array of names: ``product_ids``. What comes
    before the resource in its name says which one is meant: ``from_account_id``. It may end as the
    id of the resource is called: ``product_slug``.
    """
    known = {
        collection: one
        for one in reversed(contract.resources)
        if one.create is not operation and "{" not in one.collection
        for collection in [spelt(one.collection.rstrip("/").rpartition("/")[2])]
    }
    found: dict[str, Resource] = {}
    for name in _texts_in(body):
        words = snake(_NAMED_BY.sub("", name)).split("_")
        # A name that is the resource's alone may be any word without an ending: ``product``.
        named = _collections(
            words, range(len(words)) if is_reference(name) else range(1, len(words))
        )
        if resource := next((known[one] for one in named if one in known), None):
            found[name] = resource
            continue
        *words, last = snake(name).removesuffix("s").split("_")
        of_id = (known[one] for one in _collections(words, range(len(words))) if one in known)
        if resource := next((one for one in of_id if spelt(one.handle) == last), None):
            found[name] = resource
    return found


def _collections(words: Sequence[str], firsts: range) -> Iterator[str]:
    """What a collection may be called whose items these words call, from one of them on."""
    for first in firsts:
        stem = "".join(words[first:])
        yield from (stem, f"{stem}s", f"{stem}es", f"{stem[:-1]}ies")


def is_reference(name: str) -> bool:
    """Whether a member of this name may refer to another resource, which a made-up value does not.

    It may also be another word, such as a code.
    """
    return bool(_NAMED_BY.search(name))


def is_no_mere_data(name: str, value: object) -> bool:
    """Whether a member does something once it is sent, or changes with others or in time."""
    return bool(_ACTING.search(snake(name))) or moves(name, value)


def _references(body: object) -> set[str]:
    return {one for one in _texts_in(body) if is_reference(one)}


def _texts_in(body: object) -> list[str]:
    """The members of a body that are texts or numbers, or arrays of such, each once."""
    found = (name for name, value in _members_in(body)
             if all(isinstance(one, str | int) for one in _each(value)))  # fmt: skip
    return [*dict.fromkeys(found)]


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _members_in(value: object) -> Iterator[tuple[str, Any]]:
    for one in value if isinstance(value, list) else ():
        yield from _members_in(one)
    for name, one in value.items() if isinstance(value, dict) else ():
        yield name, one
        yield from _members_in(one)


def _replaced(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """A value with each of the values in it, by the name of its member, as ``change`` makes it."""
    if isinstance(value, list):
        return [_replaced(one, change, name) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, change, key) for key, one in value.items()}
    return change(name, value)


def with_references(body: Any, handles: Mapping[str, str]) -> Any:
    """A body that refers to what these handles name."""

    def change(name: str, value: Any) -> Any:
        handle = handles.get(name)
        if handle is None:
            return value
        is_number = isinstance(value, int) and handle.isascii() and handle.isdigit()
        return int(handle) if is_number else handle

    return _replaced(body, change)


def _dates_in(value: object) -> Iterator[str]:
    for _, one in [*_members_in(value)]:
        for text in _each(one):
            if isinstance(text, str) and _DATE.fullmatch(text):
                yield text


def _dated(body: Any, days: list[int]) -> Any:
    """A body whose dates are so many days from today."""
    left, today = iter(days), datetime.now(UTC).date()

    def change(_: str, value: Any) -> Any:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            return value
        day = today + timedelta(days=next(left, _SOON))
        return f"{day}T12:00:00Z" if "T" in value else f"{day}"

    return _replaced(body, change)


def ways_to_vary(taken: TakenBody, name: str) -> Iterator[TakenBody]:
    """A taken body, each with other values that are new, but for the resource's ``name``.

    One text alone comes first: a rule may be on any other value. Then there are all values of as
    many kinds as possible.
    """
    members = [*_members_in(taken.body)]
    kinds = {type(one).__name__ if not (isinstance(one, str) and _DATE.fullmatch(one)) else "date"
             for _, one in members} & {"date", "int", "str"}  # fmt: skip
    texts = (one for one, value in members if isinstance(value, str) and not _DATE.fullmatch(value))
    for text in dict.fromkeys(texts):
        if text != name and text not in taken.references:
            yield replace(taken, varied=frozenset({"str"}), varied_member=text)
    for size in range(len(kinds), 0, -1):
        for some in itertools.combinations(sorted(kinds), size):
            yield replace(taken, varied=frozenset(some))


def varied(operation: Operation, taken: TakenBody, kept: frozenset[str]) -> Any:
    """A taken body with new values of the kinds that it is varied in, but for the ``kept`` names.

    All its dates are moved alike, further from today.
    """
    media_type = operation.object_body
    schema = media_type.schema if media_type else None
    if not taken.varied or schema is None or not isinstance(taken.body, dict):
        return taken.body
    days = taken.next_number() % _DAYS
    value = taken.body

    def vary(path: tuple[str, ...], item: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        nonlocal value
        members = Members(schema.resolve).of(definition)
        for name, one in item.items():
            own = members.get(name, {})
            if isinstance(one, dict):
                vary((*path, name), one, own)
            is_kept = (not path and name in kept) or name in taken.references
            is_other = taken.varied_member not in {"", name}
            if is_kept or is_other or {"enum", "const"} & own.keys():
                continue
            tried = (_with(value, (*path, name), new) for new in _new(one, own, taken, days))
            value = next(filter(schema.is_valid, tried), value)

    vary((), value, schema.definition)
    return value


def _new(
    value: object, definition: Mapping[str, Any], taken: TakenBody, days: int
) -> Iterator[object]:
    """New values in the place of one, the likest first, where it is of a kind that is varied."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        if "date" in taken.varied:
            yield _moved(value, days)
    elif isinstance(value, str) and "str" in taken.varied:
        yield from new_values_like(value, definition)
    elif isinstance(value, int) and not isinstance(value, bool) and "int" in taken.varied:
        least = int(definition.get("minimum", 1))
        most = int(definition.get("maximum", least + _NUMBERS))
        yield least + secrets.randbelow(max(1, most - least + 1))


def _with(body: Mapping[str, Any], path: Sequence[str], value: object) -> dict[str, Any]:
    """A body with a value in the place at a path."""
    name, *rest = path
    return {**body, name: _with(body[name], rest, value) if rest else value}


def _moved(text: str, days: int) -> str:
    day = date.fromisoformat(text[:10])
    ahead = days if day >= datetime.now(UTC).date() else -days
    return f"{day + timedelta(days=ahead)}{text[10:]}"
