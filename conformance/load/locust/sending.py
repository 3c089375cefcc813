"""Sends the requests of one user with Locust's client, with the retries of a good client."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any

import gevent
import geventhttpclient.client
import httpx
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.response import HTTPParseError, HTTPSocketPoolResponse
from locust.contrib.fasthttp import (
    FastHttpSession,
    FastResponse,
    LocustUserAgent,
    ResponseContextManager,
)

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.pages import items, largest_page, query_for
from conformance.probe.paging import Cursor, page_in
from conformance.probe.probe import Probe
from conformance.probe.violation import NO_SERVER_ERROR, NOTHING_FAILS, Violation
from conformance.server import catalogue
from conformance.target.clean_up import GONE_STATUSES
from conformance.target.entity_tags import shown_tag, tag_parameter, with_tag
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
    UnsendableRequest,
)
from conformance.target.members import JsonObject
from conformance.target.redaction import issued_secrets
from conformance.target.retry_after import LONGEST_WAIT_SECONDS, pauses, seconds_to_wait
from conformance.target.target import Target
from conformance.target.transient import is_transient
from conformance.target.transport.connection_settings import trust_of
from conformance.target.transport.connections import url_under
from conformance.target.transport.decoding import ACCEPTED_CODINGS, decoded
from conformance.target.transport.reception import (
    MOST_BYTES,
    MOST_HEADER_BYTES,
    TIMEOUT_SECONDS,
    Abandoned,
    OutOfBounds,
    expect_few,
)
from dinie_contract.output import SECRETS
from dinie_contract.web_address import certified
from openapi.operation import Operation

_NOTHING = Answer(NO_ANSWER)

_AFTER_A_DROP = {Purpose.REVOKE: Purpose.REVOKE_AGAIN, Purpose.CREATE: Purpose.AT_ONCE}
"""The purpose of a request that is sent again without an answer: it may have been executed."""

_MOST_DROPS = 5
"""Attempts of a request that gets no answer, or that of a gateway in front."""

_STEP_BYTES = 64 * 1024


class _OutOfBounds(OutOfBounds, HTTPParseError):
    """An answer went past a bound: to Locust, the failure of a request."""

    has_begun = False
    """Whether anything has come of the answer; else there is none."""


class _Received(HTTPSocketPoolResponse):
    """Counts the bytes that a connection gives, those of informational responses too."""

    _received = 0
    _has_headers = False

    def _read_headers(self, pre_buffered: bytes = b"") -> None:
        try:
            super()._read_headers(pre_buffered)
        except _OutOfBounds as error:
            error.has_begun = self._received > 0
            raise

    def feed(self, data: str | bytes) -> None:
        self._received += len(data)
        if not self._has_headers and self._received > MOST_HEADER_BYTES + self.block_size:
            raise _OutOfBounds(f"of more than {MOST_HEADER_BYTES} bytes of headers")
        if self._received > MOST_BYTES + MOST_HEADER_BYTES:
            raise _OutOfBounds(f"of more than {MOST_BYTES} bytes")
        super().feed(data)
        self._has_headers = self.headers_complete and self.get_code() >= HTTPStatus.OK


class _Response(FastResponse):
    """Decodes step by step, and no further than the bounds."""

    def _content(self) -> Any:
        response, headers = self._response, self.headers
        if response is None or headers is None:
            return None
        codings = ",".join(headers.getlist("content-encoding")).split(",")
        try:
            expect_few(sum(1 for _ in headers.items()))
            return decoded(iter(lambda: response.read(_STEP_BYTES), b""), codings)
        except OutOfBounds as error:
            found = _OutOfBounds(str(error))
            found.has_begun = True
            raise found from error
        finally:
            self.release()


LocustUserAgent.response_type = _Response
# It takes no class for what it reads from a connection.
vars(geventhttpclient.client)[HTTPSocketPoolResponse.__name__] = _Received

# A status is for the judges, and a redirect is an answer like any other.
LocustUserAgent.valid_response_codes = frozenset(range(100, 600))
LocustUserAgent.redirect_response_codes = frozenset()

CLEANING_UP = " (cleaning up)"
"""The suffix, in Locust's statistics, of requests that are no part of the load."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list: its items, and the cursor of the next page, empty for the last one."""

    items: list[JsonObject]
    cursor: Cursor
    may_be_last: bool = False


class Sender:
    """Sends requests one by one, or several at once from greenlets of its user.

    Transient answers, answers 429 and requests without an answer are retried, and counted apart; a
    429 after its ``Retry-After``. A transient answer that comes on each try is judged, save a 503:
    under load, a server may say that it is overloaded (RFC 9110 section 15.6.4). ``suffix`` is
    added to the names of the requests in Locust's statistics.
    """

    def __init__(self, client: FastHttpSession, state: WorkerState, suffix: str = "") -> None:
        self._client = client
        # As in a run, no request carries a cookie that another one was answered with.
        client.client.cookiejar = None
        self._state = state
        self._suffix = suffix

    def send(
        self,
        probe: Probe,
        request: Request,
        purpose: Purpose,
        *,
        first: Answer | None = None,
        first_id: str | None = None,
        secrets: Sequence[str] = (),
    ) -> Answer | None:
        """The judged answer; None where the retries got none, or the run is stopped."""
        state = self._state
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        drops = 0
        for pause in pauses():
            if state.is_hurried or state.stopped or (state.is_interrupted and not self._suffix):
                return None
            token = self._token(request)
            if token is None:
                return None
            exchange = JudgedExchange(
                probe.operation, request, _NOTHING, purpose, token, first, first_id, secrets,
                probe.contract.resource_of(probe.operation),
            )  # fmt: skip
            most = 1 if state.is_interrupted else _MOST_DROPS
            answer = self._exchange(exchange, is_last_try=drops + 1 >= most)
            if answer is not None and _is_refused(answer):
                if self._renewed(probe, request, token):
                    continue
                return None
            wait = self._wait(answer, pause)
            is_dropped = answer is None or _is_of_gateway(answer)
            drops += is_dropped
            if wait is None or (drops >= most and answer is not None):
                return answer
            if drops >= most or time.monotonic() + wait > min(deadline, state.last_wait):
                state.tally.counts[Count.GIVEN_UP] += 1
                return None
            if is_dropped:
                purpose = _AFTER_A_DROP.get(purpose, purpose)
            gevent.sleep(wait)
        return None

    def page(self, limit: int, after: Cursor, secrets: Sequence[str] = ()) -> Page | None:
        """A page of at most ``limit`` items after a cursor; None where it cannot be read."""
        if (probe := self._state.page) is None:
            return None
        # A page is full, and another may follow, at the size that was asked for.
        limit = min(limit, largest_page(probe))
        try:
            request = page_request(probe, limit, after)
        except UnsendableRequest:
            return None
        answer = self.send(probe, request, Purpose.PAGE, secrets=secrets)
        # A 404 is a page where a list may have ended: ``page_in`` knows.
        if answer is None or answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            return None
        members, query = probe.page_members, query_for(probe, limit, after or None)
        page = page_in(members, probe.resource.id, answer, query, is_strict=False)
        if page is None and answer.status != HTTPStatus.OK:
            return None
        if page is None:
            return Page(items(probe.operation, answer), "")
        # What such a page does not show may be there.
        return None if page.is_cut else Page(page.items, page.next or "", page.may_be_last)

    def revoke(self, handle: str, purpose: Purpose, secrets: Sequence[str] = ()) -> bool:
        """Revoke a resource; gives whether it is revoked, or gone."""
        if (probe := self._state.revoke) is None:
            return False
        try:
            request = self._with_tag(probe, probe.on_one(handle))
        except UnsendableRequest:
            return False
        answer = self.send(probe, request, purpose, secrets=secrets)
        return answer is not None and (answer.is_success or answer.status in GONE_STATUSES)

    def _with_tag(self, probe: Probe, request: Request) -> Request:
        """The same request with the ``If-Match`` of now, where the operation asks for one."""
        tag = tag_parameter(probe.operation)
        if tag is None:
            return request

        def read(operation: Operation, path: str) -> Answer:
            reading = probe.of(operation)
            return self.send(reading, reading.request().at(path), Purpose.READ) or _NOTHING

        return with_tag(
            request, tag, lambda: shown_tag(probe.contract, probe.operation, request.path, read)
        )

    def _exchange(self, exchange: JudgedExchange, *, is_last_try: bool) -> Answer | None:
        """Send once and judge; None where no answer came."""
        try:
            with self._state.waiting():
                return self._judged(exchange, is_last_try=is_last_try)
        except Abandoned:
            return None

    def _judged(self, exchange: JudgedExchange, *, is_last_try: bool) -> Answer | None:
        state = self._state
        late: Exception = _OutOfBounds(f"without an end within {state.most_seconds:g} s")
        if state.is_interrupted:
            # No answer is held to this bound, which is that of a hurry.
            late = Abandoned()
        with gevent.Timeout(state.most_seconds, late):
            answering = self._request(exchange)
        with answering as response:
            answer = _answer(response)
            state.tally.counts[Count.REQUESTS] += 1
            if answer is None:
                self._note_excess(exchange, response)
                _name(response, " (no answer)")
                state.note_no_answer()
                return None
            state.note_answer()
            answer = answer.to(exchange.operation)
            SECRETS.add(issued_secrets(answer))
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                _name(response, " (limited)")
            is_refused = _is_refused(answer)
            is_judged = not is_refused and (is_last_try or not _is_of_gateway(answer))
            violation = state.judge(replace(exchange, answer=answer)) if is_judged else ""
            if violation or is_refused or answer.is_server_error:
                response.failure(violation or f"{answer.status}")
            else:
                response.success()
        return answer

    def _note_excess(self, exchange: JudgedExchange, response: ResponseContextManager) -> None:
        """Note the violation of an answer that went past a bound, where it did."""
        error = response.request_meta["exception"]
        if isinstance(error, _OutOfBounds) and error.has_begun:
            status = f" (status {response.status_code})" if response.status_code else ""
            violation = Violation(NO_SERVER_ERROR, f"an answer {error}{status}")
            requirement, shown = catalogue()[NOTHING_FAILS], [(exchange.request, _NOTHING)]
            self._state.note(requirement, exchange.operation, violation, shown)

    def _request(self, exchange: JudgedExchange) -> ResponseContextManager:
        request = self._state.target.as_sent(exchange.request)
        path = request.path
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in request.headers
        ]
        for one in self._state.target.credentials(request, exchange.token):
            path, headers, _ = one.put_into(path, headers, b"")
        headers.append((b"Accept-Encoding", ACCEPTED_CODINGS.encode()))
        return self._client.request(
            request.method,
            # An absolute URL: a host typed into Locust's page sends nothing elsewhere.
            str(url_under(self._state.target.base_url, path)),
            name=f"{exchange.operation.id}{self._suffix}",
            data=request.body or None,  # type: ignore[arg-type]  # bytes are sent as they are
            headers={
                name.decode(): value.decode("utf-8", "surrogateescape") for name, value in headers
            },
            catch_response=True,
        )

    def _wait(self, answer: Answer | None, pause: float) -> float | None:
        """Seconds until the request is sent again; None where it is not."""
        counts = self._state.tally.counts
        if answer is None:
            counts[Count.DROPPED] += 1
            counts[Count.FAILED] += 1
            # Jitter: a restarted server is not to get all retries at once.
            return pause * random.uniform(1, 2)  # noqa: S311 - no secret
        if answer.is_server_error:
            counts[Count.FAILED] += 1
        if is_transient(answer):
            counts[Count.UNAVAILABLE] += 1
            return pause
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            counts[Count.LIMITED] += 1
            return max(seconds_to_wait(answer) or 0.0, pause)
        return None

    def _token(self, request: Request) -> str | None:
        """The current access token, empty for an anonymous request; None where there is none."""
        if request.partner is None:
            return ""
        try:
            return self._state.target.access[request.partner].current()
        except TargetError as error:
            self._state.stop(str(error))
            return None

    def _renewed(self, probe: Probe, request: Request, token: str) -> bool:
        """Whether a refused access token could be replaced by a new one."""
        target, partner = self._state.target, request.partner or 0
        has_key = target.settings.has_key(target.settings.place_of(request), partner)
        try:
            renewed = None if has_key else target.access[partner].after_refusal(token)
        except TargetError as error:
            self._state.stop(str(error))
            return False
        if renewed is None:
            self._state.stop(target.refusal(probe.operation.id, probe.token_places, partner))
        return renewed is not None


def page_request(probe: Probe, limit: int, after: Cursor = "") -> Request:
    """The request for a page of at most ``limit`` items after a cursor."""
    most = min(limit, largest_page(probe))
    return probe.request(query=query_for(probe, most, after or None))


def client_pool(target: Target, concurrency: int) -> HTTPClientPool:
    """The connections of one client, so many at once, by the settings of the target."""
    settings = target.settings.connection
    url = httpx.URL(target.base_url)
    through: dict[str, Any] = {}
    if url.scheme == "https":
        through["ssl_options"] = {"server_hostname": certified(url.raw_host.decode())}
    proxy = settings.proxy_to(url)
    if proxy is not None:
        through |= {"proxy_host": proxy.url.host, "proxy_port": proxy.port}
        if proxy.user or proxy.password:
            through |= {"proxy_user": proxy.user, "proxy_password": proxy.password}
    return HTTPClientPool(
        concurrency=concurrency,
        insecure=settings.insecure,
        ssl_context_factory=partial(trust_of, settings),
        network_timeout=TIMEOUT_SECONDS,
        connection_timeout=TIMEOUT_SECONDS,
        **through,
    )


def session(state: WorkerState, request_event: object, concurrency: int) -> FastHttpSession:
    """A client like those of the users, for reconciliation; ``concurrency`` bounds connections."""
    return FastHttpSession(
        base_url=state.target.base_url,
        request_event=request_event,
        user=None,
        client_pool=client_pool(state.target, concurrency),
        max_retries=0,
    )


def _is_refused(answer: Answer) -> bool:
    """Whether the token was refused: it may have expired, which is no violation."""
    return answer.status == HTTPStatus.UNAUTHORIZED


def _is_of_gateway(answer: Answer) -> bool:
    """Whether a gateway in front answered, whose next answer may be another."""
    return is_transient(answer) and answer.status != HTTPStatus.SERVICE_UNAVAILABLE


def _name(response: ResponseContextManager, suffix: str) -> None:
    response.request_meta["name"] += suffix


def _answer(response: ResponseContextManager) -> Answer | None:
    """The answer; None where there is none, or its body is cut off."""
    failed = response.request_meta["exception"] is not None
    if failed or response.status_code == 0 or response.headers is None:
        return None
    try:
        body = response.content or b""
    except Exception:  # noqa: BLE001 - whatever kept the rest from coming
        return None
    headers = tuple((name.lower(), value) for name, value in response.headers.items())
    seconds = response.request_meta["response_time"] / 1000
    answer = Answer(response.status_code, headers, body, seconds)
    length = answer.header("content-length")
    is_whole = (
        length is None or not length.isdigit() or answer.header("content-encoding") is not None
        or int(length) <= len(body)
    )  # fmt: skip
    return answer if is_whole else None
