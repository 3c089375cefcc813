"""A POST of plain text makes something, as one of JSON does."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Request
from demo.mock_process import mock_process
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty, answered
from tests.other_contracts.judging import accused, judged_mock, loaded

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR, "415": ERROR}
NOTE = obj("id", "text", id=text(), text=text())
ANY_TEXT = text(minLength=1, maxLength=500)


def notes(media_type: str = "text/plain", sent: Any = ANY_TEXT) -> dict[str, Any]:
    """The contract of notes that are sent as texts."""
    paging = {"limit": number(minimum=1, maximum=100), "offset": number(minimum=0)}
    document = contract({
        "/notes": {
            "post": operation({"201": answer(NOTE), **REFUSALS}, sent, media_type=media_type),
            "get": operation({"200": answer(array(NOTE)), **REFUSALS}, query=paging),
        },
        "/notes/{id}": {
            "get": operation({"200": answer(NOTE), **REFUSALS}),
            "delete": operation({"204": answer(), **REFUSALS}),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return document


def sent_by(document: dict[str, Any]) -> list[Request]:
    """Two plain requests for a new note."""
    own = Contract(document)
    with Hasty("http://target.invalid", TOKENS) as target:
        probe = Probe(own, own.operations["POST /notes"], target, Random(1))
        return [probe.request() for _ in range(2)]


@pytest.mark.parametrize(
    ("media_type", "written"),
    [("text/plain", "text/plain"), ("text/markdown", "text/markdown"), ("text/*", "text/plain")],
)
def test_each_text_is_a_new_one(media_type: str, written: str) -> None:
    first, second = sent_by(notes(media_type))

    assert ("Content-Type", written) in first.headers
    assert first.body.startswith(NAME_PREFIX.encode())
    assert first.body != second.body


def test_a_text_is_of_its_schema() -> None:
    for request in sent_by(notes(sent=text(pattern="^[A-Z]{3}$"))):
        assert request.body.decode().isupper()
        assert len(request.body) == 3


def test_the_mock_of_the_contract_conforms(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(notes()))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {
        "created.plain-request-succeeds", "lists.created-is-listed", "reads.shows-what-was-made",
        "reads.deleted-is-gone", "revocation.leaves-others-alone",
    }  # fmt: skip


def test_a_load_sends_texts(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(notes()))
    with mock_process("--contract", str(file), "--partner", f"one:secret:{TOKENS[0]}") as mock:
        code, report = loaded(file, mock.base_url, tmp_path)

    assert accused(report) == []
    assert code == 0
    counts = report["load"]["counts"]
    assert counts["listed"] == counts["revoked"] == counts["created"] > 5
    assert counts["refused"] == 0


@pytest.mark.parametrize(
    ("id_", "status", "made"),
    [
        ("created.plain-request-succeeds", 400, {}),
        ("created.fields-have-their-types", 201, {"id": "1", "text": 5}),
        ("created.required-fields-are-there", 201, {"id": "1"}),
    ],
)
def test_what_is_answered_to_a_text_is_judged(id_: str, status: int, made: dict[str, Any]) -> None:
    own = Contract(notes())

    def outcome(*answer: Any) -> Outcome:
        with Hasty(
            "http://target.invalid", TOKENS, tamper=lambda _, __: answered(*answer)
        ) as target:
            run = Run(own, target, [], seed=1)
            return run.check(catalogue()[id_], own.operations["POST /notes"]).outcome

    assert outcome(status, made) is Outcome.FAILED
    assert outcome(201, {"id": "1", "text": "a"}) is Outcome.PASSED
