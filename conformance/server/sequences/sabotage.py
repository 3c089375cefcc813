"""Sabotage of sequences: faults that show only in some order of calls."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.catalogue.sabotage import Sabotage, on_requests, with_body
from conformance.target.exchange import Answer, Forward, Request, Tamper


def _key(request: Request) -> tuple[int, str]:
    return request.partner or 0, dict(request.headers).get("Idempotency-Key", "")


def _forgetting_on_revocation() -> Tamper:
    """A revocation makes all keys of its partner unknown."""
    seen: set[tuple[int, str]] = set()
    forgotten: set[tuple[int, str]] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method == "DELETE":
            forgotten.update(one for one in list(seen) if one[0] == request.partner)
        seen.add(_key(request))
        known = _key(request) in forgotten
        return forward(request.without_header("Idempotency-Key") if known else request)

    return tamper


def _knowing_the_last_key_only() -> Tamper:
    """The replay of a key fails when another was used in between."""
    seen: set[tuple[int, str]] = set()
    last: dict[int, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        partner, key = _key(request)
        answer = forward(request)
        if key:
            between = (partner, key) in seen and last.get(partner) != key
            seen.add((partner, key))
            last[partner] = key
            return replace(answer, status=409) if between else answer
        return answer

    return tamper


def _conflicts_as_calls() -> Tamper:
    """A key with another body makes a second resource."""
    bodies: dict[tuple[int, str], bytes] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = _key(request)
        other = key[1] and bodies.setdefault(key, request.body) != request.body
        return forward(request.without_header("Idempotency-Key") if other else request)

    return tamper


def _conflicts_make_and_refuse() -> Tamper:
    """A conflict is refused and executed all the same."""
    bodies: dict[tuple[int, str], bytes] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = _key(request)
        if key[1] and bodies.setdefault(key, request.body) != request.body:
            forward(request.without_header("Idempotency-Key"))
        return forward(request)

    return tamper


def _one_memory_for_all() -> Tamper:
    """Another partner's same key gets the first one's answer."""
    kept: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        _, key = _key(request)
        if not key:
            return forward(request)
        if key not in kept:
            kept[key] = forward(request)
        return kept[key]

    return tamper


def _editing_lists(edit: Callable[[list[Any], list[str]], list[Any]]) -> Callable[[], Tamper]:
    """Change pages by what was made so far, in its order."""

    def make() -> Tamper:
        made: list[str] = []

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = forward(request)
            page: dict[str, Any] = answer.json_object() or {}
            if request.method == "POST" and "client_secret" in page and page["id"] not in made:
                made.append(page["id"])
            if request.method != "GET" or "data" not in page:
                return answer
            return with_body(answer, {**page, "data": edit(page["data"], made)})

        return tamper

    return make


def _without_oldest(data: list[Any], made: list[str]) -> list[Any]:
    return [one for one in data if one["id"] not in made[:-2]]


def _active_again(data: list[Any], made: list[str]) -> list[Any]:
    return [{**one, "status": "active"} if one["id"] in made[:-1] else one for one in data]


FAULTS = (
    on_requests("forget keys", lambda one: one.without_header("Idempotency-Key")),
    Sabotage("forget keys on a revocation", _forgetting_on_revocation),
    Sabotage("know the last key only", _knowing_the_last_key_only),
    Sabotage("take a conflict for a call", _conflicts_as_calls),
    Sabotage("refuse a conflict and do it", _conflicts_make_and_refuse),
    Sabotage("one memory of keys for all", _one_memory_for_all),
    Sabotage("lists lose the oldest", _editing_lists(_without_oldest)),
    Sabotage("revoked keys are listed as active again", _editing_lists(_active_again)),
)
