"""An idempotency key in a header of another name, and media types with parameters and ranges."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.target.exchange import Request
from openapi.contract import Contract
from openapi.operation import DocumentedResponse, MediaType
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.judging import accused, judged_mock


def things(header: str, media_type: str = "application/json") -> dict[str, Any]:
    """Things that are made with a required key, and whose answers are of a media type."""
    thing, new = obj("id", "label", id=text(), label=text()), obj("label", label=text())
    error = answer(obj("message", message=text()))
    key = {"name": header, "in": "header", "required": True, "schema": text(maxLength=64)}
    made = operation({"201": answer(thing), "409": error, "4XX": error}, new, parameters=[key])
    page = {"limit": number(minimum=1, maximum=100), "offset": number(minimum=0)}
    listed = operation({"200": answer(array(thing)), "4XX": error}, query=page)
    read = operation({"200": answer(thing), "4XX": error})
    ended = operation({"204": answer(), "4XX": error})
    for one in (made, listed, read):
        for status, response in one["responses"].items():
            content = {media_type: response["content"]["application/json"]}
            one["responses"][status] = {**response, "content": content}
    return contract(
        {"/things": {"post": made, "get": listed}, "/things/{id}": {"get": read, "delete": ended}}
    )


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("X-Idempotency-Token", "application/json"),
        ("Idempotency-Key", "application/json;odata.metadata=minimal"),
    ],
)
def test_the_mock_conforms(header: str, media_type: str, tmp_path: Path) -> None:
    file = tmp_path / "things.json"
    file.write_text(json.dumps(things(header, media_type)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert {"idempotency.replay-is-identical", "created.only-documented-media-types"} <= passed


def test_a_key_goes_in_the_header_that_the_contract_has() -> None:
    [create] = [one for one in Contract(things("x-idempotency")).operations.values()
                if one.method == "POST"]  # fmt: skip
    request = Request("POST", "/things", key_header=create.key_header).with_key("one")

    assert request.headers == (("x-idempotency", "one"),)
    assert request.key == "one"
    assert request.with_key("two").key == "two"


@pytest.mark.parametrize(
    ("documented", "sent", "is_described"),
    [
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json;version=1", "application/json;version=1", True),
        ("application/json;version=1", "application/json; charset=utf-8; version=1", True),
        ("application/json;version=1", "application/json;version=2", False),
        ("application/*", "application/json", True),
        ("application/*", "text/html", False),
        ("application/json", "", False),
    ],
)
def test_an_answer_is_of_a_documented_media_type(
    documented: str, sent: str, *, is_described: bool
) -> None:
    response = DocumentedResponse("200", "#", content={documented: MediaType(documented, None, ())})
    assert bool(response.describes(sent)) == is_described
