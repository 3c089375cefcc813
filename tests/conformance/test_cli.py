"""The command line: its exit codes, one line for each thing that is wrong, and nothing leaked."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.cli import cli, main
from conformance.production import is_production
from conformance.sign_in import token_for
from conformance.target import Target
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract

FIRST, SECOND = "dinie_at_first", "dinie_at_second"
PARTNER = "dinie_ci_live_first", "dinie_cs_live_first"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("DINIE_")]:
        monkeypatch.delenv(name)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def judge(url: str, *arguments: str) -> int:
    return run("run", "--url", url, "--token", FIRST, "--select", "idempotency", *arguments)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert line.startswith("dinie-conformance: ")
    return line.removeprefix("dinie-conformance: ")


def test_a_conforming_target_is_0_and_nothing_stays(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    # Other tests share this mock, and leave keys behind.
    before = [set(active(healthy, token)) for token in (FIRST, SECOND)]

    code = run("run", "--url", healthy.base_url, "--token", FIRST, "--second-token", SECOND,
               "--report-json", str(report))  # fmt: skip

    document, text = json.loads(report.read_text()), capsys.readouterr().out
    assert code == 0, text
    assert document["complete"] is True
    assert document["summary"]["failed"] == 0
    assert document["summary"]["passed"] > 10
    assert text.splitlines()[-1].startswith("Conforms (")
    assert "keys were made and revoked" in text
    assert [set(active(healthy, token)) for token in (FIRST, SECOND)] == before


def active(mock: MockProcess, token: str) -> list[str]:
    """Ids of the keys in the list that are not revoked."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            cursor = {"starting_after": found[-1]["id"]} if found else {}
            url = f"{mock.base_url}/auth/credentials"
            page = client.get(url, params={"limit": 100, **cursor}).json()
            found += page["data"]
    return [one["id"] for one in found if one["status"] == "active"]


def test_kept_keys_stay(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_process("--partner", f"{':'.join(PARTNER)}:{FIRST}") as mock:
        code = judge(mock.base_url, "--keep")

        assert code == 0
        assert f"{len(active(mock, FIRST))} keys were made and kept" in capsys.readouterr().out


def test_a_client_id_and_secret_do_as_well(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINIE_CLIENT_SECRET", PARTNER[1])

    code = run("run", "--url", healthy.base_url, "--client-id", PARTNER[0],
               "--second-token", SECOND, "--select", "idempotency.key-*")  # fmt: skip

    assert code == 0, capsys.readouterr()


def test_the_exchange_falls_back_to_json() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["content-type"] != "application/json":
            return httpx.Response(400)
        given = json.loads(request.content)
        assert given == {
            "grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"
        }  # fmt: skip
        return httpx.Response(200, json={"access_token": "made"})

    with Target("http://localhost", (), transport=httpx.MockTransport(answer)) as target:
        assert token_for(target, "id", "secret") == "made"


@contextmanager
def sabotaged(upstream: str, requirement: str, sabotage: str) -> Iterator[str]:
    """The base URL of a sabotaged server in a process of its own."""
    command = [sys.executable, "-m", "conformance.sabotaged", "--upstream", upstream,
               "--requirement", requirement, "--sabotage", sabotage,
               "--token", FIRST, "--token", SECOND]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    [
        ("idempotency.replay-is-identical", "forget idempotency keys"),
        ("idempotency.key-belongs-to-its-partner", "take all for one partner"),
        ("idempotency.strange-keys-are-no-failure", "fail on long keys"),
        ("created.plain-request-succeeds", "answer 500 for 201"),
    ],
)
def test_a_sabotaged_server_is_1_and_the_requirement_named(
    healthy: MockProcess,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    requirement: str,
    sabotage: str,
) -> None:
    report = tmp_path / "report.json"

    with sabotaged(healthy.base_url, requirement, sabotage) as url:
        tokens = ("--token", FIRST, "--second-token", SECOND)
        section = requirement.partition(".")[0]
        code = run("run", "--url", url, *tokens, "--select", section, "--report-json", str(report))

    text = capsys.readouterr().out
    assert code == 1, text
    assert f"MUST {requirement} [createCredential]" in text
    failed = [one for one in json.loads(report.read_text())["results"] if one["reproduce"]]
    assert requirement in {one["id"] for one in failed if one["outcome"] == "failed"}


def test_a_broken_should_counts_only_when_asked(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    requirement = "idempotency.rejected-request-leaves-key-free"
    with sabotaged(healthy.base_url, requirement, "replay failures") as url:
        only = ("run", "--url", url, "--token", FIRST, "--select", requirement)
        assert run(*only) == 0
        assert "1 warning)" in capsys.readouterr().out
        assert run(*only, "--level", "should") == 1


def test_no_artifact_holds_a_token_or_secret(
    healthy: MockProcess,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = {FIRST, SECOND, PARTNER[1]}
    request = httpx.Client.request

    def noting(*arguments: Any, **options: Any) -> httpx.Response:
        response = request(*arguments, **options)
        met.update(re.findall(r'"(?:client_secret|access_token)": ?"([^"]+)"', response.text))
        return response

    monkeypatch.setattr(httpx.Client, "request", noting)
    monkeypatch.chdir(tmp_path)
    requirement = "idempotency.replay-is-identical"
    with sabotaged(healthy.base_url, requirement, "forget idempotency keys") as url:
        code = run("run", "--url", url, "--client-id", PARTNER[0], "--client-secret", PARTNER[1],
                   "--second-token", SECOND, "--report-json", "a.json", "--report-junit", "a.xml",
                   "--report-html", "a.html", "--write-baseline", "a.yaml")  # fmt: skip

    said = capfd.readouterr()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert code == 1, said
    assert len(met) > 20
    assert {"a.json", "a.xml", "a.html", "a.yaml"} <= {path.name for path in files}
    for text in (said.out, said.err, *(path.read_text(errors="replace") for path in files)):
        assert [secret for secret in met if secret in text] == []


def test_the_same_seed_gives_the_same_verdicts(healthy: MockProcess, tmp_path: Path) -> None:
    found = []
    for number in range(2):
        report = tmp_path / f"{number}.json"
        judge(healthy.base_url, "--seed", "7", "--report-json", str(report))
        document = json.loads(report.read_text())
        found.append([(one["id"], one["outcome"]) for one in document["results"]])
        assert document["seed"] == 7

    assert found[0] == found[1]


class _WebPage(BaseHTTPRequestHandler):
    status = 200
    body = b"<!doctype html><p>Log in"
    media_type = "text/html; charset=utf-8"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Type", self.media_type)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that the base class looks for

    def log_message(self, *_: object) -> None:
        pass


class _NotServed(_WebPage):
    status = 404
    body = b"{}"
    media_type = "application/json"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v3"
        server.shutdown()
        thread.join()


def test_a_web_page_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(_WebPage) as url:
        assert judge(url) == 2
    assert "a web page: a proxy, or not the API's base URL" in one_line(capsys)


def test_where_nothing_can_be_created_there_is_no_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(_NotServed) as url:
        assert judge(url) == 2
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("No verdict: createCredential never answered 201, but 404")


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
    assert "SSL" in one_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give --url, or --app"),
        (("--url", "localhost:8080"), "must be a base URL"),
        (("--url", "http://u:hunter2@localhost"), "takes no user"),
        (("--url", "http://localhost"), "give --token, or --client-id"),
        (("--url", "http://localhost", "--client-id", "x"), "go together"),
        (("--url", "http://localhost", "--token", "a b"), "must be printable ASCII"),
        (("--url", "http://localhost", "--token", "x", "--client-id", "x"), "either"),
        (("--url", "http://localhost", "--token", "x", "--second-token", "x"), "another partner"),
        (("--url", "http://localhost", "--token", "x", "hunter2"), "unexpected extra argument"),
        (("--url", "http://localhost", "--token", "x", "--max-rps", "0"), "--max-rps"),
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
    ],
)  # fmt: skip
def test_bad_arguments_are_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run("run", *arguments) == 2

    line = one_line(capsys)
    assert told in line
    assert "hunter2" not in line
    assert list(tmp_path.iterdir()) == []


def test_production_is_told_from_the_rest() -> None:
    contract = Contract.bundled()
    assert is_production(contract, "http://api.dinie.com.br:8443")
    assert not is_production(contract, "https://sandbox.api.dinie.com.br/v3")
    assert not is_production(contract, "http://127.0.0.1:8080/v3")
    assert not is_production(contract, "https://staging.example/v3")


@contextmanager
def running(mock: MockProcess, report: Path) -> Iterator[subprocess.Popen[str]]:
    """A slow run in a process of its own, on its way."""
    command = [sys.executable, "-m", "conformance.cli", "run", "--url", mock.base_url,
               "--max-rps", "60", "--report-json", str(report)]  # fmt: skip
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DINIE_TOKEN": FIRST},
    ) as process:
        while not active(mock, FIRST):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(1)
        yield process
        process.kill()


def test_interrupted_it_tells_what_it_has_and_cleans_up(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with mock_process("--partner", f"{':'.join(PARTNER)}:{FIRST}") as mock:
        with running(mock, report) as process:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)

        assert process.returncode == 2, err
        assert err == ""
        assert out.splitlines()[-1].startswith("No verdict: interrupted")
        assert json.loads(report.read_text())["complete"] is False
        assert active(mock, FIRST) == []


def test_a_target_that_dies_midway_leaves_partial_results(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    partner = f"{':'.join(PARTNER)}:{FIRST}"
    with mock_process("--partner", partner) as mock, running(mock, report) as process:
        mock.process.kill()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 2, err
    assert err == ""
    assert "does not answer" in out.splitlines()[-1]
    assert "could not be revoked" in out
    document = json.loads(report.read_text())
    assert document["complete"] is False
    assert document["results"]


def test_list_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "  idempotency.replay-is-identical" in capsys.readouterr().out
    assert run("explain", "idempotency.replay-is-identical") == 0
    told = capsys.readouterr().out
    for part in ("MUST", "seed: Idempotency-Key", "createCredential POST", "forget idempotency"):
        assert part in told
    assert "--seed" not in told
    assert run("explain", "sequences.model-holds") == 0
    assert "generated requests, and the same ones with the same --seed" in capsys.readouterr().out
    assert run("explain", "idempotency.replay") == 2
    assert "idempotency.replay-is-identical" in one_line(capsys)


def test_every_option_is_documented_with_its_variable() -> None:
    reference = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text()
    for option in cli.commands["run"].params:  # type: ignore[attr-defined]
        assert f"| `{option.opts[0]}` | `{option.envvar}` |" in reference
