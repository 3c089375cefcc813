"""Sabotage: targets that misuse idempotency keys."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.sabotage import (
    Sabotage,
    on_answers,
    on_requests,
    with_body,
    with_header,
)
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject


def _forget_key(request: Request) -> Request:
    return request.without_header("Idempotency-Key")


def _same_key(request: Request) -> Request:
    return request.with_key("one key for all") if request.key else request


def edit_key(edit: str) -> Sabotage:
    """Keys are changed by a method of texts, or ``cut`` by a character."""

    def changed(request: Request) -> Request:
        key = request.key
        if key is None:
            return request
        return request.with_key(key[:-1] if edit == "cut" else getattr(key, edit)())

    return on_requests(f"{edit} the key", changed)


def keeping(name: str, key: Callable[[Request], Hashable | None]) -> Sabotage:
    """Keep the first answer for each key for ever, and answer later requests with it.

    ``key`` gives the cache key of a request; requests without one (None) are forwarded.
    """

    def make() -> Tamper:
        kept: dict[Hashable, Answer] = {}

        def tamper(request: Request, forward: Forward) -> Answer:
            found = key(request)
            if found is None:
                return forward(request)
            if found not in kept:
                kept[found] = forward(request)
            return kept[found]

        return tamper

    return Sabotage(name, make)


def _change_on_replay() -> Tamper:
    seen: set[str | None] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        key = request.key
        # The answer to HEAD has the type of a body, and none.
        has_json = answer.body and answer.media_type == "application/json"
        body = answer.json() if has_json else None
        if key in seen and isinstance(body, dict) and "updated_at" in body:
            return with_body(answer, {**body, "updated_at": "2026-03-01T00:00:00Z"})
        seen.add(key)
        return answer

    return tamper


def _live_state_on_replay() -> Tamper:
    used: set[str | None] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        body = answer.json_object() or {}
        if "access_token" in body:
            used.add(Answer(0, body=request.body).text("client_id"))
        elif request.key and body.get("client_id") in used:
            return with_body(answer, {**body, "last_used_at": "2026-03-01T00:00:00Z"})
        return answer

    return tamper


def forget_keys_after(seconds: float) -> Sabotage:
    """Forget each idempotency key after so many seconds."""

    def make() -> Tamper:
        first: dict[str, float] = {}
        lock = threading.Lock()

        def tamper(request: Request, forward: Forward) -> Answer:
            key = request.key
            if key is not None:
                with lock:
                    age = time.monotonic() - first.setdefault(key, time.monotonic())
                if age > seconds:
                    return forward(_forget_key(request))
            return forward(request)

        return tamper

    return Sabotage(f"forget keys after {seconds} s", make)


def _prolonging() -> Tamper:
    """A replay makes the time of its key begin anew."""
    used: set[Hashable] = set()
    replayed: dict[Hashable, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        call = request.key, request.body, request.partner
        answer = replayed.get(call) or forward(request)
        if request.key and call in used:
            replayed[call] = answer
        used.add(call)
        return answer

    return tamper


def _executing_each() -> Tamper:
    seen: set[str] = set()
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        key = request.key
        with lock:
            again = key in seen
            if key is not None:
                seen.add(key)
        if again:
            forward(_forget_key(request))
        return forward(request)

    return tamper


def _answering_in_flight(status: int) -> Tamper:
    """A key whose first request is under way gets another status."""
    under_way: set[str] = set()
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        key = request.key
        with lock:
            is_refused = key in under_way
            if key is not None:
                under_way.add(key)
        if is_refused:
            return replace(forward(request.with_json({})), status=status)
        try:
            return forward(request)
        finally:
            with lock:
                under_way.discard(str(key))

    return tamper


def overlooking(member: str) -> Sabotage:
    """Take no notice of one member where a key is used again."""

    def make() -> Tamper:
        first: dict[str, JsonObject] = {}

        def tamper(request: Request, forward: Forward) -> Answer:
            key, body = request.key, Answer(0, body=request.body).json_object()
            if key is None or body is None:
                return forward(request)
            known = first.setdefault(key, body)
            return forward(request.with_json({**body, member: known.get(member)}))

        return tamper

    return Sabotage(f"overlook {member} where a key is used again", make)


def _refusing_to_others() -> Tamper:
    owners: dict[str, int | None] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        key = request.key
        if key is not None and request.partner is not None:
            with lock:
                owner = owners.setdefault(key, request.partner)
            if owner != request.partner:
                return replace(forward(request.with_json({})), status=422)
        return forward(request)

    return tamper


FORGET_KEY = on_requests("forget idempotency keys", _forget_key)
ONE_KEY_FOR_ALL = on_requests("treat all keys as one", _same_key)
REMEMBER_FAILURES = keeping("replay failures", lambda one: one.key)
KEEP_FOR_EVER = keeping(
    "never forget a key", lambda one: one.key and (one.key, one.body, one.partner)
)
PROLONG_ON_REPLAY = Sabotage("keep a key from its last use", _prolonging)
ONE_ANSWER_FOR_ONE_BODY = keeping("one answer for one body", lambda one: one.body)
CHANGE_ON_REPLAY = Sabotage("change the answer on replay", _change_on_replay)
REPLAY_LIVE_STATE = Sabotage("replay the resource as it is now", _live_state_on_replay)
EXECUTE_EACH = Sabotage("execute each and answer the first", _executing_each)
REFUSE_TO_OTHERS = Sabotage("refuse a key that another partner used", _refusing_to_others)
REFUSE_IN_FLIGHT = Sabotage(
    "answer 409 to a key in flight", lambda: _answering_in_flight(HTTPStatus.CONFLICT)
)
FAIL_IN_FLIGHT = Sabotage("answer 500 to a key in flight", lambda: _answering_in_flight(500))
REFUSE_KEYS = on_answers(
    "refuse every key",
    lambda request, answer: replace(answer, status=400) if request.key else answer,
)
OTHER_STATUS_ON_REPLAY = on_answers(
    "answer a replay with 200",
    lambda _, answer: (
        replace(answer, status=HTTPStatus.OK) if answer.header("idempotent-replayed") else answer
    ),
)
OTHER_TYPE_ON_REPLAY = on_answers(
    "send a replay as text/html",
    lambda _, answer: (
        with_header(answer, "Content-Type", "text/html")
        if answer.header("idempotent-replayed")
        else answer
    ),
)
