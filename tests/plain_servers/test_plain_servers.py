"""A plain correct server is accused of nothing, and its operations get their verdicts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.other_contracts.judging import accused, judged
from tests.plain_servers.contracts import SHAPES
from tests.plain_servers.serving import TOKENS, serving

LATER = {"lists.pagination-is-complete"}
"""What has no verdict where a list moves at each look: others make items in it meanwhile."""


def contract_file(document: dict[str, Any], folder: Path) -> Path:
    contract = folder / "contract.json"
    contract.write_text(json.dumps(document))
    return contract


def judged_server(
    name: str, folder: Path, *options: str, scheme: str = "", own_keys: bool = False
) -> dict[str, Any]:
    with serving(name, scheme, own_keys=own_keys) as (url, document):
        contract = contract_file(document, folder)
        code, report = judged(
            "run", "--no-config", "--contract", str(contract), "--url", url, "--level", "should",
            "--token", TOKENS[0], "--second-token", TOKENS[1], *options, folder=folder,
        )  # fmt: skip
    assert accused(report) == []
    assert code == 0
    assert not any(token in (folder / "report.json").read_text() for token in TOKENS)
    return report


def passed(report: dict[str, Any]) -> set[str]:
    return {one["id"] for one in report["results"] if one["outcome"] == "passed"}


@pytest.mark.parametrize("name", ["uploads", "cards", "shop", "market", "stays"])
def test_what_is_made_from_each_kind_of_body_gets_a_verdict(name: str, tmp_path: Path) -> None:
    report = judged_server(name, tmp_path, "--select", "created", "--select", "reads")

    assert passed(report) >= {"created.plain-request-succeeds", "reads.shows-what-was-made"}
    unverified = {one["id"] for one in report["results"] if one["outcome"] == "not_verified"}
    # A body with a date, or with what it refers to, does not tell what one request made.
    assert unverified <= {"created.nothing-is-made-twice"}


@pytest.mark.thorough
@pytest.mark.parametrize("name", SHAPES)
def test_a_plain_server_conforms(name: str, tmp_path: Path) -> None:
    report = judged_server(name, tmp_path)

    assert report["summary"]["passed"] > 20
    # What has no verdict needs an option, or is nothing that the contract has.
    undecided = {one["id"] for one in report["results"] if one.get("class") == "target"}
    assert undecided <= LATER


@pytest.mark.thorough
@pytest.mark.parametrize("name", SHAPES)
def test_a_campaign_finds_nothing_in_a_plain_server(name: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    with serving(name) as (url, document):
        contract.write_text(json.dumps(document))
        code, report = judged(
            "fuzz", "--no-config", "--contract", str(contract), "--url", url, "--token", TOKENS[0],
            "--second-token", TOKENS[1], "--max-time", "10s", "--directory", str(tmp_path / "run"),
            folder=tmp_path,
        )  # fmt: skip
    assert accused(report) == []
    assert report["summary"]["errors"] == 0
    # On a busy machine ten seconds may be too short for a verdict, which a run gives in any case.
    assert code in {0, 2}
