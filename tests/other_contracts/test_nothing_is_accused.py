"""A server that keeps a contract of another style is accused of nothing; what applies is told."""

import json
from pathlib import Path

import pytest

from conformance.server import catalogue
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged, judged_mock
from tests.other_contracts.server import TOKENS, serving
from tests.other_contracts.styles import STYLES


def contract_of(style: str, folder: Path) -> Path:
    path = folder / f"{style}.json"
    path.write_text(json.dumps(STYLES[style]()))
    return path


@pytest.mark.parametrize(
    ("style", "seed"),
    [
        ("tasks", 1),
        *(pytest.param(style, seed, marks=pytest.mark.thorough)
          for style in STYLES for seed in (2, 3)),
    ],
)  # fmt: skip
def test_a_server_that_keeps_its_contract_conforms(style: str, seed: int, tmp_path: Path) -> None:
    with serving(style) as url:
        code, report = judged(
            "run", "--contract", str(contract_of(style, tmp_path)), "--url", url, "--token",
            TOKENS[0], "--second-token", TOKENS[1], "--level", "should", "--patience", "0",
            "--seed", str(seed), folder=tmp_path,
        )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    assert report["summary"]["passed"] > 150


@pytest.mark.parametrize(
    "style", ["tasks", "hooks", "accounts", pytest.param("invoices", marks=pytest.mark.thorough)]
)
def test_the_mock_of_each_contract_conforms(style: str, tmp_path: Path) -> None:
    code, report = judged_mock(contract_of(style, tmp_path), tmp_path)

    assert accused(report) == []
    assert code == 0
    assert report["summary"]["passed"] > 150


def applying(style: str) -> set[str]:
    operations = Contract(STYLES[style]()).operations.values()
    return {one.id for one in catalogue().values() if any(map(one.applies_to, operations))}


def test_what_a_contract_does_not_ask_for_does_not_apply() -> None:
    tasks, invoices, hooks = map(applying, ("tasks", "invoices", "hooks"))
    everywhere = applying("tasks") & applying("invoices") & applying("hooks")

    assert {"created.plain-request-succeeds", "lists.only-ones-own"} <= everywhere
    assert not {one for one in tasks if one.startswith(("idempotency.", "secrets.never"))}
    assert not {"problems.status-matches", "problems.body-is-an-object"} & tasks
    assert "authentication.refusal-has-challenge" not in tasks
    # Lists document the member, so it is no secret that is shown once.
    assert not {one for one in invoices if one.startswith("secrets.never")}
    assert {"lists.has-more-is-true", "problems.body-is-an-object"} <= invoices
    assert "created.expires-at-is-the-same-instant" not in invoices
    assert {"problems.status-matches", "secrets.never-in-the-list"} <= hooks
    assert not {"lists.pagination-is-complete", "idempotency.no-key-is-a-new-call"} & hooks
    assert not {one for one in everywhere if one.startswith("rate_limits.headers")}


def test_every_requirement_applies_to_the_bundled_contract_as_before() -> None:
    operations = Contract.bundled().operations.values()
    never = {one.id for one in catalogue().values() if not any(map(one.applies_to, operations))}

    others = ("validation.nested-", "reads.", "operations.", "authentication.challenge-names-basic")
    assert all(one.startswith(others) for one in never)
