"""Faults that are put between the harness and a healthy target, to prove that checks can fail.

A requirement names the sabotage that it must catch. Each is a small transformation of requests
or answers, so it works on any target, and a requirement that a sabotage slips past has a hole.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conformance.target.exchange import Answer, Request, Tamper


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One fault by name. ``make`` gives a fresh tamper for each run, for those that remember."""

    name: str
    make: Callable[[], Tamper]


def on_requests(name: str, change: Callable[[Request], Request]) -> Sabotage:
    """The target sees other requests than were sent."""
    return Sabotage(name, lambda: lambda request, forward: forward(change(request)))


def on_answers(name: str, change: Callable[[Request, Answer], Answer]) -> Sabotage:
    """The harness sees other answers than were given."""
    return Sabotage(name, lambda: lambda request, forward: change(request, forward(request)))


def on_status(status: int, name: str, change: Callable[[Answer], Answer]) -> Sabotage:
    """As :func:`on_answers`, for answers with one status (or one class: 4 for all 4xx)."""

    def changed(_: Request, answer: Answer) -> Answer:
        matches = status in {answer.status, answer.status // 100}
        return change(answer) if matches else answer

    return on_answers(name, changed)


def fail_on(what: str, on: Callable[[Request], object], status: int = 500) -> Sabotage:
    """The target fails on the requests that ``on`` picks; ``what`` says which those are."""
    return on_answers(
        f"fail on {what}",
        lambda request, answer: replace(answer, status=status) if on(request) else answer,
    )


def with_body(answer: Answer, value: Any) -> Answer:
    """The same answer with another JSON body."""
    return replace(answer, body=json.dumps(value).encode())


def with_header(answer: Answer, header: str, value: str | None) -> Answer:
    """The same answer with another header, or without it."""
    kept = tuple(pair for pair in answer.headers if pair[0] != header.lower())
    added = () if value is None else ((header.lower(), value),)
    return replace(answer, headers=kept + added)


def edit_body(status: int, name: str, edit: Callable[[dict[str, Any]], object]) -> Sabotage:
    """Edit the JSON object in answers with ``status``, in place."""

    def changed(answer: Answer) -> Answer:
        value = answer.json_object()
        if value is None:
            return answer
        edit(value)
        return with_body(answer, value)

    return on_status(status, name, changed)


def set_field(status: int, field: str, value: Any) -> Sabotage:
    """Answers with ``status`` say something else in one field."""
    return edit_body(status, f"set {field} to {value!r}", lambda body: body.update({field: value}))


def drop_field(status: int, field: str) -> Sabotage:
    """Answers with ``status`` lack one field."""
    return edit_body(status, f"drop {field}", lambda body: body.pop(field, None))


def set_header(status: int, header: str, value: str | None) -> Sabotage:
    """Answers with ``status`` carry another header, or lack it."""

    def changed(answer: Answer) -> Answer:
        return with_header(answer, header, value)

    return on_status(
        status, f"drop {header}" if value is None else f"set {header} to {value!r}", changed
    )


def set_status(before: int, after: int) -> Sabotage:
    """One status is answered as another."""
    return on_status(before, f"answer {after} for {before}", lambda one: replace(one, status=after))
