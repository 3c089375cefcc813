"""What Prometheus is told is what happened."""

import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from demo.mock_process import MockProcess, mock_process
from mock_server.connection import ConnectionDropped
from mock_server.observing.journals import CAPACITY
from mock_server.settings import Settings
from openapi.contract import Contract
from tests.mock_server.clients import Client, Job, JobFactory, Serving

Labels = dict[str, str]
COUNT = "dinie_mock_request_seconds_count"


def samples(text: str, name: str) -> list[tuple[Labels, float]]:
    return [
        (dict(one.labels), one.value)
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == name
    ]


def metrics(client: Client | httpx.Client) -> str:
    response = client.get("/_mock/metrics")
    assert response.status_code == 200
    return str(response.text)


def outcomes(text: str) -> dict[tuple[str, str, str, str], int]:
    return {
        (one["operation"], one["method"], one["status"], one["outcome"]): int(value)
        for one, value in samples(text, COUNT)
    }


def test_each_request_is_counted_by_what_came_of_it(job: Job) -> None:
    for key in ("a", "a", "b", None):
        job.create(key=key)
    job.create(key="a", name="other")
    job.create(Authorization="Bearer wrong")
    job.create(Prefer="code=429")
    job.call("HEAD", "/auth/credentials")
    job.call("GET", "/nope")
    job.call("PROPFIND", "/nope")
    job.call("BREW", "/nope")
    job.log_in()
    create = ("createCredential", "POST")
    assert outcomes(metrics(job.http)) == {
        (*create, "201", "executed"): 3,
        (*create, "201", "replayed"): 1,
        (*create, "422", "key_conflict"): 1,
        (*create, "401", "refused"): 1,
        (*create, "429", "simulated"): 1,
        ("listCredentials", "HEAD", "200", "executed"): 1,
        ("unknown", "GET", "404", "refused"): 1,
        ("unknown", "OTHER", "404", "refused"): 2,
        ("createToken", "POST", "200", "executed"): 1,
    }


def test_a_rate_limit_and_a_store_that_fails_are_outcomes(
    serving: Serving, a_job: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Settings(rate_limit="1/hour")) as client:
        job = a_job(client)
        job.create()
        job.create()
        job.http.post(f"/_mock/partners/{job.id}/reset")
        monkeypatch.setattr("mock_server.store.sqlite_tables.ADD", "INSERT INTO nothing VALUES (?)")
        assert job.create().json()["code"] == "store_unavailable"
        found = outcomes(metrics(client))
    create = ("createCredential", "POST")
    assert found == {
        (*create, "201", "executed"): 1,
        (*create, "429", "rate_limited"): 1,
        (*create, "500", "store_error"): 1,
    }


def test_faults_are_counted_and_a_dropped_answer_has_status_0(job: Job) -> None:
    fault = job.fault({"kind": "drop", "when": "after_commit"}, name="a name of my own")
    with pytest.raises(ConnectionDropped):
        job.create()
    job.control("DELETE", f"/faults/{fault}")
    job.fault({"kind": "status", "status": 500}, fire={"times": 1})
    job.create()
    job.create()
    text = metrics(job.http)
    create = ("createCredential", "POST")
    assert outcomes(text) == {
        (*create, "0", "executed"): 1,
        (*create, "500", "simulated"): 1,
        (*create, "201", "executed"): 1,
    }
    assert samples(text, "dinie_mock_faults_total") == [({"operation": "createCredential"}, 2)]
    assert "a name of my own" not in text


def test_the_histogram_adds_up(job: Job) -> None:
    for _ in range(5):
        job.create()
    text = metrics(job.http)
    buckets = samples(text, "dinie_mock_request_seconds_bucket")
    bounds = [float(one["le"]) for one, _ in buckets]
    counts = [value for _, value in buckets]
    assert bounds == sorted(bounds)
    assert counts == sorted(counts)
    assert (bounds[-1], counts[-1]) == (float("inf"), 5)
    [(_, seconds)] = samples(text, "dinie_mock_request_seconds_sum")
    assert seconds > 0


def test_what_the_journals_let_go_is_counted_and_never_less(job: Job) -> None:
    name = "dinie_mock_journal_entries_dropped_total"
    for _ in range(CAPACITY + 3):
        job.call("GET", "/nope")
    assert samples(metrics(job.http), name) == [({}, 3)]
    assert job.control("GET", "/journal").json()["dropped"] == 3
    job.control("POST", "/reset")
    assert samples(metrics(job.http), name) == [({}, 3)]
    job.control("DELETE", "")
    assert samples(metrics(job.http), name) == [({}, 3)]


def test_no_label_is_of_a_clients_choosing(job: Job) -> None:
    job.call("GET", "/a-path-that-nobody-knows")
    job.create(key="a key", name="a name")
    operations = {*Contract.bundled().operations, "unknown"}
    text = metrics(job.http)
    assert {labels["operation"] for labels, _ in samples(text, COUNT)} <= operations
    for told in ("a-path-that", "a key", "a name", job.id, job.token, job.client_id):
        assert told not in text


@pytest.mark.parametrize("version", ["later", "1.x", "", "1." * 9999, "\xff"])
def test_a_version_that_is_no_number_gets_an_exposition_all_the_same(
    job: Job, version: str
) -> None:
    accept = {"Accept": f"application/openmetrics-text; version={version}".encode("latin-1")}
    response = job.http.get("/_mock/metrics", headers=accept)
    assert response.status_code == 200
    assert "dinie_mock_request_seconds" in response.text


def test_it_speaks_openmetrics_where_that_is_asked_for(job: Job) -> None:
    job.create()
    accept = {"Accept": "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"}
    response = job.http.get("/_mock/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0")
    names = {one.name for one in openmetrics_families(response.text)}  # type: ignore[no-untyped-call]
    assert {"dinie_mock_request_seconds", "dinie_mock_build", "process_cpu_seconds"} <= names
    plain = job.http.get("/_mock/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_the_build_is_exposed(client: Client) -> None:
    [(labels, _)] = samples(metrics(client), "dinie_mock_build_info")
    assert labels["contract"] == "2026-03-01"


def workers_of(mock: MockProcess) -> list[psutil.Process]:
    """Both of them, as soon as there are two."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = psutil.Process(mock.process.pid).children()
        workers = [one for one in found if is_worker(one)]
        if len(workers) == 2:
            return workers
        time.sleep(0.05)
    raise AssertionError("there are not two workers")


def is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it has just died
        return False


def send(mock: MockProcess, count: int, sent: Counter[tuple[str, int]]) -> None:
    """Each on a connection of its own, so that all workers get some; counts the answers."""
    headers = {"Authorization": f"Bearer {mock.token}"}
    for number in range(count):
        if number % 5:
            body = {"name": "x"}
            answer = httpx.post(f"{mock.base_url}/auth/credentials", json=body, headers=headers)
            sent["createCredential", answer.status_code] += 1
        else:
            answer = httpx.get(f"{mock.base_url}/nope")
            sent["unknown", answer.status_code] += 1


def told(mock: MockProcess) -> Counter[tuple[str, int]]:
    counted: Counter[tuple[str, int]] = Counter()
    for labels, value in samples(httpx.get(f"{mock.origin}/_mock/metrics").text, COUNT):
        counted[labels["operation"], int(labels["status"])] += int(value)
    return counted


def serving_pids(mock: MockProcess) -> set[str]:
    text = httpx.get(f"{mock.origin}/_mock/metrics").text
    return {one["pid"] for one, _ in samples(text, "process_resident_memory_bytes")}


@pytest.mark.thorough
def test_several_workers_count_together_also_when_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    sent: Counter[tuple[str, int]] = Counter()
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--workers", "2", "--store", store, "--fault", "rate-limit-storm") as mock:
        everyone = {str(one.pid) for one in workers_of(mock)}
        deadline = time.monotonic() + 60
        while serving_pids(mock) != everyone:
            send(mock, 20, sent)
            assert time.monotonic() < deadline, "one worker got no request"
        # Whichever worker is asked, the sum is the same.
        assert {frozenset(told(mock).items()) for _ in range(10)} == {frozenset(sent.items())}

        [victim, other] = workers_of(mock)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait(30)
        [successor] = {one.pid for one in workers_of(mock)} - {other.pid}
        while str(successor) not in serving_pids(mock):
            send(mock, 20, sent)
            assert time.monotonic() < deadline, "the new worker got no request"
        assert str(victim.pid) not in serving_pids(mock)
        assert {frozenset(told(mock).items()) for _ in range(10)} == {frozenset(sent.items())}
        text = httpx.get(f"{mock.origin}/_mock/metrics").text
        # The first two creates of each worker that got some.
        assert sent["createCredential", 429] >= 2
        assert samples(text, "dinie_mock_faults_total") == [
            ({"operation": "createCredential"}, sent["createCredential", 429])
        ]
        assert len(list(temporary.glob("dinie-mock-*/*.db"))) >= 3
        assert mock.stop() == 0
    assert list(temporary.glob("dinie-mock-*")) == []


def test_a_directory_that_is_meant_for_other_programs_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "of-somebody-else"))
    sent: Counter[tuple[str, int]] = Counter()
    with mock_process("--fault", "rate-limit-storm") as mock:
        send(mock, 5, sent)
        assert told(mock) == sent
    assert list(tmp_path.iterdir()) == []
