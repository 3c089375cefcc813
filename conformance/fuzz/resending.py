"""Recorded requests, sent again with names, keys and ids of their own, and what they show.

A step is a JSON object: ``method``, ``path``, ``headers``, ``body``, ``partner``, ``token_form``,
``at_once``, the number of those that are sent at the same time (0: alone), and ``chunks``, the
sizes of the chunks that the body is sent in (none: it is sent with its length). ``token_place``
is where the token goes, ``keys_beside`` where other keys of the partner do. In its texts
``«key 1»`` stands for a fresh idempotency key, ``«name 1»`` for a fresh name, ``«like.4.C-12ab 1»``
for ``C-12ab`` with four other characters of the same kinds at its end, ``«id 0»`` for the
member ``id`` that step 0 was answered with, ``«data.-1.id 0»`` for one in the last of a list in a
member, and ``«last 0»`` for the id of the last item on its page; a member that is called as one of
these three has a dot before it. A page is an object with a list other than ``errors``; an id is the
member ``id``, else the first whose name ends in ``_id``; a cursor is a parameter with ``after`` or
``cursor`` in its name. The module uses the standard library only: an exported test holds a copy.
"""

import hashlib
import itertools
import json
import re
import secrets
import string
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NotRequired, TypedDict
from urllib.parse import quote, unquote

from conformance.target.json_documents import parse
from openapi.operation import is_key_header


class Step(TypedDict):
    """A request to send again, as JSON has it."""

    method: str
    path: str
    headers: list[list[str]]
    body: str
    partner: int | None
    token_form: str
    at_once: int
    chunks: NotRequired[list[int]]
    token_place: NotRequired[str]
    keys_beside: NotRequired[list[str]]


AnswerParts = tuple[int, str, bytes]
"""The status, the media type and the body of an answer; 0 for a connection that was closed."""

Send = Callable[[list[Step]], list[AnswerParts]]
"""Sends steps, all at the same time, and gives their answers."""

ENDS_OF_IDS = ("_id", "Id", "ID", "_ref", "Ref", "_reference", "Reference", "uuid", "Uuid")
"""How members are called that name something."""

_MOST_HELD, _LONGEST_NAME = 256 * 1024 * 1024, 10_000

KIND = "[a-zA-Z0-9_.-]{1,200}"
"""What a place stands for, before its number."""
_PLACE = re.compile(f"«({KIND}) ([0-9]{{1,6}})»")
LIKE = "like."
"""The kind of a place for a fresh text, before how much of it is fresh, and what it is like."""
REFERENCE = re.compile(f"«(?!(?:(?i:key)|name|{re.escape(LIKE)}{KIND}) )({KIND}) ([0-9]{{1,6}})»")
"""A place that stands for what an earlier step was answered with."""
_LIKE = re.compile(f"«{re.escape(LIKE)}([0-9]{{1,3}})[.]({KIND}) [0-9]{{1,6}}»")
_KINDS = string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase
_AFTER = re.compile("[?&][^&=]*(?:after|cursor)[^&=]*=([^&]*)")


def resent(steps: Sequence[Step], send: Send) -> list[AnswerParts]:
    """The answers to all steps, one after another or at once as they say.

    Raises :class:`ValueError` where they are too large together.
    """
    answers: list[AnswerParts] = []
    fresh: dict[str, str] = {}
    for group in groups(steps):
        answers += send([_filled(step, answers, fresh) for step in group])
        if sum(len(body) for _, _, body in answers) > _MOST_HELD:
            raise ValueError("the answers are too large to be compared")
    return answers


def groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps, those together that are sent at the same time."""
    alone = itertools.count(-1, -1)
    for _, group in itertools.groupby(steps, lambda one: one["at_once"] or next(alone)):
        yield list(group)


def last_id(body: bytes) -> Any:
    """The id of the last item of a page; None where a body is no page, or has none."""
    items = _page(body)
    return _id(items[-1]) if items else None


def _named(kind: str, number: int, answers: Sequence[AnswerParts]) -> Any:
    """What a place stands for that names something in the answer to a step."""
    if number >= len(answers):
        return None
    body = answers[number][2]
    if kind == "last":
        return last_id(body)
    value = _json(body)
    for name in filter(None, kind.split(".")):
        try:
            value = value[int(name) if isinstance(value, list) else name]
        except (LookupError, TypeError, ValueError):
            return None
    return value


def _filled(step: Step, answers: Sequence[AnswerParts], fresh: dict[str, str]) -> Step:
    """The step with everything in place of its places."""

    def value(found: re.Match[str]) -> str:
        kind, number = found[1], int(found[2])
        if kind.lower() == "key":
            key = fresh.setdefault(f"key {number}", str(uuid.uuid4()))
            return key.upper() if kind == "KEY" else key
        if kind == "name":
            return fresh.setdefault(found[0], f"dinie-conformance {uuid.uuid4().hex[:12]}")
        if kind.startswith(LIKE):
            return fresh.setdefault(found[0], _other_like(found[0]))
        known = _named(kind, number, answers)
        names = isinstance(known, str | int) and len(str(known)) <= _LONGEST_NAME
        return str(known) if names else "dinie-conformance-unknown"

    def text(template: str) -> str:
        return _PLACE.sub(value, template)

    return {
        **step,
        "path": _PLACE.sub(lambda found: quote(value(found), safe=""), step["path"]),
        "headers": [[name, text(one)] for name, one in step["headers"]],
        "body": text(step["body"]),
    }


def _other_like(place: str) -> str:
    """The text that a place is like, with other characters at its end."""
    found = _LIKE.fullmatch(place)
    if found is None:
        return place
    text, start = found[2], max(0, len(found[2]) - int(found[1]))
    return text[:start] + "".join(
        secrets.choice(next((kind for kind in _KINDS if sign in kind), sign))
        for sign in text[start:]
    )


def as_recorded(step: Step) -> Step:
    """The step with the texts that were sent in the place of fresh ones that are like them."""
    return {
        **step,
        "path": _LIKE.sub(r"\2", step["path"]),
        "headers": [[name, _LIKE.sub(r"\2", one)] for name, one in step["headers"]],
        "body": _LIKE.sub(r"\2", step["body"]),
    }


def fresh_like(steps: Sequence[Step]) -> dict[str, int]:
    """The texts of steps in whose place there are fresh ones, with how much of them is."""
    texts = (text for step in steps for text in texts_of(step))
    return {found[2]: int(found[1]) for text in texts for found in _LIKE.finditer(text)}


def shape(steps: Sequence[Step], answers: Sequence[AnswerParts]) -> str:
    """A digest of what the last answers show, apart from data, and with all that they belong to.

    It is kept and shared, and a target may name a member or a media type after a secret.

    Statuses, media types and members; which of them are not as they were sent; how they compare
    with earlier answers to the same key; whether what was made before is listed by the last page
    and those that it goes on from, how often, and in which state. How many were sent at the same
    time makes no difference, but whether they made more than one thing does, and whether two
    partners were answered with the same one.
    """
    last = len(list(groups(steps))[-1])
    said = [
        [status, media_type, _members(_json(body)), _changed(step, body)]
        for step, (status, media_type, body) in zip(steps[-last:], answers[-last:], strict=True)
    ]
    ids = {str(_id(_object(body))) for _, _, body in answers[-last:]} - {"None"}
    before = list(zip(steps[:-last], answers[:-last], strict=True))
    items = _walked(steps, answers)
    # What a call is answered again says more than what another one with its key is.
    again = [one for one in before if _call(one[0]) == _call(steps[-1])]
    related = [
        _related(one, (steps[-1], answers[-1]), items)
        for one in (again if idempotency_key(steps[-1]) and again else before)
    ]
    found = [
        sorted({json.dumps(one) for one in said}),
        len(ids) > 1,
        _makes_several(steps, answers),
        _is_shared(steps, answers),
        sorted({json.dumps(one) for one in related if one is not None}),
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _makes_several(steps: Sequence[Step], answers: Sequence[AnswerParts]) -> bool:
    """Whether one key of one partner got more than one resource."""
    made: dict[tuple[Any, str], set[str]] = {}
    for step, (_, _, body) in zip(steps, answers, strict=True):
        found = _id(_object(body))
        if idempotency_key(step) and found is not None:
            made.setdefault((step["partner"], idempotency_key(step)), set()).add(str(found))
    return any(len(one) > 1 for one in made.values())


def _walked(steps: Sequence[Step], answers: Sequence[AnswerParts]) -> list[dict[str, Any]] | None:
    """What the last page shows, and the pages that it goes on from; None where it is no page."""
    items: list[dict[str, Any]] = []
    cursor, has_page = None, False
    for step, (_, _, body) in zip(reversed(steps), reversed(answers), strict=True):
        page = _page(body)
        if page is None or step["partner"] != steps[-1]["partner"]:
            if not has_page:
                return None
            continue
        if not has_page or (page and cursor is not None and _id(page[-1]) == cursor):
            items, has_page = [*page, *items], True
            cursor = _cursor(step, answers)
    return items


def _cursor(step: Step, answers: Sequence[AnswerParts]) -> str | None:
    """After which id a page begins."""
    found = _AFTER.search(step["path"])
    place = _PLACE.fullmatch(found[1]) if found else None
    if place:
        return str(_named(place[1], int(place[2]), answers))
    return unquote(found[1]) if found else None


def _is_shared(steps: Sequence[Step], answers: Sequence[AnswerParts]) -> bool:
    """Whether two partners were answered with one resource."""
    owners: dict[str, set[Any]] = {}
    for step, (_, _, body) in zip(steps, answers, strict=True):
        found = _id(_object(body))
        if found is not None:
            owners.setdefault(str(found), set()).add(step["partner"])
    return any(len(one) > 1 for one in owners.values())


def _related(
    one: tuple[Step, AnswerParts],
    last: tuple[Step, AnswerParts],
    items: list[dict[str, Any]] | None,
) -> Any:
    """How the last answer stands to an earlier one; None where they have nothing in common."""
    (step, (status, _, body)), (last_step, (last_status, _, last_body)) = one, last
    key = idempotency_key(step)
    if key and key == idempotency_key(last_step) and step["partner"] == last_step["partner"]:
        return ["same key", status == last_status, body == last_body]
    made = _id(_object(body))
    if made is not None and items is not None:
        states = [one.get("status", one.get("state")) for one in items if _id(one) == made]
        return ["listed", step["partner"] == last_step["partner"], states]
    return None


def _changed(step: Step, body: bytes) -> list[str]:
    """The members of a request that its answer shows otherwise, but for those with places."""
    sent, found = _object(step["body"].encode("utf-8", "surrogateescape")), _object(body)
    return sorted(
        name
        for name in sent.keys() & found.keys()
        if sent[name] != found[name] and not _PLACE.search(str(sent[name]))
    )


def _call(step: Step) -> tuple[Any, ...]:
    return step["method"], step["path"], step["body"], step["partner"], idempotency_key(step)


def idempotency_key(step: Step) -> str:
    """The idempotency key of a step; empty where it has none."""
    return next((value for name, value in step["headers"] if is_key_header(name)), "")


def texts_of(step: Step) -> list[str]:
    """The texts of a step that may hold places."""
    return [step["path"], step["body"], *(value for _, value in step["headers"])]


def _json(body: bytes) -> Any:
    try:
        return parse(body)
    except ValueError:
        return bool(body)


def _object(body: bytes) -> dict[str, Any]:
    value = _json(body)
    return value if isinstance(value, dict) else {}


def _page(body: bytes) -> list[dict[str, Any]] | None:
    """The objects on a page; None where a body is no page."""
    members = _object(body).items()
    lists = (one for name, one in members if isinstance(one, list) and name != "errors")
    found = next(lists, None)
    return None if found is None else [one for one in found if isinstance(one, dict)]


def _id(value: dict[str, Any]) -> Any:
    named = (one for name, one in value.items() if name.endswith(ENDS_OF_IDS))
    return value["id"] if "id" in value else next(named, None)


def _members(value: Any) -> Any:
    """The names of all members, whatever is in them."""
    if isinstance(value, dict):
        return {name: _members(one) for name, one in sorted(value.items())}
    if isinstance(value, list):
        members: dict[str, Any] = {}
        for one in value:
            members |= one if isinstance(one := _members(one), dict) else {}
        return [members]
    return None
