"""What is no regular file is refused at once, in one line, wherever a command reads a file."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from conformance.journal.har import har_of
from openapi.contract import Contract
from openapi.errors import ContractError
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.client.journals import correct_client

URL = ("--url", "http://127.0.0.1:9/v3")
COMMANDS = {
    "client": ("client", "--har"),
    "fuzz": ("fuzz", *URL, "--token", "t", "--har"),
    "baseline": ("run", *URL, "--token", "t", "--baseline"),
    "authorities": ("run", *URL, "--token", "t", "--ca-file"),
}


@contextmanager
def ends() -> Iterator[None]:
    """Fail in place of waiting for a file without an end; the bound is generous."""

    def stop(_: int, __: FrameType | None) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=["FIFO", "link to a FIFO", "pipe", "device"])
def irregular(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "given"
    ends: tuple[int, ...] = ()
    if request.param == "FIFO":
        os.mkfifo(path)
    elif request.param == "link to a FIFO":
        os.mkfifo(tmp_path / "fifo")
        path.symlink_to(tmp_path / "fifo")
    elif request.param == "pipe":
        ends = os.pipe()
        path = Path(f"/dev/fd/{ends[0]}")
    else:
        path = Path("/dev/zero")
    yield path
    for one in ends:
        os.close(one)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_it_is_one_line_and_2(
    command: tuple[str, ...], irregular: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ends():
        assert run(*command, str(irregular)) == 2
    line = one_line(capsys)
    assert str(irregular) in line
    assert "is no regular file" in line


def test_a_contract_is_refused_too(irregular: Path) -> None:
    with ends(), pytest.raises(ContractError, match="is no regular file"):
        Contract.from_file(irregular)


def test_a_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "real.har").write_text(json.dumps(har_of(correct_client())))
    (tmp_path / "link.har").symlink_to("real.har")
    assert run("client", "--har", str(tmp_path / "link.har")) == 0
