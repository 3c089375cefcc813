"""Sabotage of clients: changes of a correct client's journal into that of a faulty client.

Each requirement names the sabotage that its check must find.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import count
from typing import Any

from conformance.journal.journal import JournalEntry

Entries = Sequence[JournalEntry]

KEY = "idempotency-key"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A named misbehaviour of a client."""

    name: str
    change: Callable[[Entries], Iterable[JournalEntry]]

    def __call__(self, entries: Entries) -> list[JournalEntry]:
        """The journal of a client with this misbehaviour."""
        return list(self.change(entries))


def is_create(entry: JournalEntry) -> bool:
    """Whether an entry is a create: a POST with a name in its JSON body."""
    return entry.method == "POST" and '"name"' in entry.request_body


def on_each(
    name: str,
    change: Callable[[JournalEntry], JournalEntry],
    where: Callable[[JournalEntry], bool] = is_create,
) -> Sabotage:
    """A change of each request that ``where`` picks."""
    return Sabotage(name, lambda entries: [change(one) if where(one) else one for one in entries])


def on_retries(name: str, change: Callable[[JournalEntry, int], JournalEntry]) -> Sabotage:
    """A change of each retry; ``change`` also takes the number of the retry, from 1."""
    return Sabotage(
        name,
        lambda entries: [change(one, retry) if retry else one for one, retry in numbered(entries)],
    )


def without_retries(name: str) -> Sabotage:
    """A client that gives up at once."""
    return Sabotage(name, lambda entries: [one for one, retry in numbered(entries) if not retry])


def numbered(entries: Entries) -> Iterator[tuple[JournalEntry, int]]:
    """The entries, each with the number of the retry by its key; 0 for other requests."""
    seen: Counter[str] = Counter()
    for one in entries:
        key = one.request_header(KEY)
        yield one, seen[key] if key else 0
        if key:
            seen[key] += 1


def repeated(
    name: str,
    where: Callable[[JournalEntry], bool],
    times: int = 1,
    pause: float = 0.5,
    edit: Callable[[JournalEntry], JournalEntry] = lambda one: one,
) -> Sabotage:
    """A repetition of each request that ``where`` picks, after ``pause`` seconds."""

    def changed(entries: Entries) -> Iterable[JournalEntry]:
        numbers = count(max(one.number for one in entries) + 1)
        for one in entries:
            yield one
            started = one.started
            for _ in range(times if where(one) else 0):
                started += one.seconds + pause
                yield edit(replace(one, number=next(numbers), started=started))

    return Sabotage(name, changed)


def one_token_for_all(name: str) -> Sabotage:
    """A client that keeps its first token, whatever the answers say."""

    def changed(entries: Entries) -> Iterable[JournalEntry]:
        first = ""
        for one in entries:
            if '"access_token"' in one.response_body:
                if not first:
                    first = json.loads(one.response_body)["access_token"]
                    yield one
            elif (one.request_header("authorization") or "").startswith("Bearer"):
                yield with_header(one, "authorization", f"Bearer {first}")
            else:
                yield one

    return Sabotage(name, changed)


def with_header(entry: JournalEntry, name: str, value: str | None) -> JournalEntry:
    """The same exchange with another request header, or without it."""
    kept = tuple(pair for pair in entry.request_headers if pair[0] != name)
    return replace(entry, request_headers=kept if value is None else (*kept, (name, value)))


def with_key_as(name: str, entry: JournalEntry) -> JournalEntry:
    """The same exchange with its key in another header."""
    return with_header(with_header(entry, name, entry.request_header(KEY)), KEY, None)


def with_members(entry: JournalEntry, **members: Any) -> JournalEntry:
    """The same exchange with other members in the request's JSON."""
    value = {**json.loads(entry.request_body), **members}
    return replace(entry, request_body=json.dumps(value))


def with_new_key(entry: JournalEntry, _: int = 0) -> JournalEntry:
    """The same exchange with a key of its own."""
    return with_header(entry, KEY, f"redacted-{entry.number:012x}")


def has_status(*statuses: int) -> Callable[[JournalEntry], bool]:
    """A test for requests whose answer has one of the statuses."""
    return lambda entry: entry.status in statuses


def refused_as(entry: JournalEntry, status: HTTPStatus) -> JournalEntry:
    """The same request, refused."""
    return replace(entry, status=status.value, response_headers=(), response_body="", fault=None)
