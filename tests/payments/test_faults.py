"""`run`, `fuzz` and `load` by the payments contract: each fault is found, and nothing without."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.other_contracts.judging import judged
from tests.payments.faults import Fault
from tests.payments.serving import FILE, TOKENS, serving

FOUND_BY: Mapping[Fault, set[str]] = {
    Fault.KEY_IGNORED: {"idempotency.replay-is-identical"},
    Fault.KEY_SHARED: {"idempotency.key-belongs-to-its-partner"},
    Fault.STATUS_UNDOCUMENTED: {"idempotency.only-documented-statuses"},
    Fault.SCHEMA_BROKEN: {"created.fields-have-their-types"},
    Fault.TOKEN_UNCHECKED: {"authentication.no-token-is-refused"},
    Fault.LIST_LEAKS: {"lists.only-ones-own"},
    Fault.PAGE_REPEATS: {"lists.pagination-is-complete"},
    Fault.PAGE_LOSES: {"lists.pagination-is-complete"},
    Fault.CANCEL_IDLE: {"revocation.revoked-key-is-listed-as-revoked"},
    Fault.FAILS: {"created.name-is-unchanged"},
    Fault.SECRET_LISTED: {"lists.no-secrets"},
    Fault.KEY_REUSED: {"idempotency.reused-key-makes-nothing"},
    Fault.READ_LEAKS: {"reads.belongs-to-its-partner"},
    Fault.READ_IS_FIRST: {"reads.shows-what-was-made"},
    Fault.READ_INVENTS: {"reads.unknown-id-is-404"},
    Fault.READ_FORGETS: {"reads.shows-what-was-made"},
    Fault.DELETE_IDLE: {"reads.deleted-is-gone"},
    Fault.AMOUNT_UNBOUNDED: {
        "generated.invalid-data-is-refused",
        "operations.wrong-data-is-refused",
    },
    Fault.READ_HAS_TEXT: {"operations.answers-match-their-schemas"},
    Fault.READ_LACKS: {"operations.answers-match-their-schemas"},
    Fault.DELETE_ANSWERS: {"operations.answers-match-their-schemas"},
    Fault.LIST_LACKS: {"generated.answers-match-their-schemas"},
    Fault.LOCATION_MISSING: {"operations.required-headers-are-there"},
    Fault.LOCATION_LOST: {"operations.required-headers-are-there"},
    Fault.LOCATION_OTHER: {"operations.location-leads-to-the-item"},
    Fault.UPDATE_IDLE: {"operations.change-is-shown"},
    Fault.UPDATE_BROKEN: {"operations.answers-match-their-schemas"},
    Fault.UPDATE_FAILS: {"operations.answers-match-their-schemas"},
    Fault.UPDATE_INVENTS: {"operations.unknown-id-is-404"},
    Fault.ACTION_BROKEN: {"operations.answers-match-their-schemas"},
}
"""By the fault: requirements that it breaks."""

SELECTED = sorted({id_ for found in FOUND_BY.values() for id_ in found})


def report_on(command: str, url: str, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    return judged(
        command, "--contract", str(FILE), "--url", url, "--token", TOKENS[0],
        "--second-token", TOKENS[1], *options, folder=folder,
    )  # fmt: skip


def broken(report: dict[str, Any]) -> set[str]:
    return {one["id"] for one in report["results"] if one["outcome"] in {"failed", "warning"}}


ALIKE = set(FOUND_BY) - {
    Fault.KEY_SHARED, Fault.LIST_LEAKS, Fault.PAGE_LOSES, Fault.CANCEL_IDLE, Fault.READ_LEAKS,
    Fault.LIST_LACKS, Fault.LOCATION_LOST, Fault.UPDATE_IDLE,
}  # fmt: skip
"""Faults that are tried with --thorough alone."""

SECTIONS = {
    one: section for one, found in FOUND_BY.items()
    if (section := min(found).partition(".")[0]) in {"reads", "operations"}
}  # fmt: skip
"""The section of faults that few requests of a campaign meet."""

NOT_IN_LOAD = {Fault.AMOUNT_UNBOUNDED, Fault.LIST_LACKS}

UNDER_LOAD = [
    one for one in FOUND_BY
    if SECTIONS.get(one) != "operations" and one not in NOT_IN_LOAD
]  # fmt: skip
"""Faults that the requests of a load test meet."""


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[pytest.mark.thorough] * (one in ALIKE)) for one in FOUND_BY],
    ids=lambda one: one.name,
)
def test_each_fault_is_found_by_its_requirement(fault: Fault, tmp_path: Path) -> None:
    selected = [text for id_ in SELECTED for text in ("--select", id_)]
    with serving(fault) as url:
        code, report = report_on("run", url, tmp_path, "--level", "should", *selected)

    assert code == 1
    assert FOUND_BY[fault] <= broken(report)


@pytest.mark.parametrize("fault", [None, Fault.DELETE_IDLE])
def test_what_a_deletion_leaves_is_not_said_to_be_removed(
    fault: Fault | None, tmp_path: Path
) -> None:
    with serving(*([fault] if fault else [])) as url:
        _, report = report_on("run", url, tmp_path, "--select", "reads.deleted-is-gone")

    # Nothing removes a merchant, whose reference begins so.
    left = [one for one in report["left_behind"] if not one.startswith("m-")]
    assert bool(left) == bool(fault)
    assert any(f"{len(report['left_behind'])} resources were made and could not be ended" in one
               for one in report["remarks"])  # fmt: skip


@pytest.mark.parametrize(
    "fault", [Fault.CANCEL_IDLE, Fault.LIST_LEAKS, Fault.FAILS], ids=lambda one: one.name
)
def test_a_report_speaks_of_what_the_contract_has(fault: Fault, tmp_path: Path) -> None:
    [id_] = FOUND_BY[fault]
    with serving(fault) as url:
        text = tmp_path / "report.txt"
        report_on("run", url, tmp_path, "--select", id_, "--report-text", str(text))

    told = re.findall(r"^  (?:rule|expected|actual|mend) .*", text.read_text(), re.MULTILINE)
    assert len(told) >= 4
    # No payment is active, nobody has an API key to be revoked, and no 422 is documented.
    assert [one for one in told if re.search(r"\b(keys?|revoked(?! or)|active|422)\b", one)] == []


@pytest.mark.parametrize("seed", [1, *(pytest.param(one, marks=pytest.mark.thorough)
                                       for one in (2, 3))])  # fmt: skip
def test_a_server_without_a_fault_conforms(seed: int, tmp_path: Path) -> None:
    with serving() as url:
        options = ("--level", "should", "--patience", "0", "--seed", str(seed))
        code, report = report_on("run", url, tmp_path, *options)

    assert broken(report) == set()
    assert code == 0
    assert report["contract"].startswith("Payments 4.2 (")
    assert report["summary"]["passed"] > 400


@pytest.mark.thorough
@pytest.mark.parametrize("fault", [*FOUND_BY, None], ids=lambda one: one.name if one else "none")
def test_a_campaign_finds_each_fault(fault: Fault | None, tmp_path: Path) -> None:
    with serving(*([fault] if fault else [])) as url:
        ends = ["--max-time", "120s", "--max-findings", "1"] if fault else ["--max-time", "40s"]
        options = ["--level", "should", "--seed", "7", *ends]
        if fault in SECTIONS:
            options += ["--select", SECTIONS[fault]]
        code, report = report_on("fuzz", url, tmp_path, *options, "--directory", f"{tmp_path}/run")

    # Which of the requirements is broken first depends on the time that there is.
    assert bool(broken(report)) == bool(fault)
    assert code == (1 if fault else 0)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[pytest.mark.thorough] * (one in ALIKE))
     for one in (None, *UNDER_LOAD)],
    ids=lambda one: one.name if one else "none",
)  # fmt: skip
def test_a_load_test_finds_each_fault(fault: Fault | None, tmp_path: Path) -> None:
    with serving(*([fault] if fault else [])) as url:
        options = ("--headless", "--users", "4", "--max-time", "6s")
        code, report = report_on("load", url, tmp_path, *options)

    assert broken(report) >= FOUND_BY[fault] if fault else broken(report) == set()
    # A second payment of one key was not cancelled, and is in the list as it was.
    is_idle = "revocation.revoked-key-is-listed-as-revoked" in broken(report)
    assert is_idle == (fault is Fault.CANCEL_IDLE)
    # Of pages and endings the catalogue has SHOULDs, which a load test only tells.
    is_told = fault in {Fault.PAGE_LOSES, Fault.PAGE_REPEATS, Fault.CANCEL_IDLE}
    assert code in ({0, 1} if is_told else {1} if fault else {0})
