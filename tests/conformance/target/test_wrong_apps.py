"""Apps in this process that send what no server sends, or end: told at once, whatever they do."""

import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conformance.target.asgi import AppError, serving
from conformance.target.errors import AnswerOutOfBounds, AnswerOverdue, ConnectionClosed
from conformance.target.exchange import Request
from conformance.target.target import Target
from tests.conformance.cli.command_line import FIRST

GENEROUS_SECONDS = 60

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "DINIE_TOKEN": FIRST}

PLAIN = Request("GET", "/", partner=None)
HEADERS: list[Any] = [(b"x-one", b"1")]


class Exits(dict[str, Any]):
    """A message that ends the process of whoever reads it."""

    def get(self, _: Any, __: Any = None) -> Any:
        raise SystemExit(3)


def start(status: Any = 200, headers: Any = HEADERS) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(part: Any, **more: Any) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, **more}


def endless(headers: Any) -> Iterator[Any]:
    return itertools.repeat(headers)


STATUS = "sent a status that is no number from 200 to 999"
NO_PAIRS = "sent headers that are no list of pairs"
NO_STRINGS = "sent a header that is no pair of strings"
NOT_CARRIED = "sent a header that HTTP cannot carry"
NO_MESSAGE = "sent what is no message of an answer"
LENGTH = "sent a body of another length than its Content-Length"

MESSAGES: dict[str, tuple[list[Any], str]] = {
    "a status of 100000": ([start(100_000)], STATUS),
    "a status of 100": ([start(100)], STATUS),
    "a status of 0": ([start(0)], STATUS),
    "a negative status": ([start(-200)], STATUS),
    "a text as status": ([start("200")], STATUS),
    "true as status": ([start(status=True)], STATUS),
    "no status": ([{"type": "http.response.start"}], STATUS),
    "no headers at all": ([start(200, None)], NO_PAIRS),
    "a number as headers": ([start(200, 7)], NO_PAIRS),
    "a dict as headers": ([start(200, {b"x-one": b"1"})], NO_PAIRS),
    "headers of three": ([start(200, [(b"a", b"b", b"c")])], NO_PAIRS),
    "a header of numbers": ([start(200, [(1, 2)])], NO_STRINGS),
    "a header of texts": ([start(200, [("x-one", "1")])], NO_STRINGS),
    "a name with a newline": ([start(200, [(b"x-one\nx-two", b"1")])], NOT_CARRIED),
    "a name without a letter": ([start(200, [(b"", b"1")])], NOT_CARRIED),
    "a value with a newline": ([start(200, [(b"x", b"1\r\nset-cookie: a=b")])], NOT_CARRIED),
    "a value with NUL": ([start(200, [(b"x", b"\0")])], NOT_CARRIED),
    "a list as message": ([["http.response.start", 200]], NO_MESSAGE),
    "None as message": ([None], NO_MESSAGE),
    "a text as message": (["http.response.start"], NO_MESSAGE),
    "a message without a type": ([{}], NO_MESSAGE),
    "a message of a list": ([{"type": ["http.response.start"]}], NO_MESSAGE),
    "a message of a web socket": ([{"type": "websocket.accept"}], NO_MESSAGE),
    "a message that exits": ([Exits()], "ended with SystemExit"),
    "a body first": ([body(b"")], "sent a body before it began its answer"),
    "two starts": ([start(), start()], "began its answer twice"),
    "a text as body": ([start(), body("x")], "sent a part of a body that is no bytes"),
    "None as body": ([start(), body(None)], "sent a part of a body that is no bytes"),
    "too short a body": ([start(200, [(b"Content-Length", b"9")]), body(b"x")], LENGTH),
    "no number as length": ([start(200, [(b"Content-Length", b"x")]), body(b"x")], LENGTH),
    "no end": ([start(), body(b"x", more_body=True)], "broke its answer off: EOFError"),
}

STARTS: dict[str, tuple[Any, Any, list[Any], str]] = {
    "status 0 X": ("0 X", [], [], STATUS),
    "status abc": ("abc", [], [], STATUS),
    "status 100000": ("100000 OK", [], [], STATUS),
    "status 100": ("100 Continue", [], [], STATUS),
    "a number as status": (200, [], [], STATUS),
    "a newline in the status": ("200 OK\r\nX: y", [], [], STATUS),
    "other digits": ("२०० OK", [], [], STATUS),
    "no headers at all": ("200 OK", None, [], NO_PAIRS),
    "a dict as headers": ("200 OK", {"x-one": "1"}, [], NO_PAIRS),
    "bytes as headers": ("200 OK", [(b"x-one", b"1")], [], NO_STRINGS),
    "a header beyond Latin-1": ("200 OK", [("x-one", "€")], [], NO_PAIRS),
    "a name with a newline": ("200 OK", [("x-one\nx-two", "1")], [], NOT_CARRIED),
    "a value with a newline": ("200 OK", [("x-one", "1\r\nx-two: 2")], [], NOT_CARRIED),
    "a text as body": ("200 OK", [], ["x"], "sent a part of a body that is no bytes"),
    "too long a body": ("200 OK", [("Content-Length", "1")], [b"xx"], LENGTH),
}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """The name of a module that holds an app."""

    def name(app: Any) -> str:
        module = ModuleType("wrong")
        module.__dict__["app"] = app
        monkeypatch.setitem(sys.modules, "wrong", module)
        return "wrong:app"

    return name


def asgi(*messages: Any, then: Callable[[], None] = lambda: None) -> Any:
    async def app(scope: Any, _: Any, send: Any) -> None:
        assert scope["type"] == "http"
        for one in messages if scope["path"] == "/v3/" else (start(), body(b"")):
            # It does not listen to what a server says to it.
            with suppress(Exception):
                await send(one)
        then()

    return app


def wsgi(status: Any, headers: Any, parts: Any) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        is_odd = environ["PATH_INFO"] == "/v3/"
        start_response(*(status, headers) if is_odd else ("200 OK", []))
        return parts if is_odd else []

    return app


def sent(name: str, most_seconds: float = GENEROUS_SECONDS) -> Any:
    """What comes of a request to an app, which answers another one after it."""
    with (
        serving(name) as transport,
        Target("http://app/v3", (), transport=transport, most_seconds=most_seconds) as target,
    ):
        try:
            return target.send(PLAIN)
        finally:
            assert target.send(Request("GET", "/other", partner=None)).status == 200


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_no_server_sends_breaks_the_answer(
    name: str, served: Callable[[Any], str]
) -> None:
    messages, reason = MESSAGES[name]
    with pytest.raises(ConnectionClosed, match=re.escape(f"the app {reason}")) as found:
        sent(served(asgi(*messages)))
    assert found.value.by_app.startswith("the app ")


@pytest.mark.parametrize("name", STARTS)
def test_a_start_that_no_server_sends_breaks_the_answer(
    name: str, served: Callable[[Any], str]
) -> None:
    *given, reason = STARTS[name]
    with pytest.raises(ConnectionClosed, match=re.escape(f"the app {reason}")):
        sent(served(wsgi(*given)))


@pytest.mark.parametrize(
    "app",
    [
        asgi(start(200, [(b"x-one", b"1")] * 1_000_000)),
        asgi(start(200, endless((b"x-one", b"1")))),
        asgi(start(200, [(b"x-one", b"1" * 70_000)])),
        wsgi("200 OK", [("x-one", "1")] * 1_000_000, []),
        wsgi("200 OK", endless(("x-one", "1")), []),
        wsgi("200 OK", [("x-one", "1" * 70_000)], []),
    ],
)
def test_headers_have_bounds(app: Any, served: Callable[[Any], str]) -> None:
    with pytest.raises(AnswerOutOfBounds, match="headers"):
        sent(served(app))


def test_parts_of_nothing_without_an_end_are_given_up(served: Callable[[Any], str]) -> None:
    with pytest.raises(AnswerOverdue):
        sent(served(wsgi("200 OK", [], itertools.repeat(b""))), most_seconds=1.0)


@pytest.mark.parametrize("more", [start(), body(b"more"), None])
def test_what_is_sent_after_the_end_changes_nothing(
    more: Any, served: Callable[[Any], str]
) -> None:
    answer = sent(served(asgi(start(), body(b"whole"), more)))
    assert (answer.status, answer.body) == (200, b"whole")


def test_nobody_waits_for_what_an_app_does_after_its_answer(served: Callable[[Any], str]) -> None:
    done = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(start())
        await send(body(b"whole"))
        while (await receive())["type"] != "http.disconnect":
            pass
        done.set()

    assert sent(served(app)).body == b"whole"
    assert done.wait(GENEROUS_SECONDS)


def exit_with(error: BaseException) -> Callable[[], None]:
    def end() -> None:
        raise error

    return end


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("kind", ["asgi", "asgi in a task", "wsgi"])
def test_an_app_that_ends_breaks_its_answer_alone(
    kind: str, error: BaseException, served: Callable[[Any], str]
) -> None:
    end = exit_with(error)

    async def in_a_task(scope: Any, receive: Any, send: Any) -> None:
        async def ending() -> None:
            end()

        if scope["path"] == "/v3/":
            await asyncio.create_task(ending())
        await asgi()(scope, receive, send)

    def plain(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/v3/":
            end()
        start_response("200 OK", [])
        return []

    apps = {"asgi": asgi_ending(end), "asgi in a task": in_a_task, "wsgi": plain}
    with pytest.raises(ConnectionClosed, match=f"the app ended with {type(error).__name__}"):
        sent(served(apps[kind]))


def asgi_ending(end: Callable[[], None]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/v3/":
            end()
        await asgi()(scope, receive, send)

    return app


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_an_app_that_ends_in_its_start_is_told(
    error: BaseException, served: Callable[[Any], str]
) -> None:
    async def app(*_: Any) -> None:
        raise error

    reason = f"wrong:app failed to start: {type(error).__name__}"
    with pytest.raises(AppError, match=reason), serving(served(app)):
        pass


@pytest.mark.parametrize("message", [None, [], {}, start(), {"type": ["lifespan"]}])
def test_an_app_that_sends_junk_in_its_start_has_no_lifespan(
    message: Any, served: Callable[[Any], str]
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await send(message)
        await asgi(start(), body(b"whole"))(scope, receive, send)

    assert sent(served(app)).body == b"whole"


APP = """
import os, sys
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options

APPLICATION = Application(Options(), {"TOKEN": "first"})

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        START
        return
    body = (await receive())["body"]
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope["raw_path"].decode() + "?" + scope["query_string"].decode()
    found = APPLICATION.answer(scope["method"], path, headers, body)
    status, fields = found.status, [(n.encode(), v.encode()) for n, v in found.headers.items()]
    REQUEST
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": found.body})
""".replace("TOKEN", FIRST)
PASS = "pass"


def run(folder: Path, start: str = PASS, request: str = PASS) -> subprocess.CompletedProcess[str]:
    (folder / "wrong.py").write_text(APP.replace("START", start).replace("REQUEST", request))
    return subprocess.run(
        [sys.executable, "-m", "conformance.cli", "run", "--app", "wrong:app",
         "--select", "lists", "--select", "created", "--report-json", "found.json"],
        cwd=folder, capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False,
        env=ENVIRONMENT,
    )  # fmt: skip


@pytest.mark.parametrize("error", ["sys.exit(3)", "raise KeyboardInterrupt"])
def test_a_run_on_an_app_that_ends_in_its_start_is_one_line(error: str, tmp_path: Path) -> None:
    done = run(tmp_path, start=error)
    assert done.returncode == 2, done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("dinie-conformance: wrong:app failed to start: ")


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("if scope['method'] == 'GET': sys.exit(3)", "the app ended with SystemExit"),
        ("if scope['method'] == 'GET': raise KeyboardInterrupt", "ended with KeyboardInterrupt"),
        ("if scope['method'] == 'GET': fields = None", NO_PAIRS),
        ("if scope['method'] == 'GET': status = '200'", STATUS),
    ],
)
def test_a_run_tells_a_violation_of_an_app_that_is_wrong(
    request_: str, told: str, tmp_path: Path
) -> None:
    done = run(tmp_path, request=request_)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told in done.stdout
    assert all(" s: " in one for one in done.stderr.splitlines()), done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert not [one for one in found["results"] if one["outcome"] == "error"]


def test_ctrl_c_still_ends_a_run_on_an_app(tmp_path: Path) -> None:
    source = textwrap.dedent("""
        import asyncio, sys
        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                print("starting", file=sys.stderr, flush=True)
                await asyncio.sleep(9999)
    """)
    (tmp_path / "wrong.py").write_text(source)
    with subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "run", "--app", "wrong:app"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() == "starting\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(GENEROUS_SECONDS) == 2
    assert said.strip().splitlines() == ["dinie-conformance: interrupted"]
