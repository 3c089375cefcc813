"""What is under test: a base URL, the partners' tokens, and how to be kind to it."""

import threading
import time
from collections.abc import Sequence
from typing import Self
from urllib.parse import quote

import httpx

from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.redaction import issued_secrets, printable, redacted
from conformance.sabotage import Tamper
from conformance.tokens import FORMS, QUERY_PARAMETER

LONGEST_WAIT_SECONDS = 90.0
"""What a target may ask for in ``Retry-After`` and still be waited for."""

_TIMEOUT_SECONDS = 30.0
_CONNECTIONS = 32

_IDLE_SECONDS = 2.0
"""Servers commonly close connections that are idle for five seconds: be earlier than they."""


class TargetError(Exception):
    """The target cannot be reached, or stopped answering; the message is one plain line."""


class TokenRefused(TargetError):
    """The target does not take a token, or the client id and secret that it is issued for."""


class Target:
    """Sends requests for several threads at once and gives their answers.

    ``tokens`` are the first partner's and, where there is one, the second's. An answer 429 is
    waited for as long as it asks and the request sent again: a limited target is paced, not
    failed. ``max_rate`` is in requests a second. Raises :class:`TargetError`.
    """

    def __init__(
        self,
        base_url: str,
        tokens: Sequence[str],
        *,
        transport: httpx.BaseTransport | None = None,
        max_rate: float | None = None,
        tamper: Tamper | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.tokens = tuple(tokens)
        self.capabilities: set[Capability] = set()
        if len(self.tokens) > 1:
            self.capabilities.add(Capability.SECOND_PARTNER)
        self.limited: list[tuple[Request, Answer]] = []
        """Every 429 that was met, with the request that met it."""
        self.created: set[tuple[int, str]] = set()
        """Partner and client id of everything that was made, to be revoked at the end."""
        self.secrets: set[str] = set(self.tokens)
        """Every token and secret that was met, to be kept out of all that is shown."""
        self.requests_sent = 0
        self._halted = threading.Event()
        self._tamper = tamper
        self._interval = 1 / max_rate if max_rate else 0.0
        self._next_start = 0.0
        self._lock = threading.Lock()
        self._client = httpx.Client(
            transport=transport,
            timeout=_TIMEOUT_SECONDS,
            limits=httpx.Limits(
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_CONNECTIONS,
                keepalive_expiry=_IDLE_SECONDS,
            ),
            follow_redirects=False,
            trust_env=False,
        )

    def send(self, request: Request) -> Answer:
        """The target's answer, after any wait that it asked for."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            answer = self.send_once(request)
            wait = _wait_seconds(answer)
            if wait is None or time.monotonic() + wait > deadline:
                return answer
            self._halted.wait(wait)

    def send_once(self, request: Request) -> Answer:
        """The target's answer, whatever it is."""
        if self._halted.is_set():
            raise TargetError("the run was stopped")
        self._pace()
        answer = self._tamper(request, self._deliver) if self._tamper else self._deliver(request)
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            with self._lock:
                self.limited.append((request, answer))
        return answer

    def halt(self) -> None:
        """Let no further request out, and end all waits, until :meth:`go_on`."""
        self._halted.set()

    def go_on(self) -> None:
        """Send again."""
        self._halted.clear()

    def shown(self, text: str) -> str:
        """``text`` fit for a report: without secrets, without control characters."""
        return printable(redacted(text, self.secrets))

    def __enter__(self) -> Self:
        """Use it as a block that closes all connections at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _deliver(self, request: Request) -> Answer:
        headers = [
            (name, value.encode("utf-8", "surrogateescape")) for name, value in request.headers
        ]
        path = request.path
        if request.partner is not None:
            form = FORMS[request.token_form]
            token = form.apply(self.tokens[request.partner])
            if form.scheme is None:
                path += f"{'&' if '?' in path else '?'}{QUERY_PARAMETER}={quote(token, safe='')}"
            else:
                headers.append(("Authorization", f"{form.scheme}{token}".encode()))
        start = time.monotonic()
        try:
            response = self._over_http(
                request.method,
                self.base_url + path,
                [(name.encode(), value) for name, value in headers],
                request.body,
            )
        except httpx.LocalProtocolError as error:
            # Not the target's doing: a request that HTTP cannot carry. The reason may quote it.
            raise ValueError("the request cannot be sent") from error
        except httpx.HTTPError as error:
            reason = self.shown(" ".join(str(error).split())) or type(error).__name__
            raise TargetError(f"{self.base_url} does not answer: {reason}") from error
        seconds = time.monotonic() - start
        with self._lock:
            self.requests_sent += 1
            self.secrets.update(issued_secrets(response.content))
        found = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        return Answer(response.status_code, found, response.content, seconds)

    def _over_http(
        self, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> httpx.Response:
        """One exchange. A target may close an idle connection just as it is used again.

        Such a request is sent once more (RFC 9112 section 9.3.1), on another connection; a
        target that closes that one too does not answer.
        """
        try:
            return self._client.request(method, url, headers=headers, content=body)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return self._client.request(method, url, headers=headers, content=body)

    def _pace(self) -> None:
        if not self._interval:
            return
        with self._lock:
            start = max(time.monotonic(), self._next_start)
            self._next_start = start + self._interval
        time.sleep(max(0.0, start - time.monotonic()))


def _wait_seconds(answer: Answer) -> float | None:
    """How long a 429 asks to wait; None where it does not say, or for any other answer."""
    text = answer.header("retry-after")
    if answer.status != httpx.codes.TOO_MANY_REQUESTS or text is None or not text.isdigit():
        return None
    return float(text)
