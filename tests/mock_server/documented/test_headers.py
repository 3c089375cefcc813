"""Response headers of any schema are written as OpenAPI says, from examples and made up."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text

__all__ = ["start"]

PAIR = obj("a", "b", a=number(), b=text())


def answered(start: Start, **headers: dict[str, Any]) -> Any:
    documented = answer(obj(), headers=headers)
    return start(contract({"/things": {"get": operation({"200": documented})}})).get("/v1/things")


def in_json(schema: Any, **more: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, **more}}, "required": True}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"schema": PAIR, "example": {"a": 1, "b": "x"}}, "a,1,b,x"),
        ({"schema": PAIR, "example": {"a": 1, "b": "x"}, "explode": True}, "a=1,b=x"),
        ({"schema": PAIR, "required": True}, "a,0,b,text"),
        ({"schema": PAIR, "required": True, "explode": True}, "a=0,b=text"),
        ({"schema": PAIR, "examples": {"one": {"value": {"a": 7, "b": "y"}}}}, "a,7,b,y"),
        ({"schema": array(number()), "example": [1, 2]}, "1,2"),
        ({"schema": array({"type": "boolean"}), "example": [True], "explode": True}, "true"),
        (in_json(PAIR), '{"a":0,"b":"text"}'),
        (in_json(text(), example="é"), '"\\u00e9"'),
        ({"content": {"text/plain": {"schema": text(), "example": "hi"}}}, "hi"),
        ({"schema": text(), "example": "a\r\nX-Other: 1\x00\x07b"}, "a X-Other: 1 b"),
    ],
)
def test_values_are_written_by_their_style(
    start: Start, caplog: pytest.LogCaptureFixture, header: dict[str, Any], expected: str
) -> None:
    found = answered(start, **{"X-Value": header})
    assert found.headers["x-value"] == expected
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("header", "text_as_sent"),
    [
        ({"schema": PAIR}, "a,5,b,x"),
        ({"schema": PAIR, "explode": True}, "a=5,b=x"),
        ({"schema": array(number())}, "1,2"),
        ({"schema": number()}, "12"),
    ],
)
def test_an_example_may_be_the_text_that_is_sent(
    start: Start, caplog: pytest.LogCaptureFixture, header: dict[str, Any], text_as_sent: str
) -> None:
    found = answered(start, **{"X-Value": {**header, "example": text_as_sent}})
    assert found.headers["x-value"] == text_as_sent
    assert caplog.text == ""


@pytest.mark.parametrize("name", ["X Value", "X-Välue", "X-Value:"])
def test_a_name_that_no_header_has_is_left_out_with_a_warning(
    start: Start, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    found = answered(start, **{name: {"schema": text(), "example": "x"}})
    assert found.status_code == 200
    assert "headers" in caplog.text
    assert "has no name that a header may have" in caplog.text


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (number(), "1"),
        (number(minimum=0), "1"),
        (text(), "1"),
        (number(example=30), "30"),
        (number(default=7), "7"),
        (number(minimum=5), "5"),
    ],
)
def test_a_wait_that_is_made_up_is_one(start: Start, schema: dict[str, Any], expected: str) -> None:
    found = answered(start, **{"Retry-After": {"schema": schema, "required": True}})
    assert found.headers["retry-after"] == expected


def test_what_the_server_computes_is_sent_once(start: Start) -> None:
    names = ("X-Request-ID", "Server", "Date", "Keep-Alive")
    found = answered(start, **{one: {"schema": text(), "example": "x"} for one in names})
    assert len(found.headers.get_list("x-request-id")) == 1
    assert {"server", "date", "keep-alive"}.isdisjoint(found.headers)


def test_a_refusal_has_one_header_of_each_name(start: Start) -> None:
    challenge = {"www-authenticate": {"schema": text(), "example": "Bearer"}}
    responses = {"200": answer(obj()), "401": answer(obj(message=text()), headers=challenge)}
    called = operation(responses, security=[{"bearer": []}])
    found = start(contract({"/things": {"get": called}})).get("/v1/things")
    assert found.status_code == 401
    assert found.headers.get_list("www-authenticate") == ['Bearer realm="Items"']


@pytest.mark.parametrize("order", [("get", "head"), ("head", "get")])
def test_a_documented_head_has_its_own_headers(start: Start, order: tuple[str, str]) -> None:
    count = {"X-Count": {"schema": number(example=7), "required": True}}
    own = {
        "get": operation({"200": answer(obj("a", a=text()))}),
        "head": operation({"200": answer(headers=count)}),
    }
    paths = {"/things": {method: own[method] for method in order}, "/others": {"get": own["get"]}}
    client = start(contract(paths))
    found = client.request("HEAD", "/v1/things")
    assert (found.status_code, found.headers["x-count"], found.content) == (200, "7", b"")
    assert "content-length" not in found.headers
    assert "x-count" not in client.get("/v1/things").headers
    other = client.request("HEAD", "/v1/others")
    assert other.headers["content-length"] == str(len(client.get("/v1/others").content))
