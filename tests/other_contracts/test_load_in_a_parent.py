"""A load makes its resources in one that is there until the load is over, and then no longer."""

import json
from pathlib import Path

import httpx

from demo.mock_process import mock_process
from tests.other_contracts.judging import TOKENS, accused, loaded
from tests.other_contracts.rooms import rooms


def test_the_parent_of_what_a_load_makes_lasts_until_its_end(tmp_path: Path) -> None:
    contract = tmp_path / "rooms.json"
    contract.write_text(json.dumps(rooms()))
    partner = ("--partner", f"one:secret:{TOKENS[0]}")
    with mock_process("--contract", str(contract), *partner) as mock:
        text = tmp_path / "report.txt"
        code, report = loaded(contract, mock.base_url, tmp_path, "--report-text", str(text))
        token = {"Authorization": f"Bearer {TOKENS[0]}"}
        left = httpx.get(f"{mock.base_url}/rooms", headers=token).json()["rooms"]

    assert accused(report) == []
    assert code == 0
    counts = report["load"]["counts"]
    assert counts["created"] == counts["listed"] > 5
    assert counts["refused"] == counts["unconfirmed"] == 0
    assert left == []
    said = " operations were under load: those that make, list and end what is at /"
    assert said in text.read_text()
