"""What is judged under load is the catalogue's, and what a tally holds survives being sent."""

import json

import pytest

from conformance.catalogue.judge import ALLOWED, JudgedExchange, Purpose
from conformance.load.tally import Broken, Tally
from conformance.results.evidence import Seen
from conformance.server import catalogue, judges
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract

OPERATIONS = Contract.bundled().operations


def test_every_judge_is_one_of_the_catalogue() -> None:
    ids = {id_ for purpose in ALLOWED for id_ in judges().of(purpose)}

    assert len(ids) > 30
    assert ids <= catalogue().keys()


@pytest.mark.parametrize(
    ("operation", "purpose"),
    [
        ("createCredential", Purpose.CREATE),
        ("createCredential", Purpose.REPLAY),
        ("listCredentials", Purpose.PAGE),
        ("revokeCredential", Purpose.REVOKE),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 204, 401, 409, 418, 422, 429, 500, 503])
def test_a_requirement_judges_only_operations_that_it_applies_to(
    operation: str, purpose: Purpose, status: int
) -> None:
    one = OPERATIONS[operation]
    exchange = JudgedExchange(one, Request(one.method, one.path), Answer(status), purpose)

    for requirement, _ in judges().judgements(exchange):
        assert requirement.applies_to(one), requirement.id


def broken_by(answer: Answer, purpose: Purpose = Purpose.CREATE) -> set[str]:
    operation = OPERATIONS["createCredential"]
    exchange = JudgedExchange(
        operation, Request("POST", operation.path), answer, purpose, "a-long-token-of-ours"
    )
    return {one.id for one, violation in judges().judgements(exchange) if violation}


def test_a_server_error_is_one_violation_and_no_other() -> None:
    assert broken_by(Answer(500)) == {"generated.nothing-makes-it-fail"}
    assert broken_by(Answer(503)) == set()


def test_an_answer_with_the_token_is_found() -> None:
    body = json.dumps({"debug": "a-long-token-of-ours"}).encode()

    assert "secrets.token-is-never-answered" in broken_by(Answer(201, body=body))


def test_a_key_that_is_still_in_use_may_be_refused_in_any_way() -> None:
    assert "created.only-documented-statuses" in broken_by(Answer(409))
    assert "created.only-documented-statuses" not in broken_by(Answer(409), Purpose.AT_ONCE)


def test_a_tally_that_is_sent_is_the_same_and_leaves_nothing() -> None:
    place = ("idempotency.replay-is-identical", "createCredential")
    tally = Tally()
    tally.counts["requests"] = 3
    tally.note(place, None)
    evidence = (Seen("/id", "1", "2"),)
    tally.note(place, Broken(1, "one", "other", "curl", evidence))
    tally.note(place, Broken(1, "two", "another", "curl -i"))
    tally.fault("of ours")

    sent = json.loads(json.dumps(tally.drained()))
    total = Tally.of(sent)
    total.add(Tally.of(sent))

    assert total.counts["requests"] == 6
    assert total.judged[place] == 6
    assert total.broken[place] == Broken(4, "one", "other", "curl", evidence)
    assert total.faults == ["of ours"] * 2
    assert (tally.counts, tally.judged, tally.broken) == ({}, {}, {})
