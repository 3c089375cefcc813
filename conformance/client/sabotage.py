"""Sabotage of a client: the journal of a correct one, as a wrong one would have left it.

A requirement names the sabotage that it must catch. Each is a transformation of a journal, so a
requirement that a sabotage slips past has a hole.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import count
from typing import Any

from conformance.journal.journal import Headers, JournalEntry

Entries = Sequence[JournalEntry]

KEY = "idempotency-key"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A named misbehaviour of a client."""

    name: str
    change: Callable[[Entries], Iterable[JournalEntry]]

    def __call__(self, entries: Entries) -> list[JournalEntry]:
        """The journal of a client that misbehaves so."""
        return list(self.change(entries))


def is_create(entry: JournalEntry) -> bool:
    """Whether an entry is a request with a JSON body for a creating operation."""
    return entry.method == "POST" and '"name"' in entry.request_body


def on_each(
    name: str,
    change: Callable[[JournalEntry], JournalEntry],
    where: Callable[[JournalEntry], bool] = is_create,
) -> Sabotage:
    """The client sends some of its requests otherwise."""
    return Sabotage(name, lambda entries: [change(one) if where(one) else one for one in entries])


def on_retries(name: str, change: Callable[[JournalEntry, int], JournalEntry]) -> Sabotage:
    """The client sends its retries otherwise; ``change`` is told which retry it is, from 1."""

    def changed(entries: Entries) -> Iterable[JournalEntry]:
        seen: dict[str, int] = {}
        for one in entries:
            key = value_of(one.request_headers, KEY)
            times = seen.get(key, 0)
            if key:
                seen[key] = times + 1
            yield change(one, times) if key and times else one

    return Sabotage(name, changed)


def without_retries(name: str) -> Sabotage:
    """The client gives up at once."""

    def changed(entries: Entries) -> Iterable[JournalEntry]:
        seen: set[str] = set()
        for one in entries:
            key = value_of(one.request_headers, KEY)
            if not key or key not in seen:
                yield one
            seen.add(key)

    return Sabotage(name, changed)


def repeated(
    name: str,
    where: Callable[[JournalEntry], bool],
    times: int = 1,
    pause: float = 0.5,
    edit: Callable[[JournalEntry], JournalEntry] = lambda one: one,
) -> Sabotage:
    """The client sends some requests again, to the same end."""

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
    """The client goes on with its first token, whatever it is told."""

    def changed(entries: Entries) -> Iterable[JournalEntry]:
        first = ""
        for one in entries:
            if '"access_token"' in one.response_body:
                if not first:
                    first = json.loads(one.response_body)["access_token"]
                    yield one
            elif value_of(one.request_headers, "authorization").startswith("Bearer"):
                yield with_header(one, "authorization", f"Bearer {first}")
            else:
                yield one

    return Sabotage(name, changed)


def value_of(headers: Headers, name: str) -> str:
    """The value of a header; empty where it is not there."""
    return dict(headers).get(name, "")


def with_header(entry: JournalEntry, name: str, value: str | None) -> JournalEntry:
    """The same exchange with another request header, or without it."""
    kept = tuple(pair for pair in entry.request_headers if pair[0] != name)
    return replace(entry, request_headers=kept if value is None else (*kept, (name, value)))


def with_members(entry: JournalEntry, **members: Any) -> JournalEntry:
    """The same exchange with other members in the request's JSON."""
    value = {**json.loads(entry.request_body), **members}
    return replace(entry, request_body=json.dumps(value))


def with_new_key(entry: JournalEntry, _: int = 0) -> JournalEntry:
    """The same exchange with a key that nothing else has."""
    return with_header(entry, KEY, f"redacted-{entry.number:012x}")


def has_status(*statuses: int) -> Callable[[JournalEntry], bool]:
    """Whether a request was answered so."""
    return lambda entry: entry.status in statuses


def refused_as(entry: JournalEntry, status: HTTPStatus) -> JournalEntry:
    """The same request, refused."""
    return replace(entry, status=status.value, response_headers=(), response_body="", fault=None)
