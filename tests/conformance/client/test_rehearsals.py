"""A journal without faults shows what a client means to create once, and what several times."""

from collections.abc import Callable

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.journal.journal import JournalEntry
from tests.conformance.client.journals import CONTRACT, LOST, Answer, Recording, created

Build = Callable[[Recording], None]
REPLAYED = created("1", replayed=True)


def journal(build: Build) -> list[JournalEntry]:
    one = Recording()
    one.sign_in()
    build(one)
    return one.entries


def broken(build: Build, rehearsal: Build) -> set[str]:
    verdict = judge(journal(build), CONTRACT, Level.SHOULD, rehearsal=journal(rehearsal))
    return {one.requirement.id for one in verdict.violations}


def once(one: Recording) -> None:
    one.create("same", created("1"))


def five_times(one: Recording) -> None:
    for number in range(5):
        one.create("same", created(str(number)))
        one.sleep(0.01)


def again_after_a_replay(one: Recording) -> None:
    one.create("same", LOST, REPLAYED)
    one.sleep(0.2)
    one.create("same", created("2"))


def hedged(one: Recording) -> None:
    slow = created("1", seconds=2)
    one.post(slow, "same", key=one.key(), at=one.now)
    one.post(created("2", seconds=2), "same", key=one.key(), at=one.now + 0.8)
    one.sleep(5)


def hedged_between_two_attempts(one: Recording) -> None:
    first, start = one.key(), one.now
    one.post(Answer(500), "same", key=first, at=start)
    one.post(created("1"), "same", key=first, at=start + 1)
    one.post(created("2"), "same", key=one.key(), at=start + 0.8)
    one.sleep(5)


def hedged_with_its_key(one: Recording) -> None:
    key = one.key()
    one.post(created("1", seconds=2), "same", key=key, at=one.now)
    one.post(created("1", seconds=1, replayed=True), "same", key=key, at=one.now + 0.8)
    one.sleep(5)


def asked_for_again_by_hand(one: Recording) -> None:
    key = one.key()
    for answers in ((LOST, REPLAYED), (REPLAYED,)):
        one.create("same", *answers, key=key)
        one.sleep(0.2)


def again_long_after_a_replay(one: Recording) -> None:
    one.create("same", LOST, REPLAYED)
    one.sleep(3600)
    one.create("same", created("2"))


def again_after_a_plain_success(one: Recording) -> None:
    """Its command may begin anew, for some other reason."""
    one.create("same", created("1"))
    one.sleep(0.2)
    one.create("same", created("2"))


@pytest.mark.parametrize("build", [again_after_a_replay, hedged, hedged_between_two_attempts])
def test_what_only_a_fault_doubles_is_named(build: Build) -> None:
    assert "retries.create-once" in broken(build, once)


def test_a_hedge_under_another_key_breaks_the_rule_of_the_key_too() -> None:
    assert "retries.repeat-the-key" in broken(hedged, once)


@pytest.mark.parametrize("build", [again_after_a_replay, hedged, five_times])
def test_who_creates_several_times_without_faults_means_it(build: Build) -> None:
    assert broken(build, five_times) == set()


@pytest.mark.parametrize("build", [again_after_a_replay, hedged])
def test_without_a_rehearsal_nobody_can_tell(build: Build) -> None:
    assert broken(build, lambda one: one.create("another", created("1"))) == set()


@pytest.mark.parametrize(
    "build",
    [
        once,
        hedged_with_its_key,
        asked_for_again_by_hand,
        again_long_after_a_replay,
        again_after_a_plain_success,
    ],
)
def test_no_correct_client_is_accused(build: Build) -> None:
    assert broken(build, once) == set()


def test_the_report_says_what_it_was_compared_with() -> None:
    verdict = judge(journal(again_after_a_replay), CONTRACT, rehearsal=journal(once))
    [result] = verdict.breaking

    assert result.actual == "2 resources, under 2 keys; without faults, one"
    assert len(result.reproduce.splitlines()) == 3
