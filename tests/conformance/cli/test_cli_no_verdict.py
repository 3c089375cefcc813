"""The command line without a verdict: exit code 2 and one line with the reason."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli.settings import is_production
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.cli.command_line import FIRST, judge, one_line, run
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.fake_server import fake_server, reply


def test_a_web_page_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    page = reply(200, b"<!doctype html><p>Log in", "text/html; charset=utf-8")
    with fake_server(lambda _: page) as origin:
        assert judge(f"{origin}/v3") == 2
    assert "a web page: a proxy or a gateway in front, or not the API's base URL" in one_line(
        capsys
    )


def test_a_url_without_the_base_path_is_no_verdict(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(healthy.base_url.removesuffix("/v3")) == 2
    line = one_line(capsys)
    assert "answers 404 to GET /auth/credentials, and 401 below /v3" in line
    assert line.endswith("give --url with it")


def test_where_nothing_can_be_created_there_is_no_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with fake_server(lambda _: reply(404, b"{}")) as origin:
        assert judge(f"{origin}/v3") == 2
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("No verdict: createCredential never answered 201, but 404")
    assert "an API of another contract needs --contract" in last


def test_a_refused_token_is_no_verdict(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    code = run("run", "--url", healthy.base_url, "--token", "wrong", "--report-json", str(report))

    assert code == 2
    assert one_line(capsys) == "the token was refused (401)"
    assert json.loads(report.read_text())["complete"] is False


def test_a_refused_second_token_is_no_verdict(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(healthy.base_url, "--second-token", "wrong") == 2
    assert "the second token was refused (401)" in capsys.readouterr().err


def test_a_refused_client_is_no_verdict(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--client-id", "nobody", "--client-secret", "nothing")
    assert run("run", "--url", healthy.base_url, *given) == 2
    assert one_line(capsys) == "the client id and secret were refused (401)"


def test_an_unreachable_target_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge("http://127.0.0.1:1/v3") == 2
    assert "does not answer" in one_line(capsys)


def test_a_failing_handshake_is_no_verdict(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(healthy.base_url.replace("http:", "https:")) == 2
    assert "answers without TLS: give http:// in --url" in one_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "give --url, or --app"),
        (("--url", "localhost:8080"), "must be a base URL"),
        (("--url", "http://u:hunter2@localhost"), "takes no user"),
        (("--url", "http://localhost:99999"), "must have a port from 1 to 65535"),
        (("--url", "http://localhost:0"), "must have a port from 1 to 65535"),
        (("--url", "http://xn--/v3"), "is no URL"),
        (("--url", "http://a..b/v3"), "has a host with nothing between two dots"),
        (("--url", "http://.b/v3"), "has a host with nothing between two dots"),
        (("--url", f"http://{'a' * 70}.b/v3"), "has a host with more than 63 letters between"),
        (("--url", f"http://{'a.' * 130}b/v3"), "or more than 254 in all"),
        (("--url", "http://[fe80::1%eth0]/v3"), "has an address with a zone, which is not supp"),
        (("--url", "http://[fe80::1%25eth0]/v3"), "has an address with a zone, which is not supp"),
        (("--url", "http://::1:9/v3"), "needs brackets around its IPv6 address, as in http://[::1]"),
        (("--url", "http://localhost"), "give --token, or --client-id"),
        (("--url", "http://localhost", "--client-id", "x"), "go together"),
        (("--url", "http://localhost", "--token", "a b"), "must be printable ASCII"),
        (("--url", "http://localhost", "--token", "x", "--client-id", "x"), "either"),
        (("--url", "http://localhost", "--token", "x", "--second-token", "x"), "another partner"),
        (("--url", "http://localhost", "--token", "x", "hunter2"), "unexpected extra argument"),
        (("--url", "http://localhost", "--token", "x", "--max-rps", "0"), "--max-rps"),
        (("--url", "http://localhost", "--token", "x", "--max-rps", "nan"), "a finite number"),
        (("--url", "http://localhost", "--token", "x", "--patience", "inf"), "a finite number"),
        (("--url", "http://localhost", "--token", "x", "--max-transient", "nan"), "a finite"),
        (("--url", "http://localhost", "--token", "x", "--select", "idempotency.replay"),
         "selects nothing; the nearest: "),
        (("--url", "http://localhost", "--token", "x", "--report-json", "none/report"),
         "cannot be written: No such file"),
        (("--url", "http://localhost", "--token", "x", "--report-json", "."),
         "cannot be written: Is a directory"),
        (("--url", "http://localhost", "--token", "x", "--report-json", "a", "--report-html", "a"),
         "for two reports"),
        (("--url", "https://API.dinie.com.br./v3", "--token", "x"), "is production"),
        (("--url", "http://localhost", "--token", "x", "--baseline", "none"), "none: No such file"),
        (("--url", "http://localhost", "--token", "x", "--baseline", "none", "--write-baseline",
          "new"), "dinie-conformance run --write-baseline none makes it"),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run("run", *arguments) == 2

    line = one_line(capsys)
    assert reason in line
    assert "hunter2" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["?", "#", "/?#", "//"])
def test_an_empty_query_or_fragment_is_no_part_of_a_base_url(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    url = f"{healthy.base_url}{end}"
    assert run("run", "--url", url, "--token", FIRST, "--select", "problems.no-internals") == 0
    assert capsys.readouterr().out.startswith(f"{healthy.base_url} by contract")


@pytest.mark.parametrize("option", ["--max-p95", "--max-failure-rate", "--think-time"])
def test_a_threshold_that_nothing_exceeds_is_refused(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert run("load", "--url", "http://127.0.0.1:1", "--token", "x", option, "nan") == 2
    assert f"'{option}': must be a finite number" in one_line(capsys)


def test_a_terminal_without_columns_gets_the_report_all_the_same(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    selected = ("--select", "problems.no-internals")
    assert run("run", "--url", healthy.base_url, "--token", FIRST, *selected) == 0
    assert "Conforms" in capsys.readouterr().out


def test_production_is_recognized() -> None:
    contract = Contract.bundled()
    assert is_production(contract, "http://api.dinie.com.br:8443")
    assert not is_production(contract, "https://sandbox.api.dinie.com.br/v3")
    assert not is_production(contract, "http://127.0.0.1:8080/v3")
    assert not is_production(contract, "https://staging.example/v3")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["list"], 2), (["explain", "secrets.are-unique"], 2), (["run", "--select", "created"], 0)],
)
def test_output_that_nobody_reads_is_no_broken_must(
    healthy: MockProcess, arguments: list[str], code: int
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "DINIE_URL": healthy.base_url, "DINIE_TOKEN": FIRST}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "conformance.cli", *arguments],
            env=environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_limited_run_tells_how_long_it_takes_and_ends_in_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(Options(rate=20, rate_seconds=2), {FIRST: "first"}) as url:
        assert judge(url, "--max-time", "10s") == 2
    printed = capsys.readouterr()
    assert re.search(rf"{url} limits requests: the run takes about \d+ s more", printed.err)
    last = printed.out.splitlines()[-1]
    assert last.startswith("No verdict: it did not end in 10 s (--max-time)")


def test_a_run_in_time_is_judged_as_without_a_bound(healthy: MockProcess) -> None:
    assert judge(healthy.base_url, "--max-time", "10m", "--patience", "0") == 0
