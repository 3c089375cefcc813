"""What goes wrong only when requests meet."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from flask import Request
from sqlalchemy.orm import Session

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, Document, Refusal
from tests.flask_server.service.tables import Credential
from tests.flask_server.service.tokens import Claims

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


@fault(MUST, "globals in the place of locals: request state on a singleton")
def names_mixed_up(parts: Parts) -> None:
    """Two creates at once: one gets the name of the other."""
    last = [""]
    check = parts.validation.name

    def shared(value: object) -> str:
        last[0] = check(value)
        time.sleep(0.002)
        return last[0]

    def around(partner: str, request: Request, inner: Callable[[], Answer]) -> Answer:
        # The body is read before the database is locked, as most servers do.
        body = parts.bodies.read(request)
        if isinstance(body, dict) and isinstance(body.get("name"), str):
            name = shared(body["name"])
            parts.validation.name = lambda value: name if isinstance(value, str) else check(value)
        return inner()

    parts.keys.around = around


@fault(MUST, "github.com/redis/redis-py/pull/2632")
def answers_mixed_up(parts: Parts) -> None:
    """Two creates at once: each gets the answer of the other."""
    lock = threading.Condition()
    waiting: list[list[Answer]] = []

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "POST" or answer.status != 201:
            return answer
        mine = [answer]
        with lock:
            if waiting:
                other = waiting.pop()
                other[0], mine[0] = mine[0], other[0]
                lock.notify_all()
                return mine[0]
            waiting.append(mine)
            lock.wait_for(lambda: mine not in waiting, timeout=0.004)
            if mine in waiting:
                waiting.remove(mine)
            return mine[0]

    parts.answers.finish = finish


@fault(MUST, "the partner of a request on a singleton")
def partners_mixed_up(parts: Parts) -> None:
    """Requests of two partners at once: one is executed for the other."""
    last = [""]

    def shared(claims: Claims, request: Request) -> str:
        last[0] = str(claims["partner"])
        time.sleep(0.003)
        return last[0]

    parts.authentication.partner_of = shared


@fault(MUST, "read, change and write of a whole list: lost updates")
def one_of_two_creates_lost(parts: Parts) -> None:
    """Two creates at once: one of them is not stored."""
    add = parts.storing.add
    busy = [0]
    lock = threading.Lock()
    authenticate = parts.authentication.partner_of

    def entered(claims: Claims, request: Request) -> str:
        if request.method == "POST":
            with lock:
                busy[0] += 1
            time.sleep(0.003)
        return authenticate(claims, request)

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method == "POST" and answer.status != 401:
            with lock:
                busy[0] = max(busy[0] - 1, 0)
        return answer

    def lossy(session: Session, credential: Credential) -> None:
        with lock:
            alone = busy[0] <= 1
        if alone:
            add(session, credential)

    parts.authentication.partner_of = entered
    parts.answers.finish = finish
    parts.storing.add = lossy


def _crowded(parts: Parts, refusal: Refusal) -> None:
    lock = threading.Lock()
    authenticate = parts.authentication.partner_of

    def partner_of(claims: Claims, request: Request) -> str:
        if request.method == "POST":
            if not lock.acquire(blocking=False):
                raise refusal
            try:
                time.sleep(0.003)
            finally:
                lock.release()
        return authenticate(claims, request)

    parts.authentication.partner_of = partner_of


@fault(MUST, "sqlite3.OperationalError: database is locked")
def database_is_locked(parts: Parts) -> None:
    """Two creates at once: one of them gets 500."""
    _crowded(parts, Refusal(500, "internal_error", "database is locked"))


@fault(SHOULD, "pools that are empty: QueuePool limit of size 5 overflow 10 reached")
def pool_of_five_fails(parts: Parts) -> None:
    """More than five requests at once: the sixth gets 500."""
    places = threading.Semaphore(5)
    authenticate = parts.authentication.partner_of

    def partner_of(claims: Claims, request: Request) -> str:
        if not places.acquire(blocking=False):
            raise Refusal(500, "internal_error", "QueuePool limit reached")
        try:
            time.sleep(0.01)
        finally:
            places.release()
        return authenticate(claims, request)

    parts.authentication.partner_of = partner_of


@fault(RARE, "MAX(id) + 1")
def ids_meet(parts: Parts) -> None:
    """Two creates within a millisecond get one client id: the second is answered, not stored."""
    mint = parts.minting.client_id
    add = parts.storing.add
    last: list[tuple[float, str]] = [(0.0, "")]

    def client_id() -> str:
        now = time.monotonic()
        if now - last[0][0] > 0.001:
            last[0] = now, mint()
        return last[0][1]

    ids: set[str] = set()

    def once(session: Session, credential: Credential) -> None:
        if credential.client_id not in ids:
            ids.add(credential.client_id)
            add(session, credential)

    parts.minting.client_id = client_id
    parts.storing.add = once


@fault(MUST, "secrets that are hashed in one place for all threads")
def secrets_mixed_up(parts: Parts) -> None:
    """Two creates at once: one is shown the secret of the other."""
    last: list[tuple[float, str]] = [(0.0, "")]

    def created(given: Answer, document: Document) -> Answer:
        now = time.monotonic()
        before, secret = last[0]
        last[0] = now, document["client_secret"]
        if now - before > 0.004 or not secret:
            return given
        return replace(
            given, body=given.body.replace(document["client_secret"].encode(), secret.encode())
        )

    parts.answers.created = created


@fault(RARE, "check, then act")
def revoked_twice_at_once(parts: Parts) -> None:
    """Two revocations of one credential at once both get 204."""
    lock = threading.Lock()
    recent: dict[str, float] = {}

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "DELETE":
            return answer
        now = time.monotonic()
        with lock:
            if answer.status == 204:
                recent[request.path] = now
                return answer
            if answer.status == 409 and now - recent.get(request.path, 0) < 0.02:
                kept = {n: v for n, v in answer.headers.items() if n.startswith("X-")}
                return Answer(204, b"", kept)
        return answer

    parts.answers.finish = finish
