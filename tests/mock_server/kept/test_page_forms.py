"""Pages that say of items and of other pages in their own way: edges, and links by relation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    pets,
    ref,
)
from tests.mock_server.kept.contracts import text as string

Json = dict[str, Any]


def listing(shown: Json, example: Any = None, **query: Json) -> Json:
    """A contract of things with such pages as their list."""
    things = {
        "get": operation({"200": answer(shown, example)}, query=query),
        "post": operation({"201": answer(ref("Thing"))}, obj("name", name=string())),
    }
    one = {"get": operation({"200": answer(ref("Thing")), "404": answer()})}
    return contract(
        {"/things": things, "/things/{thingId}": one},
        Thing=obj("id", "name", id=string(), name=string()),
    )


def edges(holder: str) -> Json:
    flag = {"type": "boolean"}
    info = obj("hasNextPage", hasNextPage=flag, endCursor={"type": ["string", "null"]})
    edge = obj(holder, "cursor", **{holder: ref("Thing")}, cursor=string())
    page = obj("edges", "pageInfo", edges=array(edge), pageInfo=info, totalCount=number())
    return listing(page, first=number(), after=string())


def made(client: Client, count: int) -> list[Json]:
    return [client.post("/v1/things", json={"name": f"{at}"}).json() for at in range(count)]


def pages(client: Client, cursor: str = "") -> Iterator[Json]:
    while True:
        page = client.get("/v1/things?first=2" + (f"&after={cursor}" if cursor else "")).json()
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        cursor = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("holder", ["node", "item"])
def test_edges_hold_the_items(start: Start, holder: str) -> None:
    client = start(edges(holder))
    things = made(client, 5)

    found = [edge for page in pages(client) for edge in page["edges"]]

    assert [edge[holder] for edge in found] == things[::-1]
    assert len({edge["cursor"] for edge in found}) == 5
    [behind, *_] = pages(client, found[2]["cursor"])
    assert behind["edges"] == found[3:5]
    assert behind["totalCount"] == 5


def test_no_items_have_no_edges(start: Start) -> None:
    page = start(edges("node")).get("/v1/things").json()

    assert page["edges"] == []
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("holder", ["href", "url"])
@pytest.mark.parametrize("origin", ["https://api.example.com", ""])
def test_links_by_relation_lead_to_other_pages(start: Start, holder: str, origin: str) -> None:
    link = obj("rel", holder, rel=string(), **{holder: string(format="uri-reference")})
    page = obj("items", "links", items=array(ref("Thing")), links=array(link))
    relations = {"self": "?page=1", "first": "?page=1", "prev": "?page=0", "next": "?page=2"}
    links = [{"rel": rel, holder: f"{origin}/v1/things{one}"} for rel, one in relations.items()]
    links.append({"rel": "help", holder: "https://example.com/help"})
    example = {"items": [{"id": "1", "name": "x"}], "links": links}
    client = start(listing(page, example, page=number(), limit=number()))
    made(client, 3)
    host = str(client.get("/v1/things").url).partition("/v1")[0] if origin else ""

    first = client.get("/v1/things?limit=2").json()
    second = client.get("/v1/things?limit=2&page=2").json()

    here = f"{host}/v1/things?limit=2"
    assert [(one["rel"], one[holder]) for one in first["links"]] == [
        ("self", here),
        ("first", here),
        ("next", f"{here}&page=2"),
        ("help", "https://example.com/help"),
    ]
    assert [(one["rel"], one[holder]) for one in second["links"]] == [
        ("self", f"{here}&page=2"),
        ("first", here),
        ("prev", f"{here}&page=1"),
        ("help", "https://example.com/help"),
    ]


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ({"page": number(), "limit": number()}, ["page=1", "page=2", "page=3"]),
        ({"page": number(minimum=0), "limit": number()}, ["page=0", "page=1", "page=2"]),
        ({"offset": number(), "limit": number()}, ["offset=0", "offset=2", "offset=4"]),
    ],
)
def test_the_page_before_and_the_last_one_are_linked(
    start: Start, query: dict[str, Any], pages: list[str]
) -> None:
    names = ("self", "first", "prev", "next", "last")
    link = obj("href", href=string())
    page = obj(
        "items", "_links", items=array(ref("Thing")), _links=obj(**dict.fromkeys(names, link))
    )
    client = start(listing(page, None, **query))
    made(client, 5)

    for at, own in enumerate(pages):
        links = client.get(f"/v1/things?limit=2&{own}").json()["_links"]
        beside = {"prev": pages[at - 1 : at], "next": pages[at + 1 : at + 2], "last": pages[-1:]}
        for name, wanted in beside.items():
            found = [links[name]["href"]] if name in links else []
            assert found == [f"/v1/things?limit=2&{one}" for one in wanted]

    behind = client.get(f"/v1/things?limit=2&{pages[0][:-1]}99").json()["_links"]
    assert behind["prev"]["href"] == f"/v1/things?limit=2&{pages[-1]}"


def test_the_number_of_the_page_before(start: Start) -> None:
    page = obj(
        "items", "prev_page", items=array(ref("Thing")), prev_page={"type": ["integer", "null"]}
    )
    client = start(listing(page, None, page=number(), limit=number()))
    made(client, 3)

    found = [client.get(f"/v1/things?limit=1&page={at}").json()["prev_page"] for at in (1, 2, 3)]
    assert found == [None, 1, 2]


@pytest.mark.parametrize("kind", [{"type": ["integer", "null"]}, number()])
def test_the_number_of_the_page_before_that_no_example_has(start: Start, kind: Json) -> None:
    page = obj("items", items=array(ref("Thing")), prev_page=kind)
    example = {"items": [{"id": "1", "name": "x"}]}
    client = start(listing(page, example, page=number(), limit=number()))
    made(client, 3)

    found = [client.get(f"/v1/things?limit=1&page={at}").json() for at in (1, 2, 3)]
    assert [one.get("prev_page") for one in found] == [None, 1, 2]


def linked(example: str = "", **query: Json) -> Json:
    """A list whose header ``Link`` has the other pages."""
    whole = listing(array(ref("Thing")), None, **query)
    header = {"schema": string(), **({"example": example} if example else {})}
    whole["paths"]["/things"]["get"]["responses"]["200"]["headers"] = {"Link": header}
    return whole


def urls(client: Client, path: str) -> dict[str, str]:
    links = client.get(path).links
    return {str(rel): str(one["url"]) for rel, one in links.items()}


@pytest.mark.parametrize(
    ("example", "previous"), [("", "prev"), ('</things?page=1>; rel="previous"', "previous")]
)
def test_the_header_links_to_all_known_pages(start: Start, example: str, previous: str) -> None:
    client = start(linked(example, page=number(), limit=number(), tag=array(string())))
    made(client, 5)
    asked = "/v1/things?limit=2&sort="
    first, second, third = (f"{asked}&page={at}" for at in (1, 2, 3))

    assert urls(client, asked) == {"first": asked, "next": second, "last": third}
    assert urls(client, second) == {
        "first": asked, previous: first, "next": third, "last": third
    }  # fmt: skip
    assert urls(client, third) == {"first": asked, previous: second, "last": third}


def test_a_header_of_a_list_by_cursor_links_to_the_first_page(start: Start) -> None:
    client = start(linked(after=string(), limit=number()))
    made(client, 3)

    following = urls(client, "/v1/things?limit=2")["next"]

    assert urls(client, following) == {"first": "/v1/things?limit=2"}


def test_a_link_by_number_has_no_cursor(start: Start) -> None:
    links = obj(last=string(), first=string())
    page = obj("items", "links", items=array(ref("Thing")), links=links)
    client = start(listing(page, None, page=number(), limit=number(), cursor=string()))
    first, *_ = made(client, 4)

    links = client.get(f"/v1/things?limit=2&cursor={first['id']}").json()["links"]

    assert links == {"first": "/v1/things?limit=2", "last": "/v1/things?limit=2&page=2"}


def test_a_single_page_has_no_header_with_links(start: Start) -> None:
    client = start(linked(page=number(), limit=number()))
    made(client, 2)

    assert urls(client, "/v1/things?limit=2") == {}


def test_links_repeat_each_value_and_no_credential(start: Start) -> None:
    link = obj("href", href=string())
    links = obj("self", "next", self=link, next=link, first=link, last=link)
    whole = listing(
        obj("items", "_links", items=array(ref("Thing")), _links=links),
        None, page=number(), limit=number(), tag=array(string()),
    )  # fmt: skip
    whole["paths"]["/things"]["get"]["responses"]["200"]["headers"] = {"Link": {"schema": string()}}
    whole["components"]["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "query", "name": "api_key"}
    }
    whole["security"] = [{"key": []}]
    client = start(whole)
    for at in range(3):
        client.post("/v1/things?api_key=token-a", json={"name": f"{at}"})

    page = client.get("/v1/things?api_key=token-a&limit=2&tag=a&tag=b")

    assert page.status_code == 200
    assert page.json()["_links"]["next"]["href"] == "/v1/things?limit=2&tag=a&tag=b&page=2"
    assert "token-a" not in page.text + str(page.headers)


def test_cursors_in_what_a_page_says_lead_on(start: Start) -> None:
    cursor = {"type": ["string", "null"]}
    meta = obj("has_more", has_more={"type": "boolean"}, after_cursor=cursor, before_cursor=cursor)
    page = obj("items", "meta", items=array(ref("Thing")), meta=meta)
    query = {"page[after]": string(), "page[size]": number()}
    client = start(listing(page, None, **query))
    made(client, 3)

    first = client.get("/v1/things", params={"page[size]": 2}).json()["meta"]
    following = {"page[size]": 2, "page[after]": first["after_cursor"]}
    second = client.get("/v1/things", params=following).json()

    assert len(second["items"]) == 1
    assert second["meta"] == {"has_more": False, "after_cursor": None, "before_cursor": None}


def test_totals_are_told_by_what_they_count(start: Start) -> None:
    page = obj("items", items=array(ref("Thing")), itemsTotal=number(), pagesTotal=number())
    client = start(listing(page, None, page=number(), limit=number()))
    made(client, 3)

    shown = client.get("/v1/things?limit=2").json()

    assert (shown["itemsTotal"], shown["pagesTotal"]) == (3, 2)


def test_a_text_offset_in_an_object_leads_on(start: Start) -> None:
    text, url = string(), string(format="uri")
    following = obj("offset", "path", "uri", offset=text, path=text, uri=url)
    page = obj("data", data=array(ref("Thing")), next_page=following | {"type": ["object", "null"]})
    client = start(listing(page, None, offset=text, limit=number()))
    things = made(client, 3)

    first = client.get("/v1/things?limit=2").json()
    named = first["next_page"]
    query = {"limit": 2, "offset": named["offset"]}

    assert client.get("/v1/things", params=query).json() == {"data": things[:1], "next_page": None}
    assert named["path"] == f"/v1/things?limit=2&offset={named['offset']}"
    assert named["uri"].endswith(named["path"])
    assert named["uri"].startswith("http://")


def test_a_text_offset_of_a_page_leads_on(start: Start) -> None:
    page = obj("records", records=array(ref("Thing")), offset=string())
    client = start(listing(page, None, offset=string(), pageSize=number()))
    things = made(client, 3)

    first = client.get("/v1/things?pageSize=2").json()
    second = client.get("/v1/things", params={"pageSize": 2, "offset": first["offset"]}).json()

    assert first["records"] == things[:0:-1]
    assert second == {"records": things[:1]}


def test_what_an_object_says_of_the_page_before_leads_back(start: Start) -> None:
    other = obj("page", "cursor", page=number(), cursor=string()) | {"type": ["object", "null"]}
    page = obj("items", items=array(ref("Thing")), previous=other, next=other)
    client = start(listing(page, None, page=number(), limit=number()))
    made(client, 3)

    shown = client.get("/v1/things?limit=1&page=2").json()

    assert (shown["previous"]["page"], shown["next"]["page"]) == (1, 3)


@pytest.mark.parametrize(
    ("name", "said", "first"),
    [
        ("skip", {"minimum": 1}, 0),
        ("offset", {"minimum": 1}, 0),
        ("offset", {"default": 1}, 1),
        ("start", {"minimum": 1}, 1),
        ("start", {"minimum": 1, "default": 0}, 0),
        ("startIndex", {"minimum": 1}, 1),
    ],
)
def test_what_is_skipped_is_a_number_of_items(
    start: Start, name: str, said: Json, first: int
) -> None:
    client = start(pets(**{name: number(**said), "limit": number()}))
    names = [f"p{at}" for at in range(6)]
    for one in names:
        client.post("/v1/pets", json={"name": one})
    for at in (1, 2, 4):
        page = client.get(f"/v1/pets?limit=2&{name}={first + at}").json()
        assert [one["name"] for one in page] == names[at : at + 2]
