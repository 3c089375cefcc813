"""A clock that is broken or hostile: it gets nothing of ours, and its checks no verdict."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.target.errors import TargetError
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from tests.conformance.cli.command_line import run
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.conformance.target.hostile import LARGE, SLOW, Attack, hostile, silent
from tests.fake_server import FakeRequest

TOKEN = "dinie_at_Only-dQw4w9WgXcQ"
PARTNERS = {TOKEN: "one"}
KEYS = ("idempotency.key-is-kept-for-24-hours", "idempotency.key-is-free-after-24-hours")
NOWHERE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def once(answer: bytes) -> Attack:
    yield answer


@contextmanager
def clock(attack: Attack) -> Iterator[tuple[str, list[FakeRequest]]]:
    """The URL of a clock that attacks, and the requests that it has got."""
    seen: list[FakeRequest] = []

    def answering(request: FakeRequest) -> Attack:
        seen.append(request)
        return attack

    with hostile(answering) as (url, _):
        yield f"{url}/clock", seen


JUNK = {
    "no HTTP": b"\x00\xff\x1b]0;x\x07 not HTTP\r\n\r\n",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a wrong length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    "an informational status alone": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_is_no_moved_clock(name: str) -> None:
    def closed() -> Attack:
        yield JUNK[name]
        raise ConnectionError

    with clock(closed()) as (url, _):
        settings = TargetSettings(clock_url=url)
        with (
            Target("http://127.0.0.1:1/v3", [TOKEN], settings) as target,
            pytest.raises(TargetError, match="/clock does not answer: ") as found,
        ):
            target.move_clock(60)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", [*LARGE, *SLOW, "silent"])
def test_an_answer_without_a_bound_is_given_up(name: str) -> None:
    make, _ = {**LARGE, **SLOW, "silent": (silent, "")}[name]
    with clock(make()) as (url, seen):
        settings = TargetSettings(clock_url=url)
        with (
            Target("http://127.0.0.1:1/v3", [TOKEN], settings, most_seconds=1.0) as target,
            pytest.raises(TargetError, match=r"/clock (gives an answer|does not answer)"),
        ):
            target.move_clock(60)
    assert len(seen) == 1, "nobody knows whether the clock was moved: it is asked once"


def test_a_stopped_run_does_not_wait_for_a_clock() -> None:
    with clock(silent()) as (url, _):
        settings = TargetSettings(clock_url=url)
        with Target("http://127.0.0.1:1/v3", [TOKEN], settings) as target:
            threading.Timer(0.2, target.halt).start()
            with pytest.raises(TargetError, match="the run was stopped"):
                target.move_clock(60)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 407, 429, 500])
def test_a_clock_that_leads_elsewhere_gets_nothing_and_is_not_moved(
    status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    with clock(once(NOWHERE)) as (elsewhere, led):
        answer = (
            b"HTTP/1.1 %d X\r\nLocation: %b\r\nSet-Cookie: a=b\r\nRetry-After: 1\r\n"
            b"WWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"
        ) % (status, elsewhere.encode())

        seen: list[FakeRequest] = []

        def answering(request: FakeRequest) -> Attack:
            seen.append(request)
            return once(answer)

        with hostile(answering) as (url, _), serving(Options(), PARTNERS) as base_url:
            code = run(
                "run", "--url", base_url, "--token", TOKEN, "--clock-url", f"{url}/clock",
                "--header", "Cookie: session=a-cookie-of-the-target",
                *(f"--select={one}" for one in KEYS), "--report-json", str(report),
            )  # fmt: skip
    assert led == []
    assert len(seen) == len(KEYS)
    for one in seen:
        assert not {"authorization", "cookie"} & {name.lower() for name in one.headers}
        assert TOKEN.encode() not in one.raw
    results = json.loads(report.read_text())["results"]
    assert [one["outcome"] for one in results] == ["not_verified"] * len(KEYS)
    assert code == 2, capsys.readouterr().out


def test_a_token_in_the_url_of_a_clock_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "a-word-of-the-clock-9"
    with clock(once(b"nothing\r\n\r\n")) as (url, _), serving(Options(), PARTNERS) as base_url:
        options = ("--token", TOKEN, "--clock-url", f"{url}?access_token={secret}&on=1")
        assert run("run", "--url", base_url, *options, f"--select={KEYS[0]}") == 2
    printed = capsys.readouterr()
    assert "access_token=[hidden]&on=1 does not answer" in printed.out
    assert secret not in printed.out + printed.err
