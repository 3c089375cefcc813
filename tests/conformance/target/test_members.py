"""JSON from outside is read within bounds, and never deeply: the decoder recurses."""

import json

import pytest

from conformance.results.coverage import Coverage
from conformance.target import json_documents
from conformance.target.exchange import Answer, Request
from conformance.target.json_documents import MOST_DEPTH, parse, parse_text
from openapi.contract import Contract


def nested(depth: int) -> str:
    return '{"a": [' * (depth // 2) + "1" + "]}" * (depth // 2)


@pytest.fixture
def no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_documents, "_DECODER", None)


@pytest.mark.usefixtures("no_decoder")
@pytest.mark.parametrize(
    "text",
    [nested(MOST_DEPTH + 2), "[" * (MOST_DEPTH + 1), '["\\"]", ' + "[" * 101, "[" * 90_000],
)
def test_what_is_too_deep_is_not_decoded(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_text(text)


@pytest.mark.usefixtures("no_decoder")
def test_coverage_decodes_nothing_deep_that_was_sent() -> None:
    coverage = Coverage(Contract.bundled())
    body = b"[" * 90_000 + b"]" * 90_000
    coverage.record(Request("POST", "/auth/credentials", body=body), Answer(400, body=body))
    assert coverage.state()["statuses"] == {"createCredential 400": 1}


@pytest.mark.parametrize(
    "value",
    [
        json.loads(nested(MOST_DEPTH)),
        ["[" * 500, "}" * 500, '\\"' * 3 + "[" * 200],
        [[number] for number in range(500)],
        {"[" * 200: {}},
    ],
)
def test_brackets_in_strings_and_beside_each_other_are_not_deep(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=1)):
        assert parse(text.encode()) == value
