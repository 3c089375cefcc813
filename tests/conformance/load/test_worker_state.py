"""What the users of one process share, and when their run cannot go on."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.load.ledger import BATCH, Ledger
from conformance.load.locust.worker_state import LONGEST_SILENCE_SECONDS, WorkerState
from conformance.target.exchange import Answer
from conformance.target.target import Target
from openapi.contract import Contract

ROOT = Path(__file__).parents[3]
TOKEN = "dinie_at_of_the_worker"


@pytest.fixture
def state() -> Iterator[WorkerState]:
    with Target("http://127.0.0.1:9/v3", [TOKEN]) as target:
        yield WorkerState(Contract.bundled(), target, 0.0)


def test_a_target_that_answers_nobody_for_long_is_gone(
    state: WorkerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    state.note_no_answer()
    now += LONGEST_SILENCE_SECONDS - 1
    state.note_no_answer()
    state.note_answer()
    now += LONGEST_SILENCE_SECONDS - 1
    state.note_no_answer()
    assert state.stopped == ""

    now += LONGEST_SILENCE_SECONDS + 1
    state.note_no_answer()
    assert state.stopped == state.tally.stopped == "http://127.0.0.1:9/v3 stopped answering"


def test_what_is_shown_of_a_violation_holds_no_secret(state: WorkerState) -> None:
    secret = "dinie_cs_live_told_by_the_answer"
    body = b'{"client_secret": "%b", "status": "%b %b"}' % (
        secret.encode(), secret.encode(), TOKEN.encode()
    )  # fmt: skip
    request = state.create.request()
    seen = JudgedExchange(
        state.create.operation, request, Answer(201, body=body), Purpose.CREATE, TOKEN
    )

    assert state.judge(seen)
    told = str(state.tally.drained())
    assert "last answer" in told
    assert "secrets.token-is-never-answered" in told
    assert secret not in told
    assert TOKEN not in told


def test_calls_are_settled_in_batches_and_not_used_any_more(state: WorkerState) -> None:
    ledger = Ledger()
    calls = [ledger.open(f"{number}", state.create.request()) for number in range(BATCH)]
    for call in calls:
        answer = Answer(201, body=b'{"id": "1", "client_id": "2", "client_secret": "3"}')
        call.confirm(answer, state.create.resource)
    assert (len(ledger.closed), calls[0].is_usable) == (0, True)

    ledger.open("one more", state.create.request())

    assert [len(one.calls) for one in ledger.closed] == [BATCH]
    assert not any(call.is_usable for call in calls)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "settled",
    ["failing_revocation", "endless_list", "endless_limit", "moving_list", "smaller_pages"],
)
def test_a_batch_is_settled_to_its_end_and_told(settled: str) -> None:
    """Revocations that fail stop no other; a list without an end is read once and tells nothing.

    A limit without an end is waited for as long as a cleaning up may take.
    """
    command = [sys.executable, "-m", f"tests.conformance.load.{settled}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert ended.returncode == 0, ended.stderr
