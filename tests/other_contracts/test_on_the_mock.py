"""The mock of a contract with several resources is accused of nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.results.coverage import Coverage
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from demo.mock_process import mock_process
from openapi.contract import Contract
from tests.other_contracts.judging import judged, judged_mock
from tests.other_contracts.styles import answer, shelves, taken
from tests.other_contracts.test_nothing_is_accused import accused


@pytest.mark.parametrize(
    "section",
    [
        "lists",
        "revocation",
        "validation",
        pytest.param("created", marks=pytest.mark.thorough),
        pytest.param("robustness", marks=pytest.mark.thorough),
    ],
)
def test_several_resources_side_by_side(section: str, tmp_path: Path) -> None:
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(shelves()))
    with mock_process("--contract", str(contract)) as mock:
        code, report = judged(
            "run", "--contract", str(contract), "--url", mock.base_url, "--token",
            mock.token or "", "--select", section, "--level", "should", "--patience", "0",
            folder=tmp_path,
        )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    unverified = {one["id"] for one in report["results"] if one["outcome"] == "not_verified"}
    assert "lists.pagination-is-complete" not in unverified


def test_resources_under_servers_of_their_own(tmp_path: Path) -> None:
    document = shelves()
    document["servers"] = [{"url": "https://api.example.com/v1"}]
    for path, item in document["paths"].items():
        if path.startswith("/tags"):
            item["servers"] = [{"url": "https://tags.example.com/v 2"}]
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(document))
    with mock_process("--contract", str(contract)) as mock:
        code, report = judged(
            "run", "--contract", str(contract), "--url", mock.base_url, "--token",
            mock.token or "", "--select", "lists", "--select", "generated", "--level", "should",
            "--patience", "0", folder=tmp_path,
        )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    results = report["results"]
    passed = {(one["id"], one["operation"]) for one in results if one["outcome"] == "passed"}
    for path in ("/v1/books", "/v 2/tags"):
        assert ("generated.accepted-data-comes-back", f"POST {path}") in passed
        assert ("lists.created-is-listed", f"GET {path}") in passed


def test_paths_of_any_characters(tmp_path: Path) -> None:
    document = shelves()
    others = {"/books": "/my%20books", "/films": "/a#films", "/tags": "/ações"}
    document["paths"] = {
        path.replace(first, others.get(first, first)): item
        for path, item in document["paths"].items()
        for first in [f"/{path.split('/')[1]}"]
    } | {"/a\x01b": document["paths"]["/news"]}
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(document))
    code, report = judged_mock(
        contract, tmp_path, "--select", "lists.created-is-listed", "--select",
        "generated.accepted-data-comes-back",
    )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    passed = {one["operation"] for one in report["results"] if one["outcome"] == "passed"}
    listed = {f"{method} {path}" for path in others.values() for method in ("GET", "POST")}
    assert passed >= listed
    assert not any("\x01" in one["operation"] for one in report["results"])


def test_an_error_without_a_documented_body_is_not_looked_for() -> None:
    news = Contract(shelves()).operations["GET /news"]
    applying = {one.id for one in catalogue().values() if one.applies_to(news)}

    assert not {"problems.media-type", "problems.member-types"} & applying
    assert "problems.no-internals" in applying


def test_a_name_that_is_an_id_is_taken_once(tmp_path: Path) -> None:
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(shelves()))
    with mock_process("--contract", str(contract)) as mock:
        code, report = judged(
            "run", "--contract", str(contract), "--url", mock.base_url, "--token",
            mock.token or "", "--select", "created.each-request-makes-one", folder=tmp_path,
        )  # fmt: skip

    assert code == 0
    judged_operations = {one["operation"] for one in report["results"]}
    assert judged_operations == {"POST /books", "POST /films"}


def test_statuses_are_counted_for_operations_without_an_id_of_their_own() -> None:
    coverage = Coverage(Contract(shelves()))
    coverage.record(Request("GET", "/books"), Answer(200))
    coverage.record(Request("DELETE", "/books/7"), Answer(204))

    assert coverage.answered == {"GET /books": {200}, "DELETE /books/{id}": {204}}
    books = next(one for one in coverage.report(()).operations if one.id == "GET /books")
    assert [status for status, one in books.statuses.items() if one.count] == ["200"]


def test_a_load_test_sends_no_key_that_the_contract_does_not_have(tmp_path: Path) -> None:
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(shelves()))
    with mock_process("--contract", str(contract)) as mock:
        code, report = judged(
            "load", "--contract", str(contract), "--url", mock.base_url, "--token",
            mock.token or "", "--headless", "--users", "3", "--max-time", "3s", folder=tmp_path,
        )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    assert not [one["id"] for one in report["results"] if one["id"].startswith("idempotency.")]


def test_an_operation_with_a_bad_schema_is_left_out_and_told(tmp_path: Path) -> None:
    whole = shelves()
    news = whole["paths"]["/news"]["get"]["responses"]
    news["200"] = answer({"type": "objekt"})
    whole["paths"]["/odd"] = {"post": {"requestBody": taken({"pattern": "["}), "responses": news}}
    contract = tmp_path / "shelves.json"
    contract.write_text(json.dumps(whole))
    listed = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "list", "--contract", str(contract)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    place = "#/paths/~1news/get/responses/200/content/application~1json/schema/type"
    assert listed.returncode == 0
    assert f"{place} of the contract is left out: is no usable schema" in listed.stderr
    assert "#/paths/~1odd/post/requestBody" in listed.stderr
    assert "POST /books" in listed.stdout
    assert "GET /news" not in listed.stdout
    with mock_process("--contract", str(contract)) as mock:
        code, report = judged(
            "run", "--contract", str(contract), "--url", mock.base_url, "--token",
            mock.token or "", "--select", "created.plain-request-succeeds", folder=tmp_path,
        )  # fmt: skip
    assert (code, accused(report)) == (0, [])
