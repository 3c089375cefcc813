"""Two test jobs on one mock, at the same time, each with its own partner: they never meet."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.clients import Job, JobFactory, WiredJob

ROUNDS = 12
KEYS = [f"key {number}" for number in range(ROUNDS)]
"""Equal in both jobs: a key belongs to its partner."""

DAY = 24 * 3600


@contextmanager
def connected(mock: MockProcess, count: int) -> Iterator[list[httpx.Client]]:
    with ExitStack() as stack:
        client = partial(httpx.Client, base_url=mock.origin, timeout=60)
        yield [stack.enter_context(client()) for _ in range(count)]


def busy(job: Job, name: str, meet: threading.Barrier) -> dict[str, Any]:
    """One job: it creates and replays, moves its clock, sets faults and uses its limit up."""
    created, statuses = [], []

    def tried(key: str) -> httpx.Response:
        """A create that is sent again until there is an answer, as a good client would."""
        while True:
            try:
                return job.create(key=key, name=f"{name} {key}")
            except httpx.RemoteProtocolError:
                continue

    for number, key in enumerate(KEYS):
        meet.wait(60)
        if number == 3:
            job.fault({"kind": "drop", "when": "after_commit"}, fire={"every": 2}, name=name)
        if number == 6:
            job.control("DELETE", "/faults")
            job.advance(DAY)
        response = tried(key)
        statuses.append(response.status_code)
        created.append(response.json()["id"])
        again = tried(key)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json()["id"] == created[-1]
    return {"created": created, "statuses": statuses, "name": name}


def quiet(job: Job, name: str, meet: threading.Barrier) -> dict[str, Any]:
    """The other: it only creates, and nothing ever happens to it."""
    created, statuses = [], []
    for key in KEYS:
        meet.wait(60)
        response = job.create(key=key, name=f"{name} {key}")
        statuses.append(response.status_code)
        created.append(response.json()["id"])
        assert "idempotent-replayed" not in response.headers
    return {"created": created, "statuses": statuses, "name": name}


def test_interleaved_jobs_never_see_each_others_anything(
    process: MockProcess, a_job: JobFactory
) -> None:
    work = (busy, quiet, busy, quiet)
    meet = threading.Barrier(len(work))
    with ThreadPoolExecutor(len(work)) as threads, connected(process, len(work)) as clients:
        jobs = list(map(a_job, clients))
        started = [job.control("GET").json() for job in jobs]
        running = [
            threads.submit(one, job, f"job {number}", meet)
            for number, (one, job) in enumerate(zip(work, jobs, strict=True))
        ]
        done = [one.result(120) for one in running]

        assert all(one["statuses"] == [201] * ROUNDS for one in done)
        made = [name for one in done for name in one["created"]]
        assert len(set(made)) == len(made)
        for job, one, kind, before in zip(jobs, done, work, started, strict=True):
            body = job.call("GET", "/auth/credentials", params={"limit": 100}).json()
            assert {each["id"] for each in body["data"]} == set(one["created"])

            entries = job.journal()
            assert {each["partner"] for each in entries} == {job.id}
            assert [each["number"] for each in entries] == list(range(1, len(entries) + 1))
            names = {json.loads(each["request_body"])["name"] for each in entries[:-1]}
            assert names == {f"{one['name']} {key}" for key in KEYS}

            clock = job.control("GET", "/clock").json()
            if kind is busy:
                assert clock["ahead_seconds"] == DAY
                assert {each["fault"] for each in entries} == {one["name"], None}
                assert sum(each["status"] is None for each in entries) == 6
            else:
                assert clock["ahead_seconds"] == before["clock"]["ahead_seconds"] == 0
                assert {each["fault"] for each in entries} == {None}
                assert len(entries) == ROUNDS + 1
                assert job.control("GET", "/faults").json()["data"] == []


def test_one_that_uses_its_limit_up_slows_nobody_else(a_job: JobFactory) -> None:
    def all_requests(job: Job) -> list[int]:
        return [job.get().status_code for _ in range(30)]

    with (
        mock_process("--rate-limit", "20/hour") as mock,
        ThreadPoolExecutor(3) as threads,
        connected(mock, 3) as clients,
    ):
        found = list(threads.map(all_requests, map(a_job, clients)))
    assert found == [[200] * 20 + [429] * 10] * 3


def test_one_that_waits_for_a_fault_keeps_nobody_waiting(
    process: MockProcess, wired: WiredJob, a_job: JobFactory
) -> None:
    wired.fault({"kind": "delay", "seconds": 3}, fire={"times": 1})
    with (
        httpx.Client(base_url=process.origin, timeout=60) as client,
        ThreadPoolExecutor(1) as threads,
    ):
        other = a_job(client)
        waiting = threads.submit(wired.get)
        for _ in range(20):
            assert other.get().status_code == 200
        assert not waiting.done()
        assert waiting.result().status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/faults"),
        ("POST", "/reset"),
        ("DELETE", "/clock"),
        ("DELETE", ""),
    ],
)
def test_what_one_does_to_its_partner_is_done_to_no_other(
    job: Job, other_job: Job, method: str, path: str
) -> None:
    other_job.create(key="a")
    fault = other_job.fault({"kind": "delay", "seconds": 0})
    other_job.advance(60)
    before = [other_job.control("GET", each).text for each in ("", "/clock", "/faults")]
    assert job.control("DELETE", f"/faults/{fault}").status_code == 404
    job.control(method, path)
    assert [other_job.control("GET", each).text for each in ("", "/clock", "/faults")] == before
    assert other_job.create(key="a").headers["idempotent-replayed"] == "true"


def test_a_token_that_is_expired_for_one_is_good_for_the_other(job: Job, other_job: Job) -> None:
    job.fault("expire_token")
    assert [job.get().status_code, other_job.get().status_code] == [401, 200]


def test_journals_are_followed_each_on_its_own(
    process: MockProcess, wired: WiredJob, a_job: JobFactory
) -> None:
    with httpx.Client(base_url=process.origin, timeout=60) as client:
        other = a_job(client)
        path = f"/_mock/partners/{other.id}/journal/events"
        with httpx.stream("GET", process.origin + path, timeout=30) as events:
            wired.create(name="not for you")
            time.sleep(0.1)
            other.create(name="for you")
            data = next(line for line in events.iter_lines() if line.startswith("data: "))
        assert "for you" in data
        assert "not for you" not in data
