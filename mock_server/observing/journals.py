"""What every exchange was like: one bounded journal for each partner, and one for nobody's.

An exchange is taken as it is, and written in the next quiet moment, redacted on the way: under
load most have been pushed out by then, and cost nothing more. Whoever reads gets all of them.
"""

import asyncio
import marshal
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import Redactor
from mock_server.exchange.exchange import REQUEST_ID_HEADER, Exchange, Head, Sent
from mock_server.exchange.problems import Problem, ProblemType
from openapi.operation import Operation

CAPACITY = 1000
"""Exchanges that each journal holds; the oldest make room."""

CAPACITY_OF_ALL = 10_000
"""Exchanges that all journals hold together; those that were used longest ago go empty."""

LONGEST_BODY_BYTES = 16_384
"""What is kept of a body; of a longer one the beginning, its length and its digest."""

_SECONDS_TO_WRITING = 0.5
_BUSY_EXCHANGES = 500
"""More of them in that time are load, which the journal must not add to."""

_SORTED_TOGETHER = 8
_WITHOUT_REFERENCES = 2
"""The version of the format that looks for no value twice: few are, and looking takes time."""

_CONTRACT_REFUSES = {
    ProblemType.INVALID_REQUEST,
    ProblemType.VALIDATION_FAILED,
    ProblemType.METHOD_NOT_ALLOWED,
}


class _Taken(NamedTuple):
    """One exchange with its secrets; it never leaves this module. Plain values only."""

    begun: float
    """By the counter that only differences are taken of."""
    ended: float
    scheme: str
    method: str
    path: bytes
    query: bytes
    headers: Head
    body: bytes
    status: int | None
    answer_headers: Head
    answer: bytes
    operation: str | None
    refusals: tuple[str, ...]
    fault: str | None
    executed: bool
    replayed: bool


@dataclass(slots=True)
class Journal:
    """The exchanges of one partner, oldest first."""

    partner_id: str | None
    taken: int = 0
    """How many there were since it began."""
    entries: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    followers: int = 0
    beginnings: int = 1
    """How often it began anew, and once."""
    has_ended: bool = False
    lost: int = 0
    """How many went when all journals together held too many."""

    @property
    def held(self) -> int:
        """How many there are."""
        return len(self.entries) + len(self.waiting)

    @property
    def dropped(self) -> int:
        """How many made room for later ones."""
        return self.taken - len(self.entries)

    @property
    def pushed_out(self) -> int:
        """The same before all of it is written: that takes time."""
        return max(self.lost, self.taken - CAPACITY)


class Journals:
    """The journals of all partners. The partner None stands for exchanges that are nobody's."""

    def __init__(self, whose: Callable[[Exchange], str | None]) -> None:
        self.redactor = Redactor()
        """What gives its pseudonyms; who uses it as well gives the same ones."""
        self._whose = whose
        self._journals: dict[str | None, Journal] = {}
        """The one that was used last is the last."""
        self._latest: Journal | None = None
        self._emptied: dict[str | None, int] = {}
        """How many exchanges there were of those partners whose journal had to go."""
        self._fresh: list[tuple[Exchange, Head, Sent | None, float, float]] = []
        self._followers = 0
        self._dropped_before = 0
        self._writing: asyncio.TimerHandle | None = None

    def take(self, exchange: Exchange, head: Head, sent: Sent | None, begun: float) -> None:
        """Keep an exchange that is over, and was ``begun`` at this time of the counter.

        ``sent`` None: all of the response was sent.
        """
        fresh = self._fresh
        fresh.append((exchange, head, sent, begun, time.perf_counter()))
        if self._followers or len(fresh) >= _SORTED_TOGETHER:
            self._sort()
        elif self._writing is None:
            self._write_soon()

    def _sort(self) -> None:
        """Put the latest exchanges to their journals; several together cost less than each alone.

        They are packed: a thousand with all their small parts would push everything else out of
        the processor's cache, and be slow to let go.
        """
        for exchange, head, sent, begun, ended in self._fresh:
            partner_id = exchange.partner_id or exchange.claimed_by or self._whose(exchange)
            journal = self._latest
            if journal is None or journal.partner_id != partner_id:
                journal = self._use(partner_id)
            journal.taken += 1
            taken: Any = _taken(exchange, head, sent, begun, ended)
            journal.waiting.append(marshal.dumps(taken, _WITHOUT_REFERENCES))
            if journal.followers or len(journal.waiting[-1]) > LONGEST_BODY_BYTES:
                self._write(journal)
        self._fresh.clear()

    def _use(self, partner_id: str | None) -> Journal:
        journal = self._journals.pop(partner_id, None)
        if journal is None:
            before = self._emptied.pop(partner_id, 0)
            self._dropped_before -= before
            journal = Journal(partner_id, taken=before, lost=before)
        self._journals[partner_id] = self._latest = journal
        return journal

    def _make_room(self) -> None:
        """Let the journals go that were used longest ago, where all together hold too many."""
        held = sum(one.held for one in self._journals.values())
        for journal in list(self._journals.values()):
            if held <= CAPACITY_OF_ALL:
                return
            if not journal.followers and journal is not self._latest:
                held -= journal.held
                del self._journals[journal.partner_id]
                self._emptied[journal.partner_id] = journal.taken
                self._dropped_before += journal.taken

    @property
    def dropped(self) -> int:
        """How many exchanges of all partners made room for later ones, ever."""
        self._sort()
        return self._dropped_before + sum(one.pushed_out for one in self._journals.values())

    def of(self, partner_id: str | None) -> Journal:
        """A partner's journal, up to this moment."""
        self._sort()
        journal = self._use(partner_id)
        self._write(journal)
        return journal

    async def follow(self, partner_id: str | None, after: int) -> AsyncGenerator[JournalEntry]:
        """Every entry with a number above ``after``, those to come as they come.

        It ends with the journal. One that began anew is followed from its new beginning.
        """
        journal = self.of(partner_id)
        journal.followers += 1
        self._followers += 1
        beginnings = journal.beginnings
        try:
            while not journal.has_ended:
                journal.news.clear()
                if journal.beginnings != beginnings or journal.taken < after:
                    beginnings, after = journal.beginnings, 0
                for entry in [one for one in journal.entries if one.number > after]:
                    after = entry.number
                    yield entry
                await journal.news.wait()
        finally:
            journal.followers -= 1
            self._followers -= 1

    def forget(self, partner_id: str) -> None:
        """Begin a partner's journal anew; who follows it goes on following."""
        self._sort()
        self._emptied.pop(partner_id, None)
        journal = self._journals.get(partner_id)
        if journal:
            self._dropped_before += journal.pushed_out
            journal.entries.clear()
            journal.waiting.clear()
            journal.taken = journal.lost = 0
            journal.beginnings += 1
            journal.news.set()

    def discard(self, partner_id: str) -> None:
        """End a partner's journal, for those too who follow it."""
        self._sort()
        self._emptied.pop(partner_id, None)
        journal = self._journals.pop(partner_id, None)
        if journal is self._latest:
            self._latest = None
        if journal:
            self._dropped_before += journal.pushed_out
            journal.has_ended = True
            journal.news.set()

    def _write_soon(self) -> None:
        self._sort()
        self._make_room()
        taken = sum(one.taken for one in self._journals.values())
        loop = asyncio.get_running_loop()
        self._writing = loop.call_later(_SECONDS_TO_WRITING, self._write_if_quiet, taken)

    def _write_if_quiet(self, taken_before: int) -> None:
        self._sort()
        taken = sum(one.taken for one in self._journals.values())
        if taken - taken_before > _BUSY_EXCHANGES:
            self._write_soon()
            return
        self._writing = None
        self._make_room()
        for journal in self._journals.values():
            self._write(journal)

    def _write(self, journal: Journal) -> None:
        taken = [marshal.loads(one) for one in journal.waiting]  # noqa: S302 - our own
        journal.waiting.clear()
        for number, one in enumerate(taken, journal.taken - len(taken) + 1):
            journal.entries.append(self._entry(_Taken(*one), number, journal.partner_id))
        journal.news.set()

    def _entry(self, taken: _Taken, number: int, partner_id: str | None) -> JournalEntry:
        redactor = self.redactor
        counter_began = time.time() - time.perf_counter()
        answer_headers = redactor.raw_headers(taken.answer_headers) if taken.status else ()
        headers = redactor.raw_headers(taken.headers)
        return JournalEntry(
            number=number,
            started=counter_began + taken.begun,
            seconds=taken.ended - taken.begun,
            method=taken.method,
            url=redactor.url(_url(taken)),
            request_headers=headers,
            request_body=self._body(taken.body, dict(headers)),
            status=taken.status,
            response_headers=answer_headers,
            # To HEAD, no server sends the body that it counts in Content-Length.
            response_body=""
            if taken.method == "HEAD"
            else self._body(taken.answer, dict(answer_headers)),
            operation=taken.operation,
            partner=partner_id,
            refusals=taken.refusals,
            fault=taken.fault,
            executed=taken.executed,
            replayed=taken.replayed,
            request_id=dict(taken.answer_headers)[REQUEST_ID_HEADER].decode(),
        )

    def _body(self, body: bytes, headers: dict[str, str]) -> str:
        media_type = headers.get("content-type", "")
        if len(body) <= LONGEST_BODY_BYTES:
            return self.redactor.body(body, media_type)
        digest = sha256(body).hexdigest()
        start = self.redactor.body(body[:LONGEST_BODY_BYTES], media_type)
        return f"{start} [cut: {len(body)} bytes, SHA-256 {digest}]"


def _taken(
    exchange: Exchange, head: Head, sent: Sent | None, begun: float, ended: float
) -> tuple[object, ...]:
    """The fields of a :class:`_Taken`, as a plain tuple that can be packed."""
    response, scope, operation = exchange.response, exchange.scope, exchange.operation
    if sent is not None:
        status, answer = sent.status, sent.body
    elif response is not None:
        status, answer = response.status, response.body
    else:
        status, answer = None, b""
    return (
        begun,
        ended,
        scope["scheme"],
        scope["method"],
        scope.get("raw_path") or scope["path"].encode(),
        scope["query_string"],
        scope["headers"],
        exchange.body,
        status,
        head,
        answer,
        operation.id if operation else None,
        _refusals(exchange.problem, operation) if exchange.problem else (),
        exchange.fault,
        exchange.executed,
        not exchange.executed and exchange.is_replay,
    )


def _url(taken: _Taken) -> str:
    host = next((value for name, value in taken.headers if name == b"host"), b"")
    target = taken.path.partition(b"?")[0] + (b"?" + taken.query if taken.query else b"")
    return f"{taken.scheme}://{host.decode('latin-1')}{target.decode('latin-1')}"


def _refusals(problem: Problem, operation: Operation | None) -> tuple[str, ...]:
    """What the contract has against the request."""
    if problem.code == "idempotency_key_reused":
        return ()
    unknown = problem.kind is ProblemType.NOT_FOUND and operation is None
    if problem.kind not in _CONTRACT_REFUSES and not unknown:
        return ()
    return tuple(f"{one.param} {one.detail}" for one in problem.errors) or (problem.detail,)
