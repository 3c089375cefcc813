"""The vendor's SDK through every preset: what the page in the docs says of it is so."""

import pytest

from conformance.client.judging import Verdict
from conformance.journal.journal import JournalEntry
from demo.sdk_verdict import PAGE, sdk_runs, sdk_verdict, table
from mock_server.faults.presets import PRESETS
from mock_server.testing.exercise import ExerciseRun

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def runs() -> dict[str, ExerciseRun]:
    return {run.preset: run for run in sdk_runs()}


@pytest.fixture(scope="module")
def verdict(runs: dict[str, ExerciseRun]) -> Verdict:
    return sdk_verdict(list(runs.values()))


LOST = {"lost-response", "failed-response"}


def creates(run: ExerciseRun) -> list[JournalEntry]:
    return [one for one in run.entries if one.operation == "createCredential"]


def made(run: ExerciseRun) -> int:
    """How many resources there are in the end, those included whose answer was lost."""
    first = [one for one in creates(run) if not one.replayed]
    return sum(one.status == 201 or one.fault in LOST for one in first)


def test_it_ran_under_every_preset(runs: dict[str, ExerciseRun]) -> None:
    assert set(runs) == {"without faults", *PRESETS}


def test_the_page_says_what_it_does(verdict: Verdict) -> None:
    said = {line for line in PAGE.read_text().splitlines() if line.startswith("| `")}
    # Whether random waits grow and differ is told by chance as well, but never that they do not.
    unsure = {line.replace("| right |", "| not verified |") for line in said if "backoff" in line}
    found = set(table(verdict))
    assert found <= said | unsure
    assert len(found) == len(said)


def test_its_own_retry_of_a_done_create_is_a_replay(runs: dict[str, ExerciseRun]) -> None:
    run = runs["failed-response"]

    assert made(run) == 5
    assert sum(one.replayed for one in creates(run)) >= 2
    assert run.exit_code == 0


def test_it_does_not_retry_a_dropped_connection(
    runs: dict[str, ExerciseRun], verdict: Verdict
) -> None:
    assert not any(one.replayed for one in creates(runs["lost-response"]))
    assert "retries.happen" in {one.requirement.id for one in verdict.violations}


def test_it_survives_all_but_lost_connections_and_what_no_client_survives(
    runs: dict[str, ExerciseRun],
) -> None:
    lost = {name for name, run in runs.items() if run.exit_code != 0}
    assert lost == {"lost-response", "connection-reset", "outage", "refusal"}
