"""Both commands, both plugins and the mock in a test, where Python lacks what only Unix has.

Each runs in a process of its own with ``without_unix`` on its path. It shows what this project does
without those modules and names; it shows nothing of how other libraries do on another system.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.mock_process import MockDidNotStart, MockProcess, mock_process
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving
from tests.two_partners import mock_of_two

ROOT = Path(__file__).parents[2]
TOKENS = ("dinie_at_first", "dinie_at_second")
CLIENTS = ROOT / "tests" / "clients"
CREATION = "created.plain-request-succeeds"

VARIABLES = {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "without_unix"), str(ROOT)]),
    "PYTHONWARNDEFAULTENCODING": "1",
}


@pytest.fixture(scope="module", autouse=True)
def _hidden() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def mock(_hidden: None) -> Iterator[MockProcess]:
    with mock_of_two(TOKENS) as one:
        yield one


def python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=200,
    )


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "conformance.cli", *arguments)


HIDDEN = """
import importlib
from dinie_contract import systems
from mock_server.serving import server, workers
from mock_server.store import sqlite_connection
found = [systems._fcntl, systems._resource, systems.HAS_WORKER_SIGNALS]
names = [(server.socket, "AF_UNIX"), (workers.signal, "SIGKILL"), (sqlite_connection.os, "geteuid")]
print(*found, [name for module, name in names if hasattr(module, name)])
"""


def test_what_unix_has_is_hidden_from_the_project() -> None:
    done = python("-c", HIDDEN)

    assert (done.stdout, done.stderr) == ("None None False []\n", "")


EVERY_MODULE = """
import importlib, pkgutil
for package in ("dinie_contract", "openapi", "mock_server", "conformance"):
    found = importlib.import_module(package)
    for one in pkgutil.walk_packages(found.__path__, f"{package}."):
        is_script = one.name.rpartition(".")[2] in {"__main__", "sabotaged"}
        if not (is_script or one.name.startswith("conformance.load.locust")):
            importlib.import_module(one.name)
"""


@pytest.mark.thorough
def test_every_module_is_imported_without_unix() -> None:
    done = python("-c", EVERY_MODULE)

    assert done.returncode == 0, done.stderr


def create(base_url: str) -> int:
    sent = {"authorization": f"Bearer {TOKENS[0]}", "idempotency-key": "one"}
    with httpx.Client(trust_env=False) as http:
        url = f"{base_url}/auth/credentials"
        return http.post(url, headers=sent, json={"name": "One"}).status_code


@pytest.mark.parametrize("store", ["memory", "file"])
def test_the_mock_answers_a_creation_and_ends_cleanly(tmp_path: Path, store: str) -> None:
    options = [] if store == "memory" else ["--store", f"sqlite:///{tmp_path / 'state.db'}"]
    partner = f"dinie_ci_live_one:dinie_cs_live_one:{TOKENS[0]}"
    with mock_process("--partner", partner, *options) as one:
        status = create(one.base_url)
        code = one.stop(signal.SIGINT)
        log = one.log()

    assert (status, code) == (201, 0), log
    assert "Traceback" not in log


def test_several_workers_are_one_line(tmp_path: Path) -> None:
    store = f"--store=sqlite:///{tmp_path / 'state.db'}"
    with pytest.raises(MockDidNotStart) as error, mock_process("--workers", "2", store):
        pass

    [line] = str(error.value).splitlines()
    assert "--workers 2: this system lacks the signals that several workers need" in line


def test_a_run_has_a_verdict(mock: MockProcess) -> None:
    done = harness("run", "--url", mock.base_url, "--select", CREATION)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_both_catalogues_are_listed() -> None:
    for options in ([], ["--client"]):
        done = harness("list", *options)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.thorough
def test_a_campaign_keeps_a_directory_and_its_findings_are_replayed(
    mock: MockProcess, tmp_path: Path
) -> None:
    directory = str(tmp_path / "run")
    partners = dict(zip(TOKENS, ("first", "second"), strict=True))
    with serving(Options(bug=Bug.NAMES_ARE_STRIPPED), partners) as url:
        found = harness(
            "fuzz", "--url", url, "--max-time=60s", "--max-findings=1", "--directory", directory
        )
        resumed = harness("fuzz", "--url", url, "--max-time=3s", "--resume", directory)
        finding = str(next((tmp_path / "run" / "findings").iterdir()))
        broken = harness("replay", finding, "--url", url)
    mended = harness("replay", finding, "--url", mock.base_url)

    codes = [one.returncode for one in (found, resumed, broken, mended)]
    assert codes == [1, 1, 1, 0], found.stdout + resumed.stdout + broken.stdout + mended.stdout


@pytest.mark.thorough
def test_a_load_test_has_a_verdict(mock: MockProcess, tmp_path: Path) -> None:
    report = tmp_path / "load.json"
    done = harness("load", "--url", mock.base_url, "--headless", "--users=2", "--max-time=5s",
                   f"--report-json={report}")  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(report.read_text(encoding="utf-8"))["load"]["counts"]["created"]


def exercised(client: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, str(CLIENTS / client))
    return python("-m", "mock_server", "exercise", "--quiet", *options, "--", *command)


@pytest.mark.thorough
def test_a_client_is_exercised_and_judged_again_from_its_journal(tmp_path: Path) -> None:
    har = tmp_path / "journal.har"
    first = exercised("correct.py", f"--har={har}")
    again = harness("client", "--har", str(har))

    assert (first.returncode, again.returncode) == (0, 0), first.stdout + again.stdout


@pytest.mark.thorough
def test_a_verdict_is_printed_on_a_console_that_lacks_its_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    done = exercised("new_key.py", "--preset", "lost-response")

    assert done.returncode == 1, done.stderr
    assert r"\u2192 201" in done.stdout


def test_the_report_on_a_mock_without_requests_is_no_verdict() -> None:
    with mock_process() as one:
        done = python("-m", "mock_server", "report", "--url", one.origin)

    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines()[-1].startswith("No verdict: ")


OWN_TEST = """
import httpx
from dinie_contract.testing import dinie_mock as in_a_block

def one(mock):
    headers = {"authorization": f"Bearer {mock.access_token}"}
    return httpx.get(f"{mock.url}/auth/credentials", headers=headers, trust_env=False)

def test_fixture(dinie_mock):
    assert one(dinie_mock).status_code == 200

def test_block():
    with in_a_block() as mock:
        assert one(mock).status_code == 200
"""


def test_the_fixture_and_the_block_serve_a_mock(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN_TEST, encoding="utf-8")
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)

    assert "2 passed" in done.stdout, done.stdout


def test_the_plugin_of_the_harness_judges(mock: MockProcess, tmp_path: Path) -> None:
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "conformance",
                  "--conformance-url", mock.base_url, "--conformance-select", CREATION,
                  cwd=tmp_path)  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed")
