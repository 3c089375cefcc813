"""One answer for each idempotency key of a partner, for 24 hours."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from flask import Request
from sqlalchemy.orm import Session

from tests.flask_server.service.answers import Answer, invalid
from tests.flask_server.service.bodies import Number, parse
from tests.flask_server.service.tables import Database, Kept

DAY = 24 * 60 * 60


def key_of(request: Request) -> str | None:
    return request.headers.get("Idempotency-Key") or None


def scope(partner: str, key: str, request: Request) -> str:
    return f"{partner}\n{key}"


def fingerprint(data: bytes) -> str:
    """The JSON value of a body, spelt in one way; what is no JSON stands for itself."""
    try:
        value = parse(data.decode())
    except (ValueError, RecursionError):
        return data.hex()
    return json.dumps(value, sort_keys=True, default=_number)


def _number(value: object) -> dict[str, str]:
    if not isinstance(value, Number):
        raise TypeError(value)
    return {"number": value.text}


def created(answer: Answer) -> bool:
    return answer.status == 201


def replayed(answer: Answer) -> Answer:
    return answer.with_headers(Idempotent_Replayed="true")


def nothing(request: Request) -> Answer | None:
    return None


def reused(kept: Kept) -> Answer | None:
    raise invalid("Idempotency-Key", "idempotency_key_reused", "This key belongs to another body.")


def straight(partner: str, request: Request, inner: Callable[[], Answer]) -> Answer:
    return inner()


class Locks:
    """A lock for each scope that is in use."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def __call__(self, scope: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._locks.get(scope, (threading.Lock(), 0))
            self._locks[scope] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                users = self._locks[scope][1] - 1
                if users:
                    self._locks[scope] = lock, users
                else:
                    del self._locks[scope]


Work = Callable[[Session], Answer]


@dataclass
class Keys:
    """The seams of idempotency."""

    key_of: Callable[[Request], str | None] = key_of
    scope: Callable[[str, str, Request], str] = scope
    fingerprint: Callable[[bytes], str] = fingerprint
    lifetime: float = DAY
    alone: Callable[[str], AbstractContextManager[None]] = field(default_factory=Locks)
    worth_keeping: Callable[[Answer], bool] = created
    kept: Callable[[Answer], Answer] = lambda answer: answer
    replayed: Callable[[Answer], Answer] = replayed
    reused: Callable[[Kept], Answer | None] = reused
    # What answers a request before anybody asks who sends it.
    early: Callable[[Request], Answer | None] = nothing
    # What is done around each request of a partner.
    around: Callable[[str, Request, Callable[[], Answer]], Answer] = straight
    remembered: Callable[[Kept, float], bool] = lambda kept, now: True

    def once(
        self, database: Database, partner: str, request: Request, now: float, work: Work
    ) -> Answer:
        return self.around(
            partner, request, lambda: self._once(database, partner, request, now, work)
        )

    def _once(
        self, database: Database, partner: str, request: Request, now: float, work: Work
    ) -> Answer:
        key = self.key_of(request)
        if key is None:
            with database.writing() as session:
                return work(session)
        scope = self.scope(partner, key, request)
        print_ = self.fingerprint(request.get_data())
        with self.alone(scope):
            found = self._look_up(database, scope, now)
            if found is not None:
                if found.fingerprint == print_:
                    return self.replayed(answer_of(found))
                other = self.reused(found)
                if other is not None:
                    return other
            with database.writing() as session:
                answer = work(session)
                if self.worth_keeping(answer):
                    session.merge(record(scope, print_, self.kept(answer), now))
                return answer

    def _look_up(self, database: Database, scope: str, now: float) -> Kept | None:
        with database.reading() as session:
            found = session.get(Kept, scope)
        if found is None or now - found.stored >= self.lifetime:
            return None
        return found if self.remembered(found, now) else None


def record(scope: str, fingerprint: str, answer: Answer, now: float) -> Kept:
    return Kept(
        scope=scope,
        fingerprint=fingerprint,
        status=answer.status,
        headers=json.dumps(answer.headers),
        body=answer.body,
        stored=now,
    )


def answer_of(kept: Kept) -> Answer:
    return Answer(kept.status, kept.body, json.loads(kept.headers))
