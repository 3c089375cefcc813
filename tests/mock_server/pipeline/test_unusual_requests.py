"""Requests that few clients send and RFC 9112 allows: they are read as they are meant."""

import json
from collections.abc import Iterator

import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.wire import CREDENTIALS, Answer, create, head, listed, wire_to

BODY = b'{"name": "unusual"}'
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def shared() -> Iterator[MockProcess]:
    """For tests that create nothing, or do not mind what others created."""
    with mock_process() as mock:
        yield mock
        assert mock.log() == ""


@pytest.fixture
def mock(shared: MockProcess) -> MockProcess:
    shared.forget()
    return shared


def post(mock: MockProcess, headers: bytes, body: bytes) -> bytes:
    before = head(mock, "POST", "Content-Type: application/json")
    return before.removesuffix(b"\r\n") + headers + b"\r\n\r\n" + body


def name(answer: Answer) -> str:
    assert answer.status == 201
    return str(json.loads(answer.body)["name"])


@pytest.mark.parametrize("pace", ["at once", "in bytes"])
def test_pipelined_requests_are_answered_in_order(mock: MockProcess, pace: str) -> None:
    """RFC 9112 section 9.3.2."""
    names = [f"{number} of many" for number in range(40)]
    with wire_to(mock) as wire:
        wire.send(b"".join(create(mock, one) for one in names), pace)
        assert [name(wire.answer()) for _ in names] == names
    assert listed(mock) == names[::-1]


def test_pipelined_bodies_are_read_in_their_turn(mock: MockProcess) -> None:
    """Larger than what is read ahead of the answers before them."""
    names = [f"{number} {'x' * 60_000}" for number in range(20)]
    with wire_to(mock) as wire:
        wire.send(
            b"".join(
                post(mock, b"Content-Length: %d" % len(body), body)
                for body in (json.dumps({"name": "x", "more": one}).encode() for one in names)
            )
        )
        assert [wire.answer().status for _ in names] == [201] * 20


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length:  19 ", BODY),
        (b"Content-Length:\t19\t", BODY),
        (b"Content-Length:19", BODY),
        (b"CONTENT-LENGTH: 0019", BODY),
        (b"transfer-encoding: CHUNKED", b"13\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (CHUNKED, b"013\r\n" + BODY + b"\r\n000\r\n\r\n"),
        (CHUNKED, b"13;a;b=c\r\n" + BODY + b'\r\n0;d="e;\\" f"\r\n\r\n'),
        (CHUNKED, b"3\r\n" + BODY[:3] + b"\r\n10\r\n" + BODY[3:] + b"\r\n0\r\n\r\n"),
        (CHUNKED, b"13\r\n" + BODY + b"\r\n0\r\nX: y\r\nHost: other\r\n\r\n"),
        (b"X: \xff\xfe\r\nContent-Length: 19", BODY),
        (b"Content_Length: 3\r\nContent-Length: 19", BODY),
    ],
)
def test_framing_in_other_spellings(shared: MockProcess, framing: bytes, body: bytes) -> None:
    with wire_to(shared) as wire:
        wire.send(post(shared, framing, body) + create(shared, "next"))
        assert [name(wire.answer()), name(wire.answer())] == ["unusual", "next"]


def test_trailers_are_no_headers(shared: MockProcess) -> None:
    """RFC 9110 section 6.5.1. Behind a proxy that checks headers they would be a way around."""
    request = (
        f"POST {CREDENTIALS} HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n13\r\n{BODY.decode()}\r\n"
        f"0\r\nAuthorization: Bearer {shared.token}\r\n\r\n"
    )
    with wire_to(shared) as wire:
        wire.send(request.encode())
        assert wire.answer().problem["code"] == "missing_token"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_body_where_none_is_expected_is_a_body(mock: MockProcess, method: str) -> None:
    """RFC 9112 section 6.3: the framing counts, whatever the method."""
    inside = create(mock, "smuggled")
    path = CREDENTIALS + "/unknown" * (method == "DELETE")
    carrier = head(mock, method, f"Content-Length: {len(inside)}", path=path) + inside
    with wire_to(mock) as wire:
        wire.send(carrier + create(mock, "next"))
        assert wire.answer(to_head=method == "HEAD").status == (404 if method == "DELETE" else 200)
        assert name(wire.answer()) == "next"
    assert listed(mock) == ["next"]


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (f"http://mock{CREDENTIALS}?limit=1", "mock"),
        (f"HTTP://MOCK:80{CREDENTIALS}", "mock:80"),
        (f"http://[::1]:80{CREDENTIALS}", "[::1]:80"),
        (CREDENTIALS, "127.0.0.1:8080"),
        (CREDENTIALS, "under_score.example"),
        (CREDENTIALS, "a%20b"),
        (CREDENTIALS, ""),
    ],
)
def test_targets_and_hosts(shared: MockProcess, target: str, host: str) -> None:
    """RFC 9112 section 3.2, of the empty Host as well."""
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {shared.token}",
    ]
    with wire_to(shared) as wire:
        wire.send("\r\n".join([*lines, "", ""]).encode())
        assert wire.answer().status == 200


def test_an_empty_line_before_a_request(shared: MockProcess) -> None:
    """RFC 9112 section 2.2."""
    with wire_to(shared) as wire:
        for _ in range(2):
            wire.send(b"\r\n" + head(shared, "GET"))
            assert wire.answer().status == 200


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
@pytest.mark.parametrize("framing", [b"Content-Length: 19", CHUNKED])
@pytest.mark.parametrize("pace", ["at once", "in bytes"])
def test_an_upgrade_is_ignored(
    shared: MockProcess, protocol: str, framing: bytes, pace: str
) -> None:
    """RFC 9110 section 7.8. Java's own client asks for HTTP/2 with its first request."""
    body = BODY if framing != CHUNKED else b"13\r\n" + BODY + b"\r\n0\r\n\r\n"
    asking = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\nUpgrade: "
    request = post(shared, asking + protocol.encode() + b"\r\n" + framing, body)
    with wire_to(shared) as wire:
        wire.send(request, pace)
        answer = wire.last_answer()
    assert name(answer) == "unusual"


def test_an_upgrade_without_a_body_is_ignored(shared: MockProcess) -> None:
    with wire_to(shared) as wire:
        wire.send(head(shared, "GET", "Connection: upgrade", "Upgrade: websocket"))
        assert wire.last_answer().status == 200


def test_a_client_that_waits_for_100_receives_it(shared: MockProcess) -> None:
    """RFC 9110 section 10.1.1."""
    request = post(shared, b"Expect: 100-continue\r\nContent-Length: 19", BODY)
    with wire_to(shared) as wire:
        for _ in range(2):
            wire.send(request[:-19])
            assert wire.answer().status == 100
            wire.send(request[-19:])
            assert name(wire.answer()) == "unusual"


def test_an_older_client_is_not(shared: MockProcess) -> None:
    request = post(shared, b"Expect: 100-continue\r\nContent-Length: 19", BODY)
    with wire_to(shared) as wire:
        wire.send(request.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert name(wire.last_answer()) == "unusual"


def test_a_refused_body_that_is_there_already_costs_no_connection(shared: MockProcess) -> None:
    request = head(shared, "POST", "Expect: 100-continue", "Content-Length: 19")
    with wire_to(shared) as wire:
        wire.send(request.replace(b"Bearer", b"Basic") + BODY + create(shared, "next"))
        assert wire.answer().status == 401
        assert name(wire.answer()) == "next"


def test_after_the_last_request_nothing_is_read(mock: MockProcess) -> None:
    """RFC 9112 section 9.6."""
    with wire_to(mock) as wire:
        wire.send(create(mock, "last", "Connection: close") + create(mock, "smuggled"))
        assert name(wire.last_answer()) == "last"
    assert listed(mock) == ["last"]
