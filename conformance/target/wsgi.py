"""A WSGI app as a target in this process, called as PEP 3333 has a server call it."""

import io
import re
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx

from conformance.target.transport.app_answer import AppAnswer

Environ = dict[str, Any]

_STATUS = re.compile(r"([0-9]{3})(?: [^\0\r\n]*)?")


class WsgiTransport(httpx.BaseTransport):
    """Calls the app for each request in a thread of its own.

    httpx's own cannot carry what the harness sends on purpose: a header beyond ASCII.
    """

    def __init__(self, app: Callable[[Environ, Callable[..., Any]], Iterable[bytes]]) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The app's answer; raises the errors of httpx where there is none."""
        call = _Call(_environ(request), AppAnswer(request))
        # A thread can be left behind, where an app that hangs would hang the run.
        threading.Thread(target=call.run, args=(self._app,), daemon=True, name="wsgi").start()
        return call.answer.wait()


class _Call:
    """One call of an app, which may change its status and headers until it sends a body."""

    def __init__(self, environ: Environ, answer: AppAnswer) -> None:
        self.answer = answer
        self._environ = environ
        self._head: tuple[object, object] | None = None

    def run(self, app: Callable[[Environ, Callable[..., Any]], Iterable[bytes]]) -> None:
        try:
            parts = app(self._environ, self._start_response)
            try:
                for part in parts:
                    self._write(part)
                self._begin()
                self.answer.add(b"", is_last=True)
            finally:
                getattr(parts, "close", lambda: None)()
        except BaseException as error:  # noqa: BLE001 - such as SystemExit, which ends a worker
            self.answer.fail(error)

    def _start_response(
        self, status: object, headers: object, failure: Any = None
    ) -> Callable[[bytes], None]:
        if self._head is not None and failure is None:
            raise self.answer.broken("began its answer twice")
        if self.answer.has_begun:
            raise failure[1]
        self._head = status, headers
        return self._write

    def _write(self, part: object) -> None:
        # The headers wait for the first of the body (PEP 3333, "The start_response() Callable").
        if part != b"":
            self._begin()
            self.answer.add(part, is_last=False)
        else:
            self.answer.reception.receive(0)

    def _begin(self) -> None:
        if self.answer.has_begun:
            return
        if self._head is None:
            raise ValueError("the app did not call start_response")
        status, headers = self._head
        number = _STATUS.fullmatch(status) if isinstance(status, str) else None
        self.answer.begin(int(number[1]) if number else None, _encoded(headers))


def _encoded(headers: Any) -> Iterable[object]:
    """The headers in bytes; what is no pair of texts stays as it is, and is refused."""
    for pair in headers:
        name, value = pair
        yield tuple(
            one.encode("latin-1") if isinstance(one, str) else None for one in (name, value)
        )


def _environ(request: httpx.Request) -> Environ:
    path, _, query = request.url.raw_path.partition(b"?")
    content = request.read()
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # Bytes in the shape of a text (PEP 3333, "Unicode Issues").
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": str(request.url.port or {"https": 443}.get(request.url.scheme, 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in request.headers.raw:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        name = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    # A body that came in chunks has been read whole, and has its length now.
    if environ.pop("HTTP_TRANSFER_ENCODING", None):
        environ["CONTENT_LENGTH"] = str(len(content))
    return environ
