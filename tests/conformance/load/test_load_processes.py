"""What the command does as a process: without a verdict, over several processes, with its page."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from conformance.cli.main import main
from demo.mock_process import MockProcess, mock_process
from dinie_contract.extras import installing
from tests.conformance.cli.command_line import active
from tests.conformance.load.command_line import (
    PARTNER,
    SIX_USERS,
    TOKEN,
    Ended,
    ended,
    has_created,
    load,
    long_enough,
    started,
)


@pytest.fixture(scope="module")
def running() -> Iterator[MockProcess]:
    with mock_process("--partner", f"{PARTNER[0]}:{PARTNER[1]}:{TOKEN}") as one:
        yield one


@pytest.fixture
def mock(running: MockProcess) -> MockProcess:
    """It is empty: what a test waits for is of its own making."""
    running.forget()
    return running


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def no_verdict(err: str) -> str:
    [line] = err.splitlines()
    assert line.startswith("dinie-conformance: ")
    return line.removeprefix("dinie-conformance: ")


def test_a_target_that_does_not_answer_gives_no_verdict(tmp_path: Path) -> None:
    run = load(f"http://127.0.0.1:{free_port()}/v3", tmp_path)

    assert (run.code, run.out) == (2, "")
    assert "does not answer" in no_verdict(run.err)
    assert run.report["complete"] is False


def test_a_token_that_is_refused_gives_no_verdict(mock: MockProcess, tmp_path: Path) -> None:
    run = load(mock.base_url, tmp_path, DINIE_TOKEN="dinie_at_of_nobody_at_all")

    assert (run.code, run.out) == (2, "")
    assert no_verdict(run.err) == "the token was refused (401)"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--max-time", "soon"), "must be a duration such as"),
        (("--master", "--worker"), "either --master or --worker"),
        (("--token", "a", "--client-id", "b"), "give either --token or --client-id"),
        (("--client-id", "some"), "--client-id and --client-secret go together"),
        (("--url", "https://api.dinie.com.br/v3"), "--allow-production"),
        (("--report-json", "/nowhere/load.json"), "cannot be written"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_bad_options_are_told_in_one_line(
    mock: MockProcess, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    run = load(mock.base_url, tmp_path, *arguments)

    assert (run.code, run.out) == (2, "")
    assert told in no_verdict(run.err)


@pytest.mark.thorough
def test_a_port_that_is_taken_is_told(mock: MockProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        with started(mock.base_url, "--web-port", str(port)) as process:
            out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (2, "")
    assert f"127.0.0.1:{port} cannot be listened on" in no_verdict(err)


@pytest.mark.thorough
def test_a_master_sums_up_what_its_workers_found(mock: MockProcess, tmp_path: Path) -> None:
    report = tmp_path / "load.json"
    seen: set[str] = set()

    def run_for(max_time: str) -> Ended:
        place = {"DINIE_MASTER_PORT": str(free_port())}
        with ExitStack() as stack:
            workers = [
                stack.enter_context(started(mock.base_url, "--worker", **place)) for _ in range(2)
            ]
            master = stack.enter_context(
                started(mock.base_url, *SIX_USERS, max_time, "--master", "--expect-workers", "2",
                        "--report-json", str(report), **place)
            )  # fmt: skip
            seen.update(command_lines([master, *workers]))
            run = ended(master, report)
            assert [worker.wait(30) for worker in workers] == [0, 0]
            return run

    run = long_enough(run_for, has_created)

    assert (run.code, run.err) == (0, "")
    assert run.counts["created"] == run.counts["listed"] > 10
    assert run.counts["left_behind"] == 0
    assert active(mock, TOKEN) == []
    assert seen
    assert not any(TOKEN in one for one in seen)


@pytest.mark.thorough
@pytest.mark.parametrize("number", [1, 2])
def test_a_worker_that_is_killed_leaves_no_verdict(
    mock: MockProcess, tmp_path: Path, number: int
) -> None:
    place = {"DINIE_MASTER_PORT": str(free_port())}
    report = tmp_path / "load.json"
    # The loss of the last worker ends a run; of two, the other one goes on.
    length = "60s" if number == 1 else "5s"
    with ExitStack() as stack:
        workers = [
            stack.enter_context(started(mock.base_url, "--worker", **place)) for _ in range(number)
        ]
        master = stack.enter_context(
            started(mock.base_url, *SIX_USERS, "--max-time", length, "--master", "--expect-workers",
                    str(number), "--report-json", str(report), **place)
        )  # fmt: skip
        while len(active(mock, TOKEN)) < 3:
            assert master.poll() is None
            time.sleep(0.05)
        workers[0].kill()
        run = ended(master, report)
        codes = [worker.wait(30) for worker in workers[1:]]

    assert run.code == 2
    assert f"1 of {number} workers went missing, and may have left keys behind" in run.out + run.err
    assert run.report["complete"] is False
    # Whoever is left has settled what it made.
    assert codes == [0] * (number - 1)
    assert run.counts["left_behind"] == 0
    assert (run.counts["listed"] > 0) is (number > 1)


def command_lines(processes: list[subprocess.Popen[str]]) -> set[str]:
    """What other users of the machine see of processes, before and after they become Locust's."""
    seen = set()
    for process in processes:
        path = Path(f"/proc/{process.pid}/cmdline")
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            text = path.read_bytes().replace(b"\0", b" ").decode()
            seen.add(text)
            if "-m dinie_contract.commands" in text:
                break
            time.sleep(0.02)
        else:
            pytest.fail("the process has not become Locust's")
    return seen


def test_a_run_that_is_interrupted_leaves_nothing_behind(mock: MockProcess, tmp_path: Path) -> None:
    report = tmp_path / "load.json"
    with started(mock.base_url, *SIX_USERS, "--max-time", "60s",
                 "--report-json", str(report)) as process:  # fmt: skip
        while len(active(mock, TOKEN)) < 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        run = ended(process, report)

    assert run.code == 2
    assert run.line == "No verdict: interrupted"
    assert run.report["complete"] is False
    assert active(mock, TOKEN) == []


@pytest.mark.thorough
def test_the_page_begins_a_run_and_sends_nothing_elsewhere(
    mock: MockProcess, tmp_path: Path
) -> None:
    report, port = tmp_path / "load.json", free_port()
    with started(mock.base_url, "--max-time", "60s", "--web-port", str(port),
                 "--report-json", str(report), PYTHONUNBUFFERED="1") as process:  # fmt: skip
        assert process.stdout is not None
        [url] = re.findall(r"http://\S+", process.stdout.readline())
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as page:
            assert "Locust" in page.get("/").text
            elsewhere = "http://127.0.0.1:9/v3"
            begun = page.post("/swarm", data={"user_count": 3, "spawn_rate": 30, "host": elsewhere})
            assert begun.json()["success"] is True
            while len(active(mock, TOKEN)) < 6:
                assert process.poll() is None
                time.sleep(0.05)
            page.post("/stop")
            # A first report is written before the list is compared.
            while not (report.exists() and json.loads(report.read_text())["complete"]):
                assert process.poll() is None
                time.sleep(0.05)
            assert page.get("/stats/requests").json()["state"] == "stopped"
        process.send_signal(signal.SIGINT)
        run = ended(process, report)

    # On a busy machine Locust warns of its own.
    said = [line for line in run.err.splitlines() if "CPU usage" not in line]
    assert (run.code, said) == (0, [])
    assert run.counts["created"] > 5
    assert run.counts["failed"] == 0


@pytest.mark.parametrize("is_gone", [False, True])
def test_what_to_install_names_no_source_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
) -> None:
    source = tmp_path / "my source"
    if not is_gone:
        source.mkdir()

    class Installed:
        @staticmethod
        def read_text(_: str) -> str:
            return json.dumps({"url": source.as_uri(), "dir_info": {}})

    monkeypatch.setattr("dinie_contract.extras.distribution", lambda _: Installed)

    told = f"install 'dinie-contract[load] @ {source.as_uri()}'"
    if is_gone:
        told = "install 'dinie-contract[load]' from its source"
        told += f" ({source.as_uri()}, where this one came from, is not there)"
    assert installing("load") == told


def test_without_locust_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dinie_contract.extras.find_spec", lambda _: None)

    with pytest.raises(SystemExit) as exit_code:
        main(["load", "--url", "http://127.0.0.1:9/v3", "--token", TOKEN])

    assert exit_code.value.code == 2
    assert "load needs the extra load: install 'dinie-contract[load]" in no_verdict(
        capsys.readouterr().err
    )


def test_no_other_command_loads_what_changes_the_whole_process() -> None:
    program = (
        "import sys; from conformance.cli.main import main\n"
        "ours = 'conformance.load.locust.users'\n"
        "try: main(['list'])\n"
        "finally: print(sorted({'gevent', 'locust', ours} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
