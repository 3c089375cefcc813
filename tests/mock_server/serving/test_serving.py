"""The mock as a real process on real sockets, as a partner and a shell meet it."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from demo.mock_process import MockDidNotStart, MockProcess, mock_process
from mock_server.cli.main import main
from openapi.document import bundled_path
from tests.mock_server.command_line import run_command

CREATE = "/auth/credentials"
Command = Callable[..., subprocess.CompletedProcess[str]]


def connect(mock: MockProcess) -> httpx.Client:
    headers = {"Authorization": f"Bearer {mock.token}"}
    return httpx.Client(base_url=mock.base_url, headers=headers)


def command(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``dinie-mock`` with ``options``, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mock_server", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def shell(line: str) -> str:
    """What a line copied into a shell prints."""
    result = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True
    )
    return result.stdout


def refused(*options: str, run: Command = command) -> str:
    """The one line that ``dinie-mock serve`` prints instead of starting."""
    result = run("serve", "--port", "0", *options)
    assert result.returncode == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("dinie-mock: ")
    return line


def test_the_printed_curl_line_creates_a_key_and_replays_it(process: MockProcess) -> None:
    process.forget()
    line = next(text for text in process.announcement.splitlines() if "curl" in text)
    answers = [shell(line), shell(line)]
    heads, bodies = zip(*(answer.split("\n\n", 1) for answer in answers), strict=True)
    assert all(head.startswith("HTTP/1.1 201 Created") for head in heads)
    assert bodies[0] == bodies[1]
    assert "idempotent-replayed: true" in heads[1]
    assert '"client_secret":"dinie_cs_live_' in bodies[0]


def test_the_printed_lines_work_for_a_partner_without_a_fixed_token() -> None:
    with mock_process("--partner", "dinie_ci_live_a:it's secret") as mock:
        lines = [text for text in mock.announcement.splitlines() if "curl" in text]
        answer = shell("\n".join(lines))
    assert len(lines) == 2
    assert answer.startswith("HTTP/1.1 201 Created")


def test_a_contract_neither_moves_a_terminal_nor_runs_a_command(tmp_path: Path) -> None:
    text = bundled_path().read_text()
    hostile = "/auth/credentials$(touch MARK)'; touch MARK; '"
    for before, after in (
        ("title: Dinie credentials API", 'title: "\\e[2J\\u202e\\r title\\n\\n::error::x"'),
        ("version: '2026-03-01'", 'version: "1\\n  Console  http://evil.example\\e[1A"'),
        ("  /auth/credentials:\n", f'  "{hostile}":\n'),
    ):
        assert before in text
        text = text.replace(before, after)
    contract = tmp_path / "contract.yaml"
    contract.write_text(text)
    with mock_process("--contract", str(contract)) as mock:
        first, *others = mock.announcement.splitlines()
        assert "plays \\x1b[2J\\u202e\\r title \\x3a:error::x, version 1 " in first
        assert first.endswith("Console http://evil.example\\x1b[1A")
        assert not any(one.startswith(("::", "  Console  http://evil")) for one in others)
        assert mock.announcement.replace("\n", "").isprintable()
        line = next(text for text in mock.announcement.splitlines() if "curl" in text)
        subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert not (tmp_path / "MARK").exists()
    assert refused("--partner", "a:b\x1b[2J") == (
        "dinie-mock: Invalid value for '--partner': a client id, secret or token must be printable"
    )


def test_what_is_long_in_a_contract_is_not_printed_whole(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    title = "title: Dinie credentials API"
    text = bundled_path().read_text()
    contract.write_text(text.replace(title, f"title: {'x' * 3_000_000}"))
    with mock_process("--contract", str(contract)) as mock:
        assert "x… (2996000 more characters), version" in mock.announcement
        assert len(mock.announcement) < 6000
    contract.write_text(text.replace(title, f"title: !{'x' * 3_000_000} y"))
    assert len(refused("--contract", str(contract))) < 5000


def test_no_part_of_a_command_is_printed_where_all_of_it_is_too_long(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    path = f"  ? /{'x' * 5000}\n  :\n"
    contract.write_text(bundled_path().read_text().replace("  /auth/credentials:\n", path))
    with mock_process("--contract", str(contract)) as mock:
        assert "curl" not in mock.announcement
        assert len(mock.announcement) < 1000


def test_64_concurrent_creates_with_one_key_make_one_credential(process: MockProcess) -> None:
    async def create_all(mock: MockProcess) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        headers = {"Authorization": f"Bearer {mock.token}", "Idempotency-Key": "one"}
        async with httpx.AsyncClient(
            base_url=mock.base_url, headers=headers, limits=limits, timeout=60
        ) as client:
            requests = (client.post(CREATE, json={"name": "x"}) for _ in range(64))
            return await asyncio.gather(*requests)

    process.forget()
    answers = asyncio.run(create_all(process))
    with connect(process) as client:
        listed = client.get(CREATE).json()["data"]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert [one["id"] for one in listed] == [answers[0].json()["id"]]


def test_two_workers_on_one_file_make_one_credential_for_each_key(tmp_path: Path) -> None:
    async def create_all(mock: MockProcess) -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {mock.token}"}
        # A connection for each request, so that both workers get some.
        limits = httpx.Limits(max_connections=16, max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=mock.base_url, headers=headers, limits=limits, timeout=60
        ) as client:
            requests = (
                client.post(
                    CREATE, json={"name": "x"}, headers={"Idempotency-Key": f"key {number % 8}"}
                )
                for number in range(160)
            )
            return await asyncio.gather(*requests)

    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--workers", "2", "--store", store) as mock:
        answers = asyncio.run(create_all(mock))
        with connect(mock) as client:
            listed = client.get(CREATE, params={"limit": 100}).json()["data"]
        assert mock.stop() == 0

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 8
    assert {one["id"] for one in listed} == {answer.json()["id"] for answer in answers}
    assert len(listed) == 8


def test_a_store_on_disk_keeps_its_keys_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    options = ("--store", f"sqlite:///{path}", "--partner", "dinie_ci_live_a:dinie_cs_live_a:tok")
    idempotency_key = {"Idempotency-Key": "a key nobody else knows"}
    with mock_process(*options) as mock, connect(mock) as client:
        first = client.post(CREATE, json={"name": "Kept"}, headers=idempotency_key)
        assert mock.stop() == 0
    with mock_process(*options) as mock, connect(mock) as client:
        again = client.post(CREATE, json={"name": "Kept"}, headers=idempotency_key)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        key = first.json()
        login = {"grant_type": "client_credentials", "client_id": key["client_id"]}
        answer = client.post("/auth/token", json={**login, "client_secret": key["client_secret"]})
        assert answer.status_code == 200

    stored = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for secret in (key["client_secret"], "dinie_cs_live_a", "a key nobody else knows"):
        assert secret.encode() not in stored
    assert answer.json()["access_token"].encode() not in stored
    assert key["client_id"].encode() in stored


def test_the_made_up_partner_finds_its_keys_again_after_a_restart(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--store", store) as mock, connect(mock) as client:
        created = client.post(CREATE, json={"name": "Kept"}).json()["id"]
    with mock_process("--store", store) as mock, connect(mock) as client:
        assert [one["id"] for one in client.get(CREATE).json()["data"]] == [created]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(sign: signal.Signals) -> None:
    with mock_process() as mock, connect(mock) as client:
        client.post(CREATE, json={"name": "x"})
        assert mock.stop(sign) == 0
        assert mock.log() == ""


@pytest.mark.thorough
def test_workers_end_with_their_supervisor_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--workers", "2", "--store", store) as mock, connect(mock) as client:
        client.post(CREATE, json={"name": "x"})
        assert list(temporary.glob("dinie-mock-*/*.db"))
        workers = psutil.Process(mock.process.pid).children()
        mock.process.kill()
        _, orphans = psutil.wait_procs(workers, 30)
        for orphan in orphans:
            orphan.kill()
        assert orphans == []
    assert len(workers) >= 2
    assert list(temporary.iterdir()) == []


@pytest.mark.thorough
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_store_that_is_away_at_the_start_is_one_line(workers: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"redis://:hush@127.0.0.1:{nobody.getsockname()[1]}/0"
        line = refused("--store", url, "--workers", workers)
    assert "cannot be used" in line
    assert "hush" not in line


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--port", str(port), run=run_command)
    assert f"127.0.0.1:{port}: Address already in use; choose another with --port" in line


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--bogus"], "No such option '--bogus'"),
        (["--port", "eighty"], "Invalid value for '--port'"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--rate-limit", "banana"], "'banana' is not a rate limit such as 100/minute"),
        (["--rate-limit", "0/minute"], "is not a rate limit such as 100/minute"),
        (["--partner", "only-an-id"], "expected CLIENT_ID:CLIENT_SECRET"),
        (["--contract", "/no/such/file.yaml"], "/no/such/file.yaml: cannot be read: No such file"),
        (["--store", "postgres://x"], "'postgres' is no known kind of store"),
        (["--workers", "2"], "--workers needs a store that they can share"),
        (["--host", "host.invalid"], "--host host.invalid: "),
        (["--host", "0.0.0.0"], "--host 0.0.0.0 is not loopback, so the control plane needs"),
        (["--admin-token", ""], "--admin-token must be a word"),
        (["--admin-token", "two words"], "--admin-token must be a word"),
        (
            ["--fault", "earthquake"],
            "'earthquake' is not one of 'lost-response', 'failed-response'",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_it(options: list[str], reason: str) -> None:
    assert reason in refused(*options, run=run_command)


def test_a_fault_of_the_mock_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("two\nlines \x1b[2J")

    monkeypatch.setattr("mock_server.cli.serve.bind", fails)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "dinie-mock: a fault of the mock: RuntimeError: two lines \\x1b[2J\n"
    )


def test_a_refused_partner_is_not_repeated() -> None:
    assert "hush" not in refused("--partner", "a:hush:hush:hush")


def test_options_come_from_the_environment() -> None:
    result = command("serve", DINIE_PORT="70000")
    assert result.returncode == 2
    assert "Invalid value for '--port': 70000" in result.stderr


@pytest.mark.parametrize("options", [["--help"], ["serve", "--help"], ["--version"]])
def test_help_is_there(options: list[str]) -> None:
    result = run_command(*options)
    assert result.returncode == 0
    assert "dinie-mock" in result.stdout


def test_a_store_from_the_future_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    assert "written by a newer dinie-contract" in refused("--store", f"sqlite:///{path}")


def test_nothing_secret_is_logged() -> None:
    with mock_process() as mock, connect(mock) as client:
        created = client.post(CREATE, json={"name": "x"}).json()
        client.post(CREATE, content=b"{", headers={"Content-Type": "application/json"})
        client.get("/nope", params={"token": mock.token})
        log = mock.log()
    assert created["client_secret"] not in log
    assert str(mock.token) not in log


def test_a_mock_that_does_not_start_says_why() -> None:
    with pytest.raises(MockDidNotStart, match="--rate-limit"), mock_process("--rate-limit", "x"):
        pass


def test_the_banner_names_the_contract_and_the_place(process: MockProcess) -> None:
    assert re.search(r"plays .+, version 2026-03-01", process.announcement)
    assert process.base_url.startswith("http://127.0.0.1:")
    assert process.base_url.endswith("/v3")


def test_the_line_of_the_console_says_what_to_do_with_it_and_so_does_the_readme(
    process: MockProcess,
) -> None:
    [line] = [one for one in process.announcement.splitlines() if "/_mock/ui" in one]
    assert "open it in a browser" in line
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert line.replace(process.origin, "http://127.0.0.1:8080") in readme.splitlines()
