"""A target that is only coming up is waited for, and no other."""

import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import trustme

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.exit_code import CONFORMS
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.cli.command_line import FIRST, SECOND, run
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.two_partners import mock_of_two

CONTRACT = Contract.bundled()
REQUIREMENT = "created.only-documented-statuses"
ACCESS = AccessSettings(token=FIRST)
WAITS = replace(AS_RUN, wait_seconds=60.0, replay_delay=0.0)
PAGE = (("content-type", "text/html"),)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_a_server_that_is_started_later_is_judged(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/v3"
    command = [sys.executable, "-m", "conformance.cli", "run", "--url", url, "--token", FIRST,
               "--select", REQUIREMENT, "--wait-for", "60s"]  # fmt: skip
    with subprocess.Popen(
        command, env=os.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        with mock_of_two((FIRST, SECOND), port=free_port):
            out, err = process.communicate(timeout=100)

    assert line.startswith(f"dinie-conformance: {url} does not answer: ")
    assert "it may be coming up, and has 60 s for that (--wait-for)" in line
    assert err == ""
    assert process.returncode == CONFORMS, out


@pytest.mark.parametrize(
    "early",
    [
        Answer(502, PAGE, b"<h1>Bad Gateway</h1>"),
        Answer(503, (("retry-after", "0"),)),
        Answer(504),
        Answer(500, PAGE, b"<h1>Application is starting</h1>"),
    ],
    ids=lambda one: str(one.status),
)
def test_what_a_gateway_answers_in_its_place_is_waited_for(
    early: Answer, healthy: MockProcess
) -> None:
    asked: list[Request] = []

    def tamper(request: Request, forward: Forward) -> Answer:
        asked.append(request)
        return early if len(asked) < 4 else forward(request)

    told: list[str] = []
    with Target(healthy.base_url, [], settings=WAITS, tamper=tamper) as target:
        authenticate(target, ACCESS, CONTRACT, told.append)
        of_run = len(asked)
        checks = Run(CONTRACT, target, select(catalogue(), [REQUIREMENT]), seed=1)
        verdict = judge(checks, Level.MUST, Baseline(), lambda _: None)
        checks.clean_up()

    assert of_run == 4
    assert {(one.method, one.partner) for one in asked[:4]} == {("GET", None)}
    [line] = told
    assert line.startswith(f"{healthy.base_url} answers {early.status}: it may be coming up")
    assert verdict.exit_code == CONFORMS
    assert verdict.transient is None


@pytest.mark.parametrize("status", [200, 401, 404, 405, 429, 500])
def test_any_other_answer_is_not_waited_for(status: int) -> None:
    asked: list[Request] = []

    def tamper(request: Request, _: Forward) -> Answer:
        asked.append(request)
        return Answer(status, (("content-type", "application/problem+json"),), b"{}")

    with Target("http://127.0.0.1:1/v3", [], settings=WAITS, tamper=tamper) as target:
        authenticate(target, ACCESS, CONTRACT, lambda _: pytest.fail("it is up"))
    assert len(asked) == 1


def test_the_wait_has_an_end(free_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port}/v3"
    assert run("run", "--url", url, "--token", FIRST, "--wait-for", "1s") == 2

    first, last = capsys.readouterr().err.splitlines()
    assert "has 1 s for that (--wait-for)" in first
    assert last.startswith(f"dinie-conformance: {url} does not answer: ")


def test_a_certificate_that_is_not_trusted_is_not_waited_for() -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    with (
        serving(Options(), {FIRST: "first"}, certificate=certificate) as url,
        Target(url, [], settings=WAITS) as target,
        pytest.raises(TargetError, match="--ca-file"),
    ):
        authenticate(target, ACCESS, CONTRACT, lambda _: pytest.fail("it is up"))


def test_a_run_that_is_stopped_waits_no_more(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/v3"
    with Target(url, [], settings=replace(WAITS, wait_seconds=1e6)) as target:

        def halt(_: str) -> None:
            threading.Timer(0.1, target.halt).start()

        with pytest.raises(TargetError, match="stopped"):
            authenticate(target, ACCESS, CONTRACT, halt)


@pytest.mark.parametrize("text", ["0", "0s"])
def test_zero_does_not_wait(text: str, free_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port}/v3"
    assert run("run", "--url", url, "--token", FIRST, "--wait-for", text) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_app_in_this_process_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    app = "tests.conformance.target.test_in_process:asgi_raising"
    assert run("run", "--app", app, "--token", FIRST, "--wait-for", "60s") == 2
    assert "--wait-for" not in capsys.readouterr().err
