"""Violations that one change mends are one cause, shown by the one with the least to send."""

from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.client.requirements import client_catalogue
from conformance.probe.violation import NO_SERVER_ERROR, NOTHING_FAILS
from conformance.results.evidence import LAST_ANSWER, Seen
from conformance.results.result import FindingDetails, Outcome, Result
from conformance.results.verdict import causes_of
from conformance.server import catalogue

REPLAY = catalogue()["idempotency.replay-is-identical"]
AT_ONCE = catalogue()["idempotency.simultaneous-requests-make-one-resource"]
MODEL = catalogue()["sequences.model-holds"]
NAME = catalogue()["created.name-is-unchanged"]
FAILS = catalogue()[NOTHING_FAILS]
HEADERS = catalogue()["robustness.many-headers"]
ODD = catalogue()["robustness.control-characters"]
DATA = catalogue()["generated.accepted-data-comes-back"]


def broken(requirement: Requirement, script: str = "curl", operation: str = "one") -> Result:
    return Result(requirement, operation, Level.MUST, Outcome.FAILED, reproduce=script)


def test_what_one_change_mends_is_one_cause_on_all_operations() -> None:
    short, long, elsewhere = broken(NAME), broken(DATA, "curl\ncurl"), broken(DATA, "", "two")

    [cause] = causes_of([long, short])
    assert (cause.shown, cause.others) == (short, (long,))
    [cause] = causes_of([long, short, elsewhere])
    assert cause.shown == elsewhere


def test_a_must_shows_a_cause_rather_than_a_should() -> None:
    should = replace(broken(NAME, ""), level=Level.SHOULD, outcome=Outcome.WARNING)
    must = broken(DATA, "curl\ncurl")
    [cause] = causes_of([should, must])
    assert (cause.shown, cause.others) == (must, (should,))


def test_what_rests_on_a_broken_rule_is_no_cause_of_its_own() -> None:
    replay = broken(REPLAY, "curl\ncurl")
    [cause] = causes_of([broken(AT_ONCE), broken(MODEL), replay])
    assert cause.shown == replay
    assert {one.requirement for one in cause.others} == {AT_ONCE, MODEL}

    alone = causes_of([broken(AT_ONCE), broken(MODEL)])
    assert [one.shown.requirement for one in alone] == [AT_ONCE, MODEL]
    apart = causes_of([broken(AT_ONCE, operation="two"), replay])
    assert len(apart) == 2


def test_a_step_that_fails_is_the_cause_and_not_what_it_was_a_step_of() -> None:
    step = replace(broken(NAME), breaks=NOTHING_FAILS)
    alone = causes_of([step, replace(broken(MODEL), breaks=NOTHING_FAILS)])
    assert [len(one.others) for one in alone] == [1]

    fails = replace(broken(FAILS, "curl\ncurl", "two"), expected=NO_SERVER_ERROR)
    [cause] = causes_of([step, fails])
    assert (cause.shown, cause.others) == (fails, (step,))


def test_where_a_plain_request_fails_each_server_error_of_its_operation_is_that_failure() -> None:
    fails = replace(broken(FAILS, "curl\ncurl"), expected=NO_SERVER_ERROR)
    odd = replace(broken(HEADERS), expected=NO_SERVER_ERROR)
    assert len(causes_of([fails, odd])) == 2

    step = replace(broken(NAME, operation="two"), breaks=NOTHING_FAILS)
    [cause] = causes_of([fails, odd, step])
    assert (cause.shown, {*cause.others}) == (fails, {odd, step})
    elsewhere = replace(odd, operation="two")
    assert len(causes_of([fails, elsewhere, step])) == 2


def finding(id_: str, kind: str, script: str = "curl", operation: str = "one") -> Result:
    seen = FindingDetails(0.0, id_, kind=kind)
    return replace(broken(FAILS, script, operation), finding=seen)


def test_findings_that_one_kind_of_answer_shows_are_one_cause() -> None:
    long, short, other = (
        finding("a", "500 TypeError", "curl\ncurl"),
        finding("b", "500 TypeError"),
        finding("c", "500 KeyError"),
    )
    elsewhere = finding("d", "500 TypeError", operation="two")

    found = causes_of([long, other, short, elsewhere])
    assert [(one.shown, one.others) for one in found] == [
        (short, (long,)), (other, ()), (elsewhere, ())
    ]  # fmt: skip


def failing(requirement: Requirement, last: str, operation: str = "one") -> Result:
    one = broken(requirement, "curl", operation)
    return replace(one, actual=last[:3], evidence=(Seen(LAST_ANSWER, "", last),))


def test_one_server_error_of_an_operation_is_one_cause_whatever_was_expected() -> None:
    name, odd = failing(NAME, "500 a: req-1a2b"), failing(HEADERS, "500 a: req-3c4d")
    general = replace(failing(FAILS, "500 a: req-5e6f"), reproduce="curl\ncurl")
    [cause] = causes_of([name, odd, general])
    assert (cause.shown, cause.others) == (general, (name, odd))

    others = [failing(ODD, "500 b"), failing(ODD, "503 a: req-1a2b"),
              failing(ODD, "500 a: req-1a2b", "two"), failing(ODD, "400 a: req-1a2b"),
              replace(failing(ODD, "500 a: req-1a2b"), actual="another body")]  # fmt: skip
    for other in others:
        assert len(causes_of([name, other])) == 2


def test_what_is_no_violation_is_no_cause() -> None:
    assert causes_of([replace(broken(NAME), outcome=Outcome.PASSED)]) == ()


@pytest.mark.parametrize("rule", [*catalogue().values(), *client_catalogue().values()],
                         ids=lambda one: one.id)  # fmt: skip
def test_each_rule_says_how_to_mend_it_in_one_line(rule: Requirement) -> None:
    assert rule.mend.endswith(".")
    assert "\n" not in rule.mend
    assert len(rule.mend) < 160
    assert not rule.rests_on or rule.rests_on in catalogue()
