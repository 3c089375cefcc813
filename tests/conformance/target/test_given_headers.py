"""Headers that the user gives: every request has them, and no report shows a value of one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.main import main
from conformance.results.curl import NOT_SENT, reproduction
from conformance.target.connecting import AccessSettings, build_target
from conformance.target.exchange import Request
from conformance.target.target_settings import TargetSettings
from dinie_contract.output import SECRETS
from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.conformance.load.command_line import TOKEN, load
from tests.fake_server import serve_app

COOKIE = "route=a; session=Zm9vYmFyYmF6cXV4Zm9v"
PARTNERS = (Partner("partner_1", "id-1", "secret-1", TOKEN),)


class Door:
    """A gateway that lets nobody through without the cookie; then the mock, with a fault."""

    def __init__(self) -> None:
        self.cookies: list[bytes | None] = []
        self.has_fault = False
        self._app = create_app(Settings(partners=PARTNERS))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        if scope["type"] == "http":
            self.cookies.append(headers.get(b"cookie"))
            if headers.get(b"cookie") != COOKIE.encode():
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b"no"})
                return

        async def faulty(message: MutableMapping[str, Any]) -> None:
            if self.has_fault and message.get("status") == 201:
                message["status"] = 200
            await send(message)

        await self._app(scope, receive, faulty)


@contextmanager
def door() -> Iterator[tuple[str, Door]]:
    app = Door()
    with serve_app(app, lifespan="on") as origin:
        yield f"{origin}/v3", app


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--token", TOKEN])
    return int(ended.value.code or 0)


ACCESS = ("--header", f"Cookie: {COOKIE}", "--header", "X-Environment:staging")


def test_a_run_sends_them_and_shows_no_cookie(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    select = ("--select", "created.plain*", "--report-json", str(report))
    with door() as (url, app):
        assert code_of("run", "--url", url, *select) == 2
        assert code_of("run", "--url", url, *select, *ACCESS) == 0
        app.has_fault = True
        app.cookies.clear()
        assert code_of("run", "--url", url, *select, *ACCESS) == 1
    assert set(app.cookies) == {COOKIE.encode()}
    captured = capsys.readouterr()
    script = next(one["reproduce"] for one in json.loads(report.read_text())["results"])
    assert """-H 'Cookie: '"$DINIE_HEADER_COOKIE" """ in script
    assert ': "${DINIE_HEADER_COOKIE:?export the value of that header}"' in script
    assert """-H 'X-Environment: '"$DINIE_HEADER_X_ENVIRONMENT" """ in script
    for text in (captured.out, captured.err, report.read_text()):
        assert "Zm9vYmFyYmF6cXV4Zm9v" not in text


@pytest.mark.thorough
def test_a_finding_s_test_takes_them_from_the_environment(tmp_path: Path) -> None:
    folder, test = tmp_path / "campaign", tmp_path / "test_findings.py"
    with door() as (url, app):
        app.has_fault = True
        found = code_of(
            "fuzz", "--url", url, "--max-time", "20s", "--max-findings", "1", *ACCESS,
            "--select", "created.plain*",
            "--directory", str(folder), "--export", "pytest", str(test),
        )  # fmt: skip
        assert found == 1

        def exported(**variables: str) -> str:
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
                env={**os.environ, "DINIE_TOKEN": TOKEN, **variables},
                capture_output=True, text=True, check=False,
            ).stdout  # fmt: skip

        assert "1 failed" in exported(DINIE_HEADER=f"Cookie: {COOKIE}\nX-Environment: staging")
        assert "1 passed" in exported()
        app.has_fault = False
        assert "1 passed" in exported(DINIE_HEADER=f"Cookie: {COOKIE}")
    assert "Zm9vYmFyYmF6cXV4Zm9v" not in test.read_text()


@pytest.mark.thorough
def test_load_sends_them(tmp_path: Path) -> None:
    with door() as (url, app):
        done = load(url, tmp_path, DINIE_HEADER=f"Cookie: {COOKIE}\nX-Environment: staging")
    assert done.code == 0, done.err
    assert set(app.cookies) == {COOKIE.encode()}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Cookie", "must be a name, a colon and a value"),
        (": x", "must be a name, a colon and a value"),
        ("Cook ie: x", "must be a name, a colon and a value"),
        ("Cookie: a\r\nX-Other: b", "must have a value of printable ASCII"),
        ("Cookie: é", "must have a value of printable ASCII"),
        ("content-type: text/plain", "is a header that the checks set themselves"),
        ("Authorization: Basic c2VjcmV0LW9mLW1pbmU=", "the checks set themselves"),
    ],
)
def test_what_cannot_be_one_is_a_line(
    header: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("run", "--url", "http://127.0.0.1:1/v3", "--header", header) == 2
    captured = capsys.readouterr()
    assert reason in captured.err
    assert captured.err.count("\n") == 1
    assert "c2VjcmV0LW9mLW1pbmU" not in captured.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Gate", "correcthorsebatterystaple"),
        ("X-Gate", "x" * 84_000),
        ("X-Api-Key", "ab"),
        ("X-Api-Key", "abc HDR-9876543210"),
        ("X-Api-Key", "abc'HDR-9876543210"),
        ("X-Environment", "staging"),
    ],
)
def test_no_script_holds_a_value(name: str, value: str) -> None:
    settings = TargetSettings(headers=((name, value),))
    script = reproduction("http://h/v3", [(Request("GET", "/keys"), NOT_SENT)], settings)
    variable = f"DINIE_HEADER_{name.replace('-', '_').upper()}"
    assert f"""-H '{name}: '"${variable}" """ in script
    # Its name, and a word of the script itself, may hold a short one.
    assert f": {value}" not in script


def test_each_header_has_a_variable_of_its_own_and_of_equal_names_the_last_counts() -> None:
    given = (("X-A", "1"), ("X.A", "2"), ("x-a", "3"), ("X-Empty", ""))
    settings = TargetSettings(headers=given)
    script = reproduction("http://h/v3", [(Request("GET", "/keys"), NOT_SENT)], settings)
    assert [line for line in script.splitlines() if "export the value" in line] == [
        ': "${DINIE_HEADER_X_A:?export the value of that header}"',
        ': "${DINIE_HEADER_X_A_2:?export the value of that header}"',
    ]
    assert "-H 'X-Empty;'" in script
    assert script.count("-H 'x-a: '") == 1


def test_a_value_that_the_target_repeats_is_hidden() -> None:
    given = (("X-Api-Key", "abc HDR-98"), ("X-Gate", "correct horse" * 2))
    with build_target("http://h/v3", TargetSettings(headers=given), AccessSettings()):
        told = SECRETS.redact('{"message": "you sent abc HDR-98 and correct horsecorrect horse"}')
    assert told == '{"message": "you sent [hidden] and [hidden]"}'
