"""Lists of kept items, in each kind of pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jsonschema_rs
import pytest

from mock_server.operations import item_pages
from mock_server.operations.item_cursors import behind
from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text

NULLABLE = {"type": ["string", "null"]}
FLAG = {"type": "boolean"}
URL = {**NULLABLE, "format": "uri-reference"}
NUMBERS = obj("page", "pages", "more", page=number(), pages=number(), more=FLAG)
ITEM = obj("id", "name", id=number(), name=text())


def document(page: dict[str, Any], query: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = answer(ITEM)
    listing = answer(page, **more)
    return contract(
        {
            "/items": {
                "get": operation({"200": listing}, query=query),
                "post": operation({"201": made}, obj("name", name=text())),
            },
            "/items/{id}": {
                "get": operation({"200": made}),
                "delete": operation({"204": answer()}),
            },
        }
    )


def fill(client: Client, count: int = 5) -> None:
    for one in range(count):
        assert client.post("/v1/items", json={"name": f"n{one}"}).status_code == 201


def names(items: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in items]


Walk = Callable[[Any, Any], dict[str, Any] | None]
"""The query of the next page, by the page and its headers; None behind the last page."""

SIZES = ("limit", "pageSize", "per_page", "size", "take")
OLDEST = ["n0", "n1", "n2", "n3", "n4"]
NEWEST = OLDEST[::-1]
ITEMS = array(ITEM)


def skipped(query: Any) -> int:
    return int(query.get("skip", 0)) + 2


PAGES: dict[str, tuple[Any, ...]] = {
    "after an id": (
        obj("data", "has_more", data=ITEMS, has_more=FLAG),
        {"starting_after": text(), "limit": number()},
        lambda page, _: {"starting_after": page["data"][-1]["id"]} if page["has_more"] else None,
        NEWEST,
    ),
    "a token": (
        obj("items", items=ITEMS, nextPageToken=text()),
        {"pageToken": text(), "pageSize": number()},
        lambda page, _: {"pageToken": t} if (t := page.get("nextPageToken")) else None,
        NEWEST,
    ),
    "a cursor that may be null": (
        obj("data", "meta", data=ITEMS, meta=obj("next_cursor", next_cursor=NULLABLE)),
        {"cursor": text(), "per_page": number()},
        lambda page, _: {"cursor": t} if (t := page["meta"]["next_cursor"]) else None,
        NEWEST,
    ),
    "a text that is empty behind the last page": (
        obj("data", "next", data=ITEMS, next=text()),
        {"cursor": text(), "limit": number()},
        lambda page, _: {"cursor": page["next"]} if page["next"] else None,
        NEWEST,
    ),
    "a URL": (
        obj("results", "count", results=ITEMS, count=number(), next=URL),
        {"offset": number(), "limit": number()},
        lambda page, _: dict(parse_qsl(urlsplit(page["next"]).query)) if page.get("next") else None,
        OLDEST,
    ),
    "a whole URL": (
        obj("results", "count", results=ITEMS, count=number(), next={**URL, "format": "uri"}),
        {"page": number(minimum=1), "size": number()},
        lambda page, _: dict(parse_qsl(httpx.URL(page["next"]).query.decode()))
        if page.get("next") and httpx.URL(page["next"]).is_absolute_url and page["count"] == 5
        else None,
        OLDEST,
    ),
    "a page number": (
        obj("content", "last", content=ITEMS, last=FLAG, totalPages=number()),
        {"page": number(minimum=0), "size": number()},
        lambda page, query: None if page["last"] else {"page": int(query.get("page", 0)) + 1},
        OLDEST,
    ),
    "a number from 1 on": (
        obj("data", "pagination", data=ITEMS, pagination=NUMBERS),
        {"page": number(minimum=1), "per_page": number()},
        lambda page, _: {"page": p["page"] + 1} if (p := page["pagination"])["more"] else None,
        OLDEST,
    ),
    "embedded items": (
        obj("_embedded", _embedded=obj(items=ITEMS), total=number()),
        {"skip": number(), "take": number()},
        lambda page, query: {"skip": s} if (s := skipped(query)) < page["total"] else None,
        OLDEST,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAGES)
def test_every_item_is_on_one_page(start: Start, kind: str) -> None:
    page_schema, query, walk, expected = PAGES[kind]
    client = start(document(page_schema, query))
    size = next(
        one
        for one in query
        if query[one]["type"] == "integer" and one not in {"page", "offset", "skip"}
    )
    fill(client)
    found: list[str] = []
    asked: dict[str, Any] | None = {}
    while asked is not None:
        asked = {**asked, size: 2}
        page = client.get("/v1/items", params=asked).json()
        items = next(
            one
            for one in [page, *page.values(), *(page.get("_embedded") or {}).values()]
            if isinstance(one, list)
        )
        assert 1 <= len(items) <= 2
        found += names(items)
        asked = walk(page, asked)
    assert found == expected


@pytest.mark.parametrize("kind", PAGES)
def test_an_empty_list_is_a_page_too(start: Start, kind: str) -> None:
    page_schema, query, walk, _ = PAGES[kind]
    client = start(document(page_schema, query))
    page = client.get("/v1/items").json()
    assert "n0" not in str(page)
    assert walk(page, {}) is None


def test_totals_and_numbers_are_those_of_the_list(start: Start) -> None:
    meta = obj(
        "page", "per_page", "total", "total_pages", "count",
        page=number(), per_page=number(), total=number(), total_pages=number(), count=number(),
    )  # fmt: skip
    page = obj("data", "meta", data=ITEMS, meta=meta)
    client = start(document(page, {"page": number(minimum=1), "per_page": number(default=2)}))
    fill(client)
    found = client.get("/v1/items", params={"page": 3}).json()
    assert names(found["data"]) == ["n4"]
    assert found["meta"] | {"count": 0} == {
        "page": 3, "per_page": 2, "total": 5, "total_pages": 3, "count": 0
    }  # fmt: skip


def test_a_documented_link_header_leads_on(start: Start) -> None:
    link = {"schema": text(), "example": '<https://api.example/items?page=2>; rel="next"'}
    headers = {"Link": link, "X-Total-Count": {"schema": number()}}
    client = start(document(ITEMS, {"page": number(), "per_page": number()}, headers=headers))
    fill(client)
    first = client.get("/v1/items", params={"per_page": 3})
    assert first.headers["x-total-count"] == "5"
    assert names(first.json()) == OLDEST[:3]
    second = client.get(first.links["next"]["url"])
    assert names(second.json()) == OLDEST[3:]
    assert "next" not in second.links


@pytest.mark.parametrize(
    ("limit", "found"),
    [(-1, 2), (0, 0), (1, 1), (3, 3), (10**20, 5)],
)
def test_a_limit_that_is_odd_makes_no_larger_page(start: Start, limit: int, found: int) -> None:
    query = {"page": number(), "limit": number(default=2)}
    client = start(document(ITEMS, query, headers={"Link": {"schema": text()}}))
    fill(client)
    page = client.get("/v1/items", params={"limit": limit})
    assert len(page.json()) == found
    assert ("link" in page.headers) == (found in {1, 2, 3})


def test_a_page_is_no_larger_than_the_contract_has_it(start: Start) -> None:
    client = start(document(ITEMS, {"page": number(), "limit": number(maximum=3)}))
    fill(client)
    assert len(client.get("/v1/items").json()) == 3
    assert len(client.get("/v1/items", params={"limit": -7}).json()) == 3


def test_a_plain_array_has_all_items(start: Start) -> None:
    client = start(document(ITEMS, {}))
    fill(client, 30)
    assert len(client.get("/v1/items").json()) == 30


def test_pages_before_an_item(start: Start) -> None:
    page = obj("data", data=ITEMS, has_more=FLAG)
    query = {"starting_after": text(), "ending_before": text(), "limit": number()}
    client = start(document(page, query))
    fill(client)
    ids = [one["id"] for one in client.get("/v1/items").json()["data"]]
    before = client.get("/v1/items", params={"ending_before": ids[3], "limit": 2}).json()["data"]
    assert [one["id"] for one in before] == ids[1:3]


@pytest.mark.parametrize("example", [None, {"data": [], "first_id": 90, "last_id": 91}])
def test_the_ends_of_a_page_are_its_own(start: Start, example: Any) -> None:
    ends = {"type": ["integer", "null"]}
    page = obj("data", data=ITEMS, first_id=ends, last_id=ends, has_more=FLAG)
    client = start(document(page, {"after": text(), "limit": number()}, example=example))
    empty = client.get("/v1/items").json()
    assert (empty["data"], empty["first_id"], empty["last_id"]) == ([], None, None)
    fill(client)
    first = client.get("/v1/items", params={"limit": 2}).json()
    assert (first["first_id"], first["last_id"], first["has_more"]) == (5, 4, True)
    second = client.get("/v1/items", params={"limit": 9, "after": first["last_id"]}).json()
    assert (second["first_id"], second["last_id"], second["has_more"]) == (3, 1, False)


def test_a_cursor_outlives_its_item(start: Start) -> None:
    page_schema, query, walk, _ = PAGES["a token"]
    client = start(document(page_schema, query))
    fill(client)
    page = client.get("/v1/items", params={"pageSize": 2}).json()
    client.delete(f"/v1/items/{page['items'][-1]['id']}")
    rest = client.get("/v1/items", params={**walk(page, {}), "pageSize": 9}).json()
    assert names(rest["items"]) == NEWEST[2:]


@pytest.mark.parametrize("cursor", ["nonsense", "page-x", "page-" + "9" * 30, "-1", "99"])
def test_an_unknown_cursor_is_refused(start: Start, cursor: str) -> None:
    page_schema, query, *_ = PAGES["after an id"]
    client = start(document(page_schema, query))
    fill(client, 2)
    refused = client.get("/v1/items", params={"starting_after": cursor})
    assert refused.status_code == 422
    assert refused.json()["param"] == "starting_after"


def test_a_parameter_that_is_called_as_a_member_filters(start: Start) -> None:
    page = obj("data", data=ITEMS, total=number(), has_more=FLAG)
    query = {"name": text(), "cursor": text(), "limit": number()}
    client = start(document(page, query))
    fill(client, 3)
    fill(client, 3)
    found = client.get("/v1/items", params={"name": "n1", "limit": 1}).json()
    assert (names(found["data"]), found["has_more"], found["total"]) == (["n1"], True, 2)
    assert client.get("/v1/items", params={"name": "all"}).json()["total"] == 6
    cursor = {"cursor": found["data"][0]["id"], "name": "n1"}
    rest = client.get("/v1/items", params=cursor).json()
    assert (names(rest["data"]), rest["has_more"]) == (["n1"], False)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [([], ["n0", "n1", "n2"]), (["n1"], ["n1"]), (["n2", "n0"], ["n0", "n2"]), (["other"], [])],
)
def test_one_of_several_values_is_enough_to_pass_a_filter(
    start: Start, asked: list[str], expected: list[str]
) -> None:
    client = start(document(ITEMS, {"name": array(text())}))
    fill(client, 3)

    assert names(client.get("/v1/items", params={"name": asked}).json()) == expected


SENT = {"name": text(), "size": number()}
TIME = text(format="date-time")
PAID = {"anyOf": [TIME, {"type": "null"}]}
SORTED = obj("id", "name", id=number(), createdAt=TIME, paidAt=PAID, bid=number(), **SENT)
WAYS = {"order": text(enum=["asc", "desc"])}


def sorted_list(start: Start, query: dict[str, Any], page: Any = None) -> Client:
    """A list of three items, made in the order of b, c and a."""
    made = operation({"201": answer(SORTED)}, obj("name", **SENT))
    listing = operation({"200": answer(page or array(SORTED))}, query=query)
    paths = {
        "/items": {"get": listing, "post": made},
        "/items/{id}": {
            "get": operation({"200": answer(SORTED)}),
            "delete": operation({"204": answer()}),
        },
    }
    client = start(contract(paths))
    for name, size in (("b", 1), ("c", 1), ("a", 2)):
        assert client.post("/v1/items", json={"name": name, "size": size}).status_code == 201
    return client


@pytest.mark.parametrize(
    ("query", "asked", "expected"),
    [
        ({"sort": text()}, {"sort": "name"}, "abc"),
        ({"sort": text()}, {"sort": "-name"}, "cba"),
        ({"sort": text()}, {"sort": "name,desc"}, "cba"),
        ({"sort": text()}, {"sort": "size,-name"}, "cba"),
        ({"sort": text()}, {"sort": "size:desc,name"}, "abc"),
        ({"sort": array(text())}, {"sort": ["size", "name"]}, "bca"),
        ({"sort_by": text(), **WAYS}, {"sort_by": "name", "order": "desc"}, "cba"),
        ({"orderBy": text()}, {"orderBy": "name_desc"}, "cba"),
        ({"$orderby": text()}, {"$orderby": "name desc"}, "cba"),
        (WAYS, {"order": "desc"}, "acb"),
        (WAYS, {"order": "asc"}, "bca"),
        ({"sort": text()}, {"sort": "-created"}, "acb"),
        ({"sort": text()}, {"sort": "created"}, "bca"),
        ({"sort": text()}, {"sort": "-paid_at"}, "bca"),
        ({"sort": text()}, {"sort": "size,size:desc,-name"}, "cba"),
        (
            {"sort_by": text(), "sort_order": text()},
            {"sort_by": "name", "sort_order": "desc"},
            "cba",
        ),
        ({"order_status": text()}, {"order_status": "-name"}, "bca"),
        ({"orderType": text()}, {"orderType": "-name"}, "bca"),
        ({"sortable": text()}, {"sortable": "-name"}, "bca"),
        ({"sort": text()}, {"sort": "colour"}, "bca"),
        ({"sort": text(default="-name")}, {}, "cba"),
        ({"sort": text(), "name": text()}, {"sort": "-name", "name": "c"}, "c"),
    ],
)
def test_a_list_is_sorted_as_a_request_asks(
    start: Start, query: dict[str, Any], asked: dict[str, Any], expected: str
) -> None:
    """All are made at one time: by that they stay as they are."""
    client = sorted_list(start, query)
    assert "".join(names(client.get("/v1/items", params=asked).json())) == expected


@pytest.mark.parametrize("name", ["a token", "after an id"])
def test_a_sorted_list_has_each_item_on_one_of_its_pages(start: Start, name: str) -> None:
    page_schema, query, walk, _ = PAGES[name]
    size = next(one for one in query if one in SIZES)
    client = sorted_list(start, {**query, "sort": text()}, page_schema)
    found: list[str] = []
    following: dict[str, Any] | None = {}
    while following is not None and len(found) < 4:
        asked = {"sort": "-name", size: 2, **following}
        page = client.get("/v1/items", params=asked).json()
        found += names(page.get("items") or page.get("data"))
        following = walk(page, {})
    assert found == ["c", "b", "a"]


def test_a_list_is_sorted_by_a_member_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = []

    def noted(every: Any, order: Any, place: Any, **more: Any) -> Any:
        orders.append([one.member for one in order])
        return behind(every, order, place, **more)

    monkeypatch.setattr(item_pages, "behind", noted)
    client = sorted_list(start, {"sort": text()})
    client.get("/v1/items", params={"sort": "name,-Name,size," * 50})
    assert orders == [["name", "size"]]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({"filter[id]": text()}, {"filter[id]": "1,3"}),
        ({"filter[name]": text()}, {"filter[name]": "b,a,other"}),
    ],
)
def test_a_filter_in_brackets_takes_several_values_behind_commas(
    start: Start, query: dict[str, Any], asked: dict[str, Any]
) -> None:
    client = sorted_list(start, query)
    assert names(client.get("/v1/items", params=asked).json()) == ["b", "a"]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({"fields": array(text())}, {"fields": ["id", "name"]}),
        ({"select": text()}, {"select": "name"}),
        ({"from_phone": text()}, {"from_phone": "+5511"}),
        ({"to_account": text()}, {"to_account": "150"}),
        ({"pageInfo": text(), "offset": number(), "limit": number()}, {"pageInfo": "full"}),
        ({"pageInfo": text(enum=["full"]), "limit": number()}, {"pageInfo": "full"}),
    ],
)
def test_what_only_looks_like_a_filter_or_a_cursor_is_none(
    start: Start, query: dict[str, Any], asked: dict[str, Any]
) -> None:
    made = obj("id", id=number(), field=text(), select=text(), phone=text(), account=text())
    contracted = document(array(made), query)
    client = start(contracted)
    fill(client, 2)
    assert len(client.get("/v1/items", params=asked).json()) == 2


@pytest.mark.parametrize(
    ("schema", "asked"),
    [
        (text(default="-createdAt"), {}),
        (text(), {"sort": "createdAt"}),
        (text(), {"sort": "size,paidAt"}),
        (text(), {"sort": "name"}),
        (text(), {"sort": "-name"}),
        (text(), {"sort": "colour,-name", "name": ["e", "d", "c", "b", "a"]}),
    ],
)
def test_a_sorted_list_goes_on_where_its_items_were(
    start: Start, schema: dict[str, Any], asked: dict[str, Any]
) -> None:
    _, query, walk, _ = PAGES["a token"]
    query = {**query, "sort": schema, "name": array(text())}
    page_schema = obj("items", items=array(SORTED), nextPageToken=text())
    client = sorted_list(start, query, page_schema)
    for name in "de":
        client.post("/v1/items", json={"name": name, "size": 1})
    found: list[str] = []
    following: dict[str, Any] | None = {}
    while following is not None and len(found) < 9:
        page = client.get("/v1/items", params={**asked, "pageSize": 2, **following}).json()
        for item in page["items"]:
            assert client.delete(f"/v1/items/{item['id']}").status_code == 204
        found += names(page["items"])
        following = walk(page, {})
    assert sorted(found) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("cursor", ["page-3-bm8", "page-3-W10", "page-3-!", "page-3-"])
def test_a_cursor_that_no_page_had_is_refused(start: Start, cursor: str) -> None:
    page_schema, query, *_ = PAGES["a token"]
    client = sorted_list(start, {**query, "sort": text()}, page_schema)
    refused = client.get("/v1/items", params={"sort": "name", "pageToken": cursor})
    assert refused.status_code == 422


@pytest.mark.parametrize("sort", ["size", "-size", "size,-name"])
def test_a_page_before_an_item_of_a_sorted_list_is_the_one_that_was_before(
    start: Start, sort: str
) -> None:
    page = obj("data", data=array(SORTED), has_more=FLAG)
    query = {"after": text(), "ending_before": text(), "limit": number(), "sort": text()}
    client = sorted_list(start, query, page)
    for name in "de":
        client.post("/v1/items", json={"name": name, "size": 1})
    asked = {"sort": sort, "limit": 2}
    first = client.get("/v1/items", params=asked).json()["data"]
    second = client.get("/v1/items", params={**asked, "after": first[-1]["id"]}).json()["data"]

    before = {**asked, "ending_before": second[0]["id"]}
    assert client.get("/v1/items", params=before).json()["data"] == first


@pytest.mark.parametrize(
    "query", [{"order": text(default="desc")}, {"sort": text(default="-createdAt")}]
)
def test_no_more_than_a_page_is_read_in_the_order_of_making(
    start: Start, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(item_pages, "items_with_parents")
    client = sorted_list(start, {**query, "page": number(), "limit": number()})
    assert names(client.get("/v1/items", params={"limit": 2}).json()) == ["a", "c"]
    assert names(client.get("/v1/items", params={"limit": 2, "page": 2}).json()) == ["b"]


def test_the_newest_come_first_by_an_integer_too(start: Start) -> None:
    page = obj("data", data=ITEMS, next_cursor={"type": ["integer", "null"]})
    query = {"after": number(), "limit": number(), "order": text()}
    client = start(document(page, query))
    fill(client)
    asked = {"limit": 2, "order": "desc"}
    first = client.get("/v1/items", params={**asked, "after": 0}).json()
    assert (names(first["data"]), first["next_cursor"]) == (NEWEST[:2], 4)
    client.delete("/v1/items/4")
    rest = client.get("/v1/items", params={**asked, "after": 4, "limit": 9}).json()
    assert names(rest["data"]) == NEWEST[2:]
    assert client.get("/v1/items", params={**asked, "after": 1}).json()["data"] == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("min_size", 2, "a"),
        ("minSize", 1, "bca"),
        ("size_max", 1, "bc"),
        ("size[lt]", 2, "bc"),
        ("size[gte]", "2", "a"),
        ("max_size", "many", "bca"),
        ("min_id", 3, "bca"),
        ("created_before", "2001-01-01", ""),
        ("created_after", "2001-01-01T00:00:00+01:00", "bca"),
        ("size", "2", "a"),
        ("_", "1", "bca"),
        ("max_name", "b", "bca"),
        ("created_to", "2026-03-01", "bca"),
        ("created_to", "2026-02-28", ""),
        ("created_until", "2026-03-01T12:00:00Z", "bca"),
        ("created_until", "2026-03-01T11:59:59Z", ""),
        ("created_before", "2026-03-01T12:00:00Z", ""),
        ("paid_after", "2027-01-01", ""),
        ("paid_before", "2027-01-01", ""),
        ("max_bid", -1, ""),
        ("max_size", 10**30, "bca"),
    ],
)
def test_a_bound_in_the_query_is_that_of_a_member(
    start: Start, name: str, value: Any, expected: str
) -> None:
    """A parameter may be a text, whatever the member is."""
    schema = text() if isinstance(value, str) else number()
    client = sorted_list(start, {name: schema})
    assert "".join(names(client.get("/v1/items", params={name: value}).json())) == expected


DEEP = {"name": "filter", "in": "query", "style": "deepObject", "explode": True}


@pytest.mark.parametrize(
    "parameter",
    [
        {"name": "filter[name]", "in": "query", "schema": text()},
        {**DEEP, "schema": obj(name=text())},
        {"name": "names", "in": "query", "schema": array(text())},
        {"name": "name[]", "in": "query", "schema": array(text())},
    ],
)
def test_a_filter_may_stand_in_brackets_or_be_of_several(
    start: Start, parameter: dict[str, Any]
) -> None:
    contracted = document(ITEMS, {})
    contracted["paths"]["/items"]["get"]["parameters"] = [parameter]
    client = start(contracted)
    fill(client, 3)
    name = "filter[name]" if parameter["name"] == "filter" else parameter["name"]

    assert names(client.get("/v1/items", params={name: "n1"}).json()) == ["n1"]
    assert len(client.get("/v1/items").json()) == 3


def test_a_list_that_cannot_show_the_items_is_as_documented(start: Start) -> None:
    page = {**ITEMS, "minItems": 2}
    example = [{"id": 7, "name": "a"}, {"id": 8, "name": "b"}]
    client = start(document(page, {}, example=example))
    assert client.get("/v1/items").json() == example
    fill(client, 2)
    assert names(client.get("/v1/items").json()) == ["n0", "n1"]


def test_a_list_of_other_things_is_as_documented(start: Start) -> None:
    client = start(document(array(obj(label=text())), {}, example=[{"label": "x"}]))
    fill(client, 1)
    assert client.get("/v1/items").json() == [{"label": "x"}]


def test_a_list_shows_of_an_item_what_its_schema_allows(start: Start) -> None:
    short = {**obj("id", "name", id=number(), name=obj("first", first=text())), "minProperties": 2}
    page = {**array(short), "minItems": 2}
    example = [{"id": one, "name": {"first": "a"}} for one in (7, 8)]
    client = start(document(page, {}, example=example))
    fill(client, 3)
    found = client.get("/v1/items").json()
    assert found == [{"id": one, "name": {"first": "a"}} for one in (1, 2, 3)]


LINKS = obj("next", next=obj("href", href=text()))

OTHERS: dict[str, tuple[Any, Any, tuple[str, ...], Any]] = {
    "a required link of an object": (
        obj("_embedded", "_links", _embedded=obj(items=ITEMS), _links=LINKS),
        {"page": number(), "size": number()},
        ("_links",), {"next": {"href": "/v1/items?size=2&page=2"}},
    ),
    "a link that the example has not": (
        obj("data", data=ITEMS, links=obj(self=text(), next=text(), prev=text())),
        {"page[number]": number(), "page[size]": number()},
        ("links", "next"), "/v1/items?page%5Bsize%5D=2&page%5Bnumber%5D=2",
    ),
    "a cursor in an object": (
        obj("results", results=ITEMS, paging=obj(next=obj("after", after=text()))),
        {"after": text(), "limit": number()},
        ("paging", "next", "after"), "page-4",
    ),
    "the next number, which is never null": (
        obj("items", "next_page", items=ITEMS, next_page=number()),
        {"page": number(), "per_page": number()}, ("next_page",), 2,
    ),
    "a count beside a total": (
        obj("items", "count", "total", items=ITEMS, count=number(), total=number()),
        {"offset": number(), "limit": number()}, ("count",), 2,
    ),
    "a size that is echoed": (
        obj("items", "size", items=ITEMS, size=number(), total=number()),
        {"page": number(), "size": number()}, ("size",), 2,
    ),
    "links by their relation": (
        obj("entry", entry=ITEMS, link=array(obj("relation", "url", relation=text(), url=text()))),
        {"_count": number()}, ("entry", ), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_other_pages_fit_their_schemas(start: Start, kind: str) -> None:
    schema, query, place, expected = OTHERS[kind]
    client = start(document(schema, query))
    fill(client)
    size = next(one for one in query if one not in {"page", "offset", "after", "page[number]"})
    page = client.get("/v1/items", params={size: 2}).json()
    last = client.get("/v1/items", params={size: 9}).json()
    for found in (page, last):
        assert jsonschema_rs.is_valid(schema, found)
        assert "n0" in str(found) or "n4" in str(found)
    for name in place:
        page = page[name]
    assert expected in (page, None)


def test_a_cursor_that_is_an_integer_outlives_its_item(start: Start) -> None:
    page = obj("data", data=ITEMS, next_cursor={"type": ["integer", "null"]})
    client = start(document(page, {"after": number(), "limit": number()}))
    fill(client)
    assert names(client.get("/v1/items", params={"after": 0}).json()["data"]) == OLDEST
    first = client.get("/v1/items", params={"limit": 2}).json()
    assert (names(first["data"]), first["next_cursor"]) == (OLDEST[:2], 2)
    client.delete("/v1/items/2")
    rest = client.get("/v1/items", params={"after": 2, "limit": 9}).json()
    assert (names(rest["data"]), rest["next_cursor"]) == (OLDEST[2:], None)


@pytest.mark.parametrize(("more", "status"), [({}, 200), ({"required": ["page"]}, 422)])
def test_a_required_object_without_members_is_written_as_nothing(
    start: Start, more: dict[str, Any], status: int
) -> None:
    whole = document(ITEMS, {})
    schema = {**obj(page=number(minimum=0), size=number(default=2)), **more}
    pageable = {"name": "pageable", "in": "query", "required": True, "schema": schema}
    whole["paths"]["/items"]["get"]["parameters"] = [pageable]
    client = start(whole)
    fill(client)
    assert client.get("/v1/items").status_code == status
    assert names(client.get("/v1/items?page=1").json()) == OLDEST[2:4]
