"""Every response names its request, and so do the log and the journal."""

import json
import logging
import re
from pathlib import Path

import httpx
import pytest

from conformance.journal.har_reading import entries_of
from mock_server.connection import ConnectionDropped
from mock_server.settings import Settings
from mock_server.store.interface import StoreError
from mock_server.store.sqlite_store import SqliteStore
from tests.mock_server.clients import Client, Job, JobFactory, Serving

FORM = re.compile(r"req_[0-9a-f]{16}-[0-9a-f]+")


def request_id(response: httpx.Response) -> str:
    [found] = response.headers.get_list("x-request-id")
    return str(found)


def test_every_response_has_one_of_its_own(job: Job) -> None:
    answers = [
        job.create(),
        job.create(key="a"),
        job.create(key="a"),
        job.create(key="a", name="other"),
        job.get(),
        job.call("HEAD", "/auth/credentials"),
        job.call("GET", "/nope"),
        job.call("PUT", "/auth/credentials"),
        job.call("POST", "/auth/credentials", content=b"{"),
        job.create(Prefer="code=500"),
        job.create(Authorization="Bearer wrong"),
        job.log_in(),
        job.control("GET"),
        job.http.get("/_mock/nope"),
        job.http.get("/_mock/health"),
        job.http.get("/_mock/ready"),
        job.http.get("/_mock/metrics"),
    ]
    assert {one.status_code for one in answers} >= {200, 201, 400, 401, 404, 405, 422, 500}
    ids = [request_id(one) for one in answers]
    assert all(FORM.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)


def test_no_other_start_gives_the_same(serving: Serving, client: Client) -> None:
    with serving(Settings()) as other:
        starts = [request_id(one.get("/nope")).partition("-")[0] for one in (client, other)]
    assert starts[0] != starts[1]


@pytest.mark.parametrize("sent", ["req_0123456789abcdef-1", "x" * 5000, "a b\tc", ""])
def test_the_request_id_of_a_client_is_not_used(job: Job, sent: str) -> None:
    answers = [job.create(**{"X-Request-Id": sent}) for _ in range(2)]
    assert sent not in {request_id(one) for one in answers}
    assert request_id(answers[0]) != request_id(answers[1])


def test_a_replay_has_the_same_bytes_and_another_id(job: Job) -> None:
    first, replay = job.create(key="a"), job.create(key="a")
    assert replay.headers["idempotent-replayed"] == "true"
    assert (replay.status_code, replay.content) == (first.status_code, first.content)
    assert request_id(first) != request_id(replay)


def test_the_journal_names_the_request_as_its_answer_does(job: Job) -> None:
    ids = [request_id(job.create()), request_id(job.get())]
    assert [one["request_id"] for one in job.journal()] == ids
    entries = entries_of(job.control("GET", "/journal.har").json())
    assert [one.request_id for one in entries] == ids


def test_the_journal_names_a_request_whose_answer_was_dropped(job: Job) -> None:
    job.fault({"kind": "drop", "when": "after_commit"})
    with pytest.raises(ConnectionDropped):
        job.create()
    assert job.last()["status"] is None
    assert FORM.fullmatch(job.last()["request_id"])


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreError("the disk is full"), "store_unavailable"), (RuntimeError("x"), "internal_error")],
)
def test_a_failure_is_in_the_log_under_the_id_that_the_client_got(
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SqliteStore, "commit", fail)
    with caplog.at_level(logging.ERROR):
        response = job.create()
    assert (response.status_code, response.json()["code"]) == (500, code)
    assert request_id(response) in response.json()["detail"]
    [line] = [one for one in caplog.records if one.name == "mock_server"]
    assert vars(line)["request_id"] == request_id(response)
    assert "POST createCredential" in line.getMessage()


def test_a_failure_does_not_log_the_path_that_was_asked_for(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(SqliteStore, "find_credential", fail)
    response = job.call("DELETE", f"/auth/credentials/{job.token}", params={"token": job.token})
    assert response.json()["code"] == "store_unavailable"
    assert "DELETE revokeCredential: away" in caplog.text
    assert job.token not in caplog.text


def test_an_id_survives_a_file(job: Job, tmp_path: Path, a_job: JobFactory) -> None:
    job.create()
    path = tmp_path / "journal.har"
    path.write_bytes(job.control("GET", "/journal.har").content)
    [entry] = json.loads(path.read_text())["log"]["entries"]
    assert FORM.fullmatch(entry["_request_id"])
