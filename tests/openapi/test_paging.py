"""How a list has pages is read from its parameters and its answer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.probe.paging import Link, page_in
from conformance.target.exchange import Answer
from openapi.contract import Contract
from openapi.paging import PageMembers, Paging, page_members

STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
ITEMS = {"type": "array", "items": {"type": "object", "properties": {"id": STRING}}}


def listing(tmp_path: Path, query: dict[str, Any], answer: dict[str, Any]) -> PageMembers | None:
    """What is read from a contract with one list."""
    schema = answer if answer.get("type") == "array" else {"type": "object", "properties": answer}
    parameters = [{"name": name, "in": "query", "schema": one} for name, one in query.items()]
    content = {"application/json": {"schema": schema}}
    get = {"parameters": parameters, "responses": {"200": {"description": "A", "content": content}}}
    document = {"openapi": "3.1.0", "info": {"title": "L", "version": "1"}}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({**document, "paths": {"/things": {"get": get}}}))
    [operation] = Contract.from_file(path).operations.values()
    return page_members(operation)


@pytest.mark.parametrize(
    ("query", "answer", "expected"),
    [
        (
            {"starting_after": STRING, "limit": INTEGER},
            {"data": ITEMS, "has_more": BOOLEAN},
            PageMembers("data", "has_more", "starting_after", "limit"),
        ),
        (
            {"page_size": INTEGER, "page_token": STRING},
            {"things": ITEMS, "next_page_token": STRING},
            PageMembers("things", "", "page_token", "page_size", Paging.TOKEN, "next_page_token"),
        ),
        (
            {"cursor": STRING, "limit": INTEGER},
            {"data": ITEMS, "meta": {"type": "object", "properties": {"nextCursor": STRING}}},
            PageMembers("data", "", "cursor", "limit", Paging.TOKEN, "meta.nextCursor"),
        ),
        (
            {"offset": INTEGER, "limit": INTEGER},
            {"items": ITEMS, "total": INTEGER},
            PageMembers("items", "", "offset", "limit", Paging.OFFSET, "", "total"),
        ),
        (
            {"page": INTEGER, "per_page": INTEGER},
            ITEMS,
            PageMembers("", "", "page", "per_page", Paging.NUMBER, is_first_known=False),
        ),
        (
            {"page": {"type": "integer", "example": 1}, "per_page": INTEGER},
            ITEMS,
            PageMembers("", "", "page", "per_page", Paging.NUMBER, first=1),
        ),
        (
            {"after": INTEGER, "limit": INTEGER},
            {"data": ITEMS, "nextCursor": {"type": ["integer", "null"]}},
            PageMembers("data", "", "after", "limit", Paging.TOKEN, "nextCursor"),
        ),
        (
            {"$top": INTEGER, "$skip": INTEGER},
            {"value": ITEMS, "@odata.nextLink": STRING, "@odata.count": INTEGER},
            PageMembers("value", "", "$skip", "$top", Paging.OFFSET, "@odata.nextLink",
                        "@odata.count"),
        ),
        (
            {"page": INTEGER, "size": INTEGER, "created_after": STRING},
            {"sort": ITEMS, "content": ITEMS, "totalElements": INTEGER, "last": BOOLEAN,
             "success": BOOLEAN, "number": INTEGER},
            PageMembers("content", "", "page", "size", Paging.NUMBER, "", "totalElements",
                        is_last="last", number="number"),
        ),
        (
            {"cursor": STRING, "limit": INTEGER},
            {"data": ITEMS, "included": ITEMS,
             "links": {"type": "object", "properties": {"prev": STRING, "next": STRING}}},
            PageMembers("data", "", "cursor", "limit", Paging.TOKEN, "links.next"),
        ),
        (
            {"pageNumber": {"type": "integer", "minimum": 0}, "pageSize": INTEGER},
            {"content": ITEMS, "totalElements": INTEGER},
            PageMembers("content", "", "pageNumber", "pageSize", Paging.NUMBER, "",
                        "totalElements"),
        ),
        ({}, {"things": ITEMS}, PageMembers("things", "", "", "", Paging.WHOLE)),
        (
            {"offset": STRING, "pageSize": INTEGER}, {"records": ITEMS, "offset": STRING},
            PageMembers("records", "", "offset", "pageSize", Paging.TOKEN, "offset"),
        ),
        (
            {"offset": STRING, "limit": INTEGER},
            {"data": ITEMS, "next_page": {"type": "object", "properties": {
                "path": STRING, "uri": STRING, "offset": STRING}}},
            PageMembers("data", "", "offset", "limit", Paging.TOKEN, "next_page.offset",
                        also_next=("next_page.path", "next_page.uri")),
        ),
        ({"offset": STRING, "limit": INTEGER}, {"data": ITEMS},
         PageMembers("data", "", "", "limit", Paging.WHOLE)),
        ({"offset": {**STRING, "default": "0"}, "limit": INTEGER},
         {"data": ITEMS, "offset": STRING},
         PageMembers("data", "", "", "limit", Paging.WHOLE)),
        ({"from": STRING, "limit": INTEGER}, {"data": ITEMS, "next": STRING},
         PageMembers("data", "", "", "limit", Paging.TOKEN, "next")),
        ({"last_id": STRING, "limit": INTEGER}, ITEMS, PageMembers("", "", "last_id", "limit")),
        ({"startPosition": INTEGER, "limit": INTEGER}, {"data": ITEMS, "startPosition": INTEGER},
         PageMembers("data", "", "startPosition", "limit", Paging.OFFSET, is_first_known=False,
                     number="startPosition")),
        ({"startPosition": {**INTEGER, "minimum": 1}, "limit": INTEGER}, ITEMS,
         PageMembers("", "", "startPosition", "limit", Paging.OFFSET, first=1)),
        ({"from": STRING, "limit": INTEGER}, {"data": ITEMS, "from": STRING},
         PageMembers("data", "", "", "limit", Paging.WHOLE)),
        (
            {"cursor": STRING, "limit": INTEGER},
            {"data": ITEMS, "links": {"type": "object", "properties": {
                name: {"type": "object", "properties": {"cursor": STRING}}
                for name in ("prev", "self", "next")}}},
            PageMembers("data", "", "cursor", "limit", Paging.TOKEN, "links.next.cursor"),
        ),
        (
            {"after": STRING, "limit": INTEGER},
            {"data": ITEMS, "paging": {"type": "object", "properties": {
                "cursors": {"type": "object", "properties": {"before": STRING, "after": STRING}},
                "next": STRING}}},
            PageMembers("data", "", "after", "limit", Paging.TOKEN, "paging.next"),
        ),
        ({"before": STRING, "limit": INTEGER}, ITEMS, PageMembers("", "", "before", "limit")),
        ({"item_before": STRING, "limit": INTEGER}, ITEMS,
         PageMembers("", "", "item_before", "limit")),
        *[
            ({"before": one, "limit": INTEGER}, ITEMS,
             PageMembers("", "", "", "limit", Paging.WHOLE))
            for one in (
                INTEGER, {**STRING, "format": "date"}, {**STRING, "format": "timestamp"},
                {**STRING, "example": "2026-01-31"}, {**STRING, "pattern": r"^\d{4}-\d\d-\d\d$"},
            )
        ],
        ({"before": STRING, "since": STRING}, ITEMS, PageMembers("", "", "", "", Paging.WHOLE)),
        ({}, {"name": STRING}, None),
    ],
)  # fmt: skip
def test_paging_is_read_from_the_contract(
    tmp_path: Path, query: dict[str, Any], answer: dict[str, Any], expected: PageMembers | None
) -> None:
    found = listing(tmp_path, query, answer)
    assert (found and replace(found, is_largest_known=True)) == expected


TWO = [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    ("members", "query", "body", "following"),
    [
        (PageMembers("data", "has_more", "after", "n"), {}, {"data": TWO, "has_more": True}, "b"),
        (PageMembers("data", "has_more", "after", "n"), {}, {"data": TWO, "has_more": False}, None),
        (PageMembers("data", "", "after", "n"), {"n": 2}, {"data": TWO}, "b"),
        (PageMembers("data", "", "after", "n"), {"n": 3}, {"data": TWO}, None),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "m.next"), {}, {"d": TWO, "m": {"next": "t"}},
         "t"),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "next"), {},
         {"d": TWO, "next": "https://a.example/things?n=2&c=t%3D"}, "t="),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "next"), {}, {"d": TWO, "next": None}, None),
        (PageMembers("d", "", "o", "n", Paging.OFFSET, "", "total"), {"o": 4, "n": 2},
         {"d": TWO, "total": 7}, 6),
        (PageMembers("d", "", "o", "n", Paging.OFFSET, "", "total"), {"o": 4, "n": 2},
         {"d": TWO, "total": 6}, None),
        (PageMembers("", "", "page", "n", Paging.NUMBER, first=1), {"n": 2}, TWO, 2),
        (PageMembers("", "", "page", "n", Paging.NUMBER, first=1), {"page": 3, "n": 3}, TWO, None),
        (PageMembers("d", "", "", "", Paging.WHOLE), {}, {"d": TWO}, None),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "next"), {}, {"d": TWO, "next": 7}, 7),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "@odata.nextLink"), {},
         {"d": TWO, "@odata.nextLink": "/things?n=2&s=4"}, Link("n=2&s=4")),
        (PageMembers("d", "", "c", "n", Paging.TOKEN, "links.next"), {},
         {"d": TWO, "links": {"next": {"href": "/things?c=8"}}}, "8"),
        (PageMembers("d", "", "page", "n", Paging.NUMBER, is_last="last", number="number"),
         {"page": 3, "n": 2}, {"d": TWO, "last": False, "number": 3}, 4),
        (PageMembers("d", "", "page", "n", Paging.NUMBER, is_last="last"),
         {"page": 3, "n": 2}, {"d": TWO, "last": True}, None),
        (PageMembers("d", "", "o", "n", Paging.OFFSET, "", "count"), {"o": 4, "n": 2},
         {"d": TWO, "count": 2}, 6),
        *[
            (PageMembers("d", "", "page", "n", Paging.NUMBER, "", "total", first=1,
                         is_largest_known=is_largest_known),
             {"page": 2, "n": 100}, {"d": TWO, "total": 102}, following)
            for is_largest_known, following in ((True, None), (False, 3))
        ],
        (PageMembers("d", "", "o", "n", Paging.TOKEN, "next"), {},
         {"d": TWO, "next": {"uri": "", "o": "t"}}, "t"),
    ],
)  # fmt: skip
def test_the_next_page_is_named_as_the_contract_has_it(
    members: PageMembers, query: dict[str, object], body: object, following: object
) -> None:
    answer = Answer(200, body=json.dumps(body).encode())

    page = page_in(members, "id", answer, query)

    assert page is not None
    assert page.ids == ["a", "b"]
    assert page.next == following


@pytest.mark.parametrize(
    ("members", "query", "body", "is_cut"),
    [
        (PageMembers("d", "", "", "", Paging.WHOLE), {}, {"d": TWO}, False),
        (PageMembers("d", "more", "", "", Paging.WHOLE), {}, {"d": TWO, "more": True}, True),
        (
            PageMembers("d", "more", "", "n", Paging.WHOLE),
            {"n": 2},
            {"d": TWO, "more": False},
            False,
        ),
        (PageMembers("d", "", "", "n", Paging.WHOLE), {"n": 2}, {"d": TWO}, True),
        (PageMembers("d", "", "", "n", Paging.WHOLE), {"n": 3}, {"d": TWO}, False),
        (PageMembers("d", "more", "c", "n"), {"n": 2}, {"d": TWO, "more": True}, False),
    ],
)  # fmt: skip
def test_a_list_is_cut_where_it_goes_on_and_no_page_can_be_asked_for(
    members: PageMembers, query: dict[str, object], body: object, *, is_cut: bool
) -> None:
    page = page_in(members, "id", Answer(200, body=json.dumps(body).encode()), query)

    assert page is not None
    assert page.is_cut is is_cut


def test_a_page_without_its_items_is_none() -> None:
    members = PageMembers("d", "", "", "", Paging.WHOLE)

    assert page_in(members, "id", Answer(200, body=b'{"d": [{"name": "x"}]}'), {}) is None
    assert page_in(members, "id", Answer(200, body=b'{"e": []}'), {}) is None


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ('<https://a.example/things?page=3>; rel="next"', 3),
        ('</things?page=1>; rel="first", </things?page=3>; title="a, b"; rel=next', 3),
        ('</things?page=3>;rel="last next"', 3),
        ('</things?ids=1,2&page=3>; REL="next"', 3),
        ('</things?page=1>; rel="prev", </things?page=9>; rel="nextish"', None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_next_page_is_read_from_a_link(header: str, following: int | None) -> None:
    members = PageMembers("", "", "page", "n", Paging.NUMBER, first=1, next_header="Link")
    answer = Answer(200, (("link", header),), json.dumps(TWO).encode())

    page = page_in(members, "id", answer, {"page": 2, "n": 2})

    assert page is not None
    assert page.next == following


def test_a_page_whose_next_one_nobody_can_ask_for_is_none() -> None:
    members = PageMembers("d", "", "c", "n", Paging.TOKEN, "next")
    answer = Answer(200, body=json.dumps({"d": TWO, "next": "/things/page/2"}).encode())

    assert page_in(members, "id", answer, {}) is None
