"""The run directory of a campaign that somebody else may have changed since."""

from dataclasses import replace
from pathlib import Path

from conformance.catalogue.requirement import Level
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import TIME_OVER, Record
from conformance.fuzz.verdicts import verdict_of
from conformance.report import FORMATS
from conformance.target.exchange import Answer, Request
from conformance.target.kept import CreatedResource
from tests.conformance.fuzz.conftest import CONTRACT
from tests.conformance.fuzz.test_finding import FINDING, step

URL = "http://127.0.0.1:1/v3"
NAME = "idempotency.replay-is-identical [createCredential]"
WHOLE = replace(
    FINDING,
    steps=(
        {**step("{}", "«key 1»", "/auth/credentials"), "chunks": [1, 2]},
        step(path="/auth/credentials/«id 0»"),
    ),
    shows="0" * 64,
    was_sent_again=True,
    examples={"1": "AAAA"},
    tries=3,
    failures=3,
)


def campaign_in(path: Path) -> RunDirectory:
    """The directory of a campaign that came to its end and found nothing."""
    record = Record(CONTRACT, RunDirectory.create(path), URL, 7)
    for operation in CONTRACT.operations.values():
        request = Request(operation.method, operation.path.replace("{client_id}", "x"))
        record.coverage.record(request, Answer(operation.success_status or 200))
    record.timeline.record(1_790_000_000.0, 200, 0.01)
    record.counters.outcomes[NAME] = {"passed": 3}
    record.counters.reasons[f"{NAME} error"] = "a reason"
    record.turns = {NAME: [3, 7]}
    record.left_behind = {CreatedResource(0, "dinie_ci_1")}
    record.over, record.remarks = TIME_OVER, ("a remark",)
    record.save()
    return record.directory


def read(path: Path) -> Record:
    return Record.read(CONTRACT, RunDirectory.open(path))


def rendered(record: Record) -> int:
    """The exit code of the verdict on a record, rendered in every format."""
    verdict = verdict_of(record, Level.MUST)
    for form in FORMATS.values():
        form(verdict)
    return verdict.exit_code
