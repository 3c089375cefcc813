"""The end of a connection: with a problem that the client can read, or to make room for others."""

import asyncio
import contextlib
import inspect
import math
import socket
import struct
from typing import Any, ClassVar
from urllib.parse import quote

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mock_server.connection.watch import Limits, watch_of
from mock_server.exchange.problems import BUNDLED_STYLE, PROBLEM_STYLE, Problem, ProblemType

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no seconds."""

ENDING = "mock_server.serving.shutdown"

BETWEEN, HEAD, BODY, REFUSED, OVER = range(5)
"""States of a connection: between requests, in the head or the body of one, or reading no more:
before the last answer (``REFUSED``) or after it (``OVER``)."""


class EndingProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on time, and an end after which no answer is lost."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.number = 0
        self._watch = watch_of(self.server_state, self.limits, self.loop)
        self._state = BETWEEN
        self._waited = 0.0
        """Seconds that the server has waited for the client."""
        self._body_seconds = 0.0
        self._backlog = b""
        """Bytes received and not yet parsed, because earlier requests are not yet answered."""
        self._running: RequestResponseCycle | None = None
        """The request at work, where pipelined ones wait behind it."""
        self._task: asyncio.Task[None] | None = None
        """The task of the latest request at work."""
        self._last_answer: bytes | None = None
        """The answer that is sent once the requests at work have theirs."""
        self._unread_bytes = 0
        self._unread_seconds = 0.0
        self._server_ends = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow: HeldFlow = HeldFlow(transport)
        if not self._watch.admit(self):
            detail = "There are as many connections as there can be; try again."
            self._send_last(self._encode(_overloaded(detail)))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch.dismiss(self)
        self._state = OVER
        self._backlog = b""
        # uvicorn marks the last of several pipelined requests only.
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
        self.pipeline.clear()
        if self._running is not None:
            _disconnect(self._running)

    def shutdown(self) -> None:
        """Close at shutdown, and set the event of :func:`mock_server.connection.ending`.

        A body that is being received has ``limits.goodbye`` seconds left.
        """
        self._server_ends = True
        self._body_seconds = max(self._body_seconds, self.limits.body - self.limits.goodbye)
        super().shutdown()
        if self._state == OVER:
            self.transport.close()
        extensions: dict[str, Any] = self.cycle.scope.get("extensions", {}) if self.cycle else {}
        if ENDING in extensions:
            extensions[ENDING].set()

    def _end_after(self, cycle: RequestResponseCycle) -> None:
        """Close the connection after the response of ``cycle``."""
        cycle.keep_alive = False
        if not isinstance(cycle.transport, _EndsGently):
            cycle.transport = _EndsGently(self)  # type: ignore[assignment]

    def _refuse(self, problem: Problem) -> None:
        """Answer the request that is being read with a problem, and close the connection."""
        if self._state >= REFUSED:
            return
        in_body, cycle = self._state == BODY, self.cycle
        self._state = REFUSED
        self._backlog = b""
        answer = self._encode(problem, cycle if in_body else None)
        if in_body and self.pipeline:
            self.pipeline.popleft()  # the latest
            self._last_answer = answer
        elif in_body and cycle.response_started:
            # It has its answer: there is no place for another one.
            _disconnect(cycle)
            self.end_gently()
        elif in_body:
            _disconnect(cycle)
            if self._task and inspect.getcoroutinestate(self._task.get_coro()) == "CORO_CREATED":  # type: ignore[arg-type]
                self._task.cancel()
            self._send_last(answer)
        elif cycle is None or cycle.response_complete:
            self._send_last(answer)
        else:
            self._last_answer = answer

    def _encode(self, problem: Problem, cycle: RequestResponseCycle | None = None) -> bytes:
        scope = cycle.scope if cycle else None
        style = self.app_state.get(PROBLEM_STYLE, BUNDLED_STYLE)
        response = problem.response(quote(scope["path"]) if scope else None, style)
        lines = [STATUS_LINE[response.status]]
        for name, value in self.server_state.default_headers:
            lines.append(b"%b: %b\r\n" % (name, value))
        for field, text in response.headers.items():
            lines.append(f"{field.lower()}: {text}\r\n".encode("latin-1"))
        lines.append(f"content-type: {response.media_type}\r\n".encode("latin-1"))
        lines.append(b"content-length: %d\r\nconnection: close\r\n\r\n" % len(response.body))
        if scope is None or scope["method"] != "HEAD":
            lines.append(response.body)
        return b"".join(lines)

    def _send_last(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.end_gently()

    @property
    def is_ending(self) -> bool:
        """Whether the connection answers no further request."""
        return self._state == OVER or self.transport.is_closing()

    def end_gently(self) -> None:
        """Close in stages, so that a client that is still sending can read the last answer.

        RFC 9112 section 9.6: closing with received bytes unread resets the connection, and the
        client may lose the answer.
        """
        if self.is_ending:
            return
        if self._state == BETWEEN or self._server_ends:
            self.transport.close()
            return
        self._state = OVER
        self._waited = 0.0
        self._backlog = b""
        self.flow.release()
        with contextlib.suppress(OSError, RuntimeError):  # the client was faster
            self.transport.write_eof()

    @property
    def unread_seconds(self) -> float:
        """Seconds in which the client has read nothing of what it was sent."""
        return self._unread_seconds

    # The methods of Watched

    def seconds_waited(self) -> float | None:
        if self._unread_bytes:
            return self._unread_seconds
        if self._state == OVER:
            return math.inf
        if self._state == REFUSED or self.flow.read_paused or self.transport.is_closing():
            return None
        cycle = self.cycle
        if self._state == BODY:
            return None if cycle.waiting_for_100_continue else self._waited
        return self._waited if cycle is None or cycle.response_complete else None

    def make_room(self) -> None:
        if self._state in {HEAD, BODY}:
            self._refuse(_overloaded("The connection was needed for another client; try again."))
        if self._unread_bytes:
            self.reset()
        else:
            self.transport.close()

    def sweep(self, elapsed: float) -> None:
        self._check_unread(elapsed)
        if self.transport.is_closing() or self._unread_bytes:
            return
        if self.seconds_waited() is None:
            self._waited = 0.0
            return
        limits = self.limits
        self._waited += elapsed
        if self._state == BODY:
            self._body_seconds += elapsed
            if self._waited >= limits.body_pause or self._body_seconds >= limits.body:
                self._refuse(_too_slow("body"))
        elif self._state == HEAD:
            if self._waited >= limits.head:
                self._refuse(_too_slow("head"))
        elif self._state == OVER:
            if self._waited >= limits.goodbye:
                self.transport.abort()
        elif self._waited >= (limits.head if self.cycle is None else limits.idle):
            self.transport.close()

    def _check_unread(self, elapsed: float) -> None:
        """Abort the connection of a client that reads nothing of its response for too long."""
        size = self.transport.get_write_buffer_size()
        stuck = size > 0 and size == self._unread_bytes
        self._unread_bytes = size
        self._unread_seconds = self._unread_seconds + elapsed if stuck else 0.0
        if self._unread_seconds >= self.limits.unread:
            self.reset()

    def reset(self) -> None:
        """Abort, and let the system drop what it holds for a client that does not read it."""
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client has closed it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()


class HeldFlow(FlowControl):
    """Flow control that reads nothing while held, even where a request at work wants its body."""

    held = False

    def resume_reading(self) -> None:
        if self.read_paused and not self.held:
            super().resume_reading()

    def hold(self) -> None:
        """Read nothing before :meth:`release`."""
        self.held = True
        self.pause_reading()

    def release(self) -> None:
        """Resume reading."""
        self.held = False
        self.resume_reading()


class _EndsGently:
    """Transport of a last response, whose ``close`` is :meth:`EndingProtocol.end_gently`."""

    def __init__(self, protocol: EndingProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.get_protocol = protocol.transport.get_protocol
        self.get_extra_info = protocol.transport.get_extra_info

    def close(self) -> None:
        self._protocol.end_gently()

    def is_closing(self) -> bool:
        return self._protocol.is_ending


def _disconnect(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.message_event.set()


def _too_slow(what: str) -> Problem:
    detail = f"The {what} of the request did not come in time."
    return Problem(ProblemType.REQUEST_TIMEOUT, "request_timeout", detail)


def _overloaded(detail: str) -> Problem:
    return Problem(ProblemType.OVERLOADED, "overloaded", detail, headers={"Retry-After": "1"})
