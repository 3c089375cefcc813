"""Every judge of one exchange decides, whatever is mutated in the answer."""

import json
import random

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose, digested
from conformance.catalogue.requirement import Level
from conformance.results.coverage import Coverage
from conformance.server import judges
from conformance.target.exchange import Answer, Request
from conformance.target.redaction import issued_secrets
from openapi.contract import Contract
from openapi.operation import Operation
from tests.conformance.mutations.answers import RawAnswer, drawn

pytestmark = pytest.mark.thorough

CONTRACT = Contract.bundled()
CREATED = {
    "id": "dinie_ci_live_1", "client_id": "dinie_ci_live_1", "client_secret": "dinie_cs_live_1",
    "name": "dinie-conformance", "status": "active", "expires_at": None, "last_used_at": None,
    "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z",
}  # fmt: skip
PROBLEM = {
    "type": "https://api.dinie.com.br/errors/validation-failed", "title": "t", "status": 422,
    "detail": "d", "errors": [{"param": "name", "detail": "d", "code": "c"}],
}  # fmt: skip
ANSWERS = {
    "createCredential": (201, CREATED),
    "listCredentials": (200, {"data": [CREATED, CREATED], "has_more": True}),
    "revokeCredential": (204, None),
    "createToken": (200, {"access_token": "a", "token_type": "bearer", "expires_in": 3600}),
}
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 5))]
EACH = 40


def mutated(choice: random.Random, status: int, value: object) -> Answer:
    body = b"" if value is None else json.dumps(value).encode()
    kind = b"application/json" if status < 400 else b"application/problem+json"
    mutation = drawn(choice)
    raw = mutation.apply(RawAnswer(status, ((b"Content-Type", kind), (b"Date", b"now")), body))
    headers = tuple(
        (name.decode("latin-1").lower(), text.decode("latin-1")) for name, text in raw.headers
    )
    return Answer(raw.status, headers, raw.body)


def exchange(
    operation: Operation, purpose: Purpose, answer: Answer, first: Answer
) -> JudgedExchange:
    path = operation.path.replace("{client_id}", "dinie_ci_live_1") + "?limit=2"
    request = Request(operation.method, path).with_json({"name": "dinie-conformance"})
    return JudgedExchange(
        operation, request, answer, purpose, "dinie_at_0123456789", digested(first), "1",
        ("dinie_cs_live_1",), CONTRACT.resource_of(operation),
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_every_judge_decides(seed: int) -> None:
    choice, coverage, broken = random.Random(seed), Coverage(CONTRACT), 0
    for operation in CONTRACT.operations.values():
        for _ in range(EACH):
            success = ANSWERS[operation.id]
            answer, first = (
                mutated(choice, *choice.choice([success, success, (422, PROBLEM)]))
                for _ in range(2)
            )
            for purpose in Purpose:
                judged = exchange(operation, purpose, answer, first)
                found = list(judges().judgements(judged))
                broken += any(one and rule.level is Level.MUST for rule, one in found)
            coverage.record(judged.request, answer)
            assert all(isinstance(one, str) for one in issued_secrets(answer))
    assert broken > EACH
