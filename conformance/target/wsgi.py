"""A WSGI app as a target in this process, called as PEP 3333 has a server call it."""

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx

from conformance.target.transport.reception import (
    OutOfBounds,
    Reception,
    answer_of_app,
    reception_of,
)

_log = logging.getLogger(__name__)

Environ = dict[str, Any]


class WsgiTransport(httpx.BaseTransport):
    """Calls the app for each request in a thread of its own.

    httpx's own cannot carry what the harness sends on purpose: a header beyond ASCII.
    """

    def __init__(self, app: Callable[[Environ, Callable[..., Any]], Iterable[bytes]]) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The app's answer; raises the errors of httpx where there is none."""
        environ, reception = _environ(request), reception_of(request)
        reception.begin()
        answer: Future[httpx.Response] = Future()

        def call() -> None:
            try:
                answer.set_result(self._answer(environ, reception))
            except OutOfBounds as error:
                answer.set_exception(error)
            except BaseException:  # noqa: BLE001 - such as SystemExit, which ends a worker
                answer.set_exception(httpx.RemoteProtocolError("the app broke its answer off"))

        # A thread can be left behind, where an app that hangs would hang the run.
        threading.Thread(target=call, daemon=True, name="wsgi").start()
        return answer_of_app(request, answer)

    def _answer(self, environ: Environ, reception: Reception) -> httpx.Response:
        head: list[Any] = []
        written: list[bytes] = []

        def write(part: bytes) -> None:
            reception.in_headers = False
            reception.receive(len(part))
            written.append(part)

        def start_response(status: str, headers: Any, _: Any = None) -> Callable[[bytes], None]:
            head[:] = [status, headers]
            return write

        try:
            parts = self._app(environ, start_response)
            try:
                for part in parts:
                    write(part)
            finally:
                getattr(parts, "close", lambda: None)()
            status, headers = head
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(written)
            stream = httpx.ByteStream(body)
            return httpx.Response(int(status.split()[0]), headers=raw, stream=stream)
        except OutOfBounds:
            raise
        except Exception:  # noqa: BLE001 - the answer of a server whose app raised
            _log.debug("the app raised", exc_info=True)
            return httpx.Response(500, text="Internal Server Error")


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
