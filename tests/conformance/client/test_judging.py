"""Judging whatever a client sent: it never fails, and the same journal has the same verdict."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue.requirement import Level
from conformance.client.judging import NOTHING_JUDGED, judge
from conformance.client.sabotage import KEY, with_header
from conformance.journal.har import har_of
from conformance.journal.har_reading import entries_of
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import Redactor
from conformance.report import FORMATS
from conformance.results.result import Outcome
from tests.conformance.client.journals import BASE, CONTRACT, UNHURRIED, correct_client

REDACTOR = Redactor(b"one key for all of these tests")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
BODIES = st.one_of(
    TEXTS,
    st.sampled_from(
        ['{"name": "x"}', '{"name": 7, "more": [1]}', "[]", "{", "grant_type=x&client_secret=y",
         '{"access_token": "x"}', '{"access_token": 7}', '{"code": "token_expired"}']
    ),
)  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["authorization", "idempotency-key", "x-idempotency-key", "content-type",
             "content-length", "retry-after", "date", "www-authenticate"]
        ),
        st.one_of(
            TEXTS,
            st.sampled_from(
                ["Bearer x", "Basic x", "application/json", "1", "-1", "1e9", "99999999999",
                 "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 GMT"]
            ),
        ),
    ),
    max_size=4,
).map(REDACTOR.headers)  # fmt: skip
ENTRIES = st.builds(
    JournalEntry,
    number=st.integers(1),
    started=st.floats(0, 100),
    seconds=st.floats(0, 10),
    method=st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "x"]),
    url=st.one_of(
        st.sampled_from(
            [f"{BASE}/auth/credentials", f"{BASE}/auth/credentials/x", f"{BASE}/auth/token",
             f"{BASE}/auth/credentials?limit=x&token=redacted-000000000001", f"{BASE}/auth",
             "http://[/v3/auth/token", "http:///v3/auth/token", "http://h", f"{BASE}/auth/token#?"]
        ),
        TEXTS.map(lambda text: f"http://{text}"),
    ),
    request_headers=HEADERS,
    request_body=BODIES.map(lambda text: REDACTOR.body(text.encode())),
    status=st.none() | st.sampled_from([0, 100, 200, 201, 204, 302, 400, 401, 404, 422, 429, 500]),
    response_headers=HEADERS,
    response_body=BODIES.map(lambda text: REDACTOR.body(text.encode())),
    operation=st.none() | st.sampled_from([*CONTRACT.operations, "another"]),
    partner=st.none() | st.sampled_from(["1", "2"]),
    fault=st.none() | st.sampled_from(["lost-response", "slow"]),
    executed=st.booleans(),
    replayed=st.booleans(),
)  # fmt: skip


@pytest.mark.thorough
@UNHURRIED
@given(st.lists(ENTRIES, max_size=12, unique_by=lambda one: one.number))
def test_whatever_was_sent_is_judged(entries: list[JournalEntry]) -> None:
    verdict = judge(entries, CONTRACT, Level.SHOULD)

    assert verdict.having(Outcome.ERROR) == ()
    assert verdict.exit_code in {0, 1, 2}
    for form in FORMATS.values():
        form(verdict)
    entries_of(json.loads(json.dumps(har_of(entries))))


@UNHURRIED
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_entries_makes_no_difference(chance: random.Random) -> None:
    entries = correct_client()
    shuffled = chance.sample(entries, len(entries))

    assert judge(shuffled, CONTRACT) == judge(entries, CONTRACT)


def test_nothing_is_no_verdict() -> None:
    verdict = judge([], CONTRACT)

    assert verdict.void == NOTHING_JUDGED
    assert verdict.exit_code == 2


def reason(entries: Sequence[JournalEntry], rule: str = "keys.new-call-has-new-key") -> str:
    [result] = [one for one in judge(entries, CONTRACT).results if one.requirement.id == rule]
    assert result.outcome is Outcome.NOT_VERIFIED
    return result.actual


def a_create() -> JournalEntry:
    return next(one for one in correct_client() if one.status == 201 and one.request_header(KEY))


def test_what_is_missing_is_told_by_what_was_seen() -> None:
    create = next(
        one for one in correct_client() if one.status == 201 and "name" in one.request_body
    )
    needs = (
        "needs two creates with keys that differ in key or body (all alike is a retry); so far: "
    )
    later = replace(create, number=create.number + 1, started=create.started + 5, replayed=True)
    without = [
        with_header(replace(one, started=one.started + 60, status=422), KEY, None)
        for one in (create, later)
    ]

    one_request = "1 request in 1 call with 1 key and 1 body, answers: 201 (1)"
    assert reason([create]) == needs + one_request
    twice = "2 requests in 2 calls with 1 key and 1 body, answers: 201 (2)"
    assert reason([create, later]) == needs + twice
    no_key = "2 requests in 2 calls with no keys and 1 body, answers: 422 (2)"
    assert reason(without) == needs + no_key
    lists = reason([create], "tokens.reused")
    assert lists.endswith("calls with its token; so far: no request for createToken")


def test_of_many_kinds_of_answers_some_are_told() -> None:
    create = next(
        one for one in correct_client() if one.status == 201 and "name" in one.request_body
    )
    refused = [
        replace(create, number=number, started=create.started + 600 * number, status=status)
        for number, status in enumerate((400, 401, 404, 409, 409, 422), 1)
    ]

    assert reason(refused, "retries.repeat-the-key").endswith(
        "answers: 409 (2), 400 (1), 401 (1), 404 (1), others"
    )
