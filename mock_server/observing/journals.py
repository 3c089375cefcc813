"""Journals of exchanges: a bounded one for each partner, and one for unattributed exchanges.

An exchange is recorded raw, and redacted into an entry in the next quiet moment: under load most
are dropped before that, and cost nothing more. A reader gets every entry that is held.
"""

import asyncio
import marshal
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import Redactor
from mock_server.exchange.exchange import REQUEST_ID_HEADER, Exchange, Head, Sent
from mock_server.exchange.problems import Problem, ProblemType
from openapi.operation import Operation

CAPACITY = 1000
"""Exchanges that each journal holds; the oldest are dropped."""

CAPACITY_OF_ALL = 10_000
"""Exchanges that all journals hold together; the least recently used journals are emptied."""

LONGEST_BODY_BYTES = 16_384
"""Length to which bodies are kept; of a longer one, its beginning, length and digest."""

_SECONDS_TO_WRITING = 0.5
_BUSY_EXCHANGES = 500
"""Exchanges in that time that count as load, under which nothing is redacted."""

_SORTED_TOGETHER = 8
_WITHOUT_REFERENCES = 2
"""The version of marshal that does not search for repeated values: few are, and it is slow."""

_CONTRACT_REFUSES = {400, 405, 422}
"""The statuses of kinds of problems that violate the contract."""


@dataclass(slots=True)
class Journal:
    """The exchanges of one partner, oldest first."""

    partner_id: str | None
    recorded: int = 0
    """Exchanges since the journal was made or reset."""
    entries: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    followers: int = 0
    beginnings: int = 1
    """Times that the journal was started: 1, and 1 more for each reset."""
    has_ended: bool = False
    lost: int = 0
    """Exchanges that were dropped because all journals together held too many."""

    def entry_after(self, number: int) -> JournalEntry | None:
        """The first entry that it holds with a higher number; the numbers have no gap."""
        if not self.entries:
            return None
        at = max(0, number + 1 - self.entries[0].number)
        return self.entries[at] if at < len(self.entries) else None

    @property
    def held(self) -> int:
        """Exchanges that the journal holds."""
        return len(self.entries) + len(self.waiting)

    @property
    def dropped(self) -> int:
        """Exchanges that were dropped for later ones, once all are written."""
        return self.recorded - len(self.entries)

    @property
    def pushed_out(self) -> int:
        """The same without writing what waits, which takes time."""
        return max(self.lost, self.recorded - CAPACITY)


class Journals:
    """The journals of all partners. The partner None stands for unattributed exchanges."""

    def __init__(self, identify: Callable[[Exchange], str | None]) -> None:
        self.redactor = Redactor()
        """Redacts secrets to pseudonyms; shared with others, so that theirs are the same."""
        self._identify = identify
        self._journals: dict[str | None, Journal] = {}
        """Least recently used first."""
        self._latest: Journal | None = None
        self._emptied: dict[str | None, int] = {}
        """Exchanges of each partner whose journal was emptied."""
        self._fresh: list[tuple[Exchange, Head, Sent | None, float, float]] = []
        self._followers = 0
        self._dropped_before = 0
        self._writing: asyncio.TimerHandle | None = None

    def record(self, exchange: Exchange, head: Head, sent: Sent | None, started: float) -> None:
        """Record an exchange that is over; ``started`` is its start on the performance counter.

        ``sent`` is the part of the response that was sent; None means all of it.
        """
        fresh = self._fresh
        fresh.append((exchange, head, sent, started, time.perf_counter()))
        if self._followers or len(fresh) >= _SORTED_TOGETHER:
            self._sort()
        elif self._writing is None:
            self._write_soon()

    def _sort(self) -> None:
        """Move the latest exchanges to their journals, several at once to save time.

        They are packed into bytes: a thousand exchanges of many small objects would fill the
        processor's cache, and be slow to free.
        """
        for exchange, head, sent, started, ended in self._fresh:
            partner_id = exchange.partner_id or exchange.claimed_by or self._identify(exchange)
            journal = self._latest
            if journal is None or journal.partner_id != partner_id:
                journal = self._use(partner_id)
            journal.recorded += 1
            fields: Any = _fields(exchange, head, sent, started, ended)
            journal.waiting.append(marshal.dumps(fields, _WITHOUT_REFERENCES))
            if journal.followers or len(journal.waiting[-1]) > LONGEST_BODY_BYTES:
                self._write(journal)
        self._fresh.clear()

    def _use(self, partner_id: str | None) -> Journal:
        journal = self._journals.pop(partner_id, None)
        if journal is None:
            before = self._emptied.pop(partner_id, 0)
            self._dropped_before -= before
            journal = Journal(partner_id, recorded=before, lost=before)
        self._journals[partner_id] = self._latest = journal
        return journal

    def _make_room(self) -> None:
        """Empty the least recently used journals, where all together hold too many."""
        held = sum(one.held for one in self._journals.values())
        for journal in list(self._journals.values()):
            if held <= CAPACITY_OF_ALL:
                return
            if not journal.followers and journal is not self._latest:
                held -= journal.held
                del self._journals[journal.partner_id]
                self._emptied[journal.partner_id] = journal.recorded
                self._dropped_before += journal.recorded

    @property
    def dropped(self) -> int:
        """Exchanges of all partners that were ever dropped."""
        self._sort()
        return self._dropped_before + sum(one.pushed_out for one in self._journals.values())

    def of(self, partner_id: str | None) -> Journal:
        """The journal of a partner, with all entries written."""
        self._sort()
        journal = self._use(partner_id)
        # Requests without a partner repeat the secrets of any.
        self._write(*(self._journals.values() if partner_id is None else [journal]))
        return journal

    async def follow(self, partner_id: str | None, after: int) -> AsyncGenerator[JournalEntry]:
        """Every entry with a number above ``after``, those to come as they come.

        It ends when the journal is discarded. After a reset it goes on with the first new entry.
        """
        journal = self.of(partner_id)
        journal.followers += 1
        self._followers += 1
        beginnings = journal.beginnings
        try:
            while not journal.has_ended:
                if journal.beginnings != beginnings or journal.recorded < after:
                    beginnings, after = journal.beginnings, 0
                # One at a time: a follower that is slow must not keep what the journal drops.
                entry = journal.entry_after(after)
                if entry:
                    after = entry.number
                    yield entry
                else:
                    journal.news.clear()
                    await journal.news.wait()
        finally:
            journal.followers -= 1
            self._followers -= 1

    def forget(self, partner_id: str) -> None:
        """Reset a partner's journal; its followers go on."""
        self._sort()
        self._emptied.pop(partner_id, None)
        journal = self._journals.get(partner_id)
        if journal:
            self._dropped_before += journal.pushed_out
            journal.entries.clear()
            journal.waiting.clear()
            journal.recorded = journal.lost = 0
            journal.beginnings += 1
            journal.news.set()

    def discard(self, partner_id: str) -> None:
        """Delete a partner's journal, and end its followers."""
        self.forget(partner_id)
        journal = self._journals.pop(partner_id, None)
        if journal:
            self._latest = None
            journal.has_ended = True

    def _write_soon(self) -> None:
        self._sort()
        self._make_room()
        recorded = sum(one.recorded for one in self._journals.values())
        loop = asyncio.get_running_loop()
        self._writing = loop.call_later(_SECONDS_TO_WRITING, self._write_if_quiet, recorded)

    def _write_if_quiet(self, recorded_before: int) -> None:
        self._sort()
        recorded = sum(one.recorded for one in self._journals.values())
        if recorded - recorded_before > _BUSY_EXCHANGES:
            self._write_soon()
            return
        self._writing = None
        self._make_room()
        self._write(*self._journals.values())

    def _write(self, *journals: Journal) -> None:
        written = [(one, self._without_known_places(one)) for one in journals]
        # By now it is known what in any of them is a secret.
        for journal, entries in written:
            journal.entries.extend(map(self.redactor.without_repetitions, entries))
            journal.news.set()

    def _without_known_places(self, journal: Journal) -> list[JournalEntry]:
        """The entries that wait, with the secrets replaced that their place or name shows."""
        waiting = list(journal.waiting)
        journal.waiting.clear()
        first = journal.recorded - len(waiting) + 1
        return [
            self._entry(packed, number, journal.partner_id)
            for number, packed in enumerate(waiting, first)
        ]

    def _entry(self, packed: bytes, number: int, partner_id: str | None) -> JournalEntry:
        times, request, response, outcome = marshal.loads(packed)  # noqa: S302 - our own
        started, ended = times
        scheme, method, path, query, raw_headers, body = request
        status, raw_answer_headers, answer = response
        operation, refusals, fault, executed, replayed = outcome
        redactor = self.redactor
        headers = redactor.raw_headers(raw_headers)
        answer_headers = redactor.raw_headers(raw_answer_headers) if status else ()
        host = next((value for name, value in raw_headers if name == b"host"), b"")
        target = path.partition(b"?")[0] + (b"?" + query if query else b"")
        # The answer to HEAD has no body, whatever its Content-Length.
        answer = b"" if method == "HEAD" else answer
        return JournalEntry(
            number=number,
            started=time.time() - time.perf_counter() + started,
            seconds=ended - started,
            method=method,
            url=redactor.url(f"{scheme}://{(host + target).decode('latin-1')}"),
            request_headers=headers,
            request_body=self._body(body, dict(headers)),
            status=status,
            response_headers=answer_headers,
            response_body=self._body(answer, dict(answer_headers)),
            operation=operation,
            partner=partner_id,
            refusals=refusals,
            fault=fault,
            executed=executed,
            replayed=replayed,
            request_id=dict(raw_answer_headers)[REQUEST_ID_HEADER].decode(),
        )

    def _body(self, body: bytes, headers: dict[str, str]) -> str:
        media_type = headers.get("content-type", "")
        if len(body) <= LONGEST_BODY_BYTES:
            return self.redactor.body(body, media_type)
        digest = sha256(body).hexdigest()
        start = self.redactor.body(body[:LONGEST_BODY_BYTES], media_type)
        return f"{start} [cut: {len(body)} bytes, SHA-256 {digest}]"


def _fields(
    exchange: Exchange, head: Head, sent: Sent | None, started: float, ended: float
) -> tuple[object, ...]:
    """One raw exchange with its secrets, as plain values that marshal can pack."""
    response, scope, operation = exchange.response, exchange.scope, exchange.operation
    if sent is not None:
        status, answer = sent.status, sent.body
    elif response is not None:
        status, answer = response.status, response.body
    else:
        status, answer = None, b""
    path = scope.get("raw_path") or scope["path"].encode()
    request = (scope["scheme"], scope["method"], path, scope["query_string"], scope["headers"])
    refusals = _refusals(exchange.problem, operation) if exchange.problem else ()
    replayed = not exchange.executed and exchange.is_replay
    return (
        (started, ended),
        (*request, exchange.body),
        (status, head, answer),
        (operation and operation.id, refusals, exchange.fault, exchange.executed, replayed),
    )


def _refusals(problem: Problem, operation: Operation | None) -> tuple[str, ...]:
    """The violations of the contract for which a request was refused."""
    if problem.code == "idempotency_key_reused":
        return ()
    unknown = problem.kind is ProblemType.NOT_FOUND and operation is None
    if problem.kind.value.status not in _CONTRACT_REFUSES and not unknown:
        return ()
    return tuple(f"{one.param} {one.detail}" for one in problem.errors) or (problem.detail,)
