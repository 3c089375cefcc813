"""How a connection ends: with a problem that the client can read, or because others need room."""

import asyncio
import contextlib
import inspect
import math
from typing import Any, ClassVar
from urllib.parse import quote

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mock_server.connection.limits import Limits
from mock_server.connection.watch import watch_of
from mock_server.exchange.problems import Problem, ProblemType

ENDING = "mock_server.serving.shutdown"

BETWEEN, HEAD, BODY, REFUSED, OVER = range(5)
"""Where a connection is: between requests, in a request's head or body, or where nothing more is
read: before the last answer, or after it."""


class EndingProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an orderly end, and a watch that may bring it about."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.number = 0
        self._watch = watch_of(self.server_state, self.limits, self.loop)
        self._place = BETWEEN
        self._waited = 0.0
        """Seconds that the client has let pass without what is due from it."""
        self._body_seconds = 0.0
        self._backlog = b""
        """What was received and not yet parsed, because earlier requests are not yet answered."""
        self._running: RequestResponseCycle | None = None
        """The request at work, where others wait behind it."""
        self._task: asyncio.Task[None] | None = None
        """What answers the latest request that is at work."""
        self._last_words: bytes | None = None
        """What is sent once the requests at work are answered."""
        self._unread_bytes = 0
        self._unread_seconds = 0.0
        self._server_ends = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow: HeldFlow = HeldFlow(transport)
        if not self._watch.admit(self):
            detail = "The mock has as many connections as it can have; try again."
            self._say_last(self._words(_overloaded(detail)))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch.dismiss(self)
        self._place = OVER
        self._backlog = b""
        # uvicorn tells the last of several pipelined requests only.
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
        self.pipeline.clear()
        if self._running is not None:
            _disconnect(self._running)

    def shutdown(self) -> None:
        """End, and let those know who wait; a body that is on its way has a moment left."""
        self._server_ends = True
        self._body_seconds = max(self._body_seconds, self.limits.body - self.limits.goodbye)
        super().shutdown()
        if self._place == OVER:
            self.transport.close()
        extensions: dict[str, Any] = self.cycle.scope.get("extensions", {}) if self.cycle else {}
        if ENDING in extensions:
            extensions[ENDING].set()

    def _end_after(self, cycle: RequestResponseCycle) -> None:
        """Let a response be the last."""
        cycle.keep_alive = False
        if not isinstance(cycle.transport, _EndsGently):
            cycle.transport = _EndsGently(self)  # type: ignore[assignment]

    def _refuse(self, problem: Problem) -> None:
        """End with a problem, in the place of an answer to what was being read."""
        if self._place >= REFUSED:
            return
        in_body, cycle = self._place == BODY, self.cycle
        self._place = REFUSED
        self._backlog = b""
        words = self._words(problem, cycle if in_body else None)
        if in_body and self.pipeline:
            self.pipeline.popleft()  # the latest
            self._last_words = words
        elif in_body and cycle.response_started:
            # It has its answer: there is no place for another one.
            _disconnect(cycle)
            self.end_gently()
        elif in_body:
            _disconnect(cycle)
            if self._task and inspect.getcoroutinestate(self._task.get_coro()) == "CORO_CREATED":  # type: ignore[arg-type]
                self._task.cancel()
            self._say_last(words)
        elif cycle is None or cycle.response_complete:
            self._say_last(words)
        else:
            self._last_words = words

    def _words(self, problem: Problem, cycle: RequestResponseCycle | None = None) -> bytes:
        scope = cycle.scope if cycle else None
        answer = problem.response(quote(scope["path"]) if scope else None)
        lines = [STATUS_LINE[answer.status]]
        for name, value in self.server_state.default_headers:
            lines.append(b"%b: %b\r\n" % (name, value))
        for field, text in answer.headers.items():
            lines.append(f"{field.lower()}: {text}\r\n".encode("latin-1"))
        lines.append(f"content-type: {answer.media_type}\r\n".encode("latin-1"))
        lines.append(b"content-length: %d\r\nconnection: close\r\n\r\n" % len(answer.body))
        if scope is None or scope["method"] != "HEAD":
            lines.append(answer.body)
        return b"".join(lines)

    def _say_last(self, words: bytes) -> None:
        self.transport.write(words)
        self.end_gently()

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is answered here."""
        return self._place == OVER or self.transport.is_closing()

    def end_gently(self) -> None:
        """End so that the client can read the last answer, though it is still sending.

        RFC 9112 section 9.6: to close with something unread makes the client forget it.
        """
        if self.is_ending:
            return
        if self._place == BETWEEN or self._server_ends:
            self.transport.close()
            return
        self._place = OVER
        self._waited = 0.0
        self._backlog = b""
        self.flow.release()
        with contextlib.suppress(OSError, RuntimeError):  # the client was faster
            self.transport.write_eof()

    # What the watch asks

    def patience(self) -> float | None:
        if self._unread_bytes:
            return self._unread_seconds
        if self._place == OVER:
            return math.inf
        if self._place == REFUSED or self.flow.read_paused or self.transport.is_closing():
            return None
        cycle = self.cycle
        if self._place == BODY:
            return None if cycle.waiting_for_100_continue else self._waited
        return self._waited if cycle is None or cycle.response_complete else None

    def make_room(self) -> None:
        if self._place in {HEAD, BODY}:
            detail = "The connection was needed for another client; try again."
            self._refuse(_overloaded(detail))
        if self._unread_bytes:
            self.transport.abort()
        else:
            self.transport.close()

    def sweep(self, elapsed: float) -> None:
        self._look_at_unread(elapsed)
        if self.transport.is_closing() or self._unread_bytes:
            return
        if self.patience() is None:
            self._waited = 0.0
            return
        limits = self.limits
        self._waited += elapsed
        if self._place == BODY:
            self._body_seconds += elapsed
            if self._waited >= limits.body_pause or self._body_seconds >= limits.body:
                self._refuse(_too_slow("body"))
        elif self._place == HEAD:
            if self._waited >= limits.head:
                self._refuse(_too_slow("head"))
        elif self._place == OVER:
            if self._waited >= limits.goodbye:
                self.transport.abort()
        elif self._waited >= (limits.head if self.cycle is None else limits.idle):
            self.transport.close()

    def _look_at_unread(self, elapsed: float) -> None:
        """Give up on a client that takes no byte of what it is to be sent."""
        size = self.transport.get_write_buffer_size()
        stuck = size > 0 and size == self._unread_bytes
        self._unread_bytes = size
        self._unread_seconds = self._unread_seconds + elapsed if stuck else 0.0
        if self._unread_seconds >= self.limits.unread:
            self.transport.abort()


class HeldFlow(FlowControl):
    """Reads nothing more while it is held, even where a request at work asks for its body."""

    held = False

    def resume_reading(self) -> None:
        if self.read_paused and not self.held:
            super().resume_reading()

    def hold(self) -> None:
        """Read nothing before :meth:`release`."""
        self.held = True
        self.pause_reading()

    def release(self) -> None:
        """Read on."""
        self.held = False
        self.resume_reading()


class _EndsGently:
    """What a request's last response is written to: closing it loses nothing that was sent."""

    def __init__(self, protocol: EndingProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write

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
