"""Faults that are put between the harness and a healthy target, to prove that checks can fail.

A requirement names the sabotage that it must catch. Each is a small transformation of requests
or answers, so it works on any target, and a requirement that a sabotage slips past has a hole.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from conformance.target.exchange import Answer, Request, Tamper


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A fault by name. ``make`` gives a fresh tamper for each run: some keep state."""

    name: str
    make: Callable[[], Tamper]


def on_requests(name: str, change: Callable[[Request], Request]) -> Sabotage:
    """A sabotage that changes requests before the target sees them."""
    return Sabotage(name, lambda: lambda request, forward: forward(change(request)))


def on_answers(name: str, change: Callable[[Request, Answer], Answer]) -> Sabotage:
    """A sabotage that changes answers before the harness sees them."""
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


def body_of(answer: Answer) -> Any:
    """The JSON body of a healthy target's answer; raises ValueError where it is none."""
    return json.loads(answer.body)


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
        value: Any = deepcopy(answer.json_object())
        if value is None:
            return answer
        edit(value)
        return with_body(answer, value)

    return on_status(status, name, changed)


def set_field(status: int, field: str, value: Any) -> Sabotage:
    """Replace one field of the JSON object in answers with ``status``."""
    return edit_body(status, f"set {field} to {value!r}", lambda body: body.update({field: value}))


def drop_field(status: int, field: str) -> Sabotage:
    """Drop one field of the JSON object in answers with ``status``."""
    return edit_body(status, f"drop {field}", lambda body: body.pop(field, None))


def set_header(status: int, header: str, value: str | None) -> Sabotage:
    """Set a header of answers with ``status``, or drop it (None)."""

    def changed(answer: Answer) -> Answer:
        return with_header(answer, header, value)

    return on_status(
        status, f"drop {header}" if value is None else f"set {header} to {value!r}", changed
    )


def set_status(before: int, after: int) -> Sabotage:
    """Answer with the status ``after`` in the place of ``before``."""
    return on_status(before, f"answer {after} for {before}", lambda one: replace(one, status=after))
