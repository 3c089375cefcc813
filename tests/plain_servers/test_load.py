"""A load reads lists to their end, whatever the largest page of their contract is."""

import json
from pathlib import Path

import pytest

from tests.other_contracts.judging import accused, judged
from tests.plain_servers.serving import TOKENS, serving


@pytest.mark.parametrize(
    "name",
    ["uploads", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("stays", "shop"))],
)
def test_what_a_load_makes_is_found_on_later_pages(name: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    with serving(name) as (url, document):
        contract.write_text(json.dumps(document))
        code, report = judged(
            "load", "--no-config", "--contract", str(contract), "--url", url, "--token", TOKENS[0],
            "--headless", "--users", "4", "--max-time", "5s", folder=tmp_path,
        )  # fmt: skip

    assert accused(report) == []
    assert code == 0
    assert report["load"]["counts"]["created"] > 55
