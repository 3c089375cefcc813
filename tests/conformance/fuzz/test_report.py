"""What a campaign's directory comes to in reports, long after it."""

import json
from pathlib import Path

import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.report import FORMATS
from openapi.contract import Contract

CONTRACT = Contract.bundled()
BEGIN = 1_790_000_000.0
FINDING = Finding(
    "sequences.model-holds", "createCredential", "must", "the cause", "this", "that", "work", 7,
    {"times": 1, "steps": 12, "keys": 3}, "2026-09-21T14:13:30+00:00", 3, 3, 1,
    curl="curl it", python="print('it')",
)  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> Record:
    directory = RunDirectory.create(tmp_path / "a run")
    record = Record(CONTRACT, directory, "http://localhost/v3", 7)
    for number in range(100):
        record.timeline.record(BEGIN + number, 200, 0.01)
    record.findings.keep(FINDING)
    record.save()
    return record


def again(record: Record) -> Record:
    return Record.read(CONTRACT, RunDirectory.open(record.directory.path))


def test_the_timeline_goes_on_where_it_stopped(record: Record) -> None:
    assert again(record).timeline.spans == record.timeline.spans
    resumed = again(record)
    resumed.timeline.record(BEGIN + 50_000, 500, 0.5)
    resumed.save()

    spans = verdict_of(again(record), Level.MUST).timeline
    assert sum(one.requests for one in spans) == 101
    assert spans[-1].statuses == {500: 1}


def test_a_directory_of_before_there_were_timelines_is_read(record: Record) -> None:
    path = record.directory.path / "campaign.json"
    state = json.loads(path.read_text())
    del state["timeline"]
    path.write_text(json.dumps(state))

    assert again(record).timeline.spans == ()


def test_the_reports_have_the_finding(record: Record) -> None:
    verdict = verdict_of(again(record), Level.MUST)
    document, page = json.loads(FORMATS["json"](verdict)), FORMATS["html"](verdict)

    assert document["findings"] == [
        {
            "finding": FINDING.id,
            "id": "sequences.model-holds",
            "operation": "createCredential",
            "cause": "the cause",
            "state": "flaky: 2 of 4",
            "count": 3,
            "first_seen": "2026-09-21T14:13:30+00:00",
            "replay": f"dinie-conformance replay '{record.directory.path}/{FINDING.id}'",
        }
    ]
    told = f"that (finding {FINDING.id}, flaky: 2 of 4, met 3 times)"
    assert document["results"][0]["actual"] == told
    assert told in FORMATS["junit"](verdict)
    assert "<dd>that</dd>" in page
    assert "21 Sep 2026 14:13:30 UTC" in page
    replay = f"dinie-conformance replay &#39;{record.directory.path}/{FINDING.id}&#39;"
    assert f">{replay}</code>" in page
