"""Sabotage: servers that break the contract in what they answer, or change, on one item."""

import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.sabotage import Sabotage, on_answers, with_body, with_header
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject

_UPDATES = {"PUT", "PATCH"}


def _on_items(name: str, change: Callable[[JsonObject], object]) -> Sabotage:
    """Change the body of each success but that of a creation."""

    def changed(_: Request, answer: Answer) -> Answer:
        item = answer.json_object()
        is_one = answer.is_success and answer.status != HTTPStatus.CREATED
        return with_body(answer, change(item)) if item and is_one else answer

    return on_answers(name, changed)


def _as_text(_: Request, answer: Answer) -> Answer:
    is_one = answer.is_success and answer.status != HTTPStatus.CREATED
    return with_header(answer, "content-type", "text/plain") if is_one else answer


def _change_nothing() -> Tamper:
    """An update is answered with what it would be, and the item stays as it was."""

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method not in _UPDATES:
            return forward(request)
        return forward(replace(request, method="GET", body=b"").without_header("content-type"))

    return tamper


def _change_something() -> Tamper:
    """A change of an unknown id is answered with what the last one was."""
    lock, last = threading.Lock(), Answer(HTTPStatus.OK)

    def tamper(request: Request, forward: Forward) -> Answer:
        nonlocal last
        answer = forward(request)
        if request.method == "GET":
            return answer
        with lock:
            last = answer if answer.is_success else last
            return last if answer.status == HTTPStatus.NOT_FOUND else answer

    return tamper


def _no_location_in_replays() -> Tamper:
    keys: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if not request.key or request.key not in keys:
            keys.add(request.key or "")
            return answer
        return with_header(answer, "location", None)

    return tamper


OF_OTHER_TYPES = _on_items("each value in an array", lambda one: {key: [one[key]] for key in one})
NO_MEMBERS = _on_items("no members", lambda _: {})
PLAIN_TEXT = on_answers("show items as plain text", _as_text)
NO_LOCATION = on_answers("drop Location", lambda _, one: with_header(one, "location", None))
NO_LOCATION_IN_REPLAYS = Sabotage("drop Location in replays", _no_location_in_replays)
CHANGE_NOTHING = Sabotage("answer a change and do nothing", _change_nothing)
CHANGE_SOMETHING = Sabotage("take a change of an unknown id", _change_something)
