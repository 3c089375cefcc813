"""A server on a socket of its own: the standard library's, a thread for each connection."""

import gzip
import math
import secrets
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.gateway import HEADERS as GATEWAY_HEADERS
from tests.conformance.servers.gateway import Gateway
from tests.conformance.servers.options import Bug, Options


class Limit:
    """So many requests in each window of some seconds."""

    def __init__(self, options: Options) -> None:
        self._rate = options.rate
        self._options = options
        self._lock = threading.Lock()
        self._window = 0
        self._used = 0

    def take(self) -> tuple[bool, dict[str, str]]:
        """Whether one more is allowed, and what the headers say of it."""
        with self._lock:
            window = int(time.time()) // self._options.rate_seconds
            if window != self._window:
                self._window, self._used = window, 0
            allowed = self._used < self._rate
            self._used += allowed
            left = self._rate - self._used
        end = (window + 1) * self._options.rate_seconds
        ahead = self._options.clock_hours * 3600
        headers = {
            "X-RateLimit-Limit": str(self._rate),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(end + ahead),
        }
        if not allowed:
            wait = math.ceil(end - time.time())
            if self._options.bug is Bug.LIMITS_SAY_TOO_LITTLE:
                wait = 0
            date = formatdate(end + ahead, usegmt=True)
            if self._options.tells_wait:
                headers["Retry-After"] = date if self._options.retry_after_is_a_date else str(wait)
        return allowed, headers


class _Handler(BaseHTTPRequestHandler):
    options: Options
    application: Application
    limit: Limit
    gateway: Gateway | None
    turns: threading.Semaphore
    on_request: Callable[[], None]
    # What there is of a request that the standard library cannot read.
    headers = Message()
    command = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    answered = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        options = self.options
        self.on_request()
        # Hypothesis seeds the randomness of the module in this process.
        share = secrets.SystemRandom().uniform(0, 2) if options.is_uneven else 1
        time.sleep(share * options.seconds_to_answer)
        length = int(self.headers.get("Content-Length") or 0)
        body = b""
        if self.gateway and self.gateway.is_too_large(length):
            # It does not even read that.
            self.close_connection = True
        else:
            body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        cookies = []
        if self.gateway:
            if page := self.gateway.page(self.command, self.path, headers, length):
                self._send(page, {})
                return
            cookies = [self.gateway.cookie(headers)]
            headers = self.gateway.logged_in(headers)
        allowed, told = True, {}
        if not options.limits or self.command in options.limits:
            allowed, told = self.limit.take()
        if allowed:
            with self.turns:
                answer = self.application.answer(self.command, self.path, headers, body)
        else:
            answer = self.application.failure(429, self.path.partition("?")[0])
        self._send(answer, told if options.tells_rate or not allowed else {}, cookies)

    def send_error(self, code: int, *_: object) -> None:
        """What the standard library refuses before there is an operation."""
        self.close_connection = True
        self._send(self.application.failure(code, "/"), self.limit.take()[1])

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(int(now + self.options.clock_hours * 3600))

    def _send(
        self, answer: Answer, told: Mapping[str, str], more: Iterable[tuple[str, str]] = ()
    ) -> None:
        options, body = self.options, answer.body
        headers = [*answer.headers.items(), *told.items(), *more, *self._own_headers()]
        if options.compresses and body and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body, mtime=0)
        has_body = answer.status != HTTPStatus.NO_CONTENT
        if options.chunked and has_body:
            headers += [("Transfer-Encoding", "chunked"), ("Trailer", "X-Checksum")]
            body = _in_chunks(body)
        elif options.http != "HTTP/1.0" and has_body:
            headers.append(("Content-Length", str(len(body))))
        self._begin(answer.status)
        for name, value in headers:
            if options.is_terse:
                # RFC 9112 section 5: blanks around a value are no part of it.
                self.send_header(name.lower(), f"{value} \t")
            else:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        size = 40 if options.trickles else max(len(body), 1)
        for at in range(0, len(body), size):
            self.wfile.write(body[at : at + size])
            self.wfile.flush()

    def _own_headers(self) -> Iterator[tuple[str, str]]:
        """The headers of any answer on this connection."""
        options = self.options
        if options.adds_more:
            yield from (("X-Request-Id", f"{time.monotonic_ns():x}"), ("Vary", "Accept"))
        if options.is_terse:
            yield from (("X-Node", "7"), ("X-Node", "9"), ("Cache-Control", "no-transform"))
        if self.gateway:
            yield from GATEWAY_HEADERS
        if self.close_connection or not options.keeps_connections:
            yield "Connection", "close"
        self.answered += 1
        if self.answered >= options.requests_per_connection:
            self.close_connection = True

    def _begin(self, status: int) -> None:
        """The first line, what comes before it, and the headers of the standard library."""
        if self.options.interim:
            self.send_response_only(self.options.interim)
            self.send_header("Link", "</style.css>; rel=preload")
            self.end_headers()
        if self.options.is_terse:
            self.send_response_only(status, "")
        else:
            self.send_response(status)

    def log_message(self, *_: object) -> None:
        pass


def _in_chunks(body: bytes) -> bytes:
    """A body in chunks of 100 bytes, with an extension and a trailer (RFC 9112 section 7.1)."""
    parts = [body[at : at + 100] for at in range(0, len(body), 100)]
    chunks = [b"%x;n=1\r\n%b\r\n" % (len(one), one) for one in parts]
    return b"".join(chunks) + b"0\r\nX-Checksum: 1\r\n\r\n"


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handle_error(*_)  # type: ignore[arg-type]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self.serve_forever, args=[0.02])
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()

    def disconnect(self) -> None:
        """Close all connections, whatever is on its way."""
        for one in list(self.connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


_AWAY_SECONDS = 1.0


class _Process:
    """A server that is killed once, after so many requests, and started again after a second."""

    def __init__(self, start: Callable[[int], _Server], restarts_after: int) -> None:
        self._start = start
        self._left = restarts_after
        self._is_due, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._server = start(0)
        self.port: int = self._server.server_port

    def note(self) -> None:
        """A request has come."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._is_due.set()

    def end(self) -> None:
        self._ended.set()
        self._is_due.set()

    def run(self) -> None:
        """Serve until :meth:`end`."""
        with self._server, self._server.running():
            self._is_due.wait()
        if self._ended.is_set():
            return
        self._server.disconnect()
        time.sleep(_AWAY_SECONDS)
        with self._start(self.port) as server, server.running():
            self._ended.wait()


@contextmanager
def serving(
    options: Options,
    tokens: Mapping[str, str],
    application: type[Application] = Application,
    certificate: trustme.LeafCert | None = None,
    clients: trustme.CA | None = None,
) -> Iterator[str]:
    """Serve until the block ends; gives the base URL. ``tokens`` name the partners.

    With a certificate the server speaks TLS, with ``clients`` it demands a certificate of that
    authority.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        certificate.configure_cert(context)
    if clients:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    decided = {
        "options": options,
        "application": application(options, tokens),
        "limit": Limit(options),
        "gateway": Gateway(options.path) if options.has_gateway else None,
        "turns": threading.Semaphore(options.at_once),
        "on_request": staticmethod(lambda: process.note()),  # noqa: PLW0108 - it is made later
        "protocol_version": options.http,
        "timeout": options.idle_seconds,
    }

    def start(port: int) -> _Server:
        server = _Server((options.host, port), type("Handler", (_Handler,), decided))
        if certificate:
            # The handshake is each connection's own affair: one that fails must not end the server.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        return server

    process = _Process(start, options.restarts_after)
    host = f"[{options.host}]" if ":" in options.host else options.host
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://{host}:{process.port}{options.path}"
    finally:
        process.end()
        thread.join()
