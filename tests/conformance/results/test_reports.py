"""The reports: what they hold, that nothing in them is taken for markup, and the exit code."""

import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from conformance.catalogue.requirement import Level, Requirement
from conformance.report import FORMATS
from conformance.report.text import TextReport
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict
from conformance.target.target import Target
from dinie_contract.output import shown

HOSTILE = '<script>alert("1")</script> & [bold]x[/bold] {{ 7 * 7 }}'
OPERATION = "createCredential"


def requirement(id_: str, level: Level = Level.MUST) -> Requirement:
    return Requirement(
        id_, level, f"The rule of {id_}.", "seed: 201", f"Mend {id_}.", lambda _: True,
        frozenset(), (), lambda _: None,
    )  # fmt: skip


PASSED = Result(requirement("a.passed"), OPERATION, Level.MUST, Outcome.PASSED)
FAILED = Result(
    requirement("a.failed"),
    OPERATION,
    Level.MUST,
    Outcome.FAILED,
    "201",
    HOSTILE,
    "curl one\ncurl two",
)
WARNING = Result(
    requirement("b.warned", Level.SHOULD),
    OPERATION,
    Level.SHOULD,
    Outcome.WARNING,
    "no-store",
    "none",
    "curl",
)
UNKNOWN = Result(
    requirement("b.unknown"), OPERATION, Level.MUST, Outcome.NOT_VERIFIED, actual="needs more"
)
ERROR = Result(requirement("c.error"), OPERATION, Level.MUST, Outcome.ERROR, actual="KeyError: 'x'")
EVERYTHING = (FAILED, PASSED, UNKNOWN, WARNING, ERROR)


def verdict(*results: Result, level: Level = Level.MUST, **more: object) -> Verdict:
    whole = Verdict("2026-03-01", "http://localhost/v3", 7, level, results)
    return replace(whole, **more)  # type: ignore[arg-type]


def text_of(judged: Verdict) -> str:
    console = Console(file=io.StringIO(), width=40)
    TextReport(console).end(judged)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("judged", "code"),
    [
        (verdict(PASSED, UNKNOWN, WARNING), 0),
        (verdict(PASSED, WARNING, level=Level.SHOULD), 1),
        (verdict(PASSED, FAILED), 1),
        (verdict(FAILED, doubt="it stopped"), 1),
        (verdict(PASSED, doubt="it stopped"), 2),
        (verdict(FAILED, void="interrupted"), 2),
        (verdict(FAILED, baseline=Baseline({("a.failed", OPERATION): ""})), 0),
    ],
)
def test_the_exit_code(judged: Verdict, code: int) -> None:
    assert judged.exit_code == code


def test_the_json_report_has_the_fixed_members() -> None:
    document = json.loads(FORMATS["json"](verdict(*EVERYTHING)))

    assert document["contract"] == "2026-03-01"
    assert document["target"] == "http://localhost/v3"
    assert document["summary"] == {
        "passed": 1, "failed": 1, "warnings": 1, "not_verified": 1, "errors": 1
    }  # fmt: skip
    assert document["results"][0] == {
        "id": "a.failed",
        "level": "must",
        "operation": OPERATION,
        "outcome": "failed",
        "source": "seed: 201",
        "expected": "201",
        "actual": HOSTILE,
        "reproduce": "curl one\ncurl two",
        "mend": "Mend a.failed.",
    }
    assert document["findings"] == []


def test_junit_has_one_case_for_each_result() -> None:
    suite = ET.fromstring(FORMATS["junit"](verdict(*EVERYTHING)))[0]

    cases = suite.findall("testcase")
    assert [case.get("classname") for case in cases] == ["a", "a", "b", "b", "c"]
    assert cases[0].get("name") == f"a.failed [{OPERATION}]"
    assert [[one.tag for one in case] for case in cases] == [
        ["failure"], [], ["skipped"], ["skipped"], ["error"]
    ]  # fmt: skip
    assert cases[0][0].get("message") == f"expected 201, got {HOSTILE}"
    assert "curl two" in (cases[0][0].text or "")
    assert cases[2][0].get("message") == "not verified: needs more"
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2"}


def test_junit_says_when_there_is_no_verdict() -> None:
    suite = ET.fromstring(FORMATS["junit"](verdict(void="interrupted", complete=False)))[0]

    [case] = suite.findall("testcase")
    assert case[0].tag == "error"
    assert case[0].get("message") == "No verdict: interrupted"


@pytest.mark.parametrize("form", FORMATS)
def test_each_report_says_when_it_was_made_and_from_when_its_exchanges_are(form: str) -> None:
    exchanged = (1_796_000_000.9, 1_796_000_061.0)
    judged = verdict(PASSED, made=1_796_000_100.0, exchanged=exchanged)
    text = FORMATS[form](judged)
    moments = (
        "2026-11-30T00:55:00+00:00",
        "2026-11-30T00:53:20+00:00",
        "2026-11-30T00:54:21+00:00",
    )
    if form in {"text", "html"}:
        moments = (
            "30 Nov 2026 00:55:00 UTC",
            "30 Nov 2026 00:53:20 UTC",
            "30 Nov 2026 00:54:21 UTC",
        )

    assert all(one in text for one in moments)
    without = FORMATS[form](replace(judged, exchanged=None))
    assert moments[0] in without
    assert not any(one in without for one in moments[1:])


def test_an_exchange_may_end_after_all_dates() -> None:
    judged = verdict(PASSED, exchanged=(0.0, 1e12))

    assert all("9999" in form(judged) for form in FORMATS.values())
    suite = ET.fromstring(FORMATS["junit"](judged))[0]
    assert suite.get("timestamp") == "1970-01-01T00:00:00"


def test_the_page_is_self_contained_and_escaped() -> None:
    page = FORMATS["html"](verdict(*EVERYTHING))

    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert re.findall(r"\bsrc=|\bhref=\"[^#]|@import|url\(|<link", page) == []
    assert page.index("a.failed") < page.index("a.passed")
    for part in ("The rule of a.failed.", "seed: 201", "curl two", "needs more", "KeyError"):
        assert part in page


def test_the_page_says_that_results_are_partial() -> None:
    page = FORMATS["html"](verdict(PASSED, void="interrupted", complete=False))

    assert "No verdict: interrupted" in page
    assert "These results are partial" in page


def test_the_text_report_has_everything_and_breaks_no_line() -> None:
    text = text_of(verdict(*EVERYTHING, remarks=("3 keys were made and revoked",)))

    for part in (
        f"MUST a.failed [{OPERATION}]",
        "  rule      The rule of a.failed.",
        f"  actual    {HOSTILE}",
        "  source    seed: 201",
        "    curl two",
        f"SHOULD b.warned [{OPERATION}]",
        "  needs more\n    b.unknown",
        f"ERROR c.error [{OPERATION}]",
        "3 keys were made and revoked",
        "  a  1 passed, 1 failed",
    ):
        assert part in text
    assert text.splitlines()[-1].startswith("Does not conform, broken: 1 MUST (1 passed")


def test_what_is_not_verified_is_told_once_for_each_requirement() -> None:
    results = [replace(UNKNOWN, operation=f"op{at}") for at in range(6)]
    text = FORMATS["text"](verdict(*results[:2], PASSED))
    assert "  needs more\n    b.unknown [op0, op1]\n" in text
    text = FORMATS["text"](verdict(*results, PASSED))
    assert "  needs more\n    b.unknown [op0, op1, op2, op3 and 2 more]\n" in text


def test_a_terminal_sees_progress() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    with TextReport(console).progress(2) as progress:
        progress.show(PASSED)
        progress.show(FAILED)
        progress.tell("2.5 s: it is broken")

    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 passed, 1 failed" in printed
    assert "2.5 s: it is broken" in printed


def test_what_is_accepted_or_stale_is_shown() -> None:
    known = Baseline({("a.failed", OPERATION): "known since May", ("a.passed", OPERATION): ""})
    judged = verdict(*EVERYTHING[:4], baseline=known)

    text, page = text_of(judged), FORMATS["html"](judged)
    suite = ET.fromstring(FORMATS["junit"](judged))[0]

    assert f"Accepted by the baseline\n  a.failed [{OPERATION}]: known since May" in text
    assert f"take them out)\n  a.passed [{OPERATION}]" in text
    assert "1 accepted" in text.splitlines()[-1]
    assert "ACCEPTED MUST" in page
    assert "known since May" in page
    assert "Stale entries" in page
    [case] = suite.findall("testcase[1]")
    assert "(known since May)" in (case[0].get("message") or "")


def test_a_target_s_tokens_are_hidden() -> None:
    with Target("http://localhost", ("token-of-mine",)):
        assert shown("got token-of-mine\x07") == "got [hidden]\\x07"
