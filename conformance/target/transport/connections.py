"""The connections to one target: requests out, answers in, each within its bounds."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus

import httpx

from conformance.target.errors import (
    AnswerCut,
    AnswerOutOfBounds,
    AnswerOverdue,
    ConnectionClosed,
    HungUp,
    TargetError,
    Unreachable,
)
from conformance.target.exchange import Answer, UnsendableRequest
from conformance.target.transport.app_answer import BrokenAnswer
from conformance.target.transport.connection_settings import DIRECT, ConnectionSettings
from conformance.target.transport.decoding import ACCEPTED_CODINGS, decoded
from conformance.target.transport.diagnosis import (
    is_refusal,
    reason_of,
    scheme_reason,
    silence_of,
)
from conformance.target.transport.reception import (
    EXTENSION,
    GRACE_SECONDS,
    MOST_HEADER_BYTES,
    POLL_SECONDS,
    Abandoned,
    OutOfBounds,
    Reception,
    expect_few,
)
from conformance.target.transport.together import taken

RawHeaders = list[tuple[bytes, bytes]]

_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout)
_LATE = (httpx.ReadTimeout, httpx.WriteTimeout)

_HURRIED_SECONDS, _HURRIED_TIMES = 10.0, 3
"""The shortest wait for an answer in a hurry, and what the slowest answer is multiplied by."""

_STOPPED = "the run was stopped"
_HUNG_UP = "the client hung up"

_LAST_SECONDS = 0.5
"""How long the threads of a stopped run may take to notice, when no answer is waited for."""

_CLEANS_UP: ContextVar[bool] = ContextVar("cleans_up", default=False)
"""Whether the requests of this thread clean up after a run that was stopped."""


def in_chunks(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Chunks of these sizes, and what is left in one more; none is empty."""
    found, start = [], 0
    for size in (*sizes, len(body)):
        found.append(body[start : start + size])
        start += size
    return [one for one in found if one]


def url_under(base_url: str, path: str) -> httpx.URL:
    """The URL of a path under a base URL: with the same scheme, host and port.

    Raises :class:`UnsendableRequest` for a path that would lead elsewhere, or that no URL can hold.
    """
    try:
        base, url = httpx.URL(base_url), httpx.URL(base_url + path)
    except httpx.InvalidURL as error:
        raise UnsendableRequest("no URL can hold its path") from error
    origin = (base.scheme, base.netloc, base.userinfo)
    if not path.startswith("/") or (url.scheme, url.netloc, url.userinfo) != origin:
        raise UnsendableRequest("it would leave the target's host and port")
    return url


_url_under = lru_cache(1024)(url_under)
"""Most requests of a run go to few paths. Scripts hold the source of what is cached here."""


class _ClosedWhileIdle(Exception):
    """A connection that was kept was closed without a byte of an answer; ``error`` says how."""

    def __init__(self, error: httpx.HTTPError) -> None:
        super().__init__(str(error))
        self.error = error


class Connections:
    """Sends over HTTP for several threads at once, until they are halted.

    ``timeout`` bounds the seconds between two bytes, ``most_seconds`` those of a whole answer.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport,
        timeout: float,
        most_seconds: float,
        settings: ConnectionSettings = DIRECT,
    ) -> None:
        self.base_url = base_url
        self._settings = settings
        self.lost_seconds = 0.0
        """The time that requests without an answer took together."""
        self._transport = transport
        self._timeout = timeout
        self._most_seconds = most_seconds
        self._slowest = 0.0
        self._has_answered = False
        self._newest: Reception | None = None
        # A signal handler may set them at any moment: there is no lock around them.
        self._halted_at = self._closed_at = float("inf")
        self._lock = threading.Lock()
        # It makes the requests, which are sent without it: so none is redirected, none carries a
        # cookie of another answer, and nothing is read beyond a bound.
        self._client = httpx.Client(
            headers={"Accept-Encoding": ACCEPTED_CODINGS},
            transport=transport,
            timeout=httpx.Timeout(timeout, pool=None),
            trust_env=False,
        )

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Send in this block although they are halted, unless for good.

        Each answer is then waited for little longer than the slowest one so far took.
        """
        before, context = self._most_seconds, _CLEANS_UP.set(True)
        self.lost_seconds = 0.0
        if self._seconds_since(self._halted_at) >= 0:
            self._most_seconds = min(before, max(_HURRIED_SECONDS, _HURRIED_TIMES * self._slowest))
        try:
            yield
        finally:
            self._most_seconds = before
            _CLEANS_UP.reset(context)

    def send(
        self,
        method: str,
        path: str,
        headers: RawHeaders,
        body: bytes,
        chunks: Sequence[int] = (),
        hang_up: float | None = None,
    ) -> Answer:
        """One exchange. A target may close an idle connection just as a request is sent on it.

        Such a request is sent once more (RFC 9112 section 9.3.1), on another connection. Its
        answer says so: nobody knows whether the target has read the first one. Raises
        :class:`HungUp` where the answer is not there after ``hang_up`` seconds.
        """
        sent = method, _url_under(self.base_url, path), headers
        content = in_chunks(body, chunks) if chunks else body
        try:
            try:
                return self._expect_through(self._receive(*sent, content, hang_up))
            except _ClosedWhileIdle as idle:
                try:
                    answer = self._expect_through(self._receive(*sent, content, hang_up))
                    return replace(answer, is_repeated=True)
                except (httpx.ConnectError, _ClosedWhileIdle):
                    # It went away with a request on its way, and maybe because of that.
                    raise idle.error from None
        except _CLOSED as error:
            by_app = str(error) if isinstance(error, BrokenAnswer) else ""
            reason = self._no_answer(self.base_url, error)
            if is_refusal(error):
                raise reason from error
            if not self._has_answered and (told := scheme_reason(self.base_url, self._settings)):
                raise TargetError(told) from error
            raise ConnectionClosed(str(reason), by_app) from error
        except _LATE as error:
            reason = self._no_answer(self.base_url, error)
            raise AnswerOverdue(str(reason), self._timeout) from error
        except (httpx.LocalProtocolError, httpx.InvalidURL) as error:
            # Not the target's doing: a request that HTTP cannot carry. The reason may quote it.
            raise UnsendableRequest("HTTP cannot carry it") from error
        except httpx.HTTPError as error:
            raise self._no_answer(self.base_url, error) from error

    def _expect_through(self, answer: Answer) -> Answer:
        """The answer, which is not that of a proxy who wants other credentials."""
        if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and self._settings.proxy:
            error = httpx.ProxyError(f"{answer.status}")
            raise self._no_answer(self.base_url, error)
        return answer

    def send_once(self, url: str, headers: RawHeaders, body: bytes) -> Answer:
        """The answer to a POST to any URL, which is sent only once, whatever becomes of it."""
        try:
            return self._receive("POST", httpx.URL(url), headers, body)
        except _ClosedWhileIdle as idle:
            raise self._no_answer(url, idle.error) from idle
        except httpx.HTTPError as error:
            raise self._no_answer(url, error) from error
        except AnswerOutOfBounds as error:
            raise TargetError(f"{url} gives {error.excess}") from error

    def rest(self, seconds: float) -> None:
        """Wait, unless they are halted meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._is_halted():
            time.sleep(min(left, POLL_SECONDS))

    def expect_open(self) -> None:
        """Raise :class:`TargetError` while they are halted."""
        if self._is_halted():
            raise TargetError(_STOPPED)

    def halt(self, *, for_good: bool = False) -> None:
        """End all waits, but those for answers on their way only after a grace, and send no more.

        ``for_good`` leaves no grace, and ends the cleaning up as well.
        """
        self._halted_at = min(self._halted_at, time.monotonic())
        if for_good:
            self._closed_at = min(self._closed_at, time.monotonic())

    def resume(self) -> None:
        """Send again, unless halted for good."""
        self._halted_at = float("inf")

    @property
    def is_over(self) -> bool:
        """Whether they have been halted for so long that only what is busy has not ended."""
        return self._is_halted(_LAST_SECONDS, GRACE_SECONDS + _LAST_SECONDS)

    def _is_halted(self, for_good: float = 0.0, until_cleaned_up: float = 0.0) -> bool:
        """Whether they have been halted for so many seconds, as far as this thread is concerned."""
        if self._seconds_since(self._closed_at) >= for_good:
            return True
        return not _CLEANS_UP.get() and self._seconds_since(self._halted_at) >= until_cleaned_up

    @staticmethod
    def _seconds_since(moment: float) -> float:
        return time.monotonic() - moment

    def close(self) -> None:
        """Close all of them."""
        self._client.close()

    def _receive(
        self,
        method: str,
        url: httpx.URL,
        headers: RawHeaders,
        body: bytes | list[bytes],
        hang_up: float | None = None,
    ) -> Answer:
        """Send once and give the answer; a list is sent in chunks. Raises the errors of httpx.

        Raises :class:`AnswerOutOfBounds` for an answer that is larger or longer than is allowed.
        """
        self.expect_open()

        def is_abandoned() -> bool:
            # What is not sent yet need not be.
            return self._is_halted(0.0, GRACE_SECONDS if reception.seconds else 0.0)

        most_seconds = self._most_seconds if hang_up is None else hang_up
        self._newest = reception = Reception(most_seconds, is_abandoned, taken())
        # What is an iterator, httpx sends in chunks, and only once.
        content = iter(body) if isinstance(body, list) else body
        request = self._client.build_request(
            method, url, headers=headers, content=content, extensions={EXTENSION: reception}
        )
        start = time.monotonic()
        response: httpx.Response | None = None
        try:
            response = self._transport.handle_request(request)
            found = tuple((name.lower(), value) for name, value in response.headers.multi_items())
            _expect_bounded(response.headers)
            codings = response.headers.get_list("content-encoding", split_commas=True)
            received = decoded(response.stream, codings)  # type: ignore[arg-type]  # it is no async one
            seconds = time.monotonic() - start
            self._has_answered = True
            self._slowest = max(self._slowest, seconds)
            return Answer(response.status_code, found, received, seconds)
        except Abandoned:
            raise (AnswerCut if reception.seconds else TargetError)(_STOPPED) from None
        except _LATE:
            if hang_up is not None:
                raise HungUp(_HUNG_UP) from None
            self._lose(time.monotonic() - start)
            raise
        except _CLOSED as error:
            self._lose(time.monotonic() - start)
            if reception.is_reused and not reception.received:
                raise _ClosedWhileIdle(error) from error
            raise
        except OutOfBounds as error:
            if hang_up is not None:
                raise HungUp(_HUNG_UP) from None
            self._lose(reception.seconds)
            status = f"status {response.status_code}, " if response is not None else ""
            seen = f"{status}{reception.received} bytes received in {reception.seconds:.1f} s"
            excess = f"an answer {error} ({seen})"
            raise AnswerOutOfBounds(f"{self.base_url} gives {excess}", excess) from error
        finally:
            if response is not None:
                response.close()

    @property
    def silence(self) -> str:
        """Who has not answered yet, as a line; empty once there was an answer."""
        if self._has_answered or self._newest is None:
            return ""
        return silence_of(self.base_url, self._settings, self._newest)

    def _no_answer(self, url: str, error: httpx.HTTPError) -> TargetError:
        is_unreachable = isinstance(error, _UNREACHABLE) and not is_refusal(error)
        is_known = self._has_answered or isinstance(error, BrokenAnswer)
        reason = reason_of(url, error, self._settings, has_answered=is_known)
        return (Unreachable if is_unreachable else TargetError)(reason)

    def _lose(self, seconds: float) -> None:
        """Count the seconds of a request that was given up."""
        with self._lock:
            self.lost_seconds += seconds


def _expect_bounded(headers: httpx.Headers) -> None:
    """Raise :class:`OutOfBounds` for too many headers, or too large ones."""
    expect_few(len(headers.raw))
    if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEADER_BYTES:
        raise OutOfBounds(f"of more than {MOST_HEADER_BYTES} bytes of headers")
