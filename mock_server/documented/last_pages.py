"""Documented lists come to an end: a client that goes from page to page is told of the last one."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.problems import Response
from openapi.operation import Operation, is_json
from openapi.paging import PageMembers, page_members


def ended(operation: Operation, parameters: Mapping[str, object], response: Response) -> Response:
    """The answer of a list, without a further page where the request asks for a later one.

    Where the contract allows no page without a next one, it stays as it is.
    """
    members = page_members(operation)
    if (
        members is None
        or not _is_later(members, parameters)
        or not is_json(response.media_type or "")
    ):
        return response
    documented = operation.response(response.status)
    media_type = documented.json_content if documented else None
    schema = media_type.schema if media_type else None
    for page in _without_next(members, read_json(response.body or b"null")):
        if schema is None or schema.is_valid(page):
            return replace(response, body=write_json(page))
    return response


def _is_later(members: PageMembers, parameters: Mapping[str, object]) -> bool:
    asked = parameters.get(members.cursor) if members.cursor else None
    if members.is_counted:
        return isinstance(asked, int) and asked > members.first
    return bool(asked)


def _without_next(members: PageMembers, body: Any) -> Iterator[Any]:
    """The page as the last one, in each way that a contract may have for it."""
    *above, name = members.next.split(".")
    for end in (None, _LEFT_OUT, ""):
        page = copy.deepcopy(body)
        *around, more = members.has_more.split(".")
        holder = _inside(page, around)
        if more in holder:
            holder[more] = False
        holder = _inside(page, above)
        if name in holder and end is _LEFT_OUT:
            del holder[name]
        elif name in holder:
            holder[name] = end
        yield page


_LEFT_OUT = object()


def _inside(page: Any, names: list[str]) -> dict[str, Any]:
    """The object in a page that has these names above it; an empty one where there is none."""
    for name in names:
        page = page.get(name) if isinstance(page, dict) else None
    return page if isinstance(page, dict) else {}
