"""Clients that misbehave in ways that look like something else: each is named, and by its rule."""

from collections.abc import Callable

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.journal.journal import JournalEntry
from tests.conformance.client.journals import (
    CONTRACT,
    DOWN,
    EXPIRED,
    INVALID,
    LOST,
    PAGE,
    Answer,
    Recording,
    created,
    limited,
    problem,
)

Build = Callable[[Recording], None]


def new_key_after_a_drop(one: Recording) -> None:
    one.post(LOST, key=one.key())
    one.sleep(0.4)
    one.post(created("1"), key=one.key())


def new_key_at_once(one: Recording) -> None:
    one.post(DOWN, key=one.key())
    one.post(DOWN, key=one.key())
    one.post(created("1"), key=one.key())


def new_key_after_a_broken_answer(one: Recording) -> None:
    one.post(Answer(201, '{"id": "1', (("content-type", "application/json"),)), key=one.key())
    one.sleep(0.4)
    one.post(created("2"), key=one.key())


def new_key_in_a_loop_with_one_name(one: Recording) -> None:
    """Its next call follows at once, and its retry after a wait."""
    for number in range(4):
        one.post(LOST if number == 2 else created(str(number)), key=one.key())
        one.sleep(0.5 if number == 2 else 0.01)


def new_key_with_one_name_in_each_run(one: Recording) -> None:
    """The same script again and again, each time with a token of its own."""
    for number in range(3):
        one.sign_in()
        one.post(LOST, key=one.key())
        one.sleep(0.4)
        one.post(created(str(number)), key=one.key())
        one.sleep(0.4)


def no_key_at_all(one: Recording) -> None:
    one.post(LOST)
    one.sleep(0.4)
    one.post(created("1"))


def key_on_the_first_attempt_only(one: Recording) -> None:
    one.post(LOST, key=one.key())
    one.sleep(0.4)
    one.post(created("1"))


def key_in_another_header(one: Recording) -> None:
    """As the vendor's JavaScript SDK 1.1.0 sends it."""
    key = {"x-idempotency-key": one.key()}
    one.post(LOST, headers=key)
    one.sleep(0.4)
    one.post(created("1"), headers=key)


def another_body_under_the_key(one: Recording) -> None:
    key = one.key()
    one.post(LOST, "name at 12:00:01", key=key)
    one.sleep(0.4)
    one.post(problem(422, "idempotency_key_reused"), "name at 12:00:02", key=key)


def one_key_for_two_calls(one: Recording) -> None:
    key = one.key()
    one.post(created("1"), "one", key=key)
    one.post(problem(422, "idempotency_key_reused"), "two", key=key)


def refusal_sent_again(one: Recording) -> None:
    one.create("x", INVALID, INVALID)


def listing_that_is_refused_for_ever(one: Recording) -> None:
    for _ in range(5):
        one.list(problem(422), query="?limit=50")


def revocation_that_conflicts_sent_again(one: Recording) -> None:
    """A revocation has no key: none can be under way."""
    for _ in range(4):
        one.revoke("dinie_ci_live_1", problem(409))
        one.sleep(0.5)


def a_token_for_each_call_and_one_expired(one: Recording) -> None:
    one.create("first", EXPIRED, created("1"))
    for number in range(4):
        one.sign_in()
        one.create(f"call {number}", created(str(number)))


def no_token_until_it_is_asked_for_one(one: Recording) -> None:
    """What it sends first was never a token."""
    for number in range(5):
        key = one.key()
        one.post(problem(401, "invalid_token"), f"call {number}", key=key, token="none yet")
        one.sign_in()
        one.post(created(str(number)), f"call {number}", key=key)


def old_token_again(one: Recording) -> None:
    key, token = one.key(), one.token
    one.post(EXPIRED, key=key, token=token)
    one.post(EXPIRED, key=key, token=token)


def token_renewed_again_and_again(one: Recording) -> None:
    one.create("x", EXPIRED, EXPIRED, EXPIRED, created("1"))


def impatient_lister(one: Recording) -> None:
    for _ in range(2):
        one.list(limited(5))
        one.sleep(0.2)
        one.list(PAGE)
        one.sleep(20)


def retries_at_once(one: Recording) -> None:
    key = one.key()
    for answer in (DOWN, DOWN, created("1")):
        one.post(answer, key=key)
        one.sleep(0.002)


def random_waits_that_do_not_grow(one: Recording) -> None:
    for number in range(10):
        key = one.key()
        for _ in range(4):
            one.post(DOWN, f"call {number}", key=key)
            one.sleep(one.random.uniform(0.3, 0.6))
        one.post(created(str(number)), f"call {number}", key=key)


def token_of_the_body_in_the_query(one: Recording) -> None:
    one.send("GET", f"/auth/credentials?access_token={one.token}", PAGE, operation=None)


def token_in_the_path(one: Recording) -> None:
    one.send("DELETE", "/auth/credentials/dinie_cs_live_1", problem(404), operation=None)


def token_in_the_path_of_no_operation(one: Recording) -> None:
    one.list(PAGE)
    one.send("GET", f"/auth/credentials/{one.token}", problem(404), operation=None)


def token_in_a_path_of_nothing(one: Recording) -> None:
    one.list(PAGE)
    one.send("GET", f"/elsewhere/{one.token}?x=1", problem(404), operation=None)


def token_beside_a_word_in_the_query(one: Recording) -> None:
    one.list(PAGE, query=f"?limit=Bearer%20{one.token}")


def token_as_a_name_in_the_query(one: Recording) -> None:
    one.list(PAGE, query=f"?{one.token}")


def creates_twice(one: Recording) -> None:
    one.post(LOST, key=one.key())
    one.sleep(0.4)
    one.post(created("2"), key=one.key())


def creates_twice_after_a_500(one: Recording) -> None:
    one.post(problem(500, fault="failed-response", executed=True), key=one.key())
    one.sleep(0.4)
    one.post(created("2"), key=one.key())


NAMED: list[tuple[Build, str]] = [
    (new_key_after_a_drop, "retries.repeat-the-key"),
    (new_key_at_once, "retries.repeat-the-key"),
    (new_key_after_a_broken_answer, "retries.repeat-the-key"),
    (new_key_in_a_loop_with_one_name, "retries.repeat-the-key"),
    (new_key_with_one_name_in_each_run, "retries.repeat-the-key"),
    (no_key_at_all, "retries.repeat-the-key"),
    (no_key_at_all, "keys.every-create-has-one"),
    (key_on_the_first_attempt_only, "retries.repeat-the-key"),
    (key_in_another_header, "retries.repeat-the-key"),
    (key_in_another_header, "requests.no-misspelt-headers"),
    (another_body_under_the_key, "retries.repeat-the-body"),
    (one_key_for_two_calls, "keys.new-call-has-new-key"),
    (refusal_sent_again, "retries.not-after-a-refusal"),
    (revocation_that_conflicts_sent_again, "retries.not-after-a-refusal"),
    (a_token_for_each_call_and_one_expired, "tokens.reused"),
    (no_token_until_it_is_asked_for_one, "tokens.reused"),
    (listing_that_is_refused_for_ever, "retries.not-after-a-refusal"),
    (old_token_again, "retries.unauthorized-once"),
    (old_token_again, "tokens.renewed"),
    (token_renewed_again_and_again, "retries.unauthorized-once"),
    (impatient_lister, "waits.honour-retry-after"),
    (retries_at_once, "waits.not-at-once"),
    (random_waits_that_do_not_grow, "waits.backoff-grows"),
    (token_of_the_body_in_the_query, "urls.no-credentials"),
    (token_in_the_path, "urls.no-credentials"),
    (token_in_the_path_of_no_operation, "urls.no-credentials"),
    (token_in_a_path_of_nothing, "urls.no-credentials"),
    (token_beside_a_word_in_the_query, "urls.no-credentials"),
    (token_as_a_name_in_the_query, "urls.no-credentials"),
    (creates_twice, "retries.create-once"),
    (creates_twice_after_a_500, "retries.create-once"),
]


def journal(build: Build) -> list[JournalEntry]:
    one = Recording()
    one.sign_in()
    build(one)
    return one.entries


@pytest.mark.parametrize(("build", "id_"), NAMED, ids=lambda one: getattr(one, "__name__", one))
def test_a_misbehaving_client_is_named(build: Build, id_: str) -> None:
    verdict = judge(journal(build), CONTRACT, Level.SHOULD)

    assert id_ in {one.requirement.id for one in verdict.violations}
    assert verdict.exit_code == 1


def test_the_exchanges_that_prove_it_are_shown() -> None:
    entries = journal(new_key_after_a_drop)
    keys = [one.request_header("idempotency-key") for one in entries]
    results = {one.requirement.id: one for one in judge(entries, CONTRACT).breaking}

    first, second = results["retries.repeat-the-key"].reproduce.splitlines()
    assert first.startswith("#2  12:00:00.005  POST  http://127.0.0.1:8080/v3/auth/credentials")
    assert keys[1] in first
    assert "→ no answer, the connection was closed, fault lost-response after" in first
    assert second.startswith("#3  12:00:00.410")
    assert keys[2] in second


def test_what_cannot_be_told_is_not_verified() -> None:
    """It repeats one call on purpose, at once, and its retry would look the same."""
    one = Recording()
    one.sign_in()
    for number in range(5):
        one.post(LOST if number == 2 else created(str(number)), key=one.key())
        one.sleep(0.01)
    verdict = judge(one.entries, CONTRACT)
    by_id = {result.requirement.id: result for result in verdict.results}

    assert by_id["retries.happen"].outcome.value == "not_verified"
    assert by_id["retries.repeat-the-key"].outcome.value == "not_verified"
    assert by_id["retries.repeat-the-key"].actual.startswith("#5 repeats #4, which failed")
    assert verdict.exit_code == 2


def test_many_breaches_are_counted_and_the_first_is_shown() -> None:
    one = Recording()
    one.sign_in()
    for number in range(7):
        one.post(created(str(number)), body='{"name": 1}', key=one.key())
    verdict = judge(one.entries, CONTRACT)
    [result] = verdict.breaking

    assert result.requirement.id == "requests.body-satisfies-schema"
    assert result.actual == "name must be a string (and 6 more of 7 times)"
    assert len(result.reproduce.splitlines()) == 1


def test_a_key_that_is_used_again_says_what_is_known_of_its_call() -> None:
    """Its body was refused because the key may stand for another one, of a 500."""
    one = Recording()
    one.sign_in()
    key = one.key()
    one.post(DOWN, "one", key=key)
    one.post(problem(422, "idempotency_key_reused"), "two", key=key)
    one.post(problem(422, "idempotency_key_reused"), "three", key=key)
    results = {one.requirement.id: one for one in judge(one.entries, CONTRACT).breaking}

    actual = "the key of an earlier call of which nobody knows whether it was done"
    assert results["keys.new-call-has-new-key"].actual.startswith(actual)
    [result] = judge(journal(one_key_for_two_calls), CONTRACT).breaking
    assert "that had succeeded" in result.actual
