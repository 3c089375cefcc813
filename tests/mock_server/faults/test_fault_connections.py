"""Faults of the connection, on real sockets: cut, slow, kept alive and pipelined."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.clients import Job, WiredJob

ONCE = {"times": 1}
CUT = httpx.RemoteProtocolError


@contextmanager
def connection(mock: MockProcess) -> Iterator[socket.socket]:
    place = urlsplit(mock.origin)
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        yield wire


def listing(job: Job, method: str = "GET", *headers: str) -> bytes:
    lines = [
        f"{method} /v3/auth/credentials HTTP/1.1",
        "Host: mock",
        f"Authorization: Bearer {job.token}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def all_of(wire: socket.socket) -> bytes:
    """What comes until the connection closes."""
    found = b""
    while chunk := wire.recv(65_536):
        found += chunk
    return found


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come; the test's own time limit is far away."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def quiet() -> Iterator[MockProcess]:
    """A mock that has nothing to say in its log, whatever these tests do to it."""
    with mock_process() as mock:
        yield mock
        assert mock.log() == ""


@pytest.fixture
def own(quiet: MockProcess) -> Iterator[WiredJob]:
    with httpx.Client(base_url=quiet.origin, timeout=30) as http:
        yield WiredJob(http)


def test_a_drop_after_the_commit_then_a_retry_is_one_credential_and_a_replay(own: WiredJob) -> None:
    own.preset("lost-response")
    with pytest.raises(CUT, match="without sending a response"):
        own.create(key="a key")
    again = own.create(key="a key")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert own.listed() == ["x"]
    lost, replayed, _ = own.journal()
    assert (lost["status"], lost["fault"]) == (None, "lost-response")
    assert (replayed["status"], replayed["replayed"]) == (201, True)


def test_a_dropped_connection_sends_not_one_byte(quiet: MockProcess, own: WiredJob) -> None:
    own.fault({"kind": "drop", "when": "before_operation"})
    with connection(quiet) as wire:
        wire.sendall(listing(own))
        assert all_of(wire) == b""


def test_a_reset_connection_is_told_from_a_closed_one(quiet: MockProcess, own: WiredJob) -> None:
    own.fault({"kind": "reset"}, fire={"times": 2})
    with connection(quiet) as wire:
        wire.sendall(listing(own))
        with pytest.raises(ConnectionResetError):
            all_of(wire)
    with pytest.raises(httpx.ReadError):
        own.get()
    assert own.get().status_code == 200
    assert [one["status"] for one in own.journal()] == [None, None, 200]


def test_the_exchange_is_in_the_journal_when_the_client_sees_the_drop(own: WiredJob) -> None:
    own.fault({"kind": "drop", "when": "after_commit"})
    for number in range(1, 21):
        with pytest.raises(CUT):
            own.get()
        assert own.control("GET").json()["exchanges"] == number


def test_half_of_a_truncated_body_arrives(quiet: MockProcess, own: WiredJob) -> None:
    own.fault("truncate", fire=ONCE)
    with connection(quiet) as wire:
        wire.sendall(listing(own))
        head, _, body = all_of(wire).partition(b"\r\n\r\n")
    whole = own.get()
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {len(whole.content)}".encode() in head
    assert body == whole.content[: len(whole.content) // 2]
    assert own.journal()[0]["response_body"].encode() == body
    assert own.journal()[0]["status"] == 200


def test_a_truncated_create_made_one_and_the_retry_is_a_replay(own: WiredJob) -> None:
    own.fault("truncate", fire=ONCE)
    with pytest.raises(CUT, match="without sending complete message body"):
        own.create(key="a key")
    assert own.create(key="a key").headers["idempotent-replayed"] == "true"
    assert own.listed() == ["x"]


def test_a_slow_body_arrives_in_pieces_and_whole(quiet: MockProcess, own: WiredJob) -> None:
    own.fault({"kind": "slow", "seconds": 0.5}, fire=ONCE)
    with httpx.stream(
        "GET",
        f"{quiet.base_url}/auth/credentials",
        headers={"Authorization": f"Bearer {own.token}"},
        timeout=30,
    ) as response:
        pieces = list(response.iter_raw())
    assert len(pieces) > 3
    assert json.loads(b"".join(pieces)) == own.get().json()
    assert own.journal()[0]["seconds"] >= 0.4


def test_a_kept_connection_serves_on_after_faults_that_leave_it_open(
    quiet: MockProcess, own: WiredJob
) -> None:
    own.fault({"kind": "slow", "seconds": 0.1}, fire=ONCE)
    own.fault("malformed_json", fire=ONCE)
    own.fault({"kind": "media_type", "media_type": "text/html"}, fire=ONCE)
    own.fault({"kind": "status", "status": 500}, fire=ONCE)
    with connection(quiet) as wire:
        wire.sendall(listing(own) * 4 + listing(own, "GET", "Connection: close"))
        answers = all_of(wire)
    assert answers.count(b"HTTP/1.1 200 OK") == 4
    assert answers.count(b"HTTP/1.1 500 ") == 1
    assert [one["fault"] for one in own.journal()] == [
        "slow",
        "malformed_json",
        "media_type",
        "status",
        None,
    ]


@pytest.mark.parametrize("when", ["before_operation", "after_commit"])
def test_a_drop_ends_the_requests_that_were_pipelined_behind_it(
    quiet: MockProcess, own: WiredJob, when: str
) -> None:
    own.fault({"kind": "drop", "when": when}, match={"headers": {"X-Drop": "yes"}})
    with connection(quiet) as wire:
        wire.sendall(listing(own) + listing(own, "GET", "X-Drop: yes") + listing(own) * 3)
        answers = all_of(wire)
    assert answers.count(b"HTTP/1.1 ") == 1
    assert [one["status"] for one in own.journal()] == [200, None]
    assert own.get().status_code == 200


def test_a_cut_body_ends_the_requests_that_were_pipelined_behind_it(
    quiet: MockProcess, own: WiredJob
) -> None:
    own.fault("truncate", fire=ONCE)
    with connection(quiet) as wire:
        wire.sendall(listing(own) * 3)
        assert all_of(wire).count(b"HTTP/1.1 ") == 1
    assert len(own.journal()) == 1


def test_head_is_dropped_as_well_and_has_no_body_to_cut(quiet: MockProcess, own: WiredJob) -> None:
    own.fault({"kind": "drop", "when": "after_commit"}, fire=ONCE)
    own.fault("truncate", fire=ONCE)
    own.fault({"kind": "slow", "seconds": 0.1}, fire=ONCE)
    for expected in (0, 1, 2):
        with connection(quiet) as wire:
            wire.sendall(listing(own, "HEAD") + listing(own, "HEAD", "Connection: close"))
            answers = all_of(wire)
        assert answers.count(b"HTTP/1.1 200") == expected
        own.control("DELETE", f"/faults/{own.control('GET', '/faults').json()['data'][0]['id']}")


@pytest.mark.parametrize("kind", ["delay", "late"])
def test_a_client_that_goes_away_during_a_wait_is_served_at_once(own: WiredJob, kind: str) -> None:
    own.fault({"kind": kind, "seconds": 10}, fire=ONCE)
    headers = {"Authorization": f"Bearer {own.token}", "Idempotency-Key": "a key"}
    with pytest.raises(httpx.ReadTimeout):
        own.http.post("/v3/auth/credentials", json={"name": "x"}, headers=headers, timeout=0.1)
    until(lambda: len(own.journal()) == 1)
    assert (own.last()["status"], own.last()["response_body"]) == (None, "")
    assert own.last()["executed"]
    assert own.last()["seconds"] < 9
    assert own.create(key="a key").headers["idempotent-replayed"] == "true"


def test_a_client_that_goes_away_during_a_slow_body_ends_it(own: WiredJob) -> None:
    own.fault({"kind": "slow", "seconds": 10}, fire=ONCE)
    headers = {"Authorization": f"Bearer {own.token}"}
    with own.http.stream("GET", "/v3/auth/credentials", headers=headers) as response:
        assert response.status_code == 200
    until(lambda: len(own.journal()) == 1)
    entry = own.last()
    assert entry["status"] == 200
    assert len(entry["response_body"]) < len(own.get().content)
    assert entry["seconds"] < 9


@pytest.mark.parametrize(
    "action", [{"kind": one, "seconds": 500} for one in ("delay", "late", "slow")]
)
def test_a_fault_that_waits_does_not_keep_the_mock_from_ending(
    action: dict[str, Any],
) -> None:
    statuses = []

    def ask(job: WiredJob) -> None:
        with httpx.Client(base_url=job.http.base_url, timeout=60) as http:
            headers = {"Authorization": f"Bearer {job.token}"}
            statuses.append(http.get("/v3/auth/credentials", headers=headers).status_code)

    with mock_process() as mock, httpx.Client(base_url=mock.origin, timeout=30) as http:
        job = WiredJob(http)
        job.fault(action)
        asking = threading.Thread(target=ask, args=[job])
        asking.start()
        until(lambda: job.control("GET", "/faults").json()["data"][0]["fired"] == 1)
        assert mock.stop() == 0
        asking.join(60)
        assert mock.log() == ""
    assert statuses == [200]


def test_pipelined_answers_keep_their_order_behind_a_delay(
    quiet: MockProcess, own: WiredJob
) -> None:
    own.fault({"kind": "delay", "seconds": 0.3}, match={"operation": "createCredential"})
    with connection(quiet) as wire:
        body = b'{"name": "x"}'
        create = listing(own, "POST", "Content-Type: application/json", "Content-Length: 13")
        wire.sendall(create + body + listing(own, "GET", "Connection: close"))
        answers = all_of(wire)
    assert answers.index(b"HTTP/1.1 201") < answers.index(b"HTTP/1.1 200")
    assert [one["fault"] for one in own.journal()] == ["delay", None]
