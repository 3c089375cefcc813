"""Requests that make several items at once, and what their answers have made."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, identifier_in, number_in
from openapi.item_members import Members
from openapi.resource import NAMES, listed
from openapi.sample import part_of
from openapi.several import Several


def asking_for_items(several: Several, body: Any, new_name: Callable[[], str]) -> Any:
    """A body with two items in its list, or those that it has, with names of their own.

    It is the body itself where no such body is valid, and where clients choose the ids of the
    items: they may be those of others.
    """
    media_type = several.create.json_body
    schema = media_type.schema if media_type else None
    if schema is None:
        return body
    members = dict(listed(schema.outline))[several.sent].get("properties", {})
    reader = Members(schema.resolve)
    whole = reader.of(schema.definition)[several.sent] if several.sent else schema.definition
    items = _listed(body, several.sent)
    if not items and several.handle not in members:
        items = [part_of(schema, reader.items(whole))] * 2
    name = next((one for one in NAMES if one in members), None)
    named = [{**one, name: new_name()} if name and isinstance(one, dict) else one for one in items]
    for found in (named, named[:1], items):
        asked = {**body, several.sent: found} if several.sent else found
        if found and schema.is_valid(asked):
            return asked
    return body


def made_by(several: Several, request: Request, answer: Answer) -> Iterator[str]:
    """The handles of what an answer says that the request has made.

    What the client named was there before, perhaps, and so was what nobody asked for.
    """
    asked = _listed(Answer(0, body=request.body).document, several.sent)
    shown = _listed(answer.document, several.shown)
    sent = {identifier_in(one, several.handle) for one in asked if isinstance(one, dict)}
    for one in shown if len(shown) <= len(asked) else ():
        handle = identifier_in(one, several.handle) if isinstance(one, dict) else None
        if handle is not None and handle not in sent and not _is_refused(one):
            yield handle


def _is_refused(item: JsonObject) -> bool:
    """Whether an item of the answer says by a status of its own that it was not made."""
    return (number_in(item, "status") or 0) >= HTTPStatus.BAD_REQUEST


def _listed(body: Any, member: str) -> list[Any]:
    if member:
        body = body.get(member) if isinstance(body, dict) else None
    return body if isinstance(body, list) else []
