"""The rows of the table: which server gets which requests, and what it must answer."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.load import Check
from benchmarks.servers import Server
from benchmarks.wire import CREATED, REPLAYED, Answer, create_request

Requests = Callable[[int], Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its name, its server, a maker of requests and a check of every answer."""

    name: str
    server: Server
    requests: Requests
    check: Check


def _without_key(_: int) -> Callable[[], bytes]:
    return itertools.repeat(create_request()).__next__


def _with_new_keys(count: int) -> Callable[[], bytes]:
    # Made beforehand, so that the client spends nothing on them while it measures.
    return iter([create_request(str(uuid.uuid4())) for _ in range(count)]).__next__


def _is_new(answer: Answer) -> str | None:
    if answer.status != CREATED:
        return f"{answer.body[:200]!r}"
    return "a create was answered with a replay" if REPLAYED in answer.head else None


def create_row(name: str, server: Server, *, keys: bool = False) -> Row:
    """Return a row of creates, each without a key or each with a new one."""
    server.create(str(uuid.uuid4()) if keys else None)
    return Row(name, server, _with_new_keys if keys else _without_key, _is_new)


def refused_row(name: str, server: Server, status: int, request: bytes) -> Row:
    """Return a row that repeats one request, which is refused with a status."""

    def is_refused(answer: Answer) -> str | None:
        return None if answer.status == status else f"{answer.status}: {answer.body[:200]!r}"

    return Row(name, server, lambda _: itertools.repeat(request).__next__, is_refused)


def replay_row(name: str, server: Server) -> Row:
    """Return a row that repeats one create with one key, which is sent first here."""
    key = str(uuid.uuid4())
    first = server.create(key)
    request = create_request(key)

    def is_replay(answer: Answer) -> str | None:
        if answer.status != CREATED:
            return f"{answer.body[:200]!r}"
        if answer.body != first.body:
            return "a replay differs from the first answer"
        return None if REPLAYED in answer.head else "a replay does not say that it is one"

    return Row(name, server, lambda _: itertools.repeat(request).__next__, is_replay)
