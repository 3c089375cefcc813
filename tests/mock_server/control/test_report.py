"""``dinie-mock report``: the verdict on what a running mock has seen."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process

PARTNER = "dinie_ci_live_report:dinie_cs_live_report:dinie_at_report"


@pytest.fixture
def mock() -> Iterator[MockProcess]:
    with mock_process("--partner", PARTNER) as running:
        yield running


def report(mock: MockProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    origin = mock.base_url.removesuffix("/v3")
    return reported("--url", origin, *arguments)


def reported(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", "report", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def create(mock: MockProcess, body: object, **headers: str) -> None:
    httpx.post(
        f"{mock.base_url}/auth/credentials",
        json=body,
        headers={"Authorization": f"Bearer {mock.token}", **headers},
    )


def test_a_client_that_did_right_gets_0(mock: MockProcess) -> None:
    create(mock, {"name": "x"}, **{"Idempotency-Key": str(uuid.uuid4())})
    run = report(mock)

    assert run.returncode == 0
    assert "Conforms" in run.stdout
    assert "dinie_at_report" not in run.stdout


def test_a_broken_must_is_1_and_a_broken_should_is_1_where_it_is_asked_for(
    mock: MockProcess,
) -> None:
    create(mock, {"name": "x"})
    assert report(mock).returncode == 0
    assert report(mock, "--level", "should").returncode == 1
    create(mock, {"name": 5}, **{"Idempotency-Key": str(uuid.uuid4())})
    run = report(mock)
    assert run.returncode == 1
    assert "requests.body-satisfies-schema" in run.stdout


def test_without_any_request_nothing_can_be_said(mock: MockProcess) -> None:
    run = report(mock)
    assert run.returncode == 2
    assert "No verdict" in run.stdout


def test_scripts_get_json_and_ci_gets_junit(mock: MockProcess) -> None:
    create(mock, {"name": 5})
    found = json.loads(report(mock, "--format", "json").stdout)
    assert found["contract"] == "2026-03-01"
    assert found["summary"]["failed"] == 1
    suite = ET.fromstring(report(mock, "--format", "junit").stdout)
    assert suite.find(".//failure") is not None


def test_one_of_several_partners_must_be_named() -> None:
    with mock_process("--partner", PARTNER, "--partner", "dinie_ci_live_b:dinie_cs_live_b") as mock:
        run = report(mock)
        assert run.returncode == 2
        assert "name one with --partner-id: partner_" in run.stderr
        partner = run.stderr.split()[-1]
        assert "No verdict" in report(mock, "--partner-id", partner).stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--partner-id", "nobody"], "There is no such partner."),
        (["--format", "yaml"], "'yaml' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    mock: MockProcess, arguments: list[str], reason: str
) -> None:
    run = report(mock, *arguments)
    assert run.returncode == 2
    assert reason in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_mock_that_is_not_there_is_one_line() -> None:
    run = reported("--url", "http://127.0.0.1:9")
    assert run.returncode == 2
    assert "http://127.0.0.1:9 does not answer" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_an_admin_token_is_asked_for_and_used() -> None:
    with mock_process("--partner", PARTNER, "--admin-token", "open-sesame") as mock:
        create(mock, {"name": "x"})
        assert "with the admin token" in report(mock).stderr
        assert report(mock, "--admin-token", "open-sesame").returncode == 0
