"""An API that takes URL-encoded forms alone is judged by them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from conformance.target.exchange import Request
from openapi.contract import Contract
from openapi.forms import Part, form_of, read_form
from openapi.media_types import FORM
from openapi.operation import Encoding
from tests.fake_server import FakeRequest, Reply, fake_server, reply
from tests.other_contracts.judging import accused, judged, judged_mock
from tests.other_contracts.styles import STYLES


def in_forms(style: str) -> dict[str, Any]:
    """The contract of a style whose bodies are forms."""
    document = STYLES[style]()
    for path in document["paths"].values():
        if body := path.get("post", {}).get("requestBody"):
            body["content"] = {FORM: body["content"]["application/json"]}
    return document


@pytest.mark.parametrize("style", ["tasks", pytest.param("invoices", marks=pytest.mark.thorough)])
def test_the_mock_of_forms_conforms(style: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(in_forms(style)))
    code, report = judged_mock(contract, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {
        "created.name-is-unchanged", "created.is-in-the-list", "created.usual-name-is-accepted",
        "lists.created-is-listed", "revocation.unknown-id-is-404",
    }  # fmt: skip
    assert not any(one.startswith("validation.body-of-another") for one in passed)


def test_a_name_that_does_not_come_back_is_found(tmp_path: Path) -> None:
    def other_name(request: FakeRequest) -> Reply:
        return reply(201, b'{"id": 1, "title": "another", "done": false}')

    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(in_forms("tasks")))
    with fake_server(other_name) as url:
        code, report = judged(
            "run", "--contract", str(contract), "--url", url, "--token", "token-of-one",
            "--patience", "0", "--select", "created.name-is-unchanged", folder=tmp_path,
        )  # fmt: skip
    assert code == 1
    assert accused(report)


def test_a_form_is_read_as_it_was_written() -> None:
    value = {
        "title": "a & b=ç", "done": True, "count": 3, "tags": ["x", "y"], "ids": [1, 2],
        "at": {"city": "Rome", "zip": 7}, "meta": {"deep": [1]}, "piped": ["p", "q"],
    }  # fmt: skip
    texts = {"type": "array", "items": {"type": "string"}}
    outline = {"properties": {
        "title": {"type": "string"}, "done": {"type": "boolean"}, "count": {"type": "integer"},
        "tags": texts, "ids": {"type": "array", "items": {"type": "integer"}}, "piped": texts,
        "at": {"type": "object", "properties": {"city": {"type": "string"},
                                                "zip": {"type": "integer"}}},
        "meta": {"type": "object"},
    }}  # fmt: skip
    encoding = {
        "ids": Encoding((), "form", explode=False),
        "piped": Encoding((), "pipeDelimited", explode=False),
        "at": Encoding((), "deepObject", explode=True),
    }
    form = form_of({**value, "none": None}, encoding)
    parts = [Part(*one) for one in parse_qsl(form)]
    assert read_form(parts, outline, encoding).value == value


def test_a_request_with_a_form_stays_one() -> None:
    [create] = [one for one in Contract(in_forms("tasks")).operations.values()
                if one.request_body]  # fmt: skip
    assert create.json_body is None
    assert create.object_body is not None
    request = Request("POST", "/tasks").with_form({"title": "a"}, create.object_body)
    again = request.with_json({"title": "ç"}, ensure_ascii=False)
    assert (again.body, again.members) == (b"title=%C3%A7", {"title": "ç"})
    assert again.with_header("X-A", "b").members == {"title": "ç"}
