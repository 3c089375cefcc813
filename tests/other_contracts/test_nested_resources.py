"""A campaign on resources that are made in others, and what it leaves behind of both."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz import campaign
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.merging import joined
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import CONFORMS, NO_VERDICT
from conformance.target.clean_up import revoke_all
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract
from tests.other_contracts.judging import TOKENS

FILE = Path(__file__).with_name("refunds.yaml")
CONTRACT = Contract.from_file(FILE)


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process("--contract", str(FILE), "--partner", f"one:secret:{TOKENS[0]}") as running:
        yield running


def test_a_campaign_keeps_what_it_makes_others_in_and_leaves_nothing(
    mock: MockProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "BATCH", 1)
    with Target(mock.base_url, TOKENS[:1]) as target:
        record = Record(
            CONTRACT, RunDirectory.create(tmp_path / "run"), mock.base_url, 7,
            ("created.plain-request-succeeds", "created.each-request-makes-one"),
        )  # fmt: skip
        judging = campaign.Campaign(record, target, max_turns=12)
        judging.work()
        kept = record.directory.created()
        judging.finish()

    assert kept == target.places.parents
    verdict = verdict_of(record, Level.MUST)
    assert verdict.exit_code == CONFORMS, verdict.line
    assert [one for one in verdict.remarks if "could not be" in one] == []
    assert any(one.endswith(" resources were made and removed") for one in verdict.remarks)
    token = {"Authorization": f"Bearer {TOKENS[0]}"}
    assert httpx.get(f"{mock.base_url}/charges", headers=token).json()["charges"] == []


@pytest.mark.parametrize(("status", "left"), [(404, 0), (410, 0), (200, 1), (500, 1)])
def test_what_went_with_its_parent_is_not_left_behind(status: int, left: int) -> None:
    def tamper(request: Request, _: Forward) -> Answer:
        is_list = request.path.endswith("/refunds")
        return Answer(204 if request.method == "DELETE" else status if is_list else 404)

    made = {
        CreatedResource(0, "ch_1", place="/charges/ch_1"),
        CreatedResource(0, "refund", lookup="/charges/ch_1/refunds"),
    }
    with Target("http://127.0.0.1:1/v1", TOKENS[:1], tamper=tamper) as target:
        assert len(revoke_all(CONTRACT, target, made)) == left


def short_campaign(mock: MockProcess, folder: Path, turns: int, *patterns: str) -> Record:
    with Target(mock.base_url, TOKENS[:1]) as target:
        record = Record(CONTRACT, RunDirectory.create(folder), mock.base_url, 7, patterns)
        campaign.Campaign(record, target, max_turns=turns).work_through()
    return record


def test_a_campaign_that_tried_next_to_nothing_is_no_pass(
    mock: MockProcess, tmp_path: Path
) -> None:
    verdict = verdict_of(short_campaign(mock, tmp_path / "run", 1), Level.MUST)

    assert verdict.exit_code == NO_VERDICT
    assert "MUSTs had a turn: give it more time (--max-time)" in verdict.line


def test_the_line_counts_musts_without_a_turn(mock: MockProcess, tmp_path: Path) -> None:
    record = short_campaign(mock, tmp_path / "run", 1, "created.plain-request-succeeds")
    whole = verdict_of(record, Level.MUST)
    record.counters.outcomes = dict([*record.counters.outcomes.items()][:1])
    half = verdict_of(record, Level.MUST)

    assert (whole.exit_code, half.exit_code) == (CONFORMS, CONFORMS)
    assert "(2 passed, 2 of 2 MUSTs verified)" in whole.line
    assert "(1 passed, 1 of 2 MUSTs verified)" in half.line


def test_joined_campaigns_count_what_none_of_them_tried(mock: MockProcess, tmp_path: Path) -> None:
    records = [short_campaign(mock, tmp_path / name, 1) for name in ("one", "two")]
    whole = joined(records, RunDirectory.create(tmp_path / "both"))

    assert verdict_of(whole, Level.MUST).exit_code == NO_VERDICT
    assert whole.turns.keys() == records[0].turns.keys()
