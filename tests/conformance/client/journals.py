"""Builds journals: what clients would have left in one, told call by call."""

import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings

from conformance.client.judging import Level, judge
from conformance.client.requirements import client_catalogue
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import Redactor
from openapi.contract import Contract

CONTRACT = Contract.bundled()
BASE = "http://127.0.0.1:8080/v3"
PAIR = {"client_id": "dinie_ci_live_1", "client_secret": "dinie_cs_live_1"}

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For property tests: a machine that is busy is no failure."""

REDACTOR = Redactor(b"one key for all journals of the tests")


@dataclass(frozen=True)
class Answer:
    """What a request meets. Without a status the connection is dropped."""

    status: int | None
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.005
    fault: str | None = None
    executed: bool = False
    replayed: bool = False


def problem(status: int, code: str = "", **more: Any) -> Answer:
    """A refusal, or a server's error."""
    headers = [("content-type", "application/problem+json")]
    if "retry_after" in more:
        headers.append(("retry-after", str(more.pop("retry_after"))))
    body = json.dumps({"type": "x", "title": "x", "status": status, "detail": "x", "code": code})
    return Answer(status, body, tuple(headers), **more)


def created(id_: str, **more: Any) -> Answer:
    """A credential."""
    body = json.dumps({"id": id_, "client_id": id_, "client_secret": f"dinie_cs_live_{id_}"})
    return Answer(201, body, (("content-type", "application/json"),), **more)


LOST = Answer(None, fault="lost-response", executed=True)
DOWN = problem(503, fault="brownout")
EXPIRED = problem(401, "token_expired", fault="expired-token")
INVALID = problem(422, "invalid_format")


def limited(seconds: float) -> Answer:
    return problem(429, "rate_limit_exceeded", retry_after=seconds, fault="rate-limit-storm")


@dataclass
class Recording:
    """A client at work, with its clock; whatever it sends is recorded."""

    seed: int = 1
    now: float = 1_772_366_400.0
    partner: str | None = "partner-1"
    token: str = ""
    entries: list[JournalEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(
        self,
        method: str,
        path: str,
        answer: Answer,
        body: str = "",
        headers: dict[str, str] | None = None,
        operation: str | None = None,
        at: float | None = None,
    ) -> JournalEntry:
        """One exchange; the clock goes on to its end, unless it says when it began."""
        sent = {"host": "127.0.0.1:8080", **(headers or {})}
        if body:
            sent.setdefault("content-type", "application/json")
        sent = {name: value for name, value in sent.items() if value}
        entry = JournalEntry(
            number=len(self.entries) + 1,
            started=self.now if at is None else at,
            seconds=answer.seconds,
            method=method,
            url=REDACTOR.url(BASE + path),
            request_headers=REDACTOR.headers(sent.items()),
            request_body=REDACTOR.body(body.encode()),
            status=answer.status,
            response_headers=REDACTOR.headers(answer.headers),
            response_body=REDACTOR.body(answer.body.encode()),
            operation=operation,
            partner=self.partner,
            fault=answer.fault,
            executed=answer.executed,
            replayed=answer.replayed,
        )
        self.entries.append(entry)
        if at is None:
            self.now += answer.seconds
        return entry

    def sign_in(self, answer: Answer | None = None, **changes: Any) -> None:
        """Fetch a token."""
        self.token = f"dinie_at_{self.random.getrandbits(64):x}"
        issued = {"access_token": self.token, "token_type": "bearer", "expires_in": 3600}
        given = answer or Answer(200, json.dumps(issued), (("content-type", "application/json"),))
        asked = {
            "body": json.dumps({"grant_type": "client_credentials", **PAIR}),
            "operation": "createToken",
            **changes,
        }
        self.send("POST", "/auth/token", given, **asked)

    def key(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def post(self, answer: Answer, name: str = "Production Key", **changes: Any) -> JournalEntry:
        """One attempt to create; ``key``, ``token`` or ``body`` may be others."""
        headers = {
            "authorization": f"Bearer {changes.pop('token', self.token)}",
            "idempotency-key": changes.pop("key", None) or "",
            **changes.pop("headers", {}),
        }
        body = changes.pop("body", None) or json.dumps({"name": name, "expires_at": None})
        return self.send(
            "POST", "/auth/credentials", answer, body, headers, "createCredential", **changes
        )

    def create(self, name: str, *answers: Answer, key: str | None = None, **changes: Any) -> None:
        """A call as a correct client makes it: the same again, after growing, random waits."""
        key = key or self.key()
        for place, answer in enumerate(answers):
            self.post(answer, name, key=key, **changes)
            if place < len(answers) - 1:
                self.wait(answer, place)

    def wait(self, answer: Answer, place: int) -> None:
        """What a correct client does between two attempts."""
        asked = dict(answer.headers).get("retry-after")
        if answer.status == 401:
            self.sign_in()
        elif asked:
            self.sleep(float(asked))
        else:
            self.sleep(0.5 * 2**place * self.random.uniform(0.75, 1))

    def list(self, *answers: Answer, query: str = "") -> None:
        """A call that needs no key."""
        for place, answer in enumerate(answers):
            self.send(
                "GET",
                f"/auth/credentials{query}",
                answer,
                headers={"authorization": f"Bearer {self.token}"},
                operation="listCredentials",
            )
            if place < len(answers) - 1:
                self.wait(answer, place)

    def revoke(self, client_id: str, answer: Answer) -> None:
        self.send(
            "DELETE",
            f"/auth/credentials/{client_id}",
            answer,
            headers={"authorization": f"Bearer {self.token}"},
            operation="revokeCredential",
        )


PAGE = Answer(200, json.dumps({"data": [], "has_more": False}),
              (("content-type", "application/json"),))  # fmt: skip


def correct_client(seed: int = 1) -> list[JournalEntry]:
    """The journal of a client that does all things well, through all that can happen to it."""
    one = Recording(seed)
    one.sign_in()
    one.create("first", created("1"))
    one.create("lost", LOST, created("2", replayed=True))
    for number in range(6):
        one.create(f"down {number}", DOWN, DOWN, DOWN, created(f"d{number}"))
        one.sleep(0.3)
    one.create("limited", limited(2), created("3"))
    one.create("limited for long", limited(120), created("4"))
    one.create("asked to wait", problem(503, retry_after=1), created("5"))
    one.create("given up", DOWN, DOWN, DOWN, DOWN)
    one.create("refused", INVALID)
    one.create("expired", EXPIRED, created("6"))
    one.create("twice", created("7"))
    one.create("twice", created("8"))
    one.list(PAGE, query="?limit=50")
    one.list(problem(500), PAGE)
    one.list(EXPIRED, PAGE)
    one.revoke("dinie_ci_live_9", problem(404))
    one.revoke("dinie_ci_live_1", Answer(204))
    return one.entries


def broken(entries: list[JournalEntry], section: str = "") -> set[str]:
    """The ids of what a journal breaks, all levels."""
    rules = [one for one in client_catalogue().values() if section in {"", one.section}]
    verdict = judge(entries, CONTRACT, Level.SHOULD, requirements=rules)
    return {one.requirement.id for one in verdict.violations}
