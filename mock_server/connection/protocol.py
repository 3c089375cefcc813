"""The protocol of each connection: uvicorn's own, hardened against hostile clients.

A request that cannot be read is refused with a problem, after the answers to those before it, and
the connection ends: RFC 9112 leaves no other way to be sure where the next request begins.
"""

from collections.abc import Mapping
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.connection.ending import BETWEEN, BODY, HEAD, OVER, REFUSED, EndingProtocol
from mock_server.connection.heads import check_head, malformed
from mock_server.exchange.problems import Problem, ProblemType

_PIECE_BYTES = 2048
"""Bytes passed to the parser at once: it finds all requests in them before it can be stopped."""

_FRAMING_FOR_EACH_BYTE = 8
"""Bytes of chunked framing allowed for each byte of a body; chunks of one byte need five."""

_CONTINUE_ANYWAY = b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n\r\n"
"""A head that makes a new parser read the body of a request whose Upgrade is ignored."""


class ClosableProtocol(EndingProtocol):
    """Reads requests within the limits of a client, and stops reading where it has enough."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._read = 0
        """Bytes of this head, or of this body with its framing; the last few may be missing."""
        self._body_bytes = 0
        self._host: bytes | None = None
        """The last valid Host header: a request with the same one needs no further check."""
        self._framing: bytes | None = None
        """The header that frames the body of a request whose Upgrade is ignored."""
        self._unexpected = False
        """Whether the client may or may not send a body, after ``Expect: 100-continue``."""
        self._fault: Problem | None = None
        """The problem with which a callback stopped the parser."""

    # Received data

    def data_received(self, data: bytes) -> None:
        if self._state >= REFUSED:
            return
        if self._backlog or self.pipeline or len(data) > _PIECE_BYTES:
            self._backlog += data
            self._parse_backlog()
        else:
            self._parse(data)

    def _parse_backlog(self) -> None:
        data = memoryview(self._backlog)
        self._backlog = b""
        at = 0
        while at < len(data) and self._state < REFUSED and not self.pipeline:
            piece = data[at : at + _PIECE_BYTES]
            at += len(piece)
            self._parse(piece)
        if at < len(data) and self._state < REFUSED:
            self._backlog = bytes(data[at:])
            self.flow.hold()

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._fault or malformed("The request is not well-formed HTTP/1.1."))
        if self._state == BETWEEN or self._state >= REFUSED:
            return
        self._read += len(data)
        if self._state == HEAD:
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

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._state = HEAD
        self._read = 0
        self._waited = 0.0

    def on_headers_complete(self) -> None:
        headers, url = self.headers, self.url
        fields = dict(headers)
        version = self.parser.get_http_version()
        if (
            version != "1.1"
            or self._host is None
            or fields.get(b"host") != self._host
            or len(fields) != len(headers)
            or url[:1] != b"/"
            or b"#" in url
            or b"transfer-encoding" in fields
            or b"upgrade" in fields
            or len(headers) > self.limits.headers
        ):
            self._check_head(version, fields)
        earlier = self.cycle
        super().on_headers_complete()
        if self.pipeline and self._running is None:
            self._running = earlier
        self._state = BODY
        self._read = self._body_bytes = 0
        self._body_seconds = self._waited = 0.0
        # RFC 9110 section 6.5.1: trailers are no headers. The parser adds them to this list.
        self.headers = []
        cycle = self.cycle
        if (
            self._framing is not None
            or int(fields.get(b"content-length", b"0")) > self.limits.body_bytes
        ):
            self._end_after(cycle)
        elif self.expect_100_continue:
            # RFC 9110 section 10.1.1: who is refused may send the body or not, so the server
            # cannot know what the next bytes are.
            self._unexpected = cycle.keep_alive
            self._end_after(cycle)
        elif not cycle.keep_alive:
            self._end_after(cycle)

    def _check_head(self, version: str, fields: Mapping[bytes, bytes]) -> None:
        """Check an unusual head; an exception ends the parsing."""
        try:
            self.url = check_head(version, self.url, self.headers)
            if len(self.headers) > self.limits.headers:
                raise _too_large(f"The request has more than {self.limits.headers} headers.")
        except Problem as problem:
            self._fault = problem
            raise
        if version == "1.0":
            # RFC 9110 section 10.1.1: such a client knows nothing of it.
            self.expect_100_continue = False
        elif b"host" in fields:
            self._host = fields[b"host"]
        if b"upgrade" in fields and self.parser.should_upgrade():
            self._framing = next(
                (
                    b"%b: %b" % (name, value)
                    for name, value in self.headers
                    if name in {b"content-length", b"transfer-encoding"}
                ),
                b"Content-Length: 0",
            )

    def on_body(self, body: bytes) -> None:
        self._waited = 0.0
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes:
            if self.cycle.response_complete:
                # The response is sent: the rest is not needed.
                self.end_gently()
                raise _Unwanted
            self._end_after(self.cycle)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._framing is not None:
            return  # the parser thinks so, because it expects another protocol from here on
        self._state = BETWEEN
        if self._unexpected:
            self._unexpected = False
            self.cycle.keep_alive = not self.cycle.response_started
        super().on_message_complete()

    def _ignore_upgrade(self, rest: bytes | memoryview) -> None:
        # RFC 9110 section 7.8: a server may ignore Upgrade. Java's client sends one with its
        # first request, body or not.
        parser = httptools.HttpRequestParser(_RestOfBody(self))
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser, framing, self._framing = parser, self._framing, None
        parser.feed_data(_CONTINUE_ANYWAY % (framing or b"Content-Length: 0"))
        if rest:
            self._parse(rest)

    # Responses

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._task = task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._waited = 0.0
        if self._state == OVER or self.transport.is_closing():
            return
        if self.pipeline or self._running or self._backlog or self._last_answer:
            self._resume()
        else:
            self.flow.resume_reading()

    def _resume(self) -> None:
        """Start the next pipelined request, or parse what was received meanwhile."""
        self._running = None
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        elif self._last_answer is not None:
            self._send_last(self._last_answer)
            return
        if not self.pipeline and self._backlog:
            self._parse_backlog()
        if not self.pipeline and not self._backlog:
            self.flow.release()


class _Unwanted(Exception):
    """Raised in a callback to stop the parser."""


class _RestOfBody:
    """Callbacks of a parser that only reads the rest of a body."""

    def __init__(self, protocol: ClosableProtocol) -> None:
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete


def _too_large(detail: str) -> Problem:
    return Problem(ProblemType.HEAD_TOO_LARGE, "head_too_large", detail)
