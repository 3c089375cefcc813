"""Faults on some keys only: the ten thousandth, two that are taken for one, a moment too early."""

import hashlib
import threading
import time

from conformance.catalogue.sabotage import Sabotage, with_body
from conformance.target.exchange import Answer, Forward, Request, Tamper

RACE_SECONDS = 0.001

_Place = tuple[int | None, str]


def _place(request: Request) -> _Place | None:
    is_keyed = request.method == "POST" and request.key is not None
    return (request.partner, str(request.key)) if is_keyed else None


def wrong_replay(one_key_in: int) -> Sabotage:
    """One key in so many replays another answer."""

    def make() -> Tamper:
        seen: dict[_Place, int] = {}
        lock = threading.Lock()

        def tamper(request: Request, forward: Forward) -> Answer:
            answer, place = forward(request), _place(request)
            if place is None:
                return answer
            with lock:
                known = place in seen
                number = seen.setdefault(place, len(seen) + 1)
            wrong = known and number % one_key_in == 0 and answer.json_object() is not None
            return with_body(answer, {**answer.json(), "name": "another"}) if wrong else answer

        return tamper

    return Sabotage(f"a wrong replay for one key in {one_key_in}", make)


def taken_for_one(bits: int) -> Sabotage:
    """Of each key no more is kept than so many bits of its digest."""

    def tamper(request: Request, forward: Forward) -> Answer:
        place = _place(request)
        if place is None:
            return forward(request)
        digest = int.from_bytes(hashlib.sha256(place[1].encode()).digest()) % 2**bits
        return forward(request.with_key(f"{digest:032x}"))

    return Sabotage(f"keys that are taken for one by {bits} bits", lambda: tamper)


def _race() -> Tamper:
    seen: set[_Place] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        place = _place(request)
        if place is None or place in seen:
            return forward(request)
        time.sleep(RACE_SECONDS)
        late = place in seen
        seen.add(place)
        return forward(request.without_header("Idempotency-Key") if late else request)

    return tamper


def _strangers() -> Tamper:
    """What comes while the first with its key is under way gets that answer, whoever asks."""
    under_way: dict[str, tuple[int | None, threading.Event, list[Answer]]] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        place = _place(request)
        if place is None:
            return forward(request)
        partner, key = place
        with lock:
            is_first = key not in under_way
            owner, done, answers = under_way.setdefault(key, (partner, threading.Event(), []))
        if not is_first:
            if owner != partner:
                done.wait()
            return answers[0] if owner != partner and answers else forward(request)
        try:
            answers.append(forward(request))
        finally:
            with lock:
                del under_way[key]
            done.set()
        return answers[0]

    return tamper


def _revoked_replay() -> Tamper:
    keys: dict[str, _Place] = {}
    revoked: set[_Place] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer, place = forward(request), _place(request)
        client_id = request.path.rpartition("/")[2]
        if request.method == "DELETE" and answer.is_success and client_id in keys:
            revoked.add(keys[client_id])
        if place and answer.is_success:
            keys[str(answer.field("client_id"))] = place
            if place in revoked:
                return with_body(answer, {**answer.json(), "status": "revoked"})
        return answer

    return tamper


def _long_sequence() -> Tamper:
    """Made, revoked, replayed, listed, and then replayed with another answer."""
    keys: dict[str, _Place] = {}
    stages: dict[_Place, int] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer, place = forward(request), _place(request)
        if not answer.is_success:
            return answer
        with lock:
            if place:
                keys.setdefault(str(answer.field("client_id")), place)
                if stages.get(place) == LISTED:
                    return with_body(answer, {**answer.json(), "status": "revoked"})
                if stages.setdefault(place, MADE) == REVOKED:
                    stages[place] = REPLAYED
            client_id = request.path.rpartition("/")[2]
            if request.method == "DELETE" and client_id in keys:
                stages[keys[client_id]] = REVOKED
            if request.method == "GET":
                for one, stage in stages.items():
                    if stage == REPLAYED and one[0] == request.partner:
                        stages[one] = LISTED
        return answer

    return tamper


MADE, REVOKED, REPLAYED, LISTED = range(4)

RACE = Sabotage("two resources in a window of a millisecond", _race)
STRANGERS = Sabotage("another partner's answer while its request is under way", _strangers)
REVOKED_REPLAY = Sabotage("another answer to a replay after a revocation", _revoked_replay)
LONG_SEQUENCE = Sabotage("another answer in one state of a long sequence", _long_sequence)
