"""The answer of an app in this process: parsed as it is sent, as strictly as by a server."""

import logging
import re
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import islice

import httpx

from conformance.target.transport.reception import (
    MOST_HEADERS,
    OutOfBounds,
    expect_few,
    reception_of,
)

_log = logging.getLogger(__name__)

_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
"""A header's name (RFC 9110 section 5.6.2)."""

_VALUE = re.compile(rb"[^\0\r\n]*")
"""A header's value (RFC 9110 section 5.5)."""

_STATUSES = range(200, 1000)
"""A 1xx is followed by an answer (RFC 9110 section 15.2), and no server sends one for an app."""

_WITHOUT_BODY = {204, 304}


class BrokenAnswer(httpx.RemoteProtocolError):
    """The app gave no whole answer: it sent what no server sends, or ended; one plain line."""


class AppAnswer:
    """The answer to one request, in parts that nobody has checked, within its reception's bounds.

    Its methods raise :class:`BrokenAnswer` and :class:`OutOfBounds` into the app. Whatever the app
    makes of that, the first error is what came of the request.
    """

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._found: Future[httpx.Response] = Future()
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._body: list[bytes] = []
        self.reception = reception_of(request)
        self.reception.begin()

    @property
    def has_begun(self) -> bool:
        """Whether the status and the headers are sent."""
        return self._head is not None

    @property
    def is_done(self) -> bool:
        """Whether the answer is whole, or has failed."""
        return self._found.done()

    def begin(self, status: object, headers: object) -> None:
        """Send a status and headers: an iterable of pairs of bytes."""
        if self.has_begun:
            raise self.broken("began its answer twice")
        if not isinstance(status, int) or isinstance(status, bool) or status not in _STATUSES:
            raise self.broken("sent a status that is no number from 200 to 999")
        try:
            # However many there are, and be it without an end.
            pairs = list(islice(headers, MOST_HEADERS + 1))  # type: ignore[call-overload]
            found = [(name, value) for name, value in pairs]
        except Exception:  # noqa: BLE001 - what is iterated is the app's
            raise self.broken("sent headers that are no list of pairs") from None
        for name, value in found:
            if not isinstance(name, bytes) or not isinstance(value, bytes):
                raise self.broken("sent a header that is no pair of strings")
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise self.broken("sent a header that HTTP cannot carry")
            self._receive(len(name) + len(value))
        try:
            expect_few(len(found))
        except OutOfBounds as error:
            raise self.fail(error) from None
        self._head = status, found

    def add(self, part: object, *, is_last: bool) -> None:
        """Send a part of the body."""
        if self._head is None:
            raise self.broken("sent a body before it began its answer")
        if self.is_done:
            raise self.broken("sent more after the end of its answer")
        if not isinstance(part, bytes | bytearray | memoryview):
            raise self.broken("sent a part of a body that is no bytes")
        self.reception.in_headers = False
        self._receive(len(part))
        if part and self._request.method != "HEAD":
            self._body.append(bytes(part))
        if is_last:
            self._end(*self._head)

    def broken(self, what: str) -> Exception:
        """The error for what the app did, which ends the answer unless it is whole already."""
        return self.fail(BrokenAnswer(f"the app {what}"))

    def fail(self, error: BaseException) -> Exception:
        """End the answer with what the app raised, unless it is whole already.

        It is the 500 of a server for an exception before the answer began.
        """
        if isinstance(error, Exception) and not self.has_begun and not _is_ours(error):
            _log.debug("the app raised", exc_info=error)
            if not self.is_done:
                self._found.set_result(httpx.Response(500, text="Internal Server Error"))
            return error
        if not isinstance(error, Exception):
            error = BrokenAnswer(f"the app ended with {type(error).__name__}")
        elif not _is_ours(error):
            error = BrokenAnswer(f"the app broke its answer off: {type(error).__name__}")
        if not self.is_done:
            self._found.set_exception(error)
        return error

    def wait(self) -> httpx.Response:
        """The answer; raises the errors of httpx, and those of :meth:`Reception.wait_for`."""
        seconds = self._request.extensions.get("timeout", {}).get("read")
        silent_seconds = None if seconds is None else float(seconds)
        try:
            return self.reception.wait_for(self._found.result, silent_seconds)
        except TimeoutError:
            raise httpx.ReadTimeout("timed out", request=self._request) from None
        finally:
            # An app that does not end now is left behind.
            self.reception.end()

    def _receive(self, count: int) -> None:
        try:
            self.reception.receive(count)
        except OutOfBounds as error:
            raise self.fail(error) from None

    def _end(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        body = b"".join(self._body)
        has_body = self._request.method != "HEAD" and status not in _WITHOUT_BODY
        lengths = {value for name, value in headers if name.lower() == b"content-length"}
        if has_body and lengths - {b"%d" % len(body)}:
            raise self.broken("sent a body of another length than its Content-Length")
        # Given as a stream, it gets no header that the app did not send.
        stream = httpx.ByteStream(body)
        self._found.set_result(httpx.Response(status, headers=list(headers), stream=stream))


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, BrokenAnswer | OutOfBounds)
