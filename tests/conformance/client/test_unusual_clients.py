"""Clients that are correct and unusual: no MUST is held against them, and mostly no SHOULD."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.client.sabotage import with_header
from conformance.journal.har import har_of
from conformance.journal.har_reading import entries_of
from conformance.journal.journal import JournalEntry
from tests.conformance.client.journals import (
    CONTRACT,
    DOWN,
    EXPIRED,
    INVALID,
    PAGE,
    PAIR,
    Answer,
    Recording,
    broken,
    correct_client,
    created,
    limited,
    problem,
)

Build = Callable[[Recording], None]


def loop_of_equal_calls(one: Recording) -> None:
    """It gives up at once and goes on: what follows a failure is the next call."""
    for number in range(8):
        one.create("same", DOWN if number % 3 == 1 else created(str(number)))
        one.sleep(0.01)


def equal_call_after_giving_up(one: Recording) -> None:
    one.create("same", DOWN, DOWN, DOWN)
    one.sleep(0.01)
    one.create("same", created("1"))


def threads_with_equal_names(one: Recording) -> None:
    first, second = one.key(), one.key()
    one.post(DOWN, key=first)
    one.post(created("2"), key=second)
    one.sleep(0.4)
    one.post(created("1"), key=first)


def threads_that_overlap(one: Recording) -> None:
    first, second = one.key(), one.key()
    slow = created("1", seconds=2)
    one.post(slow, key=first, at=one.now)
    one.post(created("2"), key=second, at=one.now + 0.5)
    one.sleep(5)


def one_key_at_once(one: Recording) -> None:
    """Two processes, one message: both send it, and one creates."""
    key = one.key()
    one.post(created("1", seconds=1), key=key, at=one.now)
    one.post(created("1", seconds=0.9, replayed=True), key=key, at=one.now + 0.1)
    one.sleep(3)


def static_token(one: Recording) -> None:
    one.entries.clear()
    one.create("first", created("1"))
    one.create("second", DOWN, created("2"))


def stale_token(one: Recording) -> None:
    one.entries.clear()
    one.create("first", EXPIRED, created("1"))
    one.create("second", created("2"))


def stale_token_in_two_threads(one: Recording) -> None:
    one.list(PAGE)
    old = one.token
    one.list(EXPIRED)
    one.list(EXPIRED)
    one.sign_in()
    one.list(PAGE)
    one.list(PAGE)
    one.post(problem(401, "token_expired"), "late", token=old, key=one.key())


def renewed_before_it_expires(one: Recording) -> None:
    for hour in range(6):
        one.create(f"call {hour}", created(str(hour)))
        one.create(f"another {hour}", created(f"a{hour}"))
        one.sleep(3500)
        one.sign_in()


def a_process_for_each_two_calls(one: Recording) -> None:
    for number in range(8):
        one.sign_in()
        one.create(f"call {number}", created(str(number)))
        one.list(PAGE)


def token_expires_each_time(one: Recording) -> None:
    for number in range(8):
        one.create(f"call {number}", EXPIRED, created(str(number)))
        one.sleep(1)


def threads_that_renew_one_token_each(one: Recording) -> None:
    """Each is refused, and signs in for itself."""
    keys = [one.key() for _ in range(5)]
    for number, key in enumerate(keys):
        one.post(EXPIRED, f"call {number}", key=key)
    for number, key in enumerate(keys):
        one.sign_in()
        one.post(created(str(number)), f"call {number}", key=key)


def processes_that_share_a_token(one: Recording) -> None:
    """Each reads it from a file, and renews it for itself."""
    shared = one.token
    one.list(PAGE)
    for number in range(5):
        one.token = shared
        one.create(f"call {number}", EXPIRED, created(str(number)))
        one.sleep(1)


def sent_again_by_hand(one: Recording) -> None:
    key = one.key()
    one.create("x", created("1"), key=key)
    one.sleep(7200)
    one.create("x", created("1", replayed=True), key=key)


def corrected_after_a_refusal(one: Recording) -> None:
    key = one.key()
    one.post(INVALID, "first try", key=key)
    one.post(created("1"), "second try", key=key)


def corrected_after_a_500_and_a_refusal(one: Recording) -> None:
    """The refusal says that nothing was done: else the key would have brought the answer again."""
    key = one.key()
    one.create("first try", problem(500), INVALID, key=key)
    one.post(created("1"), "second try", key=key)


def key_of_the_day_before(one: Recording) -> None:
    key = one.key()
    one.post(created("1"), "one", key=key)
    one.sleep(25 * 3600)
    one.post(created("2"), "two", key=key)


def suite_of_refusals(one: Recording) -> None:
    for name in ("a", "b", "c", "d"):
        one.create(name, INVALID)
    for _ in range(2):
        one.revoke("gone", problem(404))
        one.create("a", INVALID)


def polling_while_it_is_down(one: Recording) -> None:
    for _ in range(60):
        one.list(problem(503))
        one.sleep(1)


def threads_that_list(one: Recording) -> None:
    """Both are limited, and both wait; only together they look impatient."""
    one.list(limited(2))
    one.sleep(0.05)
    one.list(limited(2))
    one.sleep(1.95)
    one.list(PAGE)
    one.sleep(0.05)
    one.list(PAGE)


def form_and_basic(one: Recording) -> None:
    one.entries.clear()
    one.sign_in(
        body="grant_type=client_credentials&scope=all",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "authorization": "Basic ZGluaWVfY2lfMTpkaW5pZV9jc18x",
        },
    )
    one.create("first", created("1"))
    one.create("second", created("2"))


def pair_in_a_form(one: Recording) -> None:
    one.sign_in(
        body=f"grant_type=client_credentials&client_id={PAIR['client_id']}&client_secret=x%20y",
        headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    one.create("first", created("1"))
    one.create("second", created("2"))


def a_little_early(one: Recording) -> None:
    key = one.key()
    one.post(limited(2), key=key)
    one.sleep(1.93)
    one.post(created("1"), key=key)


def a_date_to_wait_for(one: Recording) -> None:
    key = one.key()
    until = format_datetime(datetime.fromtimestamp(one.now + 3, UTC), usegmt=True)
    one.post(problem(503, retry_after=until), key=key)
    one.sleep(2.2)
    one.post(created("1"), key=key)


def no_more_than_a_minute(one: Recording) -> None:
    key = one.key()
    one.post(limited(3600), key=key)
    one.sleep(60)
    one.post(created("1"), key=key)


def a_type_without_a_body(one: Recording) -> None:
    """As the vendor's Python SDK 1.1.0 sends it."""
    for answer in (limited(1), PAGE):
        one.send("GET", "/auth/credentials", answer,
                 headers={"authorization": f"Bearer {one.token}",
                          "content-type": "application/json"})  # fmt: skip
        one.sleep(1)


def gives_up_on_a_long_wait(one: Recording) -> None:
    one.create("x", limited(3600))


def dropped_before_the_body_came(one: Recording) -> None:
    key = one.key()
    entry = one.post(Answer(None), key=key)
    one.entries[-1] = replace(
        with_header(entry, "content-length", "40"), request_body="", partner=None
    )
    one.sleep(0.5)
    one.post(created("1"), key=key)


def bodies_too_long_to_keep(one: Recording) -> None:
    cut = f" [cut: 20000 bytes, SHA-256 {'0' * 64}]"
    key = one.key()
    for answer in (DOWN, replace(created("1"), body='{"id": "1' + cut)):
        one.post(answer, body='{"name": "x' + cut, key=key)
        one.sleep(0.5)
    one.post(created("2"), body='{"name": "x' + cut, key=one.key())


def broken_answers(one: Recording) -> None:
    """They are not taken for success: the call is made again, with its key."""
    for number, answer in enumerate(
        (
            replace(created("1"), body=created("1").body[:30], fault="truncate"),
            replace(created("1"), body="", fault="truncate"),
            replace(created("1"), headers=(("content-type", "text/html"),)),
            replace(created("1"), body="<html>"),
        )
    ):
        one.create(f"call {number}", answer, created("1", replayed=True))


def bodies_spelt_otherwise(one: Recording) -> None:
    for number, body in enumerate(
        (
            '{"name":"é"}',
            '{"name": "x", "expires_at": "2027-03-04t00:00:00.25-03:00"}',
            '{ "expires_at" : null , "name" : "dinie_cs_live_no_secret" }',
        )
    ):
        one.post(created(str(number)), body=body, key=one.key(),
                 headers={"content-type": "application/json; charset=utf-8"})  # fmt: skip


def recorded_without_bodies(one: Recording) -> None:
    """As browsers save it: no answers' bodies, and no Authorization."""
    one.create("first", created("1"))
    one.create("lost", DOWN, created("2"))
    one.list(PAGE)
    for place, entry in enumerate(one.entries):
        bare = with_header(entry, "authorization", None)
        one.entries[place] = replace(
            bare, response_body="", request_body=entry.request_body if place % 2 else "",
            partner=None,
        )  # fmt: skip


def answered_409_while_under_way(one: Recording) -> None:
    key = one.key()
    one.post(problem(409), key=key)
    one.sleep(0.5)
    one.post(created("1"), key=key)


def a_browser_with_other_traffic(one: Recording) -> None:
    one.create("first", created("1"))
    for place, (method, url) in enumerate(
        (
            ("OPTIONS", "http://127.0.0.1:8080/v3/auth/credentials"),
            ("GET", "http://127.0.0.1:8080/favicon.ico"),
            ("GET", "http://127.0.0.1:8080/v3/customers"),
            ("GET", "https://elsewhere.example/auth/tokens?access_token=redacted-000000000001"),
            ("POST", "https://elsewhere.example/auth/credentials/new"),
        )
    ):
        entry = one.send(method, "", Answer(404), operation=None)
        one.entries[-1] = replace(entry, url=url, number=1000 + place)


CORRECT: list[Build] = [
    threads_with_equal_names, threads_that_overlap, one_key_at_once, static_token, stale_token,
    stale_token_in_two_threads, renewed_before_it_expires, a_process_for_each_two_calls,
    token_expires_each_time, sent_again_by_hand, corrected_after_a_refusal, key_of_the_day_before,
    threads_that_renew_one_token_each, processes_that_share_a_token,
    corrected_after_a_500_and_a_refusal,
    suite_of_refusals, threads_that_list, form_and_basic, pair_in_a_form, a_little_early,
    a_date_to_wait_for, no_more_than_a_minute, gives_up_on_a_long_wait,
    a_type_without_a_body, bodies_too_long_to_keep,
    dropped_before_the_body_came, broken_answers, bodies_spelt_otherwise,
    recorded_without_bodies, answered_409_while_under_way,
]  # fmt: skip
# These lose calls, which they should not; nothing else is wrong with them.
CARELESS: list[Build] = [loop_of_equal_calls, equal_call_after_giving_up, polling_while_it_is_down]


def journal(build: Build) -> list[JournalEntry]:
    one = Recording()
    one.sign_in()
    build(one)
    return one.entries


@pytest.mark.parametrize("build", CORRECT, ids=lambda one: one.__name__)
def test_a_correct_client_is_not_accused(build: Build) -> None:
    assert broken(journal(build)) == set()


@pytest.mark.parametrize("build", CARELESS, ids=lambda one: one.__name__)
def test_a_careless_client_is_accused_of_nothing_else(build: Build) -> None:
    assert broken(journal(build)) <= {"retries.happen"}


@pytest.mark.parametrize("build", [*CORRECT, *CARELESS], ids=lambda one: one.__name__)
def test_it_is_the_same_in_a_har_taken_elsewhere(build: Build) -> None:
    document = json.loads(json.dumps(har_of(journal(build))))
    for entry in document["log"]["entries"]:
        for name in [one for one in entry if one.startswith("_")]:
            del entry[name]
    assert broken(list(entries_of(document))) <= {"retries.happen"}


def equal_calls(one: Recording, *pauses: float) -> None:
    """Calls with one name, and pauses between them that a person makes."""
    for number, pause in enumerate(pauses):
        one.create("same", created(f"before {number}"))
        one.sleep(pause)


def retried_with_a_new_key(one: Recording) -> None:
    one.create("same", Answer(None, executed=True))
    one.sleep(0.4)
    one.create("same", created("after"))


def test_what_may_be_a_retry_with_a_new_key_is_no_green() -> None:
    def build(one: Recording) -> None:
        equal_calls(one, 2.0, 5.0)
        retried_with_a_new_key(one)

    verdict = judge(journal(build), CONTRACT)

    assert verdict.exit_code == 2
    assert {one.requirement.id for one in verdict.results if one.is_undecided} == {
        "retries.repeat-the-key",
        "retries.create-once",
    }
    assert verdict.undecided.endswith(
        "#5 repeats #4, which failed, but not under its key: a retry or a new call? "
        "Unique names would tell"
    )


def test_equal_calls_after_a_violation_never_make_it_a_pass() -> None:
    def before(one: Recording) -> None:
        retried_with_a_new_key(one)

    def after(one: Recording) -> None:
        retried_with_a_new_key(one)
        one.sleep(5)
        equal_calls(one, *[5.0] * 8)

    assert judge(journal(before), CONTRACT).exit_code == 1
    assert judge(journal(after), CONTRACT).exit_code == 2


def test_a_client_that_is_seen_to_keep_its_key_passes_beside_what_is_unclear() -> None:
    def build(one: Recording) -> None:
        one.create("another", Answer(None, executed=True), created("1", replayed=True))
        equal_calls(one, 2.0, 5.0)
        retried_with_a_new_key(one)

    assert judge(journal(build), CONTRACT).exit_code == 0


def test_other_traffic_is_left_out() -> None:
    verdict = judge(journal(a_browser_with_other_traffic), CONTRACT, Level.SHOULD)

    assert verdict.violations == ()
    assert verdict.requests == 2
    assert verdict.remarks == ("4 exchanges are for no operation of the contract: not judged",)


def test_tokens_are_of_the_partner_that_sent_them() -> None:
    first, second = Recording(1), Recording(2, partner="partner-2")
    for one in (first, second):
        one.sign_in()
        one.create("same", DOWN, created("1"))
    entries = [
        replace(one, number=number)
        for number, one in enumerate([*first.entries, *second.entries], 1)
    ]
    assert broken(entries) == set()


def test_a_short_program_that_runs_as_several_partners_needs_its_token_once() -> None:
    """As the mock's exercise runs it, once for each fault."""
    entries = []
    for seed in range(8):
        one = Recording(seed, now=1_772_366_400.0 + 10 * seed, partner=f"partner-{seed}")
        one.sign_in()
        one.create("the only one", created("1"))
        entries += one.entries
    numbered = [replace(one, number=number) for number, one in enumerate(entries, 1)]
    assert broken(numbered) == set()


def test_the_correct_client_is_correct_in_a_har_too() -> None:
    read = list(entries_of(json.loads(json.dumps(har_of(correct_client())))))
    assert read == correct_client()
    assert read[1].request_header("authorization")
