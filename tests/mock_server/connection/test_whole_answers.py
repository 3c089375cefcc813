"""An answer that is sent whole has the bytes of one that uvicorn sends in two parts."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.connection.whole_answers import send_at_once

BODY = b'{"name": "Key"}'
PLAIN = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
DATE = (b"date", b"Sun, 01 Mar 2026 12:00:00 GMT")


class Transport:
    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True


class Flow:
    write_paused = False


def cycle(method: str, completed: list[str]) -> RequestResponseCycle:
    scope: Any = {"type": "http", "method": method}
    transport: Any = Transport()
    flow: Any = Flow()
    return RequestResponseCycle(
        scope=scope,
        transport=transport,
        flow=flow,
        logger=logging.getLogger("test"),
        access_logger=logging.getLogger("test"),
        access_log=False,
        default_headers=[DATE],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=partial(completed.append, method),
    )


def answer(status: int, headers: Sequence[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


async def in_two_parts(one: RequestResponseCycle, head: Any, body: bytes) -> None:
    await one.send(head)
    await one.send({"type": "http.response.body", "body": body})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (201, PLAIN, BODY),
        (204, [(b"x-request-id", b"req_1")], b""),
        (304, [(b"content-length", b"0")], b""),
        (422, [*PLAIN, (b"x-note", "\u00e9\t1".encode())], BODY),
    ],
)
async def test_it_has_the_same_bytes(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    completed: list[str] = []
    whole, parts = cycle("POST", completed), cycle("POST", completed)
    head = answer(status, headers)

    assert send_at_once(whole.send, head, body)
    await in_two_parts(parts, head, body)

    assert whole.transport.written == parts.transport.written
    assert completed == ["POST", "POST"]
    for name in ("response_started", "response_complete", "keep_alive"):
        assert getattr(whole, name) == getattr(parts, name)
    assert whole.message_event.is_set()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "header",
    [
        (b"x-note", b"one\r\nset-cookie: two"),
        (b"x-note", b"one\nx: two"),
        (b"x-note", b"one\x00"),
        (b"x note", b"one"),
        (b"x-note: two", b"one"),
        (b"connection", b"close"),
        (b"transfer-encoding", b"chunked"),
    ],
)
async def test_a_header_that_cannot_be_sent_or_is_of_the_connection_is_left_to_uvicorn(
    header: tuple[bytes, bytes],
) -> None:
    one = cycle("POST", [])

    assert not send_at_once(one.send, answer(201, [*PLAIN, header]), BODY)
    assert one.transport.written == b""
    assert not one.response_started


@pytest.mark.anyio
async def test_an_unusual_request_is_left_to_uvicorn() -> None:
    of_head, last, gone, slow = (cycle("GET", []) for _ in range(4))
    of_head.scope["method"] = "HEAD"
    last.keep_alive = False
    gone.disconnected = True
    slow.flow.write_paused = True

    for one in (of_head, last, gone, slow):
        assert not send_at_once(one.send, answer(201, PLAIN), BODY)
        assert one.transport.written == b""


@pytest.mark.anyio
async def test_what_is_between_uvicorn_and_the_mock_gets_the_answer() -> None:
    one = cycle("POST", [])

    async def send(message: Message) -> None:
        await one.send(message)

    assert not send_at_once(send, answer(201, PLAIN), BODY)
    assert one.transport.written == b""
