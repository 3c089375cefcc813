"""The target: its base URL, the partners' tokens, and the pace of requests."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from conformance.target import transport as transports
from conformance.target.access import Access, Issued
from conformance.target.capabilities import Capability
from conformance.target.credentials import Credential, refusal
from conformance.target.errors import (
    AllowanceSpent,
    AnswerCut,
    AnswerOutOfBounds,
    AnswerOverdue,
    ConnectionClosed,
    HungUp,
    TargetError,
    Unreachable,
)
from conformance.target.exchange import NO_ANSWER, Answer, Request, Tamper
from conformance.target.in_flight import InFlight
from conformance.target.kept import (
    BeyondLimit,
    CreatedResource,
    EarlyCall,
    Newest,
    PlainCreations,
    ResourcePlaces,
    memory_of,
)
from conformance.target.one_alone import OneAlone
from conformance.target.redaction import issued_secrets
from conformance.target.retry_after import (
    LONGEST_UNTOLD_SECONDS,
    LONGEST_WAIT_SECONDS,
    MOST_UNTOLD,
    MOST_WAITED_AT_END_SECONDS,
    MOST_WAITED_SECONDS,
    WAITS,
    WaitingTime,
    is_limit,
    pauses,
    seconds_of,
    seconds_to_wait,
    seconds_until_reset,
)
from conformance.target.target_settings import AS_RUN, TargetSettings
from conformance.target.token_forms import UNCHANGED, form_at, key_name
from conformance.target.transient import LONGEST_PAUSE_SECONDS, Transients, is_transient
from conformance.target.transport.reception import MOST_SECONDS, POLL_SECONDS, TIMEOUT_SECONDS
from conformance.target.transport.together import Together
from dinie_contract.output import SECRETS

if TYPE_CHECKING:
    import httpx

_MOST_RENEWALS = 3

_IN_VAIN = 3
"""So many waits of one request in vain, and it waits while nothing else is sent."""

_LARGE_BYTES, _LARGE_AT_ONCE = 1024 * 1024, 4
"""The bytes of a large answer, and how many requests are out at a time after one."""

CLOSED_TRIES = 3
"""The tries of a request whose connection is closed."""

_AWAY_PAUSE_SECONDS, MOST_AWAY_SECONDS = 0.5, 15.0
"""The pause before another try to reach a target that has answered, and how long it is tried."""

MOST_LOST_SECONDS = 600.0
"""The time that requests without an answer may take together, before the target is given up."""


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
        transport: "httpx.BaseTransport | None" = None,
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
        self._alone, self._says_untrue_waits = OneAlone(), False
        self.beyond_limit = BeyondLimit()
        self.takes_form_only = False
        """Whether the token operation takes the documented form and no JSON."""
        self.limited = Newest[tuple[Request, Answer]]()
        """Every 429 and its request."""
        self.waited = Newest[tuple[Request, int]]()
        """Every request that got a 429, and the status after the wait."""
        self.waits = WaitingTime(MOST_WAITED_SECONDS)
        """The waits for the target's limits, and the most of them together."""
        self.transients = Transients()
        """What passed when a request was repeated."""
        self.created: set[CreatedResource] = set()
        """The created resources, to be revoked at the end."""
        self.places = ResourcePlaces()
        self.plain_creations = PlainCreations()
        self.early_call = EarlyCall()
        self.cut: list[Request] = []
        """Requests whose answers were on their way when the run was stopped, and did not come."""
        self.access: tuple[Access, ...] = ()
        self.set_access([Access(Issued(token)) for token in tokens])
        self.in_flight = InFlight(settings.jobs)
        """How many checks are in flight together."""
        self.requests_sent = 0
        self.most_lost_seconds = MOST_LOST_SECONDS
        """The longest time of all requests without an answer together, before all are refused."""
        self.most_away_seconds = MOST_AWAY_SECONDS
        """How long a target that has answered is waited for where it cannot be reached."""
        self.on_answer: Callable[[Request, Answer], None] = lambda _, __: None
        """Called with every exchange, in the thread that made it."""
        self._allowed = self._end = math.inf
        self._untold_in_vain, self._is_gone, self._was_reached = 0, False, False
        self._pause = self._next_start = 0.0
        self._has_large, self._lock = False, threading.Lock()
        self._tamper = tamper
        self._turns = threading.Semaphore(_LARGE_AT_ONCE)
        self._transport = transport or transports.SocketTransport(settings.connection)
        self._connections = transports.Connections(
            self.base_url,
            self._transport,
            timeout,
            most_seconds,
            settings.connection,
        )

    @property
    def speaks_http2(self) -> bool:
        """Whether the target answered HTTP/2 and no HTTP/1.1."""
        one = self._transport
        return isinstance(one, transports.SocketTransport) and one.speaks_http2

    @property
    def silence(self) -> str:
        """Who on the way to the target has not answered yet; empty once there was an answer."""
        return self._connections.silence

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Send in this block although the run was stopped, unless for good, and in a hurry."""
        self.waits = WaitingTime(MOST_WAITED_AT_END_SECONDS)
        with self._connections.cleaning_up():
            yield

    @property
    def is_over(self) -> bool:
        """Whether the run was stopped so long ago that nothing is waited for any more."""
        return self._connections.is_over

    @contextmanager
    def allowing(self, requests: int, end: float = math.inf) -> Iterator[None]:
        """Send so many requests in this block, and none after ``end`` of the monotonic clock.

        Any other raises :class:`AllowanceSpent`.
        """
        self._allowed, self._end = requests, end
        try:
            yield
        finally:
            self._allowed = self._end = math.inf

    def _spend(self) -> None:
        with self._lock:
            if self._allowed < 1 or time.monotonic() > self._end:
                raise AllowanceSpent("what may be sent is spent")
            self._allowed -= 1

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
        """The target's answer, after any wait that it asked for, and not one of a moment."""
        answer = self._send_within_limits(request)
        passed: list[Answer] = []
        for pause in self.transients.pauses():
            if not is_transient(answer):
                break
            passed.append(answer)
            self.rest(min(max(pause, seconds_of(answer) or 0.0), LONGEST_PAUSE_SECONDS))
            answer = self._send_within_limits(request)
        if is_transient(answer):
            self.transients.repeat()
            return replace(answer, is_repeated=True)
        for one in passed:
            self.transients.add(request, one)
        return replace(answer, is_repeated=True) if passed else answer

    def _send_within_limits(self, request: Request) -> Answer:
        begin = time.monotonic()
        answer = self.send_once(request)
        for waits, shortest in enumerate(pauses()):
            if waits >= _IN_VAIN and seconds_to_wait(answer) is not None:
                answer = self._wait_alone(request, answer)
            wait, longest = self._told_wait(answer), LONGEST_WAIT_SECONDS
            if wait is None:
                # What it does not say may be over soon.
                wait, longest = shortest, LONGEST_UNTOLD_SECONDS
                if not is_limit(answer) or self._untold_in_vain > MOST_UNTOLD:
                    break
            if time.monotonic() + wait > begin + longest:
                self._untold_in_vain += longest == LONGEST_UNTOLD_SECONDS
                break
            self.waits.expect_more(self.base_url)
            with self.waits.counted():
                self.rest(max(wait, shortest))
            again = self.send_once(request)
            bare = replace(request, headers=(), body=b"")
            self.waited.add((bare, again.status), memory_of(bare))
            answer = again
        return answer

    def _told_wait(self, answer: Answer) -> float | None:
        """The seconds that a 429 asks for, by the header that is true; None where none says it."""
        told = None if self._says_untrue_waits else seconds_to_wait(answer)
        if told is not None or not is_limit(answer):
            return told
        return seconds_until_reset(answer)

    def _wait_alone(self, request: Request, limited: Answer) -> Answer:
        """The answer after the waits that a target asks for, while nothing else is sent.

        Waits that are in vain then are the target's own doing, and are not believed from there on.
        """
        with self._alone.held():
            # Another thread may have found out meanwhile.
            if self._says_untrue_waits:
                return limited
            first = self.send_once(request)
            answers = [first, *self.after_waits(request, first)]
            if len(answers) > 1 and is_limit(answers[-1]):
                self.provoked = self.provoked or (request, answers)
                self._says_untrue_waits = True
            return answers[-1]

    def after_waits(self, request: Request, limited: Answer) -> list[Answer]:
        """The answer after the wait that a 429 asked for, repeated once where it is one again."""
        answers: list[Answer] = []
        for _ in range(WAITS):
            seconds = seconds_to_wait(limited)
            if seconds is None or seconds > LONGEST_WAIT_SECONDS:
                break
            with self.waits.counted():
                self.rest(seconds)
            limited = replace(self.send_once(request), before=f"sleep {seconds:g}")
            answers.append(limited)
            if not is_limit(limited):
                break
        return answers

    def send_again_where_closed(
        self, request: Request, send: Callable[[Request], Answer] | None = None
    ) -> Answer:
        """As :meth:`send`, or another way to send: a closed connection is no answer yet.

        What passes on another try is transient. Raises :class:`ConnectionClosed` after the last.
        """
        for number in range(CLOSED_TRIES):
            try:
                answer = (send or self.send)(request)
            except ConnectionClosed:
                if number + 1 == CLOSED_TRIES:
                    raise
                continue
            break
        if number:
            self.transients.add(request, Answer(NO_ANSWER))
            answer = replace(answer, is_repeated=True)
        return answer

    def send_once(self, request: Request) -> Answer:
        """The target's answer, whatever it is."""
        self._alone.wait(self._connections.expect_open)
        lost_seconds = self._connections.lost_seconds
        if lost_seconds > self.most_lost_seconds:
            raise TargetError(
                f"{self.base_url} is given up: requests without an answer, or without its end,"
                f" took {lost_seconds:.0f} s"
            )
        self._pace()
        try:
            answer = self._answer_although_away(request)
        except (ConnectionClosed, AnswerOverdue, AnswerOutOfBounds, HungUp):
            self.transients.lose(request)
            raise
        if is_limit(answer):
            self.limited.add((request, answer.unread()), memory_of(request, answer))
        self.in_flight.add(answer)
        self.on_answer(request, answer)
        return answer

    def _answer_although_away(self, request: Request) -> Answer:
        """The answer of a target that may restart meanwhile: one that has answered is waited for.

        Where that was in vain once, it is not waited for again until it answers.
        """
        begin, is_away = time.monotonic(), False
        while True:
            try:
                answer = self._answer(request)
            except Unreachable:
                if self._is_gone or not (self.requests_sent or self._was_reached):
                    raise
                if time.monotonic() > begin + self.most_away_seconds:
                    self._is_gone = True
                    raise
                is_away = True
                self.rest(_AWAY_PAUSE_SECONDS)
                self._connections.expect_open()
                continue
            except ConnectionClosed:
                self._was_reached = True
                raise
            self._is_gone = False
            if not is_away:
                return answer
            # An earlier try of it may have come to the target just before that went away.
            self.transients.add(request, Answer(NO_ANSWER))
            return replace(answer, is_repeated=not is_transient(answer))

    def _answer(self, request: Request) -> Answer:
        return self._tamper(request, self._deliver) if self._tamper else self._deliver(request)

    def as_sent(self, request: Request) -> Request:
        """The request with the headers that the user has given."""
        for name, value in self.settings.headers:
            request = request.with_header(name, value)
        return request

    def together(self, count: int) -> Together:
        """What lets so many requests be complete at one moment, unless a pace is kept."""
        is_paced = self._gap > 0
        return Together(1 if is_paced else count)

    def slow_down(self, seconds: float) -> None:
        """Leave so many seconds between requests from now on, or more where that was asked for."""
        with self._lock:
            self._pause = seconds

    def rest(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        self._connections.rest(seconds)

    def move_clock(self, seconds: int) -> int:
        """Move the target's clock ahead; gives the status of the answer, 2xx where it is done."""
        headers = [(b"Content-Type", b"application/json")]
        body = json.dumps({"seconds": seconds}).encode()
        # Only once: who knows whether the clock has moved when there is no answer.
        answer = self._connections.send_once(str(self.settings.clock_url), headers, body)
        if answer.is_success:
            for one in self.access:
                one.clock_moved(seconds)
        return answer.status

    def halt(self, *, for_good: bool = False) -> None:
        """Let no further request out, and end all waits, until :meth:`resume`.

        Answers on their way have a grace. ``for_good`` leaves none, and ends the cleaning up too.
        """
        self._connections.halt(for_good=for_good)

    def resume(self) -> None:
        """Send again, unless halted for good."""
        self._connections.lost_seconds = 0.0
        self._connections.resume()

    def __enter__(self) -> Self:
        """Use it as a block that closes all connections at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    def _deliver(self, request: Request) -> Answer:
        if request.partner is None:
            return self._exchange(request, "")
        access = self.access[request.partner]
        token = access.current()
        answer = self._exchange(request, token)
        has_key = self.settings.has_key(self.settings.place_of(request), request.partner)
        if has_key or request.token_form != UNCHANGED:
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

    def credentials(self, request: Request, token: str) -> Iterator[Credential]:
        """What goes along with a request of a partner whose token is this one."""
        if request.partner is None:
            return
        settings, keys = self.settings, self.access[request.partner].keys
        place = settings.place_of(request)
        yield Credential(form_at(request.token_form, place), keys.get(key_name(place), token))
        for one in settings.places_beside(request):
            if key := keys.get(key_name(one)):
                yield Credential(form_at(UNCHANGED, one), key)

    def refusal(self, operation: str, places: tuple[str, ...], partner: int) -> str:
        """What is said of an operation that answered 401 to a partner."""
        given = [one for one in places[1:] if self.settings.is_given(one)]
        asked = [one for one in places if one not in given]
        usual, is_given = self.settings.token_place, self.settings.is_given(places[0])
        return refusal(operation, asked, self.access[partner], partner, usual, is_given=is_given)

    def _exchange(self, request: Request, token: str) -> Answer:
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in self.as_sent(request).headers
        ]
        path, body = request.path, request.body
        for one in self.credentials(request, token):
            path, headers, body = one.put_into(path, headers, body)
        if request.chunks:
            # Who cannot read chunks may take the rest of them for the next request.
            headers.append((b"Connection", b"close"))
        with self._in_turn():
            self._spend()
            try:
                answer = self._connections.send(
                    request.method, path, headers, body, request.chunks, request.hang_up
                )
            except AnswerCut:
                self.cut.append(replace(request, headers=(), body=b""))
                raise
            with self._lock:
                self.requests_sent += 1
            if answer.is_repeated:
                self.transients.resend(request)
            self._has_large = self._has_large or len(answer.body) > _LARGE_BYTES
            SECRETS.add(issued_secrets(answer))
        return answer

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let few requests out at a time once an answer was large, for each takes its memory."""
        if not self._has_large:
            yield
            return
        while not self._turns.acquire(timeout=POLL_SECONDS):
            self._connections.expect_open()
        try:
            yield
        finally:
            self._turns.release()

    @property
    def _gap(self) -> float:
        """The seconds from one request to the next: as many as was asked for, or more."""
        asked = 1 / self.settings.max_rps if self.settings.max_rps else 0.0
        return max(asked, self._pause)

    def _pace(self) -> None:
        interval = self._gap
        if not interval:
            return
        with self._lock:
            start = max(time.monotonic(), self._next_start)
            self._next_start = start + interval
        self.rest(max(0.0, start - time.monotonic()))


def _is_refusal(answer: Answer) -> bool:
    return answer.status == HTTPStatus.UNAUTHORIZED
