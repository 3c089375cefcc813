"""Which violations are one finding, and which are not: what is known must hide nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.storage.finding import Finding, cause_of
from conformance.fuzz.verdicts import verdict_of
from conformance.report import FORMATS
from conformance.results.exit_code import BROKEN
from conformance.server import catalogue
from conformance.server.generated.sabotage import sent_name
from conformance.target.exchange import Answer, Forward, Request
from tests.conformance.fuzz.conftest import CONTRACT, Campaigns

FAILS = "generated.nothing-makes-it-fail"
LESS = "problems.every-bad-field-is-named"
SEEN = Finding(
    FAILS, "createCredential", "must", "expected no server error, got 500", "no server error",
    "500", "", 1, {"times": 1, "steps": 12, "keys": 3}, "2026-06-30T23:59:59Z",
)  # fmt: skip
CREATE = CONTRACT.operations["createCredential"]


def _two_ways(request: Request, forward: Forward) -> Answer:
    """A server error on an unusual header, and the same one on an unusual name."""
    has_language = any(name.lower() == "accept-language" for name, _ in request.headers)
    is_odd = any(ord(one) > 0xFFFF for one in sent_name(request))
    return Answer(500) if has_language or is_odd else forward(request)


def test_the_same_error_in_two_unusual_ways_is_two_findings(campaigns: Campaigns) -> None:
    fault = Sabotage("two ways to fail", lambda: _two_ways)
    campaign = campaigns(fault, FAILS, max_findings=2, max_turns=100)
    campaign.work_through()

    ways = {campaign.works[one.work].way for one in campaign.record.findings.values()}
    assert "odd headers" in ways
    assert len(ways) > 1


def cause(body: bytes) -> str:
    """The cause of a server error with this body."""
    exchange = JudgedExchange(
        CREATE, Request("POST", "/"), Answer(500, (), body), Purpose.GENERATED
    )
    violation = catalogue()[FAILS].violation(exchange)
    assert violation
    return cause_of(violation.expected, violation.actual)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"code": "store_unavailable"}, {"code": "internal_error"}),
        ({"title": "No store"}, {"title": "No name"}),
        ({"title": "No store"}, {}),
    ],
)
def test_errors_with_other_names_are_two_findings(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert cause(json.dumps(one).encode()) != cause(json.dumps(other).encode())


def test_exceptions_with_other_names_are_two_findings() -> None:
    assert cause(b"Traceback: KeyError") != cause(b"<h1>java.lang.IllegalStateException</h1>")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"request 17: ValueError: no 'abc'", b"request 18: ValueError: no 'def'"),
        (b'{"code": "error_00f3a2"}', b'{"code": "error_77b1c9"}'),
        (b'{"title": "Failed", "detail": "one"}', b'{"title": "Failed", "detail": "two"}'),
        (b"", b"\xff\x00"),
    ],
)
def test_an_error_with_other_data_is_the_same_finding(one: bytes, other: bytes) -> None:
    assert cause(one) == cause(other)


def _odd_headers(request: Request, forward: Forward) -> Answer:
    """A server error on an unusual header."""
    has_language = any(name.lower() == "accept-language" for name, _ in request.headers)
    return Answer(500) if has_language else forward(request)


@pytest.mark.parametrize(
    ("expected", "actual", "kind"),
    [
        (SEEN.expected, "500 KeyError 'a'", "500 KeyError …"),
        (SEEN.expected, "a closed connection, with odd headers", "a closed connection"),
        ("a refusal", "201 though name must be a string, with odd headers", "201"),
        ("status 201 again", "status 409, with odd headers", "409"),
        ("401", "503 of a gateway", "503 of a gateway"),
        ("the first answer's bytes", "another body", ""),
    ],
)
def test_the_kind_of_an_answer_is_its_status_and_the_name_of_a_server_error(
    expected: str, actual: str, kind: str
) -> None:
    found = replace(SEEN, expected=expected, actual=actual, work="campaign.odd-headers [one]")
    assert found.kind == kind


def test_findings_that_differ_in_the_form_of_the_request_are_one_cause_in_reports(
    campaigns: Campaigns,
) -> None:
    record = campaigns(None, FAILS).record
    plain, odd = ("500 KeyError", "a"), ("500 KeyError, with odd headers", "campaign.odd-headers")
    other = ("500 TypeError, with odd headers", "campaign.odd-headers")
    for (actual, work), curl in ((odd, "curl\ncurl"), (plain, "curl"), (other, "curl")):
        record.findings.keep(
            replace(SEEN, actual=actual, cause=cause_of(SEEN.expected, actual), curl=curl,
                    work=f"{work} [createCredential]")
        )  # fmt: skip

    causes = verdict_of(record, Level.MUST).causes
    assert [[one.actual for one in (cause.shown, *cause.others)] for cause in causes] == [
        [plain[0], odd[0]],
        [other[0]],
    ]
    page = FORMATS["html"](verdict_of(record, Level.MUST))
    assert page.count("<article") == 2
    for one in record.findings.values():
        assert one.id in page


@pytest.mark.thorough
@pytest.mark.parametrize("is_remote", [True, False])
def test_a_finding_of_another_requirement_takes_nothing_for_its_own(
    campaigns: Campaigns, tmp_path: Path, *, is_remote: bool
) -> None:
    fault = Sabotage("fail on headers", lambda: _odd_headers)
    first = campaigns(fault, FAILS, max_findings=1, max_turns=100)
    first.work_through()
    [found] = first.record.findings.values()
    forged = replace(found, requirement=LESS, level="should")

    second = campaigns(
        fault, FAILS, LESS, directory=tmp_path / "second", max_findings=3, max_turns=100
    )
    if is_remote:
        second.record.findings.register_remote([forged])
    else:
        second.record.findings.keep(forged)
    second.work_through()
    assert found.key in {one.key for one in second.record.findings.values()}
    assert verdict_of(second.record, Level.MUST).exit_code == BROKEN


def test_what_a_turn_saw_that_was_given_up_is_a_finding(
    campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = campaigns(None, FAILS)
    findings = campaign.record.findings
    findings.register_remote([SEEN])

    def given_up() -> None:
        assert findings.is_known(*SEEN.key)
        campaign.stop("its time is over")

    monkeypatch.setattr(campaign, "_work", given_up)
    campaign.work_through()
    assert [one.key for one in findings.values()] == [SEEN.key]
    assert verdict_of(campaign.record, Level.MUST).exit_code == BROKEN
