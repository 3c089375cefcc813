"""Documented lists come to an end: a client that goes from page to page is told of the last one."""

import copy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.problems import Response
from openapi.media_types import is_json
from openapi.names import Role, is_shown
from openapi.operation import Operation
from openapi.page_query import PageQuery, page_query
from openapi.paging import PageMembers, Paging, page_members, steps


def ended(operation: Operation, parameters: Mapping[str, object], response: Response) -> Response:
    """The answer of a list, without a further page where the request asks for a later one.

    Where the contract allows no page without a next one, it stays as it is.
    """
    members = page_members(operation)
    if (
        members is None
        or not _is_later(members, page_query(operation), parameters)
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


def _is_later(members: PageMembers, query: PageQuery, parameters: Mapping[str, object]) -> bool:
    asked = query.given(parameters).get(members.cursor) if members.cursor else None
    first = query.first_number if members.paging is Paging.NUMBER else query.first_offset
    return asked > first if isinstance(asked, int) else bool(asked)


def _without_next(members: PageMembers, body: Any) -> Iterator[Any]:
    """The page as the last one, in each way that a contract may have for it."""
    places = [steps(one) for one in (members.next, *members.also_next) if one]
    # An object with the next page is itself none where there is no next one.
    around_next = [above for *above, _ in places[:1] if above and is_shown(Role.NEXT, above[-1])]
    tried = itertools.product((around_next, places) if around_next else (places,), _ENDS)
    for ends, end in tried:
        page = copy.deepcopy(body)
        for flag, says in ((members.has_more, False), (members.is_last, True)):
            *around, last = steps(flag) or [""]
            holder = _inside(page, around)
            if last in holder:
                holder[last] = says
        for *above, name in ends:
            holder = _inside(page, above)
            if name in holder and end is _LEFT_OUT:
                del holder[name]
            elif name in holder:
                holder[name] = end
        yield page


_LEFT_OUT = object()

_ENDS = (None, _LEFT_OUT, "")


def _inside(page: Any, names: list[str]) -> dict[str, Any]:
    """The object in a page that has these names above it; an empty one where there is none."""
    for name in names:
        page = page.get(name) if isinstance(page, dict) else None
    return page if isinstance(page, dict) else {}
