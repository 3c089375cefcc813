"""Requests that wait for the answers before them wait as bytes, not as requests."""

import asyncio
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mock_server.connection import ClosableProtocol
from mock_server.serving.server import uvicorn_options

REQUEST = b"GET / HTTP/1.1\r\nHost: mock\r\n\r\n"


class Transport(asyncio.Transport):
    """Takes all that is written, and remembers whether it would read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True

    def is_reading(self) -> bool:
        return self.reading

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


def test_what_waits_is_bounded_and_answered_all_the_same() -> None:
    may_answer = asyncio.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # which lets the connection be read again
        await may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def test() -> None:
        config = uvicorn.Config(application, **uvicorn_options())
        protocol = ClosableProtocol(config=config, server_state=ServerState(), app_state={})
        transport = Transport()
        protocol.connection_made(transport)
        for _ in range(500):
            protocol.data_received(REQUEST * 3)
            await asyncio.sleep(0)
        assert len(protocol.pipeline) < 100
        assert not transport.is_reading()
        may_answer.set()
        while protocol.server_state.total_requests < 1500:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert transport.written.count(b"HTTP/1.1 204") == 1500
        assert transport.is_reading()
        protocol.connection_lost(ConnectionError())

    asyncio.run(test())
