"""Pages that say of items and of other pages in their own way: edges, and links by relation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, ref
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
