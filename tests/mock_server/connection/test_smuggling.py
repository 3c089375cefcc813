"""Requests that two servers in a row could read differently: refused, and the connection ended.

Behind each stands a second request. It must be neither answered nor executed, however the bytes
come in, and neither is what carried it.
"""

import json
from collections.abc import Iterator

import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.wire import CREDENTIALS, create, head, listed, wire_to

BODY = b'{"name": "carrier"}'
LENGTH = len(BODY)
CHUNK = b"%x\r\n%b\r\n" % (LENGTH, BODY)
LAST_CHUNK = b"0\r\n\r\n"
CHUNKED = CHUNK + LAST_CHUNK

FRAMING: list[tuple[str, str, bytes, bytes]] = [
    # RFC 9112, the case, the framing headers, the body
    ("6.1", "length and chunked", b"Content-Length: 19\r\nTransfer-Encoding: chunked", CHUNKED),
    ("6.1", "chunked and length", b"Transfer-Encoding: chunked\r\nContent-Length: 19", CHUNKED),
    ("6.3", "two lengths", b"Content-Length: 19\r\nContent-Length: 5", BODY),
    ("6.3", "two lengths, one of none", b"Content-Length: 0\r\nContent-Length: 19", BODY),
    ("6.3", "the same length twice", b"Content-Length: 19\r\nContent-Length: 19", BODY),
    ("6.3", "the same length in a list", b"Content-Length: 19,19", BODY),
    ("6.3", "lengths in a list", b"Content-Length: 19, 5", BODY),
    ("6.2", "length with a sign", b"Content-Length: +19", BODY),
    ("6.2", "negative length", b"Content-Length: -19", BODY),
    ("6.2", "hexadecimal length", b"Content-Length: 0x13", BODY),
    ("6.2", "length with an underscore", b"Content-Length: 1_9", BODY),
    ("6.2", "length in two parts", b"Content-Length: 1 9", BODY),
    ("6.2", "length as a fraction", b"Content-Length: 19.0", BODY),
    ("6.2", "length with a vertical tab", b"Content-Length: 19\x0b", BODY),
    ("6.2", "length in other digits", "Content-Length: ١٩".encode(), BODY),
    ("6.2", "no length", b"Content-Length:", BODY),
    ("6.2", "huge length", b"Content-Length: " + b"9" * 40, BODY),
    ("6.2", "length that overflows to 19", b"Content-Length: 18446744073709551635", BODY),
    ("6.1", "xchunked", b"Transfer-Encoding: xchunked", CHUNKED),
    ("6.1", "chunked, identity", b"Transfer-Encoding: chunked, identity", CHUNKED),
    ("6.1", "identity", b"Transfer-Encoding: identity", CHUNKED),
    ("6.1", "identity, chunked", b"Transfer-Encoding: identity, chunked", CHUNKED),
    ("6.1", "a coding that is not known", b"Transfer-Encoding: gzip, chunked", CHUNKED),
    ("7", "chunked twice", b"Transfer-Encoding: chunked, chunked", CHUNKED),
    (
        "6.1",
        "chunked in two headers",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        CHUNKED,
    ),
    (
        "6.1",
        "identity, then chunked",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        CHUNKED,
    ),
    (
        "6.1",
        "chunked, then identity",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        CHUNKED,
    ),
    ("6.1", "chunked with a parameter", b"Transfer-Encoding: chunked;q=1", CHUNKED),
    ("6.1", "chunked in quotes", b'Transfer-Encoding: "chunked"', CHUNKED),
    ("6.1", "an empty coding first", b"Transfer-Encoding: ,chunked", CHUNKED),
    ("6.1", "an empty coding last", b"Transfer-Encoding: chunked,", CHUNKED),
    ("6.1", "no coding", b"Transfer-Encoding:", CHUNKED),
    ("5.1", "chunked with a vertical tab", b"Transfer-Encoding: chunked\x0b", CHUNKED),
    ("5.1", "a vertical tab and chunked", b"Transfer-Encoding: \x0bchunked", CHUNKED),
    ("5.1", "space before the colon", b"Transfer-Encoding : chunked", CHUNKED),
    ("5.1", "tab before the colon", b"Transfer-Encoding\t: chunked", CHUNKED),
    ("5.2", "folded coding", b"Transfer-Encoding:\r\n chunked", CHUNKED),
]

HEADERS: list[tuple[str, str, bytes]] = [
    ("5.2", "folded with a space", b"X: a\r\n b"),
    ("5.2", "folded with a tab", b"X: a\r\n\tb"),
    ("2.2", "space before the first header", b" X: a"),
    ("5.5 of RFC 9110", "NUL in a value", b"X: a\x00b"),
    ("5.5 of RFC 9110", "control character in a value", b"X: a\x01b"),
    ("5.5 of RFC 9110", "DEL in a value", b"X: a\x7fb"),
    ("2.2", "CR alone in a value", b"X: a\rContent-Length: 0"),
    ("2.2", "LF alone in a value", b"X: a\nContent-Length: 0"),
    ("2.2", "a header that ends with LF", b"X: a\nY: b"),
    ("5.6.2 of RFC 9110", "space in a name", b"X Y: a"),
    ("5.6.2 of RFC 9110", "control character in a name", b"X\x01: a"),
    ("5.6.2 of RFC 9110", "NUL in a name", b"X\x00: a"),
    ("5.6.2 of RFC 9110", "parenthesis in a name", b"X(: a"),
    ("5.6.2 of RFC 9110", "non-ASCII in a name", b"X\xff: a"),
    ("5.1", "no name", b": a"),
    ("5", "no colon", b"Transfer-Encoding"),
    ("3.2", "a second Host", b"Host: other"),
    ("3.2", "the same Host again", b"Host: mock"),
    ("5.1", "a Host with space before its colon", b"Host : other"),
]

CHUNKS: list[tuple[str, str, bytes]] = [
    ("7.1", "size with 0x", b"0x13\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "negative size", b"-13\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size with a sign", b"+13\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size with an underscore", b"1_3\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size that overflows", b"10000000000000013\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "no size", b"\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size that is no number", b"g\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "space before the size", b" 13\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "space after the size", b"13 \r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "tab after the size", b"13\t\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size that ends with LF", b"13\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "size that ends with CR", b"13\r" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension without a name", b"13;\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension that ends with LF", b"13;a\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension with CR", b"13;a\rb\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension with NUL", b"13;a\x00\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension with LF in quotes", b'13;a="\n"\r\n' + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1.1", "extension in another script", "13;…\r\n".encode() + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "data without its CRLF", b"13\r\n" + BODY + LAST_CHUNK),
    ("7.1", "data longer than its size", b"12\r\n" + BODY + b"\r\n" + LAST_CHUNK),
    ("7.1", "data that ends with LF", b"13\r\n" + BODY + b"\n" + LAST_CHUNK),
    ("7.1", "last chunk that ends with LF", CHUNK + b"0\n\n"),
    ("7.1", "end that is LF", CHUNK + b"0\r\n\n"),
    ("6.5.1 of RFC 9110", "length as a trailer", CHUNK + b"0\r\nContent-Length: 9\r\n\r\n"),
    (
        "6.5.1 of RFC 9110",
        "coding as a trailer",
        CHUNK + b"0\r\nTransfer-Encoding: identity\r\n\r\n",
    ),
    ("5.2", "folded trailer", CHUNK + b"0\r\nX: a\r\n b\r\n\r\n"),
    ("7.1.2", "trailer that is no header", CHUNK + b"0\r\nX\r\n\r\n"),
]

LINES: list[tuple[str, str, bytes]] = [
    ("2.3", "HTTP/0.9 without a version", b"GET %b\r\n"),
    ("2.3", "HTTP/0.9", b"GET %b HTTP/0.9\r\nHost: mock\r\n\r\n"),
    ("2.3", "HTTP/2.0", b"GET %b HTTP/2.0\r\nHost: mock\r\n\r\n"),
    ("2.3", "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("2.3", "HTTP/1.2", b"GET %b HTTP/1.2\r\nHost: mock\r\n\r\n"),
    ("2.3", "HTTP/1.10", b"GET %b HTTP/1.10\r\nHost: mock\r\n\r\n"),
    ("2.3", "http/1.1", b"GET %b http/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "no Host in HTTP/1.1", b"GET %b HTTP/1.1\r\n\r\n"),
    ("3.2", "a Host with a path", b"GET %b HTTP/1.1\r\nHost: mock/x\r\n\r\n"),
    ("3.2", "a Host with a user", b"GET %b HTTP/1.1\r\nHost: a@mock\r\n\r\n"),
    ("3.2", "a Host with a space", b"GET %b HTTP/1.1\r\nHost: a mock\r\n\r\n"),
    ("3.2", "a Host with two ports", b"GET %b HTTP/1.1\r\nHost: mock:1:2\r\n\r\n"),
    (
        "3.2",
        "a list as a Host",
        b"GET %b HTTP/1.1\r\nHost: mock, other\r\n\r\n",
    ),
    ("3.2", "a target for another host", b"GET http://other%b HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "a fragment", b"GET %b#x HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "a relative target", b"GET v3%b HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "a space in the target", b"GET %b x HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "a NUL in the target", b"GET %b\x00 HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2", "non-ASCII in the target", b"GET %b\xff HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.2.3", "a tunnel", b"CONNECT mock:80 HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("2.2", "a request line that ends with LF", b"GET %b HTTP/1.1\nHost: mock\n\n"),
    ("2.2", "a request line that ends with CR", b"GET %b HTTP/1.1\rHost: mock\r\r"),
    ("2.2", "a head that ends with LF", b"GET %b HTTP/1.1\r\nHost: mock\r\n\n"),
    ("3", "space after the version", b"GET %b HTTP/1.1 \r\nHost: mock\r\n\r\n"),
    ("3", "space before the method", b" GET %b HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3", "tab after the method", b"GET\t%b HTTP/1.1\r\nHost: mock\r\n\r\n"),
    ("3.1", "method in small letters", b"get %b HTTP/1.1\r\nHost: mock\r\n\r\n"),
    (
        "6.1",
        "chunked in HTTP/1.0",
        b"POST %b HTTP/1.0\r\nHost: mock\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    ),
    ("3", "what is no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
]


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as mock:
        yield mock
        # Whoever can be made to log can be made to fill a disk.
        assert mock.log() == ""


def carrier(mock: MockProcess, headers: bytes, body: bytes) -> bytes:
    before = head(mock, "POST", "Content-Type: application/json")
    return before.removesuffix(b"\r\n") + headers + b"\r\n\r\n" + body


def refused(mock: MockProcess, request: bytes, pace: str) -> None:
    with wire_to(mock) as wire:
        wire.send(request + create(mock, "smuggled"), pace)
        answer = wire.last_answer()
    assert answer.status == 400
    assert answer.problem["code"] == "malformed_request"
    assert answer.problem["type"].endswith("/invalid-request")
    assert listed(mock) == []


whole_or_in_bytes = pytest.mark.parametrize("pace", ["at once", "in bytes"])


@whole_or_in_bytes
@pytest.mark.parametrize(
    ("headers", "body"),
    [row[2:] for row in FRAMING],
    ids=[f"RFC 9112 section {row[0]}: {row[1]}" for row in FRAMING],
)
def test_framing_in_doubt(mock: MockProcess, headers: bytes, body: bytes, pace: str) -> None:
    refused(mock, carrier(mock, headers, body), pace)


@whole_or_in_bytes
@pytest.mark.parametrize(
    "header", [row[2] for row in HEADERS], ids=[f"section {row[0]}: {row[1]}" for row in HEADERS]
)
def test_a_header_that_is_none(mock: MockProcess, header: bytes, pace: str) -> None:
    # First, where a parser knows the least, and last.
    length = b"Content-Length: %d" % LENGTH
    refused(mock, carrier(mock, header + b"\r\n" + length, BODY), pace)
    refused(mock, carrier(mock, length + b"\r\n" + header, BODY), pace)


@whole_or_in_bytes
@pytest.mark.parametrize(
    "body", [row[2] for row in CHUNKS], ids=[f"section {row[0]}: {row[1]}" for row in CHUNKS]
)
def test_chunks_in_doubt(mock: MockProcess, body: bytes, pace: str) -> None:
    refused(mock, carrier(mock, b"Transfer-Encoding: chunked", body), pace)


@whole_or_in_bytes
@pytest.mark.parametrize(
    "request_line", [row[2] for row in LINES], ids=[f"section {row[0]}: {row[1]}" for row in LINES]
)
def test_a_request_line_that_is_none(mock: MockProcess, request_line: bytes, pace: str) -> None:
    request = request_line.replace(b"%b", CREDENTIALS.encode())
    refused(mock, request, pace)


@whole_or_in_bytes
def test_a_refusal_waits_for_the_answers_before_it(pace: str) -> None:
    with mock_process() as mock, wire_to(mock) as wire:
        wire.send(
            create(mock, "one")
            + create(mock, "two")
            + b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"
            + create(mock, "smuggled"),
            pace,
        )
        assert [json.loads(wire.answer().body)["name"] for _ in range(2)] == ["one", "two"]
        assert wire.last_answer().status == 400
        assert listed(mock) == ["two", "one"]


def test_of_what_is_refused_in_its_body_nothing_is_done() -> None:
    """Not even where the operation wants no body, and could have begun."""
    with mock_process() as mock:
        with wire_to(mock) as wire:
            wire.send(create(mock, "kept"))
            key = json.loads(wire.answer().body)["client_id"]
        with wire_to(mock) as wire:
            path = f"{CREDENTIALS}/{key}"
            wire.send(head(mock, "DELETE", "Transfer-Encoding: chunked", path=path) + b"0x0\r\n")
            assert wire.last_answer().status == 400
        with wire_to(mock) as wire:
            wire.send(head(mock, "GET"))
            [only] = json.loads(wire.answer().body)["data"]
        assert only["status"] == "active"
