"""A finding: its cause, its id, and what is said of one that does not always fail."""

import ast
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.fuzz.findings.exporting import python_script
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.findings.shrinking import shrink_steps, without
from conformance.fuzz.resending import AnswerParts, Step, resent, shape
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding, cause_of
from conformance.fuzz.storage.steps import steps_of as checked_steps
from conformance.results.evidence import Seen
from conformance.target.exchange import Answer, Request
from conformance.target.target_settings import TargetSettings
from tests.conformance.fuzz.conftest import CONTRACT

FINDING = Finding(
    "idempotency.replay-is-identical", "createCredential", "must", "cause", "one", "two",
    "idempotency.replay-is-identical [createCredential]", 1, {"times": 1, "steps": 12, "keys": 3},
    "2026-01-01T00:00:00+00:00",
)  # fmt: skip


def test_a_python_script_needs_httpx_and_nothing_else_that_is_installed() -> None:
    steps = steps_of([(Request("GET", "/auth/credentials"), Answer(500))], TargetSettings())
    tree = ast.parse(python_script("http://target", steps))
    imported = {
        (getattr(one, "module", "") or one.names[0].name).partition(".")[0]
        for one in ast.walk(tree)
        if isinstance(one, ast.Import | ast.ImportFrom)
    }

    assert imported - sys.stdlib_module_names == {"httpx"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("one 2 times", "one 3 times"),
        ("dinie_ci_live_0a1b2c listed", "dinie_ci_live_ffff11 listed"),
        ("no 'abc'", "no 'def'"),
    ],
)
def test_a_cause_is_without_data(one: str, other: str) -> None:
    assert cause_of("it", one) == cause_of("it", other)


@pytest.mark.parametrize(("one", "other"), [("status 500", "status 503"), ("no name", "no date")])
def test_other_words_and_statuses_are_another_cause(one: str, other: str) -> None:
    assert cause_of("it", one) != cause_of("it", other)


@pytest.mark.parametrize(
    ("failures", "tries", "state"),
    [
        (0, 0, "not tried again"),
        (3, 3, "reproducible"),
        (1, 3, "flaky: 2 of 4"),
        (0, 3, "flaky: 1 of 4"),
    ],
)
def test_what_does_not_always_fail_is_flaky_with_its_rate(
    failures: int, tries: int, state: str
) -> None:
    tried = FINDING.tried(failures, tries)
    assert tried.state == state
    assert tried.id == FINDING.id


def test_what_has_passed_often_before_is_tried_as_often() -> None:
    tried = replace(FINDING, passed=99).tried(0, 3)
    assert tried.state == "flaky: 1 of 103"
    assert tried.attempts > 400
    # What fails each time has only waited for its state.
    steady = replace(FINDING, passed=99).tried(3, 3)
    assert steady.attempts == FINDING.tried(3, 3).attempts


@pytest.mark.parametrize(
    ("failures", "tries", "passed"), [(0, 0, 0), (3, 3, 0), (2, 3, 0), (1, 3, 4), (0, 3, 20)]
)
def test_a_finding_that_still_exists_is_missed_in_one_case_of_a_hundred(
    failures: int, tries: int, passed: int
) -> None:
    attempts = replace(FINDING, passed=passed).tried(failures, tries).attempts
    # Every rate is as likely at first; the discovery is a failure, too.
    rates = [place / 10_000 for place in range(1, 10_000)]
    seen = [one ** (failures + 1) * (1 - one) ** (tries - failures + passed) for one in rates]

    def missed(attempts: int) -> float:
        unseen = (once * (1 - one) ** attempts for once, one in zip(seen, rates, strict=True))
        return sum(unseen) / sum(seen)

    assert missed(attempts) < 0.0101
    assert missed(attempts - 1) > 0.0099


def test_the_evidence_of_a_finding_is_read_and_checked(tmp_path: Path) -> None:
    path, seen = tmp_path / "one.json", Seen("/id", '"a"', '"b"')
    shown = replace(FINDING, evidence=(seen,))
    path.write_text(shown.text())
    assert Finding.read(path, CONTRACT).evidence == (seen,)
    assert shown.within(100_000) == shown
    assert shown.id == FINDING.id

    path.write_text(replace(FINDING, evidence=(Seen("/id", "\x1b[2J", "b"),)).text())
    with pytest.raises(FileError, match="evidence: holds control characters"):
        Finding.read(path, CONTRACT)
    document = json.loads(FINDING.text())
    del document["evidence"]
    path.write_text(json.dumps(document))
    assert Finding.read(path, CONTRACT) == FINDING


def test_a_finding_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    finding = FINDING.tried(1, 2)
    path.write_text(finding.text())
    assert Finding.read(path, CONTRACT) == finding
    path.write_text(finding.text()[:-20])
    with pytest.raises(FileError, match="torn"):
        Finding.read(path, CONTRACT)


def step(body: str = "", key: str = "", path: str = "/auth/credentials") -> Step:
    headers = [["Idempotency-Key", key]] if key else []
    return {
        "method": "POST",
        "path": path,
        "headers": headers,
        "body": body,
        "partner": 0,
        "token_form": "as it is",
        "at_once": 0,
    }


def test_steps_that_nothing_builds_on_are_left_out() -> None:
    def send(steps: list[Step]) -> list[AnswerParts]:
        return [
            (500 if "bad" in one["body"] else 201, "application/json", b'{"id": "x1"}')
            for one in steps
        ]

    steps = [step(), step(), step(path="/x/«id 1»"), step(), step("bad «id 1»")]
    found, _, was_sent_again = shrink_steps(steps, resent(steps, send), send)
    assert was_sent_again
    assert [one["body"] for one in found] == ["", "bad «id 0»"]


def test_what_shares_a_key_with_the_last_step_stays() -> None:
    keys: dict[str, int] = {}

    def send(steps: list[Step]) -> list[AnswerParts]:
        bodies = [keys.setdefault(one["headers"][0][1], len(keys)) for one in steps]
        return [(201, "application/json", b'{"id": "%d"}' % one) for one in bodies]

    steps = [step(key=f"«key {number}»") for number in (1, 2, 3, 1)]
    found, _, _ = shrink_steps(steps, resent(steps, send), send)
    assert [one["headers"][0][1] for one in found] == ["«key 1»", "«key 1»"]


def test_a_step_is_not_left_out_when_others_need_its_answer() -> None:
    assert without([step(), step("«id 0»")], {0}) is None


def test_a_shape_tells_answers_apart_but_not_their_data() -> None:
    def said(status: int, body: bytes) -> object:
        return shape([step()], [(status, "application/json", body)])

    assert said(201, b'{"id": "a"}') == said(201, b'{"id": "b"}')
    assert said(201, b'{"id": "a"}') != said(200, b'{"id": "a"}')
    assert said(201, b'{"id": "a"}') != said(201, b'{"id": "a", "secret": 1}')


def test_what_does_not_fail_again_keeps_what_it_was_judged_by() -> None:
    def send(steps: list[Step]) -> list[AnswerParts]:
        return [(201, "application/json", b'{"id": "x1"}') for _ in steps]

    steps = [step(key=f"«key {number}»") for number in (1, 2, 3, 1)]
    answers = [*resent(steps[:3], send), (201, "application/json", b'{"id": "x2"}')]
    found, _, was_sent_again = shrink_steps(steps, answers, send)
    assert not was_sent_again
    assert [one["headers"][0][1] for one in found] == ["«key 1»", "«key 1»"]


def test_of_those_sent_at_once_one_of_each_kind_stays() -> None:
    together = {"at_once": 1}
    same, other = step("a", key="«key 1»") | together, step("b", key="«key 1»") | together

    def send(steps: list[Step]) -> list[AnswerParts]:
        kinds = {one["body"] for one in steps}
        return [(201, "application/json", b'{"id": "%d"}' % len(kinds)) for _ in steps]

    steps = [same, same, same, same, other]
    answers = [(201, "application/json", b'{"id": "2"}')] * 5
    found, _, was_sent_again = shrink_steps(steps, answers, send)
    assert was_sent_again
    assert 2 <= len(found) <= 4


def page(*ids: str) -> AnswerParts:
    return 200, "application/json", json.dumps({"data": [{"id": one} for one in ids]}).encode()


def made(id_: str) -> AnswerParts:
    return 201, "application/json", json.dumps({"id": id_}).encode()


def test_a_shape_tells_what_a_walk_through_pages_has_missed() -> None:
    steps = [
        step("a"),
        step("b"),
        step("c"),
        step(path="/x?limit=1"),
        step(path="/x?limit=1&starting_after=«last 3»"),
    ]
    before = [made("a"), made("b"), made("c")]
    whole = shape(steps, [*before, page("c"), page("b", "a")])
    assert whole != shape(steps, [*before, page("c"), page("a")])
    assert whole != shape(steps, [*before, page("c"), page("c", "b", "a")])
    assert resent(steps, lambda sent: [page(one["path"]) for one in sent])[-1] == page(
        "/x?limit=1&starting_after=%2Fx%3Flimit%3D1"
    )


def test_a_shape_tells_what_comes_back_otherwise() -> None:
    named = [step('{"name": "x"}')]

    def said(name: str) -> object:
        return shape(named, [(201, "application/json", json.dumps({"name": name}).encode())])

    assert said("x") != said("y")
    fresh = [step('{"name": "«name 1»"}')]
    assert shape(fresh, [made("a")]) == shape(fresh, [made("b")])


def test_a_shape_tells_whose_a_resource_is() -> None:
    steps = [step("a", key="«key 1»"), {**step("b", key="«key 1»"), "partner": 1}]
    assert shape(steps, [made("a"), made("b")]) != shape(steps, [made("a"), made("a")])


@pytest.mark.parametrize(
    ("made", "again"),
    [
        ({"bookNo": "bk_of_the_run"}, {"bookNo": "bk_2/b"}),
        ({"book": {"bookNo": "bk_of_the_run"}}, {"book": {"bookNo": "bk_2/b"}}),
        ({"key": "bk_of_the_run"}, {"key": "bk_2/b"}),
        (
            [{"id": 1}, {"code": "bk_of_the_run"}],
            [{"code": "x"}, {"code": "x"}, {"code": "bk_2/b"}],
        ),
    ],
)
def test_an_id_of_any_name_is_that_of_what_is_made_anew(made: object, again: object) -> None:
    answer = Answer(201, body=json.dumps(made).encode())
    exchanges = [
        (Request("POST", "/books"), answer),
        (Request("PATCH", "/books/bk_of_the_run/x", body=b'{"of": "bk_of_the_run"}'), Answer(200)),
    ]
    steps = steps_of(exchanges, TargetSettings())
    sent: list[Step] = []

    def send(group: list[Step]) -> list[AnswerParts]:
        sent.extend(group)
        return [(201, "application/json", json.dumps(again).encode())]

    resent(steps, send)
    assert sent[1]["path"] == "/books/bk_2%2Fb/x"
    assert sent[1]["body"] == '{"of": "bk_2/b"}'
    assert without(steps, {0}) is None
    checked_steps(steps, "")


def test_a_tag_of_a_version_that_no_step_knows_stays_as_it_was() -> None:
    changed = Request("PUT", "/books", (("If-Match", '"tag-of-the-run"'),))
    made = Answer(201, (("etag", '"tag-of-the-run"'),))
    steps = steps_of([(Request("POST", "/books"), made), (changed, Answer(200))], TargetSettings())
    assert steps[1]["headers"] == [["If-Match", '"tag-of-the-run"']]


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_earlier_steps_are_sent_one_after_another_where_they_show_the_same(
    order: list[str],
) -> None:
    """A page fails after two were made in one order; sent at once, they come in either order."""
    made: list[str] = []
    turns = itertools.cycle([1, -1])

    def send(steps: list[Step]) -> list[AnswerParts]:
        if steps[0]["body"]:
            made.extend(one["body"] for one in steps[:: next(turns) if len(steps) > 1 else 1])
            return [(201, "application/json", b'{"id": "x1"}')] * len(steps)
        status, made[:] = 500 if made == order else 200, []
        return [(status, "application/json", b"{}")]

    steps: list[Step] = [step("a") | {"at_once": 2}, step("b") | {"at_once": 2}, step()]
    answers = [(201, "application/json", b'{"id": "x1"}')] * 2
    found, _, _ = shrink_steps(steps, [*answers, (500, "application/json", b"{}")], send)
    assert [(one["body"], one["at_once"]) for one in found] == [
        *((one, 0) for one in order),
        ("", 0),
    ]
