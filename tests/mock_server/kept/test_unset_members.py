"""What a client has not set: the default of its schema, and else as little as there may be."""

from typing import Any

import pytest

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text

NULLABLE = {"type": ["string", "null"]}
TIME = {**NULLABLE, "format": "date-time"}
FLAG = {"type": "boolean"}
ITEM = obj(
    "id", "weeks", "view", "note", "extras", "size", "at", "gone_at",
    id=number(), weeks=number(), view=FLAG, note=NULLABLE, extras=array(text()),
    size=obj("unit", unit=text(), depth=number()),
    at={"anyOf": [text(format="date-time"), {"type": "null"}]},
    gone_at=TIME, tag=text(), spare=NULLABLE,
)  # fmt: skip
NEW = obj(
    name=text(), weeks=number(minimum=1, default=3), view={**FLAG, "default": False},
    note=NULLABLE, extras=array(text()), tag=text(), spare=NULLABLE, hidden=text(default="x"),
    size=obj(unit=text(default="m"), depth=number()),
)  # fmt: skip


def document(item: dict[str, Any], sent: dict[str, Any], example: Any = None) -> dict[str, Any]:
    one = answer(item, example)
    return contract(
        {
            "/items": {"post": operation({"201": one}, sent)},
            "/items/{id}": {
                "get": operation({"200": one}),
                "put": operation({"200": one}, sent),
                "patch": operation({"200": one}, sent),
            },
        },
        ids=number(),
    )


def made(client: Client, **sent: Any) -> Any:
    found = client.post("/v1/items", json=sent)
    assert found.status_code == 201
    assert client.get("/v1/items/1").json() == found.json()
    return found.json()


def test_defaults_count_and_the_rest_is_empty(start: Start) -> None:
    expected = {
        "id": 1, "weeks": 3, "view": False, "note": None, "extras": [], "at": None,
        "size": {"unit": "m", "depth": 2}, "gone_at": None,
    }  # fmt: skip
    client = start(document(ITEM, NEW))
    assert made(client, name="a", size={"depth": 2}) == expected
    changed = client.request("PATCH", "/v1/items/1", json={"weeks": 5, "note": "b"}).json()
    assert changed == {**expected, "weeks": 5, "note": "b"}
    replaced = client.put("/v1/items/1", json={"size": {"depth": 4}})
    assert replaced.json() == {**expected, "size": {"unit": "m", "depth": 4}}


def test_what_was_sent_goes_first(start: Start) -> None:
    sent = {"weeks": 7, "view": True, "note": "b", "extras": ["c"], "tag": "d", "spare": None}
    found = made(start(document(ITEM, NEW)), **sent)
    assert {name: found[name] for name in sent} == sent


def test_an_example_is_no_invention(start: Start) -> None:
    example = {"id": 7, "weeks": 9, "note": "as shown", "gone_at": "2026-01-01T00:00:00Z"}
    item = obj("id", "weeks", id=number(), weeks=number(), note=NULLABLE, gone_at=TIME)
    found = made(start(document(item, NEW, example)), name="a")
    assert found == {**example, "id": 1, "weeks": 3}


@pytest.mark.parametrize(
    ("default", "expected"), [(3, 3), ("three", 0), (99, 0)], ids=["fits", "of no type", "too much"]
)
def test_a_default_that_no_answer_shows_is_none(start: Start, default: Any, expected: int) -> None:
    item = obj("id", "weeks", id=number(), weeks=number(maximum=9))
    sent = obj(weeks={"default": default})
    assert made(start(document(item, sent))) == {"id": 1, "weeks": expected}


def test_defaults_of_an_envelope_and_of_a_query(start: Start) -> None:
    item = obj("id", "weeks", id=number(), weeks=number())
    one = answer(obj("data", data=item))
    wrapped = obj("data", data=obj(name=text(), weeks=number(default=3)))
    by_id = {"get": operation({"200": one})}
    query = {"weeks": number(default=4)}
    paths = {
        "/a": {"post": operation({"201": one}, wrapped)},
        "/a/{id}": by_id,
        "/b": {"post": operation({"201": one}, query=query)},
        "/b/{id}": by_id,
    }
    client = start(contract(paths))
    assert client.post("/v1/a", json={"data": {"name": "x"}}).json()["data"]["weeks"] == 3
    assert client.post("/v1/b").json()["data"]["weeks"] == 4
    assert client.post("/v1/b", params={"weeks": 5}).json()["data"]["weeks"] == 5


PATCHED = obj(
    "id", "name", "note", "place",
    id=number(), name=text(), note=NULLABLE, spare=NULLABLE,
    place=obj("town", town=NULLABLE, street=text()),
)  # fmt: skip
MERGE, STEPS = "application/merge-patch+json", "application/json-patch+json"
EXAMPLE = {"id": 7, "name": "x", "note": "as shown", "place": {"town": "t"}}


def patched(start: Start, media_type: str, example: Any = None) -> Any:
    """Make a patch of what is kept, and read it again."""
    members = obj(note=NULLABLE, spare=NULLABLE, name=text(), place=obj(town=NULLABLE))
    body = members if media_type == MERGE else array(obj())
    one = answer(PATCHED, example)
    by_id = {
        "get": operation({"200": one}),
        "patch": operation({"200": one}, body, media_type=media_type),
    }
    new = {"post": operation({"201": one}, members)}
    client = start(contract({"/items": new, "/items/{id}": by_id}, ids=number()))
    sent = {"name": "a", "note": "b", "spare": "c", "place": {"town": "d", "street": "e"}}
    whole = client.post("/v1/items", json=sent).json()
    assert whole == {"id": 1, **sent}

    def patch(change: Any) -> Any:
        head = {"Content-Type": media_type}
        found = client.request("PATCH", "/v1/items/1", json=change, headers=head)
        shown = client.get("/v1/items/1").json()
        assert shown == (found.json() if found.status_code == 200 else whole)
        return found

    return patch


@pytest.mark.parametrize("example", [None, EXAMPLE], ids=["made up", "example"])
@pytest.mark.parametrize(
    ("media_type", "change"),
    [
        (MERGE, {"note": None, "spare": None, "place": {"town": None}}),
        (STEPS, [{"op": "remove", "path": one} for one in ("/note", "/spare", "/place/town")]),
    ],
)
def test_what_a_patch_takes_away_is_null_where_it_is_required(
    start: Start, media_type: str, change: Any, example: Any
) -> None:
    found = patched(start, media_type, example)(change)
    assert found.json() == {
        "id": 1, "name": "a", "note": None, "place": {"town": None, "street": "e"}
    }  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [{"op": "remove", "path": "/name"}, {"op": "replace", "path": "/name", "value": 5}],
    ids=["required", "of another type"],
)
def test_a_json_patch_that_leaves_no_valid_item_is_refused(start: Start, step: Any) -> None:
    found = patched(start, STEPS)([step])
    assert found.status_code == 422
    assert "leaves no valid item" in found.json()["detail"]


def test_a_time_that_lies_behind_a_new_item_is_the_present(start: Start) -> None:
    time, now, made_up = (
        text(format="date-time"),
        "2026-03-01T12:00:00.250Z",
        "2027-03-04T00:00:00Z",
    )
    past = {"placedAt": time, "begun_at": time, "countedAt": number(format="int64")}
    other = {"expiresAt": time, "due_at": time, "endsAt": time, "seatAt": text(), "heldAt": time}
    item = obj("id", *past, *other, id=number(), **past, **other, shownAt=TIME)
    sent = obj(name=text(), heldAt=time)
    client = start(document(item, sent))
    found = made(client, name="a")
    assert {name: found[name] for name in past} == {
        "placedAt": now,
        "begun_at": now,
        "countedAt": 1772366400,
    }
    assert {name: found[name] for name in other} == {
        **dict.fromkeys(other, made_up),
        "seatAt": "text",
    }
    assert found["shownAt"] is None


def test_a_time_of_an_example_stays(start: Start) -> None:
    item = obj("id", id=number(), name=text(), placedAt=text(format="date-time"))
    example = {"id": 1, "name": "a", "placedAt": "2020-01-01T00:00:00Z"}
    client = start(document(item, obj(name=text()), example))
    assert made(client, name="b")["placedAt"] == example["placedAt"]


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json"])
def test_what_may_be_neither_null_nor_missing_stays(start: Start, media_type: str) -> None:
    item = obj("id", "name", id=number(), name=text(), tag=text(), note=NULLABLE)
    patch = obj(name=NULLABLE, tag=NULLABLE, note=NULLABLE)
    whole = document(item, patch)
    change = operation({"200": answer(item)}, patch, media_type=media_type)
    whole["paths"]["/items/{id}"]["patch"] = change
    client = start(whole)
    made(client, name="a", tag="b", note="c")
    sent = b'{"name": null, "tag": null, "note": "d"}'
    headers = {"Content-Type": media_type}
    changed = client.request("PATCH", "/v1/items/1", content=sent, headers=headers)
    assert changed.json() == {"id": 1, "name": "a", "note": "d"}
    assert client.get("/v1/items/1").json() == changed.json()
