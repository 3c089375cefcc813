"""What uvicorn runs for each connection: its own protocol, made safe against hostile clients.

A request that cannot be read is refused with a problem, after the answers to those before it, and
the connection ends: RFC 9112 leaves no other way to be sure where the next request begins.
"""

import asyncio
import inspect
import math
from typing import Any, ClassVar
from urllib.parse import quote

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mock_server.connection.heads import check_head, malformed
from mock_server.connection.limits import Limits
from mock_server.connection.watch import watch_of
from mock_server.problems import Problem, ProblemType

ENDING = "mock_server.ending"

_BETWEEN, _HEAD, _BODY, _REFUSED, _OVER = range(5)
"""Where a connection is: between requests, in a request's head or body, or where nothing more is
read: before the last answer, or after it."""

_PIECE_BYTES = 2048
"""What the parser gets at once: it cannot be stopped inside, however many requests it finds."""

_FRAMING_FOR_EACH_BYTE = 8
"""What chunked framing may cost: chunks of one byte, as some clients send them, cost five."""

_CONTINUE_ANYWAY = b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n\r\n"
"""Makes a fresh parser read the body of a request whose Upgrade is ignored."""


class ClosableProtocol(HttpToolsProtocol):
    """Bounds what a client can take, and tells the application when the server is about to end."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.number = 0
        self._watch = watch_of(self.server_state, self.limits, self.loop)
        self._place = _BETWEEN
        self._waited = 0.0
        self._read = 0
        """Bytes of this head, or of this body with its framing; the last few may be missing."""
        self._body_bytes = 0
        self._body_seconds = 0.0
        self._backlog = b""
        """What was received and not yet parsed, because earlier requests are not yet answered."""
        self._host: bytes | None = None
        self._framing: bytes | None = None
        self._unexpected = False
        self._running: RequestResponseCycle | None = None
        """The request at work, where others wait behind it."""
        self._task: asyncio.Task[None] | None = None
        self._fault: Problem | None = None
        self._last_words: bytes | None = None
        self._unread_bytes = 0
        self._unread_seconds = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow: _HeldFlow = _HeldFlow(transport)
        if not self._watch.admit(self):
            detail = "The mock has as many connections as it can have; try again."
            headers = {"Retry-After": "1"}
            problem = Problem(ProblemType.OVERLOADED, "overloaded", detail, headers=headers)
            self._say_last(self._words(problem))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch.dismiss(self)
        self._place = _OVER
        self._backlog = b""
        # uvicorn tells the last of several pipelined requests only.
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
        self.pipeline.clear()
        if self._running is not None:
            _disconnect(self._running)

    def shutdown(self) -> None:
        """End, and let those know who wait."""
        super().shutdown()
        extensions: dict[str, Any] = self.cycle.scope.get("extensions", {}) if self.cycle else {}
        if ENDING in extensions:
            extensions[ENDING].set()

    # What is received

    def data_received(self, data: bytes) -> None:
        if self._place >= _REFUSED:
            return
        if self._backlog or len(data) > _PIECE_BYTES:
            self._backlog += data
            self._parse_backlog()
        else:
            self._parse(data)

    def _parse_backlog(self) -> None:
        data = memoryview(self._backlog)
        self._backlog = b""
        at = 0
        while at < len(data) and self._place < _REFUSED and not self.pipeline:
            piece = data[at : at + _PIECE_BYTES]
            at += len(piece)
            self._parse(piece)
        if at < len(data) and self._place < _REFUSED:
            self._backlog = bytes(data[at:])
            self.flow.hold()

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._fault or malformed("The request is not well-formed HTTP/1.1."))
        if self._place == _BETWEEN or self._place >= _REFUSED:
            return
        self._read += len(data)
        if self._place == _HEAD:
            too_much = self._read > self.limits.head_bytes + _PIECE_BYTES
        else:
            framing = self._read - self._body_bytes
            too_much = framing > self.limits.head_bytes + _FRAMING_FOR_EACH_BYTE * self._body_bytes
        if too_much:
            self._refuse(
                _too_large(
                    f"The request has more than {self.limits.head_bytes} bytes beside its body."
                )
            )

    # What the parser finds

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._place = _HEAD
        self._read = 0
        self._waited = 0.0

    def on_headers_complete(self) -> None:
        headers, url = self.headers, self.url
        names = [name for name, _ in headers]
        version = self.parser.get_http_version()
        if (
            version != "1.1"
            or names.count(b"host") != 1
            or headers[names.index(b"host")][1] != self._host
            or url[:1] != b"/"
            or b"#" in url
            or b"transfer-encoding" in names
            or b"upgrade" in names
            or len(names) > self.limits.headers
        ):
            self._look_closer(version, names)
        earlier = self.cycle
        super().on_headers_complete()
        if self.pipeline:
            if self._running is None:
                self._running = earlier
            self.flow.hold()
        self._place = _BODY
        self._read = self._body_bytes = 0
        self._body_seconds = self._waited = 0.0
        # RFC 9110 section 6.5.1: trailers are no headers. The parser adds them to this list.
        self.headers = []
        cycle = self.cycle
        if self._framing is not None or self._is_too_long(names, headers):
            self._end_after(cycle)
        elif self.expect_100_continue:
            # RFC 9110 section 10.1.1: who is refused may send the body or not, so nobody knows
            # what comes next.
            self._unexpected = cycle.keep_alive
            self._end_after(cycle)
        elif not cycle.keep_alive:
            self._end_after(cycle)

    def _look_closer(self, version: str, names: list[bytes]) -> None:
        """Judge a head that is not like most; what it raises ends the parsing."""
        try:
            self.url = check_head(version, self.url, self.headers)
            if len(names) > self.limits.headers:
                raise _too_large(f"The request has more than {self.limits.headers} headers.")
        except Problem as problem:
            self._fault = problem
            raise
        if version == "1.0":
            # RFC 9110 section 10.1.1: such a client knows nothing of it.
            self.expect_100_continue = False
        elif b"host" in names:
            self._host = self.headers[names.index(b"host")][1]
        if b"upgrade" in names and self.parser.should_upgrade():
            self._framing = next(
                (
                    b"%b: %b" % (name, value)
                    for name, value in self.headers
                    if name in {b"content-length", b"transfer-encoding"}
                ),
                b"Content-Length: 0",
            )

    def _is_too_long(self, names: list[bytes], headers: list[tuple[bytes, bytes]]) -> bool:
        if b"content-length" not in names:
            return False
        return int(headers[names.index(b"content-length")][1]) > self.limits.body_bytes

    def on_body(self, body: bytes) -> None:
        self._waited = 0.0
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes:
            if self.cycle.response_complete:
                # Nobody waits for the rest of it.
                self.end_gently()
                raise _Unwanted
            self._end_after(self.cycle)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._framing is not None:
            return  # the parser thinks so, because it expects another protocol from here on
        self._place = _BETWEEN
        if self._unexpected:
            self._unexpected = False
            self.cycle.keep_alive = not self.cycle.response_started
        super().on_message_complete()

    def _ignore_upgrade(self, rest: bytes | memoryview) -> None:
        # RFC 9110 section 7.8: a server may go on as if nobody had asked. Java's client asks with
        # its first request, and has a body.
        parser = httptools.HttpRequestParser(_RestOfBody(self))
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser, framing, self._framing = parser, self._framing, None
        parser.feed_data(_CONTINUE_ANYWAY % (framing or b"Content-Length: 0"))
        if rest:
            self._parse(rest)

    # What is answered

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._task = task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._waited = 0.0
        if self._place == _OVER or self.transport.is_closing():
            return
        if self.pipeline or self._running or self._backlog or self._last_words:
            self._go_on()
        else:
            self.flow.resume_reading()

    def _go_on(self) -> None:
        """Turn to what came while earlier requests were not yet answered."""
        self._running = None
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        elif self._last_words is not None:
            self._say_last(self._last_words)
            return
        if not self.pipeline and self._backlog:
            self._parse_backlog()
        if not self.pipeline and not self._backlog:
            self.flow.release()

    # How it ends

    def _end_after(self, cycle: RequestResponseCycle) -> None:
        """Let a response be the last."""
        cycle.keep_alive = False
        if not isinstance(cycle.transport, _EndsGently):
            cycle.transport = _EndsGently(self)  # type: ignore[assignment]

    def _refuse(self, problem: Problem) -> None:
        """End with a problem, in the place of an answer to what was being read."""
        if self._place >= _REFUSED:
            return
        in_body, cycle = self._place == _BODY, self.cycle
        self._place = _REFUSED
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
        return self._place == _OVER or self.transport.is_closing()

    def end_gently(self) -> None:
        """End so that the client can read the last answer, though it is still sending.

        RFC 9112 section 9.6: to close with something unread makes the client forget it.
        """
        if self.is_ending:
            return
        if self._place == _BETWEEN:
            self.transport.close()
            return
        self._place = _OVER
        self._waited = 0.0
        self._backlog = b""
        self.flow.release()
        self.transport.write_eof()

    # What the watch asks

    def patience(self) -> float | None:
        if self._unread_bytes:
            return self._unread_seconds
        if self._place == _OVER:
            return math.inf
        if self._place == _REFUSED or self.flow.read_paused or self.transport.is_closing():
            return None
        cycle = self.cycle
        if self._place == _BODY:
            return None if cycle.waiting_for_100_continue else self._waited
        return self._waited if cycle is None or cycle.response_complete else None

    def make_room(self) -> None:
        if self._place in {_HEAD, _BODY}:
            detail = "The connection was needed for another client; try again."
            self._refuse(Problem(ProblemType.OVERLOADED, "overloaded", detail))
            self.transport.close()
        else:
            self.transport.abort()

    def sweep(self, elapsed: float) -> None:
        self._look_at_unread(elapsed)
        if self.transport.is_closing() or self._unread_bytes:
            return
        if self.patience() is None:
            self._waited = 0.0
            return
        limits = self.limits
        self._waited += elapsed
        if self._place == _BODY:
            self._body_seconds += elapsed
            if self._waited >= limits.body_pause or self._body_seconds >= limits.body:
                self._refuse(_too_slow("body"))
        elif self._place == _HEAD:
            if self._waited >= limits.head:
                self._refuse(_too_slow("head"))
        elif self._place == _OVER:
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


class _Unwanted(Exception):
    """Stops the parser."""


class _HeldFlow(FlowControl):
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

    def __init__(self, protocol: ClosableProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write

    def close(self) -> None:
        self._protocol.end_gently()

    def is_closing(self) -> bool:
        return self._protocol.is_ending


class _RestOfBody:
    """What a parser calls that only reads a body to its end."""

    def __init__(self, protocol: ClosableProtocol) -> None:
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete


def _disconnect(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.message_event.set()


def _too_slow(what: str) -> Problem:
    detail = f"The {what} of the request did not come in time."
    return Problem(ProblemType.REQUEST_TIMEOUT, "request_timeout", detail)


def _too_large(detail: str) -> Problem:
    return Problem(ProblemType.HEAD_TOO_LARGE, "head_too_large", detail)
