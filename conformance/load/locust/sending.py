"""Sends the requests of one user with Locust's client, as patient as a good client is."""

import random
import ssl
import time
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

import gevent
from locust.contrib.fasthttp import FastHttpSession, LocustUserAgent, ResponseContextManager

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.probe import Probe
from conformance.target.exchange import NO_ANSWER, Answer, Request
from conformance.target.retry_after import LONGEST_WAIT_SECONDS, pauses, seconds_to_wait
from conformance.target.target import TIMEOUT_SECONDS, TargetError

_NOTHING = Answer(NO_ANSWER)

_AFTER_A_DROP = {Purpose.REVOKE: Purpose.REVOKE_AGAIN, Purpose.CREATE: Purpose.AT_ONCE}
"""What a request is when it may have come through before."""

_MOST_DROPS = 5
"""How often a request is sent that gets no answer."""

# A status is for the judges, and a redirect is an answer like any other.
LocustUserAgent.valid_response_codes = frozenset(range(100, 600))
LocustUserAgent.redirect_response_codes = frozenset()

CLEANING_UP = " (cleaning up)"
"""What the name of a request ends with that is no part of the load."""


class Sender:
    """Sends requests one by one, or several at once from greenlets of its user.

    An answer 429 is waited for as long as it asks, a 503 too, and a request without an answer is
    sent again: each is counted apart. ``suffix`` tells the requests apart in Locust's statistics.
    """

    def __init__(self, client: FastHttpSession, workplace: WorkerState, suffix: str = "") -> None:
        self._client = client
        self._workplace = workplace
        self._suffix = suffix

    def send(
        self,
        probe: Probe,
        request: Request,
        purpose: Purpose,
        *,
        first: Answer | None = None,
        first_id: object = None,
        secrets: Iterable[str] = (),
    ) -> Answer | None:
        """The judged answer; None where there was none that could be used."""
        place = self._workplace
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        drops = 0
        for pause in pauses():
            token = None if place.is_hurried or place.stopped else self._token(request)
            if token is None:
                return None
            exchange = JudgedExchange(
                probe.operation, request, _NOTHING, purpose, token, first, first_id, secrets,
                probe.contract.resource_of(probe.operation),
            )  # fmt: skip
            answer = self._exchange(exchange)
            if answer is not None and _is_refused(answer):
                if self._renewed(request, token):
                    continue
                return None
            wait = self._wait(answer, pause)
            if wait is None:
                return answer
            drops += answer is None
            if drops >= _MOST_DROPS or time.monotonic() + wait > deadline:
                place.tally.counts[Count.GIVEN_UP] += 1
                return None
            if answer is None:
                purpose = _AFTER_A_DROP.get(purpose, purpose)
            gevent.sleep(wait)
        return None

    def _exchange(self, exchange: JudgedExchange) -> Answer | None:
        """Send once and judge: an answer, or None where there was none."""
        place = self._workplace
        with self._request(exchange) as response:
            answer = _answer(response)
            place.tally.counts[Count.REQUESTS] += 1
            if answer is None:
                _name(response, " (no answer)")
                place.heard_nothing()
                return None
            place.heard()
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                _name(response, " (limited)")
            judged = not _is_refused(answer)
            _say(response, answer, place.judge(replace(exchange, answer=answer)) if judged else "")
        return answer

    def _request(self, exchange: JudgedExchange) -> ResponseContextManager:
        request, headers = exchange.request, dict(exchange.request.headers)
        if exchange.token:
            headers["Authorization"] = f"Bearer {exchange.token}"
        return self._client.request(
            request.method,
            # All of it: what is typed into Locust's page sends nothing elsewhere.
            self._workplace.target.base_url + request.path,
            name=f"{exchange.operation.id}{self._suffix}",
            data=request.body or None,  # type: ignore[arg-type]  # bytes are sent as they are
            headers=headers,
            catch_response=True,
        )

    def _wait(self, answer: Answer | None, pause: float) -> float | None:
        """How long to wait before the request is sent again; None where it is not."""
        counts = self._workplace.tally.counts
        if answer is None:
            counts[Count.DROPPED] += 1
            counts[Count.FAILED] += 1
            # Not all at once: what has gone down comes back slowly.
            return pause * random.uniform(1, 2)  # noqa: S311 - no secret
        if answer.is_server_error:
            counts[Count.FAILED] += 1
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            counts[Count.UNAVAILABLE] += 1
            return pause
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            counts[Count.LIMITED] += 1
            return max(seconds_to_wait(answer) or 0.0, pause)
        return None

    def _token(self, request: Request) -> str | None:
        """The token to send; None where it expired and there is no other."""
        if request.partner is None:
            return ""
        try:
            return self._workplace.target.access[request.partner].current()
        except TargetError as error:
            self._workplace.stop(str(error))
            return None

    def _renewed(self, request: Request, token: str) -> bool:
        """Whether there is another token than the one that was refused."""
        access = self._workplace.target.access[request.partner or 0]
        try:
            renewed = access.after_refusal(token)
        except TargetError as error:
            self._workplace.stop(str(error))
            return False
        if renewed is None:
            self._workplace.stop("the token was refused (401)")
        return renewed is not None


def session(
    workplace: WorkerState, trust: ssl.SSLContext, request_event: object, concurrency: int
) -> FastHttpSession:
    """A client as the users have, for those who are none; it has so many connections at most."""
    return FastHttpSession(
        base_url=workplace.target.base_url,
        request_event=request_event,
        user=None,
        insecure=False,
        ssl_context_factory=lambda: trust,
        network_timeout=TIMEOUT_SECONDS,
        connection_timeout=TIMEOUT_SECONDS,
        max_retries=0,
        concurrency=concurrency,
    )


def _say(response: ResponseContextManager, answer: Answer, wrong: str) -> None:
    """Tell Locust what its page is to show as a failure."""
    if wrong:
        response.failure(wrong)
    elif answer.is_server_error or _is_refused(answer):
        response.failure(f"{answer.status}")
    else:
        response.success()


def _is_refused(answer: Answer) -> bool:
    """A token that expires is no violation, and another one may do."""
    return answer.status == HTTPStatus.UNAUTHORIZED


def _name(response: ResponseContextManager, suffix: str) -> None:
    response.request_meta["name"] += suffix


def _answer(response: ResponseContextManager) -> Answer | None:
    """The answer; None where there is none, or only a part of it came."""
    if response.status_code == 0 or response.headers is None:
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
