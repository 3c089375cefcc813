"""Commands that a configuration file alone tells the way, as processes of their own."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
import trustme

from demo.mock_process import MockProcess
from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

TOKEN, KEY = "token-of-staging-83hf7", "gateway-key-3f9aQ7"
LONGEST_SECONDS = 200

FILE = """
[run]
target = "staging"
select = ["created.plain*"]
report-json = "report.json"

[fuzz]
target = "staging"
select = ["created.plain*"]
max-time = "2s"
max-findings = 1
directory = "campaign"

[replay]
target = "staging"

[load]
target = "staging"
max-time = "2s"
users = 2
headless = true
report-json = "load.json"

[pytest]
target = "staging"
select = ["created.plain*"]

[target.staging]
url = "{url}"
token = {{ variable = "STAGING_TOKEN" }}
header = [{{ name = "X-Api-Key", variable = "GATEWAY_KEY" }}]
ca-file = "authority.pem"
client-cert = "client.pem"
wait-for = "0"
"""


class Gateway(Application):
    """A gateway in front lets nobody through without its key."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("x-api-key") != KEY:
            return Answer(403, b"no key", {"Content-Type": "text/plain"})
        return super().answer(method, target, headers, body)


class Spoiling(Gateway):
    """The same gateway; the API behind answers creations with another status."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, target, headers, body)
        is_creation = method == "POST" and answer.status == 201
        return Answer(202, answer.body, answer.headers) if is_creation else answer


@pytest.fixture(params=[Gateway, Spoiling], ids=["conforming", "broken"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[bool]:
    """A file that leads to a gateway with TLS, a client certificate and a key; whether it errs."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    client = authority.issue_cert("client@example.org")
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    with serving(Options(), {TOKEN: "one"}, request.param, certificate, authority) as url:
        (tmp_path / "dinie.toml").write_text(FILE.format(url=url))
        (tmp_path / "below").mkdir()
        yield request.param is Spoiling


def ended(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """How a command ended; no output of it holds a secret, nor does the list of processes."""
    arguments: set[str] = set()
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "STAGING_TOKEN": TOKEN, "GATEWAY_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + LONGEST_SECONDS
    with process:
        while True:
            try:
                out, err = process.communicate(timeout=0.1)
                break
            except subprocess.TimeoutExpired:
                arguments |= arguments_of(process.pid)
                if time.monotonic() > deadline:
                    process.kill()
                    raise
    assert arguments
    assert_no_secret(f"{out}{err}{arguments}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def arguments_of(pid: int) -> set[str]:
    """The arguments of a process and of those that it has started, as a list of processes shows."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return {part for one in (process, *process.children(recursive=True))
                for part in one.cmdline()}  # fmt: skip
    return set()


def assert_no_secret(text: str) -> None:
    assert [one for one in (TOKEN, KEY, "PRIVATE KEY") if one in text] == []


def code(folder: Path, *command: str) -> int:
    done = ended(folder, "conformance.cli", *command)
    line = f"dinie-conformance: configuration: {folder.parent / 'dinie.toml'}, target staging"
    first, *told = done.stderr.splitlines()
    assert first == line
    assert all(" s: MUST " in one for one in told), done.stderr
    return done.returncode


def test_every_command_passes_a_gateway_by_the_file_alone(tmp_path: Path, *, broken: bool) -> None:
    below = tmp_path / "below"

    assert code(below, "run") == broken
    assert code(below, "fuzz") == broken
    # A load test of creations that never succeed is none.
    reports = {"report.json"} if broken else {"report.json", "load.json"}
    if not broken:
        assert code(below, "load") == 0
    findings = [*(tmp_path / "campaign" / "findings").glob("*.json")]
    assert bool(findings) == broken
    for finding in findings[:1]:
        assert code(below, "replay", str(finding)) == 1
    tested = ended(below, "pytest", "-p", "no:cacheprovider", "-p", "no:locust", "--pyargs",
                   "conformance")  # fmt: skip
    assert f"conformance: configuration: {tmp_path / 'dinie.toml'}, target staging" in tested.stdout
    assert tested.returncode == broken

    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert reports <= {path.name for path in written}
    for path in written:
        if path.name != "client.pem":
            assert_no_secret(path.read_text())


def test_the_pytest_plugin_has_the_file_in_its_own_spelling(
    healthy: MockProcess, tmp_path: Path
) -> None:
    (tmp_path / "gate.toml").write_text(
        '[pytest]\nselect = ["tokens"]\nkeep = true\n'
        f'[target.mock]\nurl = "{healthy.base_url}"\ntoken = {{ variable = "STAGING_TOKEN" }}\n'
    )
    common = ("pytest", "-p", "no:cacheprovider", "-p", "no:locust", "--pyargs", "conformance",
              "--conformance-config", "gate.toml")  # fmt: skip
    wrong = ended(tmp_path, *common, "--conformance-target", "mok")
    assert wrong.returncode == 4
    assert "gate.toml: --conformance-target mok is no target; the nearest is mock" in wrong.stderr

    options = ("--conformance-target", "mock", "--conformance-no-keep", "--conformance-select",
               "created.plain*", "--conformance-token", "dinie_at_first")  # fmt: skip
    tested = ended(tmp_path, *common, *options)
    assert tested.returncode == 0, tested.stdout
    assert "keys were made and revoked" in tested.stdout or "key was made" in tested.stdout
    assert "tokens" not in tested.stdout.partition("collected")[2]
