"""Contracts of one list each, whose pages are named in another way, and a small server for each."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from conformance.target.exchange import Answer, Forward, Request
from tests.other_contracts.styles import (
    FLAG,
    TEXT,
    WHOLE,
    answer,
    document,
    parameter,
    taken,
    thing,
)

THING = thing(["id", "name"], id=TEXT, name=TEXT)
THINGS = {"type": "array", "items": THING}
SIZE = {**WHOLE, "minimum": 1, "maximum": 20, "default": 5}
OR_NULL = {"type": ["integer", "null"]}
TEXT_OR_NULL = {"type": ["string", "null"]}
URI_OR_NULL = {**TEXT_OR_NULL, "format": "uri"}
LINK = thing(["href"], href=TEXT)
NEXT_PAGE = {
    **thing([], offset=TEXT_OR_NULL, path=TEXT_OR_NULL, uri={**TEXT_OR_NULL, "format": "uri"}),
    "type": ["object", "null"],
}


class View(NamedTuple):
    """The items of one page, and where they are in the list."""

    items: list[Any]
    start: int
    size: int
    total: int
    has_more: bool
    query: Mapping[str, str]

    @property
    def number(self) -> int:
        return self.start // self.size

    @property
    def end(self) -> int:
        return self.start + self.size

    def url(self, **query: object) -> str:
        return f"/things?{urlencode({**self.query, **query})}"

    def url_of_next(self, name: str, value: int) -> dict[str, str]:
        return {"next": self.url(**{name: value})} if self.has_more else {}


class Kind(NamedTuple):
    """One way of naming pages: the contract's query, page and headers, and how a server has it.

    ``start`` gives the place of the first item from the value of ``cursor`` and the size, where
    that is no id. A server gives no more than ``largest`` items, whatever is asked for.
    """

    query: dict[str, Any]
    page: dict[str, Any]
    size: str
    cursor: str
    start: Callable[[int, int], int]
    body: Callable[[View], Any]
    headers: Callable[[View], dict[str, str]] = lambda _: {}
    documented: tuple[str, ...] = ()
    parameters: tuple[dict[str, Any], ...] = ()
    first: int = 0
    largest: int = 100


def at(place: int, _: int) -> int:
    return place


def numbered(first: int) -> Callable[[int, int], int]:
    return lambda number, size: (number - first) * size


def linked(view: View) -> dict[str, str]:
    """RFC 8288: other links stand beside that of the next page."""
    urls = view.url_of_next("page", view.number + 2)
    links = [f'<{view.url(page=1)}>; title="a, b"; rel="first"']
    links += [f'<https://api.example.com{urls["next"]}>; rel="last next"'] if urls else []
    return {"link": ", ".join(links)}


def spring(view: View) -> dict[str, Any]:
    return {
        "content": view.items, "number": view.number, "size": view.size, "empty": not view.items,
        "totalElements": view.total, "totalPages": -(-view.total // view.size),
        "numberOfElements": len(view.items), "first": not view.start, "last": not view.has_more,
    }  # fmt: skip


SPRING = thing(
    ["content", "last"], content=THINGS, number=WHOLE, size=WHOLE, totalElements=WHOLE,
    totalPages=WHOLE, numberOfElements=WHOLE, first=FLAG, last=FLAG, empty=FLAG,
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "integer": Kind(
        {"after": WHOLE, "limit": SIZE},
        thing(["items", "next_cursor"], items=THINGS, next_cursor=OR_NULL),
        "limit", "after", at,
        lambda view: {"items": view.items, "next_cursor": view.end if view.has_more else None},
    ),
    "hal": Kind(
        {"page": {**WHOLE, "minimum": 1}, "size": SIZE},
        thing(
            ["_embedded", "_links"], _embedded=thing(["items"], items=THINGS),
            _links=thing(["self"], self=LINK, next=LINK, prev=LINK),
        ),
        "size", "page", numbered(1),
        lambda view: {
            "_embedded": {"items": view.items},
            "_links": {
                name: {"href": url}
                for name, url in {"self": view.url(), **view.url_of_next("page", view.number + 2)}
                .items()
            },
        },
        first=1,
    ),
    "odata": Kind(
        {"$top": SIZE, "$skip": {**WHOLE, "minimum": 0}, "$skiptoken": TEXT},
        thing(["value"], **{"value": THINGS, "@odata.nextLink": TEXT, "@odata.count": WHOLE}),
        "$top", "$skiptoken", at,
        lambda view: {
            "value": view.items, "@odata.count": view.total,
            **{f"@odata.{name}Link": f"https://api.example.com{url}"
               for name, url in view.url_of_next("$skiptoken", view.end).items()},
        },
    ),
    "spring": Kind({"page": WHOLE, "size": SIZE}, SPRING, "size", "page", numbered(0), spring),
    "pageable": Kind(
        {}, SPRING, "size", "page", numbered(0), spring,
        parameters=(
            parameter("pageable", "query", thing(
                [], page={**WHOLE, "minimum": 0}, size=SIZE,
                sort={"type": "array", "items": TEXT},
            ), required=True),
        ),
    ),
    "json api": Kind(
        {"page[number]": {**WHOLE, "minimum": 1}, "page[size]": SIZE},
        thing(
            ["data", "links"], data=THINGS, meta=thing([], total=WHOLE),
            links=thing([], self=TEXT, next={"type": ["string", "null"]}),
        ),
        "page[size]", "page[number]", numbered(1),
        lambda view: {
            "data": view.items, "meta": {"total": view.total},
            "links": {"self": view.url(), "next": None,
                      **view.url_of_next("page[number]", view.number + 2)},
        },
        first=1,
    ),
    "json api by cursor": Kind(
        {},
        thing(["data", "links"], data=THINGS,
              links=thing([], next={"anyOf": [TEXT, LINK, {"type": "null"}]})),
        "page[size]", "page[cursor]", at,
        lambda view: {
            "data": view.items,
            "links": {"next": {"href": url} if (
                url := view.url_of_next("page[cursor]", view.end).get("next")) else None},
        },
        parameters=(
            parameter("page", "query", thing([], cursor=TEXT, size=SIZE), style="deepObject"),
        ),
    ),
    "link": Kind(
        {"page": {**WHOLE, "minimum": 1}, "per_page": SIZE}, THINGS, "per_page", "page",
        numbered(1), lambda view: view.items, linked, ("Link",), first=1,
    ),
    "headers": Kind(
        {"page": {**WHOLE, "minimum": 1}, "per_page": SIZE}, THINGS, "per_page", "page",
        numbered(1), lambda view: view.items,
        lambda view: {
            "x-total-count": str(view.total),
            "x-next-page": str(view.number + 2) if view.has_more else "",
        },
        ("X-Total-Count", "X-Next-Page"), first=1,
    ),
    **{
        f"numbers that begin with {first}, as no one says": Kind(
            {"page": WHOLE, "per_page": SIZE}, THINGS, "per_page", "page", numbered(first),
            lambda view: view.items, first=first,
        )
        for first in (0, 1)
    },
    "slack": Kind(
        {"cursor": TEXT, "limit": SIZE},
        thing(["ok", "things"], ok=FLAG, things=THINGS,
              response_metadata=thing(["next_cursor"], next_cursor=TEXT)),
        "limit", "cursor", at,
        lambda view: {
            "ok": True, "things": view.items,
            "response_metadata": {"next_cursor": str(view.end) if view.has_more else ""},
        },
    ),
    "google": Kind(
        {"pageToken": TEXT, "pageSize": SIZE},
        thing(["things"], things=THINGS, nextPageToken=TEXT), "pageSize", "pageToken", at,
        lambda view: {
            "things": view.items, **({"nextPageToken": str(view.end)} if view.has_more else {})
        },
    ),
    "square": Kind(
        {"cursor": TEXT, "limit": SIZE},
        thing([], things=THINGS, cursor=TEXT), "limit", "cursor", at,
        lambda view: {
            **({"things": view.items} if view.items else {"things": []}),
            **({"cursor": str(view.end)} if view.has_more else {}),
        },
    ),
    "zendesk": Kind(
        {"page[size]": SIZE, "page[after]": TEXT, "page[before]": TEXT},
        thing(
            ["things", "meta", "links"], things=THINGS,
            meta=thing(["has_more"], has_more=FLAG, after_cursor=TEXT_OR_NULL,
                       before_cursor=TEXT_OR_NULL),
            links=thing([], next=TEXT_OR_NULL, prev=TEXT_OR_NULL),
        ),
        "page[size]", "page[after]", at,
        lambda view: {
            "things": view.items,
            "meta": {"has_more": view.has_more, "after_cursor": str(view.end)},
            "links": view.url_of_next("page[after]", view.end),
        },
    ),
    "shopify": Kind(
        {"page_info": TEXT, "limit": SIZE}, thing(["things"], things=THINGS), "limit",
        "page_info", at, lambda view: {"things": view.items},
        lambda view: {"link": f'<https://api.example.com{url}>; rel="next"' if (
            url := view.url_of_next("page_info", view.end).get("next")) else ""},
        ("Link",),
    ),
    "twilio": Kind(
        {"PageSize": SIZE, "Page": {**WHOLE, "minimum": 0}, "PageToken": TEXT},
        thing(
            ["things"], things=THINGS, page=WHOLE, page_size=WHOLE, uri=TEXT,
            first_page_uri=TEXT, next_page_uri=TEXT_OR_NULL, previous_page_uri=TEXT_OR_NULL,
        ),
        "PageSize", "PageToken", at,
        lambda view: {
            "things": view.items, "page": view.number, "page_size": view.size, "uri": view.url(),
            "first_page_uri": view.url(), "previous_page_uri": None,
            "next_page_uri": view.url_of_next("PageToken", view.end).get("next"),
        },
    ),
    "django": Kind(
        {"page": {**WHOLE, "minimum": 1}, "page_size": SIZE},
        thing(["count", "next", "previous", "results"], count=WHOLE, next=URI_OR_NULL,
              previous=URI_OR_NULL, results=THINGS),
        "page_size", "page", numbered(1),
        lambda view: {
            "count": view.total, "previous": None, "results": view.items,
            "next": view.url_of_next("page", view.number + 2).get("next"),
        },
        first=1,
    ),
    "django by offset": Kind(
        {"offset": WHOLE, "limit": SIZE},
        thing(["count", "next", "previous", "results"], count=WHOLE, next=URI_OR_NULL,
              previous=URI_OR_NULL, results=THINGS),
        "limit", "offset", at,
        lambda view: {
            "count": view.total, "previous": None, "results": view.items,
            "next": view.url_of_next("offset", view.end).get("next"),
        },
    ),
    "laravel": Kind(
        {"page": {**WHOLE, "minimum": 1}, "per_page": SIZE},
        thing(
            ["data", "meta"], data=THINGS,
            links=thing([], first=TEXT, last=TEXT, prev=TEXT_OR_NULL, next=TEXT_OR_NULL),
            meta=thing(["current_page", "last_page"], current_page=WHOLE, last_page=WHOLE,
                       per_page=WHOLE, total=WHOLE),
        ),
        "per_page", "page", numbered(1),
        lambda view: {
            "data": view.items, "links": {"first": view.url(page=1), "prev": None, "next": None,
                                          **view.url_of_next("page", view.number + 2)},
            "meta": {"current_page": view.number + 1, "last_page": -(-view.total // view.size),
                     "per_page": view.size, "total": view.total},
        },
        first=1,
    ),
    "scim": Kind(
        {"startIndex": {**WHOLE, "default": 1}, "count": SIZE},
        thing(
            ["Resources", "totalResults"], Resources=THINGS, totalResults=WHOLE,
            startIndex=WHOLE, itemsPerPage=WHOLE,
        ),
        "count", "startIndex", lambda place, _: place - 1,
        lambda view: {"Resources": view.items, "totalResults": view.total,
                      "startIndex": view.start + 1, "itemsPerPage": len(view.items)},
        first=1,
    ),
    **{
        f"a total and {name} from 1": Kind(
            {name: {**WHOLE, "minimum": 1}, "limit": SIZE},
            thing(["items", "total"], items=THINGS, total=WHOLE),
            "limit", name, lambda place, _, first=first: place - first,
            lambda view: {"items": view.items, "total": view.total},
            first=first,
        )
        for name, first in (("skip", 0), ("offset", 0), ("startAt", 1))
    },
    "bitbucket": Kind(
        {"page": {**WHOLE, "minimum": 1}, "pagelen": SIZE},
        thing(["values"], values=THINGS, page=WHOLE, pagelen=WHOLE, size=WHOLE, next=TEXT,
              previous=TEXT),
        "pagelen", "page", numbered(1),
        lambda view: {
            "values": view.items, "page": view.number + 1, "pagelen": view.size,
            "size": view.total, **view.url_of_next("page", view.number + 2),
        },
        first=1,
    ),
    "a number of pages": Kind(
        {"page": {**WHOLE, "minimum": 1}, "per_page": SIZE},
        thing(["items", "page", "total_pages"], items=THINGS, page=WHOLE, total_pages=WHOLE),
        "per_page", "page", numbered(1),
        lambda view: {"items": view.items, "page": view.number + 1,
                      "total_pages": -(-view.total // view.size)},
        first=1,
    ),
    "airtable": Kind(
        {"offset": TEXT, "pageSize": SIZE}, thing(["things"], things=THINGS, offset=TEXT),
        "pageSize", "offset", at,
        lambda view: {
            "things": view.items, **({"offset": str(view.end)} if view.has_more else {})
        },
    ),
    **{
        f"asana with {name}": Kind(
            {"offset": TEXT, "limit": SIZE}, thing(["data"], data=THINGS, next_page=NEXT_PAGE),
            "limit", "offset", at,
            lambda view, filled=filled: {
                "data": view.items, "next_page": filled(view) if view.has_more else None,
            },
        )
        for name, filled in {
            "an offset": lambda view: {"offset": str(view.end), "path": None, "uri": ""},
            "a path": lambda view: {"path": view.url(offset=view.end)},
            "a uri": lambda view: {"uri": f"https://api.example.com{view.url(offset=view.end)}"},
        }.items()
    },
    "a url or a cursor": Kind(
        {"cursor": TEXT, "limit": SIZE},
        thing(["things"], things=THINGS, next_url=TEXT_OR_NULL, next_cursor=TEXT_OR_NULL),
        "limit", "cursor", at,
        lambda view: {
            "things": view.items, "next_url": None,
            "next_cursor": str(view.end) if view.has_more else None,
        },
    ),
    "mollie": Kind(
        {"from": TEXT, "limit": SIZE},
        thing(
            ["things", "_links"], things=THINGS,
            _links=thing([], next={**thing([], href={
                **TEXT, "example": "https://api.example.com/things?from=t1&limit=5",
            }), "type": ["object", "null"]}),
        ),
        "limit", "from", at,
        lambda view: {"things": view.items, "_links": {"next": {
            "href": f"https://api.example.com{view.url(**{'from': view.end})}"
        } if view.has_more else None}},
    ),
    "quickbooks, no word of the next": Kind(
        {"startPosition": {**WHOLE, "default": 1}, "maxResults": SIZE},
        thing(["things"], things=THINGS, startPosition=WHOLE, maxResults=WHOLE),
        "maxResults", "startPosition", lambda place, _: place - 1,
        lambda view: {"things": view.items, "startPosition": view.start + 1,
                      "maxResults": len(view.items)},
        first=1,
    ),
    **{
        f"a start from {first}, as no one but the page says": Kind(
            {"startPosition": WHOLE, "maxResults": SIZE},
            thing(["things"], things=THINGS, startPosition=WHOLE),
            "maxResults", "startPosition", lambda place, _, first=first: place - first,
            lambda view, first=first: {"things": view.items, "startPosition": view.start + first},
            first=first,
        )
        for first in (0, 1)
    },
    **{
        f"a start from {first}, and a total": Kind(
            {"startPosition": WHOLE, "maxResults": SIZE},
            thing(["things", "total"], things=THINGS, total=WHOLE),
            "maxResults", "startPosition", lambda place, _, first=first: place - first,
            lambda view: {"things": view.items, "total": view.total},
            first=first,
        )
        for first in (0, 1)
    },
    "the last id, and no word of the next": Kind(
        {"last_id": TEXT, "limit": SIZE}, thing(["things"], things=THINGS), "limit", "last_id",
        at, lambda view: {"things": view.items},
    ),
    **{
        f"no word of the next, nor of the largest page, by {name}": Kind(
            {name: schema, "limit": WHOLE}, THINGS, "limit", name, start,
            lambda view: view.items, first=first, largest=7,
        )
        for name, schema, start, first in (
            ("page", {**WHOLE, "minimum": 1}, numbered(1), 1),
            ("offset", WHOLE, at, 0),
            ("after", TEXT, at, 0),
        )
    },
    "no word of the next": Kind(
        {"from": {**WHOLE, "minimum": 0}, "count": SIZE},
        thing(["things", "count"], things=THINGS, count=WHOLE),
        "count", "from", at,
        lambda view: {"things": view.items, "count": len(view.items)},
    ),
}  # fmt: skip


def contract_of(kind: Kind) -> dict[str, Any]:
    """A contract of things with this kind of pages."""
    wrong = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404")}
    page = answer(kind.page)
    page["headers"] = {name: {"schema": TEXT} for name in kind.documented}
    query = [parameter(name, "query", schema) for name, schema in kind.query.items()]
    body = thing(["name"], name={**TEXT, "minLength": 1})
    return document("Things", {
        "/things": {
            "post": {
                "requestBody": {"required": True, **taken(body)},
                "responses": {"201": answer(THING), **wrong},
            },
            "get": {"parameters": [*query, *kind.parameters], "responses": {"200": page, **wrong}},
        },
        "/things/{id}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"responses": {"200": answer(THING), **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        },
    })  # fmt: skip


Fault = Callable[[View, list[Any]], View]
"""What a wrong server makes of the page after the first one; it gets all items as well."""


def losing(view: View, items: list[Any]) -> View:
    start = view.start + view.start // view.size
    return view._replace(items=items[start : start + view.size])


def repeating(view: View, items: list[Any]) -> View:
    start = view.start - view.start // view.size
    return view._replace(items=items[start : start + view.size])


def endless(view: View, _: list[Any]) -> View:
    return view._replace(has_more=True)


def last_again(view: View, items: list[Any]) -> View:
    """The last page follows itself."""
    if view.has_more:
        return view
    return view._replace(items=items[max(len(items) - view.size, 0) :], has_more=True)


def from_the_beginning(view: View, items: list[Any]) -> View:
    return view._replace(items=view.items or items[: view.size], has_more=True)


class Server:
    """A server of a kind of pages, in this process; ``others`` are made with each new item."""

    def __init__(self, kind: Kind, fault: Fault | None = None, others: int = 0) -> None:
        self.kind, self.fault, self.others = kind, fault, others
        self.items: list[dict[str, str]] = []
        self._ids = map(str, itertools.count(1000))

    def __call__(self, request: Request, _: Forward) -> Answer:
        path, _, query = request.path.partition("?")
        if request.method == "POST":
            name = json.loads(request.body)["name"]
            made = {"id": f"t{next(self._ids)}", "name": name}
            self.items.append(made)
            self.items += [{"id": f"o{next(self._ids)}", "name": "x"} for _ in range(self.others)]
            return _answer(201, made)
        if path != "/things":
            found = [one for one in self.items if path == f"/things/{one['id']}"]
            if request.method == "DELETE":
                self.items = [one for one in self.items if one not in found]
                return _answer(204 if found else 404, {})
            return _answer(200 if found else 404, found[0] if found else {})
        return self._page(dict(parse_qsl(query)))

    def _start(self, query: Mapping[str, str], size: int) -> int:
        value = str(query.get(self.kind.cursor) or self.kind.first)
        if value.isdecimal():
            return self.kind.start(int(value), size)
        ids = [one["id"] for one in self.items]
        # What is gone had its place among what came before and after it.
        return ids.index(value) + 1 if value in ids else sum(one[1:] < value[1:] for one in ids)

    def _page(self, query: Mapping[str, str]) -> Answer:
        kind, items = self.kind, self.items
        size = min(int(query.get(kind.size) or 5), kind.largest)
        start = self._start(query, size)
        more = start + size < len(items)
        view = View(items[start : start + size], start, size, len(items), more, query)
        view = self.fault(view, items) if self.fault else view
        return _answer(200, kind.body(view), **kind.headers(view))


def _answer(status: int, body: Any, **headers: str) -> Answer:
    named = (("content-type", "application/json"), *headers.items())
    return Answer(status, tuple(named), json.dumps(body).encode())
