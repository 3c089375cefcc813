"""`run` by the contract of shelves: each fault is found, and nothing without one."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.other_contracts.judging import accused, judged, judged_mock
from tests.shelves.faults import Fault
from tests.shelves.serving import FILE, TOKENS, serving

FOUND_BY: Mapping[Fault, str] = {
    Fault.LIST_OF_ALL: "reads.list-is-of-its-parent",
    Fault.FILTER_IGNORED: "reads.list-is-filtered",
    Fault.READ_ANYWHERE: "reads.belongs-to-its-parent",
    Fault.CHANGED_ANYWHERE: "operations.belongs-to-its-parent",
    Fault.REMOVED_ANYWHERE: "operations.belongs-to-its-parent",
    Fault.LENT_ANYWHERE: "operations.belongs-to-its-parent",
    Fault.CHANGED_BY_ANYBODY: "operations.belongs-to-its-partner",
    Fault.REPLACED_BY_ANYBODY: "operations.belongs-to-its-partner",
    Fault.LENT_BY_ANYBODY: "operations.belongs-to-its-partner",
    Fault.REMOVES_TWO: "revocation.leaves-others-alone",
    Fault.KEY_NOT_ASKED_FOR: "operations.required-headers-are-asked-for",
    Fault.ANY_TYPE_TAKEN: "operations.other-media-type-is-refused",
    Fault.ANY_TYPE_MADE: "operations.other-media-type-is-refused",
    Fault.POST_ANY_DAY: "operations.ill-formed-text-is-refused",
    Fault.PATCH_ANY_DAY: "operations.ill-formed-text-is-refused",
    Fault.FILTER_UNCHECKED: "operations.wrong-query-is-refused",
    Fault.OFFSET_UNCHECKED: "operations.wrong-query-is-refused",
    Fault.LIMIT_UNCHECKED: "lists.limit-out-of-range-is-no-larger-page",
    Fault.LENT_IDLE: "operations.action-is-shown",
    Fault.PUT_MERGES: "operations.put-replaces-the-rest",
    Fault.RARE_BY_DEFAULT: "operations.defaults-are-as-documented",
    Fault.PUT_KEEPS_PAGES: "operations.change-sets-each-member",
    Fault.PUT_RENUMBERS: "operations.change-is-shown",
    Fault.PATCH_KEEPS_PAGES: "operations.patch-sets-each-member",
    Fault.PATCH_KEEPS_FLAG: "operations.patch-sets-each-member",
    Fault.PATCH_KEEPS_GENRE: "operations.patch-sets-each-member",
    Fault.PATCH_KEEPS_REMARK: "operations.patch-sets-each-member",
    Fault.PATCH_KEEPS_TAGS: "operations.patch-sets-each-member",
    Fault.PATCH_KEEPS_LABELS: "operations.patch-sets-each-member",
    Fault.PUT_KEEPS_BINDING: "operations.change-sets-each-member",
    Fault.PUT_MERGES_TAGS: "operations.put-replaces-the-rest",
    Fault.PATCH_DROPS_LABELS: "operations.patch-keeps-the-rest",
    Fault.PATCH_DROPS_THREADS: "operations.patch-keeps-the-rest",
    Fault.POST_DROPS_TAGS: "operations.creation-sets-each-member",
    Fault.POST_DROPS_LABELS: "operations.creation-sets-each-member",
    Fault.POST_DROPS_MAKER: "operations.creation-sets-each-member",
    Fault.READ_DROPS_TAGS: "reads.shows-what-was-made",
    Fault.READ_DROPS_LABELS: "reads.shows-what-was-made",
    Fault.READ_DROPS_MAKER: "reads.shows-what-was-made",
    Fault.PATCH_ANSWERED_OLD: "operations.change-is-shown",
    Fault.PATCH_DROPS_REMARK: "operations.patch-keeps-the-rest",
    Fault.PATCH_RESETS_GENRE: "operations.patch-keeps-the-rest",
    Fault.PATCH_REPLACES: "operations.patch-keeps-the-rest",
    Fault.CHOSEN_BY_CLIENT: "validation.client-does-not-choose-server-fields",
    Fault.SHELF_INVENTED: "operations.parent-must-be-there",
    Fault.PIN_SHOWN: "operations.write-only-is-not-shown",
    Fault.STALE_CHANGE_TAKEN: "operations.stale-change-is-refused",
    Fault.STALE_DELETION_TAKEN: "operations.stale-deletion-is-refused",
    Fault.NEVER_CHANGED: "reads.another-tag-is-not-304",
    Fault.FAILS_ON_PATCH: "robustness.wrong-types",
    Fault.POST_ANY_PIN: "generated.invalid-data-is-refused",
    Fault.PUT_UNCHECKED: "operations.wrong-data-is-refused",
    Fault.PUT_LACKING: "operations.wrong-data-is-refused",
    Fault.PATCH_UNCHECKED: "operations.wrong-data-is-refused",
    Fault.PATCH_TOO_LONG: "operations.wrong-data-is-refused",
    Fault.PATCH_EXTRA: "operations.wrong-data-is-refused",
    Fault.PATCH_REFUSED_AND_DONE: "operations.refused-change-changes-nothing",
}
"""By the fault: the requirement that it breaks."""

QUICK = {
    Fault.LIST_OF_ALL, Fault.READ_ANYWHERE, Fault.REMOVES_TWO, Fault.FILTER_IGNORED,
    Fault.KEY_NOT_ASKED_FOR, Fault.REMOVED_ANYWHERE, Fault.REPLACED_BY_ANYBODY,
    Fault.SHELF_INVENTED, Fault.STALE_CHANGE_TAKEN, Fault.NEVER_CHANGED, Fault.PATCH_EXTRA,
    Fault.STALE_DELETION_TAKEN, Fault.FAILS_ON_PATCH,
    Fault.PUT_RENUMBERS, Fault.PATCH_KEEPS_REMARK, Fault.PATCH_ANSWERED_OLD,
    Fault.POST_DROPS_MAKER, Fault.READ_DROPS_LABELS, Fault.PATCH_KEEPS_LABELS,
    Fault.PATCH_DROPS_REMARK, Fault.PATCH_REFUSED_AND_DONE, Fault.ANY_TYPE_TAKEN,
}  # fmt: skip
"""Faults that are tried without --thorough, too: no two of a kind."""


def report_on(url: str, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    return judged(
        "run", "--contract", str(FILE), "--url", url, "--token", TOKENS[0],
        "--second-token", TOKENS[1], "--level", "should", "--patience", "0", *options,
        folder=folder,
    )  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[pytest.mark.thorough] * (one not in QUICK)) for one in FOUND_BY],
    ids=lambda one: one.name,
)
def test_each_fault_is_found_by_its_requirement(fault: Fault, tmp_path: Path) -> None:
    with serving(fault) as url:
        code, report = report_on(url, tmp_path, "--select", FOUND_BY[fault])

    assert code == 1
    assert accused(report)


def test_a_write_only_member_is_missed_in_no_answer(tmp_path: Path) -> None:
    with serving(Fault.PIN_SHOWN) as url:
        _, report = report_on(url, tmp_path, "--select", FOUND_BY[Fault.PIN_SHOWN])

    assert {one["operation"] for one in report["results"] if one["outcome"] == "warning"} == {
        "addBook", "readBook", "listBooks", "replaceBook", "changeBook",
    }  # fmt: skip


def test_a_script_shows_the_violation_when_all_of_the_run_is_gone(tmp_path: Path) -> None:
    with serving(Fault.READ_ANYWHERE) as url:
        _, report = report_on(url, tmp_path, "--select", FOUND_BY[Fault.READ_ANYWHERE])
        [script] = [one["reproduce"] for one in report["results"] if "reproduce" in one]
        for _ in range(2):
            done = subprocess.run(
                ["sh", "-e"], input=script, env={**os.environ, "TOKEN": TOKENS[0]},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            statuses = re.findall(r"HTTP/1\.1 (\d{3})", done.stdout)
            assert statuses == ["201", "201", "200", "201", "200"]
            assert statuses == re.findall(r"  # (\d{3})$", script, re.MULTILINE)


def test_a_server_without_a_fault_conforms(tmp_path: Path) -> None:
    with serving() as url:
        code, report = report_on(url, tmp_path)

    assert accused(report) == []
    reasons = {one["actual"] for one in report["results"] if one["outcome"] == "not_verified"}
    assert "the contract has no operation that issues tokens" in reasons
    assert not any("created key" in one for one in reasons)
    assert code == 0


@pytest.mark.thorough
def test_the_mock_of_the_contract_conforms(tmp_path: Path) -> None:
    code, report = judged_mock(FILE, tmp_path)

    assert accused(report) == []
    assert code == 0
