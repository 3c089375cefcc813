"""The target: its base URL, the partners' tokens, and the pace of requests."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import quote

import httpx

from conformance.target.access import Access, Issued
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Headers, Request, Tamper, UnsendableRequest
from conformance.target.redaction import issued_secrets
from conformance.target.retry_after import LONGEST_WAIT_SECONDS, pauses, seconds_to_wait
from conformance.target.token_forms import FORMS, QUERY_PARAMETER, UNCHANGED
from conformance.target.transport.decoding import ACCEPTED_CODINGS, decoded
from conformance.target.transport.reception import (
    EXTENSION,
    MOST_HEADER_BYTES,
    MOST_SECONDS,
    TIMEOUT_SECONDS,
    Abandoned,
    OutOfBounds,
    Reception,
    expect_few,
)
from conformance.target.transport.sockets import SocketTransport
from dinie_contract.options import REPLAY_DELAY_SECONDS
from dinie_contract.output import SECRETS


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


_MOST_RENEWALS = 3
_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)

_HURRIED_SECONDS, _HURRIED_TIMES = 10.0, 3
"""The shortest wait for an answer in a hurry, and what the slowest answer is multiplied by."""

_LATE = (httpx.ReadTimeout, httpx.WriteTimeout)

MOST_LOST_SECONDS = 600.0
"""The time that requests without an answer may take together, before the target is given up."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The settings of a target, as the options of a command state them.

    ``max_rps`` is in requests a second, ``replay_delay`` in seconds (0 leaves delayed replays
    out). ``clock_url`` moves the target's clock, ``provoke_rate_limit`` allows a 429 on purpose,
    ``ca_file`` names certificate authorities that are trusted beside the usual ones, and
    ``headers`` go along with every request to the base URL.
    """

    max_rps: float | None = None
    replay_delay: float = 0.0
    clock_url: str | None = None
    provoke_rate_limit: bool = False
    ca_file: Path | None = None
    headers: Headers = ()


AS_RUN = TargetSettings(replay_delay=REPLAY_DELAY_SECONDS)
"""The settings of ``run`` without an option."""


Kept = TypeVar("Kept")

CreatedResource = tuple[int, str]
"""The partner of a created resource, and its handle: the text that names it in a path."""


@cache
def trust_of(ca_file: Path | None) -> ssl.SSLContext:
    """The certificate authorities to trust: the usual ones, and those of a file."""
    # Reading the certificate authorities is slow.
    trust = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        trust.load_verify_locations(cafile=ca_file)
    return trust


class Newest(list[Kept]):
    """Exchanges of which the oldest are forgotten, beyond a number or so many bytes of bodies."""

    MOST, MOST_BYTES = 10_000, 32 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__()
        self._sizes: list[int] = []
        self._bytes = 0

    def add(self, exchange: Kept, size: int) -> None:
        """Keep an exchange whose bodies have this size."""
        self.append(exchange)
        self._sizes.append(size)
        self._bytes += size
        while len(self) > 1 and (len(self) > self.MOST or self._bytes > self.MOST_BYTES):
            del self[0]
            self._bytes -= self._sizes.pop(0)


class TargetError(Exception):
    """The target cannot be reached, or stopped answering; the message is one plain line."""


class ConnectionClosed(TargetError):
    """The target closed the connection without a whole answer, and did so again."""


class TokenRefused(TargetError):
    """The target does not take a token, or the client id and secret that it is issued for."""


class AnswerOverdue(TargetError):
    """The target took the request, and no answer came in so many ``seconds``."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class AnswerOutOfBounds(TargetError):
    """The target's answer had no end, or was too large; ``excess`` is what was seen of it."""

    def __init__(self, message: str, excess: str) -> None:
        super().__init__(message)
        self.excess = excess


class Target:
    """Sends requests for several threads at once and gives their answers.

    ``tokens`` are the first partner's and, where there is one, the second's. A request that gets
    a 429 is sent again after the wait that the 429 asks for. Raises :class:`TargetError`.
    """

    def __init__(
        self,
        base_url: str,
        tokens: Sequence[str],
        settings: TargetSettings = AS_RUN,
        *,
        transport: httpx.BaseTransport | None = None,
        tamper: Tamper | None = None,
        timeout: float = TIMEOUT_SECONDS,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.settings = settings
        self.capabilities: set[Capability] = set()
        if settings.replay_delay:
            self.capabilities.add(Capability.REPLAY_DELAY)
        if settings.clock_url:
            self.capabilities.add(Capability.CLOCK)
        self.provocation = threading.Lock()
        """Held while a 429 is provoked, which is done once in a run."""
        self.was_provoked = False
        self.provoked: tuple[Request, list[Answer]] | None = None
        """A request that got a 429 while no other was sent, and its answers in order."""
        self.takes_form_only = False
        """Whether the token operation takes the documented form and no JSON."""
        self.limited = Newest[tuple[Request, Answer]]()
        """Every 429 and its request."""
        self.waited = Newest[tuple[Request, Answer, Answer]]()
        """Every request that got a 429, that 429, and the answer after the wait."""
        self.created: set[CreatedResource] = set()
        """The created resources, to be revoked at the end."""
        self.access: tuple[Access, ...] = ()
        self.set_access([Access(Issued(token)) for token in tokens])
        self.requests_sent = 0
        self.most_lost_seconds = MOST_LOST_SECONDS
        """The longest time of all requests without an answer together, before all are refused."""
        self._lost_seconds = self._slowest = 0.0
        self.on_answer: Callable[[Request, Answer], None] = lambda _, __: None
        """Called with every exchange, in the thread that made it."""
        self._halted = threading.Event()
        self._is_halted_for_good = False
        self._tamper = tamper
        self._timeout = timeout
        self._interval = 1 / settings.max_rps if settings.max_rps else 0.0
        self._pause = 0.0
        self._next_start = 0.0
        self._lock = threading.Lock()
        self._most_seconds = most_seconds
        self._transport = transport or SocketTransport(trust_of(settings.ca_file))
        # It makes the requests, which are sent without it: so none is redirected, none carries a
        # cookie of another answer, and nothing is read beyond a bound.
        self._client = httpx.Client(
            headers={"Accept-Encoding": ACCEPTED_CODINGS},
            transport=self._transport,
            timeout=httpx.Timeout(timeout, pool=None),
            trust_env=False,
        )

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Wait for each answer in this block little longer than for the slowest one so far."""
        before = self._most_seconds
        self._most_seconds = min(before, max(_HURRIED_SECONDS, _HURRIED_TIMES * self._slowest))
        try:
            yield
        finally:
            self._most_seconds = before

    @property
    def tokens(self) -> tuple[str, ...]:
        """The partners' tokens as they are now."""
        return tuple(one.token for one in self.access)

    def set_access(self, access: Sequence[Access]) -> None:
        """Use these tokens from now on, one for each partner."""
        self.access = tuple(access)
        if len(self.access) > 1:
            self.capabilities.add(Capability.SECOND_PARTNER)

    def send(self, request: Request) -> Answer:
        """The target's answer, after any wait that it asked for."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        answer = self.send_once(request)
        for shortest in pauses():
            wait = seconds_to_wait(answer)
            if wait is None or time.monotonic() + wait > deadline:
                break
            self.rest(max(wait, shortest))
            again = self.send_once(request)
            with self._lock:
                self.waited.add((request, answer, again), len(answer.body) + len(again.body))
            answer = again
        return answer

    def send_once(self, request: Request) -> Answer:
        """The target's answer, whatever it is."""
        if self._halted.is_set():
            raise TargetError(_STOPPED)
        if self._lost_seconds > self.most_lost_seconds:
            raise TargetError(
                f"{self.base_url} is given up: requests without an answer, or without its end,"
                f" took {self._lost_seconds:.0f} s"
            )
        self._pace()
        answer = self._tamper(request, self._deliver) if self._tamper else self._deliver(request)
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            with self._lock:
                self.limited.add((request, answer), len(answer.body))
        self.on_answer(request, answer)
        return answer

    def as_sent(self, request: Request) -> Request:
        """The request with the headers that the user has given."""
        for name, value in self.settings.headers:
            request = request.with_header(name, value)
        return request

    def slow_down(self, seconds: float) -> None:
        """Leave so many seconds between requests from now on, or more where that was asked for."""
        with self._lock:
            self._pause = seconds

    def rest(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        self._halted.wait(seconds)

    def move_clock(self, seconds: int) -> int:
        """Move the target's clock ahead; gives the status of the answer, 2xx where it is done."""
        url = str(self.settings.clock_url)
        headers = [(b"Content-Type", b"application/json")]
        try:
            # Only once: who knows whether the clock has moved when there is no answer.
            body = json.dumps({"seconds": seconds}).encode()
            answer = self._receive("POST", httpx.URL(url), headers, body)
        except httpx.HTTPError as error:
            raise self._no_answer(url, error) from error
        except AnswerOutOfBounds as error:
            raise TargetError(f"{url} gives {error.excess}") from error
        if answer.is_success:
            for one in self.access:
                one.clock_moved(seconds)
        return answer.status

    def halt(self, *, for_good: bool = False) -> None:
        """Let no further request out, and end all waits, until :meth:`resume`, or for good."""
        self._is_halted_for_good |= for_good
        self._halted.set()

    def resume(self) -> None:
        """Send again, unless halted for good."""
        self._lost_seconds = 0.0
        if not self._is_halted_for_good:
            self._halted.clear()

    def __enter__(self) -> Self:
        """Use it as a block that closes all connections at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _deliver(self, request: Request) -> Answer:
        if request.partner is None:
            return self._exchange(request, "")
        access = self.access[request.partner]
        token = access.current()
        answer = self._exchange(request, token)
        if request.token_form != UNCHANGED:
            return answer
        # It may have expired on the way, or before its time; the next one as well, if it is slow.
        for _ in range(_MOST_RENEWALS):
            other = access.after_refusal(token) if _is_refusal(answer) else None
            if other is None:
                break
            token, answer = other, self._exchange(request, other)
            if _is_refusal(answer):
                access.was_of_no_use(token)
        return answer

    def _exchange(self, request: Request, token: str) -> Answer:
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in self.as_sent(request).headers
        ]
        path = request.path
        if request.partner is not None:
            # It stays known, however many secrets are issued meanwhile.
            SECRETS.add([token], used=True)
            form = FORMS[request.token_form]
            sent = form.apply(token)
            if form.scheme is None:
                path += f"{'&' if '?' in path else '?'}{QUERY_PARAMETER}={quote(sent, safe='')}"
            else:
                headers.append((b"Authorization", f"{form.scheme}{sent}".encode()))
        if request.chunks:
            # Who cannot read chunks may take the rest of them for the next request.
            headers.append((b"Connection", b"close"))
        body = in_chunks(request.body, request.chunks) if request.chunks else request.body
        url = url_under(self.base_url, path)
        answer = self._over_http(lambda: self._receive(request.method, url, headers, body))
        with self._lock:
            self.requests_sent += 1
        SECRETS.add(issued_secrets(answer))
        return answer

    def _over_http(self, receive: Callable[[], Answer]) -> Answer:
        """One exchange. A target may close an idle connection just as a request is sent on it.

        Such a request is sent once more (RFC 9112 section 9.3.1), on another connection; a
        target that closes that one too does not answer.
        """
        try:
            try:
                return receive()
            except _CLOSED:
                return receive()
        except _CLOSED as error:
            raise ConnectionClosed(*self._no_answer(self.base_url, error).args) from error
        except _LATE as error:
            reason = self._no_answer(self.base_url, error)
            raise AnswerOverdue(str(reason), self._timeout) from error
        except (httpx.LocalProtocolError, httpx.InvalidURL) as error:
            # Not the target's doing: a request that HTTP cannot carry. The reason may quote it.
            raise UnsendableRequest("HTTP cannot carry it") from error
        except httpx.HTTPError as error:
            raise self._no_answer(self.base_url, error) from error

    def _receive(
        self,
        method: str,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        body: bytes | list[bytes],
    ) -> Answer:
        """Send once and give the answer; a list is sent in chunks. Raises the errors of httpx.

        Raises :class:`AnswerOutOfBounds` for an answer that is larger or longer than is allowed.
        """
        reception = Reception(self._most_seconds, self._halted.is_set)
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
            self._slowest = max(self._slowest, seconds)
            return Answer(response.status_code, found, received, seconds)
        except Abandoned:
            raise TargetError(_STOPPED) from None
        except (*_LATE, *_CLOSED):
            self._lose(time.monotonic() - start)
            raise
        except OutOfBounds as error:
            self._lose(reception.seconds)
            status = f"status {response.status_code}, " if response is not None else ""
            seen = f"{status}{reception.received} bytes received in {reception.seconds:.1f} s"
            excess = f"an answer {error} ({seen})"
            raise AnswerOutOfBounds(f"{self.base_url} gives {excess}", excess) from error
        finally:
            if response is not None:
                response.close()

    def _no_answer(self, url: str, error: httpx.HTTPError) -> TargetError:
        reason = " ".join(str(error).split()) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            reason += "; --ca-file trusts another authority"
        return TargetError(f"{url} does not answer: {reason}")

    def _lose(self, seconds: float) -> None:
        """Count the seconds of a request that was given up."""
        with self._lock:
            self._lost_seconds += seconds

    def _pace(self) -> None:
        interval = max(self._interval, self._pause)
        if not interval:
            return
        with self._lock:
            start = max(time.monotonic(), self._next_start)
            self._next_start = start + interval
        self.rest(max(0.0, start - time.monotonic()))


_STOPPED = "the run was stopped"


def _expect_bounded(headers: httpx.Headers) -> None:
    """Raise :class:`OutOfBounds` for too many headers, or too large ones."""
    expect_few(len(headers.raw))
    if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEADER_BYTES:
        raise OutOfBounds(f"of more than {MOST_HEADER_BYTES} bytes of headers")


def _is_refusal(answer: Answer) -> bool:
    return answer.status == httpx.codes.UNAUTHORIZED
