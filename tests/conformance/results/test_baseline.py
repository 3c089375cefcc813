"""The baseline: what it takes, what it complains of, and how it is made from a run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue.requirement import Requirement
from conformance.results.baseline import Baseline, BaselineError
from conformance.results.result import Outcome, Result
from conformance.server import catalogue
from openapi.contract import Contract
from tests.conformance.client.journals import UNHURRIED
from tests.conformance.foreign_json import mutated

CONTRACT = Contract.bundled()
OPERATION = "createCredential"
REPLAY, ONE = "idempotency.replay-is-identical", "idempotency.no-second-resource"
ENTRY = {"id": REPLAY, "operation": OPERATION, "reason": "known"}


def read(path: Path, text: str) -> Baseline:
    path.write_text(text)
    return Baseline.read(path, CONTRACT, catalogue())


def result(id_: str, outcome: Outcome) -> Result:
    found: Requirement = catalogue()[id_]
    return Result(found, OPERATION, found.level, outcome)


@pytest.mark.parametrize("name", ["known.json", "known.yaml"])
@pytest.mark.parametrize("document", [[ENTRY], {"accepted": [ENTRY]}], ids=["list", "object"])
def test_it_is_read_from_json_and_yaml(tmp_path: Path, name: str, document: object) -> None:
    known = read(tmp_path / name, json.dumps(document))

    assert known.accepted == {(REPLAY, OPERATION): "known"}


@pytest.mark.parametrize("name", ["known.json", "known.yaml"])
def test_an_empty_list_accepts_nothing(tmp_path: Path, name: str) -> None:
    assert read(tmp_path / name, "[]").accepted == {}


@pytest.mark.parametrize("written", ["known.yaml", "folder/../known.yaml", "link/known.yaml"])
def test_the_file_that_the_run_writes_need_not_be_there(tmp_path: Path, written: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    known = Baseline.read(
        tmp_path / "known.yaml", CONTRACT, catalogue(), written=tmp_path / written
    )
    assert known.accepted == {}


@pytest.mark.parametrize("written", [None, Path("another.yaml")])
def test_another_file_that_is_not_there_is_one_line_that_says_how_to_make_it(
    tmp_path: Path, written: Path | None
) -> None:
    with pytest.raises(BaselineError) as complaint:
        Baseline.read(tmp_path / "a name.yaml", CONTRACT, catalogue(), written)
    assert str(complaint.value) == (
        f"{tmp_path}/a name.yaml: No such file or directory; it is given as the baseline, and"
        f" dinie-conformance run --write-baseline '{tmp_path}/a name.yaml' makes it"
    )


def test_a_reason_may_be_left_out(tmp_path: Path) -> None:
    text = f"accepted:\n- id: {REPLAY}\n  operation: {OPERATION}\n  reason:\n"

    assert read(tmp_path / "known.yaml", text).accepted == {(REPLAY, OPERATION): ""}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ("", "must hold a list of accepted violations; an empty one is []"),
        ("accepted: 5", "must hold a list"),
        ("[5]", "entry 1 must have an id and an operation"),
        (json.dumps([{**ENTRY, "extra": 1}]), "entry 1 has an unknown member extra"),
        (json.dumps([{"id": REPLAY}]), "entry 1 needs operation"),
        (json.dumps([{**ENTRY, "reason": 5}]), "entry 1 has a reason that is no text"),
        (json.dumps([{**ENTRY, "id": "no.such"}]), "entry 1 names no.such, which is no"),
        (json.dumps([{**ENTRY, "operation": "x"}]), "names x, which is no operation"),
        (json.dumps([{**ENTRY, "operation": "listCredentials"}]), "which does not apply to"),
        (json.dumps([ENTRY, ENTRY]), "entry 2 repeats"),
        ("\0", "cannot be read"),
        ("a: &a [*a]", "must hold a list"),
        ("[" * 5000, "cannot be read"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BaselineError) as complaint:
        read(tmp_path / "known.yaml", text)

    assert reason in str(complaint.value)
    assert "\n" not in str(complaint.value)


def test_it_accepts_violations_only() -> None:
    known = Baseline({(REPLAY, OPERATION): ""})

    assert known.accepts(result(REPLAY, Outcome.FAILED))
    assert known.accepts(result(REPLAY, Outcome.WARNING))
    assert not known.accepts(result(REPLAY, Outcome.ERROR))
    assert not known.accepts(result(ONE, Outcome.FAILED))
    assert not known.accepts(replace(result(REPLAY, Outcome.FAILED), operation="another"))


def test_an_entry_is_stale_only_once_its_rule_holds() -> None:
    known = Baseline({(REPLAY, OPERATION): "", (ONE, OPERATION): ""})

    found = [result(REPLAY, Outcome.PASSED), result(ONE, Outcome.NOT_VERIFIED)]

    assert known.stale(found) == [(REPLAY, OPERATION)]


@pytest.mark.parametrize("name", ["known.json", "known.yaml"])
def test_it_is_made_from_a_run_and_keeps_reasons(tmp_path: Path, name: str) -> None:
    stale = "idempotency.no-key-is-a-new-call"
    unverified = "idempotency.key-belongs-to-its-partner"
    known = Baseline({(place, OPERATION): "known" for place in (REPLAY, stale, unverified)})

    renewed = known.renewed([
        result(REPLAY, Outcome.FAILED),
        result(ONE, Outcome.FAILED),
        result(stale, Outcome.PASSED),
        result(unverified, Outcome.NOT_VERIFIED),
    ])  # fmt: skip

    expected = {
        (unverified, OPERATION): "known", (ONE, OPERATION): "", (REPLAY, OPERATION): "known"
    }  # fmt: skip
    assert renewed.accepted == expected
    path = tmp_path / name
    assert read(path, renewed.text(path)).accepted == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("reason: >\n    folded\n    twice\n", "folded twice"),
        ("reason: |\n    one line\n\n    ::error::another\n", "one line ::error::another"),
        (r'reason: "a\r\nb\tc\u2028d\x85e"' + "\n", "a b c d e"),
        (r'reason: "\n"' + "\n", ""),
        ("reason: two  spaces\n", "two  spaces"),
    ],
)
def test_a_reason_of_several_lines_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "known.yaml"
    known = read(path, f"- id: {REPLAY}\n  operation: {OPERATION}\n  {text}")

    assert known.accepted == {(REPLAY, OPERATION): reason}
    assert read(path, known.text(path)) == known


HONEST = {"accepted": [ENTRY, {"id": ONE, "operation": OPERATION}]}


@UNHURRIED
@given(text=mutated(HONEST), name=st.sampled_from(("known.json", "known.yaml")))
def test_whatever_a_member_is_it_is_read_or_refused_in_one_line(
    text: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("foreign") / name
    reason = ""
    try:
        known = read(path, text)
    except BaselineError as error:
        reason = str(error)
    if reason:
        assert reason.startswith(f"{path}: ")
        assert reason.isprintable()
    else:
        assert read(path, known.text(path)) == known


MERGES = "\n".join(
    f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 9)}]}}"
    for number in range(1, 40)
)


@pytest.mark.parametrize(
    "text",
    [
        f"a0: &a0 {{x: 1}}\n{MERGES}",
        "accepted: [{2026-01-01: x}]",
        "accepted: [{id: 2026-99-99, operation: x}]",
        "accepted: [{id: !!int x, operation: !!bool x}]",
        "accepted: [{id: !!timestamp x, operation: !!float ''}]",
        "accepted: [{? [a] : x}]",
        "accepted: [{id: !!python/object/apply:os.system [x], operation: x}]",
        'accepted: [{id: "\\e[31m", operation: x}]',
        f'accepted: [{{id: {REPLAY}, operation: {OPERATION}, reason: "\\e[31m"}}]',
        f"accepted: [{{id: {REPLAY}, operation: {OPERATION}, reason: {'x' * 3000}}}]",
        f"accepted: [{{id: {'x' * 300_000}, operation: x}}]",
        "#" * 11_000_000,
        "[{" * 100_000,
    ],
    ids=range(13),
)
def test_a_hostile_file_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.yaml"
    with pytest.raises(BaselineError) as complaint:
        read(path, text)
    assert str(complaint.value).isprintable()
    assert len(str(complaint.value)) < 600


def test_aliases_are_taken(tmp_path: Path) -> None:
    text = f"accepted:\n- &a {{id: {REPLAY}, operation: {OPERATION}, reason: &r known}}\n"
    text += f"- {{<<: *a, id: {ONE}, reason: *r}}\n"
    known = read(tmp_path / "known.yaml", text)
    assert known.accepted == {(REPLAY, OPERATION): "known", (ONE, OPERATION): "known"}
