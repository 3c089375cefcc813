"""A contract whose errors and ids have forms of their own: its mock is judged by these."""

import re
from pathlib import Path

import pytest
import yaml

from conformance.server import catalogue
from conformance.server.problems.problems import _is_documented
from conformance.target.exchange import Answer
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged_mock
from tests.payments.serving import FILE as PAYMENTS

FILE = Path(__file__).with_name("refunds.yaml")
CONTRACT = Contract.from_file(FILE)


def test_requirements_on_other_errors_do_not_apply() -> None:
    charge = CONTRACT.operations["createCharge"]
    applying = {one.id for one in catalogue().values() if one.applies_to(charge)}

    assert "validation.nested-field-is-refused" in applying
    assert not {"validation.nested-field-is-422", "validation.nested-field-is-reported"} & applying


def test_nothing_is_accused_and_an_unknown_id_has_the_form_of_ids(tmp_path: Path) -> None:
    selected = ("validation.nested-*", "revocation.unknown-id-is-404")
    options = [text for pattern in selected for text in ("--select", pattern)]
    code, report = judged_mock(FILE, tmp_path, *options)

    assert accused(report) == []
    assert code == 0
    assert {(one["id"], one["outcome"]) for one in report["results"]} == {
        ("revocation.unknown-id-is-404", "passed"),
        ("validation.nested-field-is-refused", "passed"),
    }  # fmt: skip


@pytest.mark.parametrize("documented", ["string", "object"])
def test_an_error_may_be_what_the_contract_documents(documented: str, tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": documented}}}
    document = yaml.safe_load(FILE.read_text())
    for name in document["components"]["responses"]:
        document["components"]["responses"][name] = {"description": "no", "content": content}
    contract = tmp_path / "contract.yaml"
    contract.write_text(yaml.safe_dump(document))
    _, report = judged_mock(contract, tmp_path, "--select", "problems.body-is-an-object")

    assert accused(report) == []
    assert {one["outcome"] for one in report["results"]} == {"passed"}


@pytest.mark.parametrize(
    ("schema", "body", "holds"),
    [
        ({"type": "string"}, b'"no"', True),
        ({"type": "string"}, b"[]", False),
        ({"type": "object"}, b'"no"', False),
        ({"type": ["array", "object"]}, b"[1]", True),
        ({}, b'"no"', False),
        ({"type": "string"}, b"no", False),
    ],
)
def test_another_body_than_an_object_must_be_documented(
    schema: object,
    body: bytes,
    holds: bool,  # noqa: FBT001 - of a table
) -> None:
    answer = {"description": "no", "content": {"application/json": {"schema": schema}}}
    info = {"title": "t", "version": "1"}
    paths = {"/a": {"get": {"responses": {"400": answer}}}}
    contract = Contract({"openapi": "3.1.0", "info": info, "paths": paths})
    operation = contract.operations["GET /a"]
    seen = Answer(400, (("content-type", "application/json"),), body)

    assert _is_documented(operation, seen) is holds


def test_sources_of_another_contract_are_its_own() -> None:
    charge = CONTRACT.operations["createCharge"]
    bundled = Contract.bundled().operations["createCredential"]
    requirements = [one for one in catalogue().values() if one.applies_to(charge)]

    assert all(one.source_on(bundled) == one.source for one in requirements)
    sources = {one.source_on(charge) for one in requirements}
    assert all(sources)
    assert not [one for one in sources if "seed" in one or "vendor" in one]
    nested = catalogue()["validation.nested-field-is-422"]
    assert nested.source_on(charge) == "usual practice"
    assert catalogue()["created.name-is-unchanged"].source_on(charge) == "the contract"


def test_the_report_of_another_contract_names_its_sources(tmp_path: Path) -> None:
    _, report = judged_mock(FILE, tmp_path, "--select", "created.plain-request-succeeds")

    assert {one["source"] for one in report["results"]} == {"the contract"}


def test_the_rules_and_mends_of_another_contract_name_nothing_of_the_bundled_one() -> None:
    words = re.compile(r"\b(expires_at|created_at|client_id|has_more|title|detail|422)\b")
    operations = Contract.from_file(PAYMENTS).operations.values()
    applying = [one for one in catalogue().values() if any(map(one.applies_to, operations))]

    assert len(applying) > 100
    assert not [one.id for one in applying if words.search(f"{one.summary} {one.mend}")]
