"""Six subtle faults, put between a campaign and a healthy server."""

import threading
import time

from conformance.exchange import Answer, Request
from conformance.generated_faults import sent_name
from conformance.sabotage import (
    Forward,
    Sabotage,
    Tamper,
    on_answers,
    with_body,
    with_header,
)

ONE_KEY_IN = 300
LEAK_AFTER = 200
RACE_SECONDS = 0.001


def _on_a_plane(request: Request, forward: Forward) -> Answer:
    fails = any(0x30000 <= ord(one) < 0x40000 for one in sent_name(request))
    return Answer(500) if fails else forward(request)


def _wrong_replay() -> Tamper:
    seen: dict[tuple[int | None, str], int] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.key is None or request.method != "POST":
            return answer
        with lock:
            known = (request.partner, request.key) in seen
            number = seen.setdefault((request.partner, request.key), len(seen) + 1)
        wrong = known and number % ONE_KEY_IN == 0 and answer.json_object() is not None
        return with_body(answer, {**answer.json(), "name": "another"}) if wrong else answer

    return tamper


def _revoked_replay() -> Tamper:
    keys: dict[str, tuple[int | None, str]] = {}
    revoked: set[tuple[int | None, str]] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method == "DELETE" and answer.is_success:
            revoked.add(keys.get(request.path.rpartition("/")[2], (None, "")))
        if request.method == "POST" and request.key and answer.is_success:
            place = (request.partner, request.key)
            keys[str(answer.field("client_id"))] = place
            if place in revoked:
                return with_body(answer, {**answer.json(), "status": "revoked"})
        return answer

    return tamper


def _race() -> Tamper:
    seen: set[tuple[int | None, str]] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method != "POST" or not request.key:
            return forward(request)
        place = (request.partner, request.key)
        if place in seen:
            return forward(request)
        time.sleep(RACE_SECONDS)
        late = place in seen
        seen.add(place)
        return forward(request.without_header("Idempotency-Key") if late else request)

    return tamper


def _leak() -> Tamper:
    made: dict[str, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        secret = answer.field("client_secret")
        if isinstance(secret, str):
            made[str(answer.field("id"))] = secret
        page = answer.field("data")
        if not isinstance(page, list) or len(made) <= LEAK_AFTER:
            return answer
        items = [
            {**one, "client_secret": made[one["id"]]} if one["id"] in made else one for one in page
        ]
        return with_body(answer, {**answer.json(), "data": items})

    return tamper


def _odd_header(request: Request, answer: Answer) -> Answer:
    languages = [value for name, value in request.headers if name.lower() == "accept-language"]
    wrong = "x-klingon" in languages and answer.is_success
    return with_header(answer, "Content-Type", "text/plain") if wrong else answer


ON_A_PLANE = Sabotage("a 5xx on one Unicode plane", lambda: _on_a_plane)
WRONG_REPLAY = Sabotage("a wrong replay for one key in 300", _wrong_replay)
REVOKED_REPLAY = Sabotage("another answer to a replay after a revocation", _revoked_replay)
RACE = Sabotage("two resources in a window of a millisecond", _race)
LEAK = Sabotage("secrets in the list after 200 creations", _leak)
ODD_HEADER = on_answers("another media type on one odd header", _odd_header)

FAULTS = (ON_A_PLANE, WRONG_REPLAY, REVOKED_REPLAY, RACE, LEAK, ODD_HEADER)
