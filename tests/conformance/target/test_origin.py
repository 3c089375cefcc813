"""A request, and the token in it, goes to the target's host and port, whatever its path is."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.fuzz.findings.exporting import python_script
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.target.exchange import Request, UnsendableRequest
from conformance.target.target import Target
from conformance.target.transport.connections import url_under
from openapi.contract import Contract
from tests.conformance.client.journals import UNHURRIED
from tests.conformance.fuzz.foreign.campaigns import WHOLE
from tests.fake_server import FakeRequest, Reply, fake_server, reply

TOKEN = "dinie_at_of_the_partner"
CONTRACT = Contract.bundled()


@dataclass
class Thief:
    """A server that nobody has asked for; ``base`` is a URL that is a part of its own."""

    origin: str
    seen: list[FakeRequest] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.origin.removeprefix("http://")

    @property
    def base(self) -> str:
        """Its origin without the last digit: a path that begins with a digit completes it."""
        return self.origin[:-1]

    def answer(self, request: FakeRequest) -> Reply:
        self.seen.append(request)
        return reply(200, b"{}")


@pytest.fixture
def thief() -> Iterator[Thief]:
    found = Thief("")
    with fake_server(found.answer) as origin:
        found.origin = origin
        yield found


def paths(thief: Thief) -> list[tuple[str, str]]:
    """Base URLs, and paths that would lead from each to the thief if they were joined as texts."""
    host = thief.address
    return [
        (thief.base, f"{thief.origin[-1]}/steal"),
        ("http://127.0.0.1:1", f"@{host}/"),
        ("http://user", f":pw@{host}/"),
        ("http://127.0.0.1:1/v3", f"@{host}/"),
        ("http:", f"//{host}/"),
        ("http://", f"{host}/"),
    ]


OTHERS = ("//{0}/", "///{0}/", "/\\{0}", "\\\\{0}", "http://{0}/", "/;@{0}/", "/#@{0}/", "/?@{0}/",
          "/\t/{0}", "/\n//{0}", "?@{0}", "#@{0}", ";@{0}/", "/..//{0}/", "/%2f%2f{0}/", "", " /x",
          "/http://{0}/", "/x\r\nHost: {0}\r\n\r\n", "/\ud800", "/x@{0}:80/")  # fmt: skip


def test_no_path_moves_a_token(thief: Thief) -> None:
    for base, path in paths(thief):
        with Target(base, [TOKEN]) as target, pytest.raises(UnsendableRequest):
            target.send(Request("GET", path))
    assert thief.seen == []


@pytest.mark.parametrize("path", OTHERS, ids=range(len(OTHERS)))
def test_an_odd_path_stays_where_the_target_is(path: str, thief: Thief) -> None:
    seen: list[FakeRequest] = []

    def answer(request: FakeRequest) -> Reply:
        seen.append(request)
        return reply(200, b"{}")

    with fake_server(answer) as origin, Target(f"{origin}/v3", [TOKEN]) as target:
        with suppress(ValueError):
            target.send(Request("GET", path.format(thief.address)))
        assert {one.headers["Host"] for one in seen} <= {origin.removeprefix("http://")}
    assert thief.seen == []


BASES = ("http://127.0.0.1:80", "http://h", "https://h/v3", "http://[::1]:8")
SIGNS = "/\\@:?#;.%0189[]abh\t\n \0\u3002\uff0f\ud800"


@UNHURRIED
@given(path=st.text(st.sampled_from(SIGNS), max_size=12), base=st.sampled_from(BASES))
def test_a_url_is_under_its_base_or_is_none(base: str, path: str) -> None:
    with suppress(ValueError):
        url, wanted = url_under(base, path), httpx.URL(base)
        assert (url.scheme, url.host, url.port) == (wanted.scheme, wanted.host, wanted.port)
        assert not url.userinfo
        assert path.startswith("/")


def test_a_redirect_is_not_followed(thief: Thief) -> None:
    def answer(_: FakeRequest) -> Reply:
        head = f"HTTP/1.1 307 Moved\r\nLocation: {thief.origin}/\r\nContent-Length: 0\r\n\r\n"
        return Reply(head.encode())

    with fake_server(answer) as origin, Target(origin, [TOKEN]) as target:
        assert target.send(Request("GET", "/x")).status == 307
        assert scripted(origin, "/x", origin).returncode == 0
    assert thief.seen == []


def scripted(base: str, path: str, url: str) -> subprocess.CompletedProcess[str]:
    """A Python script of one step, whatever a boundary says of it, as the reader runs it."""
    script = python_script(base, [{**WHOLE.steps[0], "path": path, "partner": 0}])
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"DINIE_TOKEN": TOKEN, "DINIE_URL": url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_script_moves_no_token_either(thief: Thief) -> None:
    for base, path in paths(thief)[:4]:
        run = scripted(base, path, base)
        assert run.returncode == 1
        assert "UnsendableRequest: " in run.stderr
    assert thief.seen == []


LOAD = """
import json, sys
from types import SimpleNamespace
from conformance.load.locust.sending import Sender
from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.load.locust.worker_state import WorkerState
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from openapi.contract import Contract

def request(method, url, **_):
    sys.exit(f"{url} is asked")

for base, path in json.load(sys.stdin):
    target = Target(base, ["a token"])
    state = WorkerState(Contract.bundled(), target, 0.0)
    sender = Sender(SimpleNamespace(client=SimpleNamespace(), request=request), state)
    sent = Request("GET", path)
    try:
        sender._request(
            JudgedExchange(state.create.operation, sent, Answer(0), Purpose.CREATE, "a token")
        )
    except ValueError:
        print("refused")
"""


def test_a_user_of_a_load_test_moves_no_token_either(thief: Thief) -> None:
    # In a process of its own: gevent changes all of one.
    run = subprocess.run(
        [sys.executable, "-c", LOAD], input=json.dumps(paths(thief)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.stdout, run.returncode) == ("refused\n" * len(paths(thief)), 0), run.stderr


ELSEWHERE = ("/admin", "/auth/credentials/../../admin", "/auth/credentials/%2E%2e/x", "/auth/..")


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_file_holds_no_path_of_anything_but_the_contract(path: str) -> None:
    steps = ({**WHOLE.steps[0], "path": path},)
    with pytest.raises(FileError, match=r"steps\[0\]\.path: "):
        Finding.read_text(replace(WHOLE, steps=steps).text(), CONTRACT, "here")


def test_no_file_holds_such_a_path(thief: Thief) -> None:
    for path in [path for _, path in paths(thief)] + [one.format("h") for one in OTHERS]:
        steps = ({**WHOLE.steps[0], "path": path},)
        text = replace(WHOLE, steps=steps).text()
        with suppress(FileError):
            [step] = Finding.read_text(text, CONTRACT, "here").steps
            assert url_under(BASES[0], step["path"]).port == httpx.URL(BASES[0]).port


@pytest.mark.parametrize("name", ["Host", "host", "Connection", "CONTENT-LENGTH", "x y", "x:", ""])
def test_no_file_holds_a_header_that_leads_elsewhere(name: str) -> None:
    for header in ([name, "evil"], ["X", "a\r\nHost: evil"], ["X", "a\0"], ["X", " a"]):
        steps = ({**WHOLE.steps[0], "headers": [header]},)
        with pytest.raises(FileError, match=r"steps\[0\]\.headers\[0\]\[[01]\]: must be the"):
            Finding.read_text(replace(WHOLE, steps=steps).text(), CONTRACT, "here")
