"""A server on a socket of its own: the standard library's, a thread for each connection."""

import gzip
import math
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
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
            headers["Retry-After"] = date if self._options.retry_after_is_a_date else str(wait)
        return allowed, headers


class _Handler(BaseHTTPRequestHandler):
    options: Options
    application: Application
    limit: Limit
    # What there is of a request that the standard library cannot read.
    headers = Message()
    command = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        time.sleep(self.options.seconds_to_answer)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        allowed, told = self.limit.take()
        if allowed:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = self.application.answer(self.command, self.path, headers, body)
        else:
            answer = self.application.failure(429, self.path.partition("?")[0])
        self._send(answer, told if self.options.tells_rate or not allowed else {})

    def send_error(self, code: int, *_: object) -> None:
        """What the standard library refuses before there is an operation."""
        self.close_connection = True
        self._send(self.application.failure(code, "/"), self.limit.take()[1])

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(int(now + self.options.clock_hours * 3600))

    def _send(self, answer: Answer, told: Mapping[str, str]) -> None:
        headers, body = {**answer.headers, **told}, answer.body
        if self.options.compresses and body and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], body = "gzip", gzip.compress(body, mtime=0)
        if self.options.adds_more:
            headers |= {"X-Request-Id": f"{time.monotonic_ns():x}", "Vary": "Accept"}
        if self.close_connection or not self.options.keeps_connections:
            headers["Connection"] = "close"
        if self.options.http != "HTTP/1.0" and answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(body))
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError | ssl.SSLError):
            super().handle_error(*_)  # type: ignore[arg-type]


@contextmanager
def serving(
    options: Options,
    tokens: Mapping[str, str],
    application: type[Application] = Application,
    certificate: trustme.LeafCert | None = None,
) -> Iterator[str]:
    """Serve until the block ends; gives the base URL. ``tokens`` name the partners.

    With a certificate the server speaks TLS.
    """
    decided = {
        "options": options,
        "application": application(options, tokens),
        "limit": Limit(options),
        "protocol_version": options.http,
    }
    with _Server(("127.0.0.1", 0), type("Handler", (_Handler,), decided)) as server:
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            # The handshake is each connection's own affair: one that fails must not end the server.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}{options.path}"
        finally:
            server.shutdown()
            thread.join()
