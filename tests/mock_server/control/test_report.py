"""``dinie-mock report``: the verdict on what a running mock has seen."""

import json
import sys
import uuid
from collections.abc import Iterator
from subprocess import CompletedProcess, run
from xml.etree import ElementTree as ET

import httpx
import pytest

from conformance.report import FORMATS
from demo.mock_process import MockProcess, mock_process
from tests.mock_server.command_line import run_command

PARTNER = "dinie_ci_live_report:dinie_cs_live_report:dinie_at_report"


@pytest.fixture(scope="module")
def running() -> Iterator[MockProcess]:
    with mock_process("--partner", PARTNER) as running:
        yield running


@pytest.fixture
def mock(running: MockProcess) -> MockProcess:
    running.forget()
    return running


def report(mock: MockProcess, *arguments: str) -> CompletedProcess[str]:
    return run_command("report", "--url", mock.origin, *arguments)


def create(mock: MockProcess, body: object, **headers: str) -> None:
    httpx.post(
        f"{mock.base_url}/auth/credentials",
        json=body,
        headers={"Authorization": f"Bearer {mock.token}", **headers},
    )


def test_a_client_that_did_right_gets_0(mock: MockProcess) -> None:
    create(mock, {"name": "x"}, **{"Idempotency-Key": str(uuid.uuid4())})
    command = [sys.executable, "-m", "mock_server", "report", "--url", mock.origin]
    done = run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "Conforms" in done.stdout
    assert "dinie_at_report" not in done.stdout


def test_a_broken_must_is_1_and_a_broken_should_is_1_where_it_is_asked_for(
    mock: MockProcess,
) -> None:
    create(mock, {"name": "x"})
    assert report(mock).returncode == 0
    assert report(mock, "--level", "should").returncode == 1
    create(mock, {"name": 5}, **{"Idempotency-Key": str(uuid.uuid4())})
    done = report(mock)
    assert done.returncode == 1
    assert "requests.body-satisfies-schema" in done.stdout


def test_without_any_request_nothing_can_be_said(mock: MockProcess) -> None:
    done = report(mock)
    assert done.returncode == 2
    assert "No verdict" in done.stdout


def test_scripts_get_json_and_ci_gets_junit(mock: MockProcess) -> None:
    create(mock, {"name": 5})
    found = json.loads(report(mock, "--format", "json").stdout)
    assert found["contract"] == "2026-03-01"
    assert found["summary"]["failed"] == 1
    suite = ET.fromstring(report(mock, "--format", "junit").stdout)
    assert suite.find(".//failure") is not None


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"junit"}))
def test_a_report_names_the_partner_by_its_client_id_too(mock: MockProcess, form: str) -> None:
    create(mock, {"name": "A"})
    [partner] = httpx.get(f"{mock.origin}/_mock/partners").json()["data"]
    done = report(mock, "--format", form)

    assert f"{partner['id']}, client id {partner['client_id']}" in done.stdout


def test_one_of_several_partners_must_be_named() -> None:
    with mock_process("--partner", PARTNER, "--partner", "dinie_ci_live_b:dinie_cs_live_b") as mock:
        done = report(mock)
        assert done.returncode == 2
        assert "name one with --partner-id: partner_" in done.stderr
        partner = done.stderr.split()[-1]
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
    done = report(mock, *arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_mock_that_is_not_there_is_one_line() -> None:
    done = run_command("report", "--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "http://127.0.0.1:9 does not answer" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_admin_token_is_asked_for_and_used() -> None:
    with mock_process("--partner", PARTNER, "--admin-token", "open-sesame") as mock:
        create(mock, {"name": "x"})
        assert "with the admin token" in report(mock).stderr
        assert report(mock, "--admin-token", "open-sesame").returncode == 0
