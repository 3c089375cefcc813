"""Apps in this process: what a server would answer, and one line where there is no app."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest

from conformance.cli.main import main
from conformance.cli.run import run_command
from conformance.target.asgi import AppError, load, serving
from conformance.target.errors import TargetError
from conformance.target.exchange import Request
from conformance.target.target import Target
from demo.mock_process import MockProcess

FIRST, SECOND = "dinie_at_first", "dinie_at_second"

SECTIONS = [
    f"--select={one}"
    for one in ("authentication", "created", "idempotency", "lists", "problems", "robustness")
]
"""What sends the strangest requests, and many at once."""

MOCK = """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
app = create_app(Settings(partners=(
    Partner("partner_first", "dinie_ci_live_first", "dinie_cs_live_first", "dinie_at_first"),
    Partner("partner_second", "dinie_ci_live_second", "dinie_cs_live_second", "dinie_at_second"),
)))
"""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in ("tiny", "broken"):
        if name not in modules:
            sys.modules.pop(name, None)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """The name of a module that holds an app."""

    def name(app: Any) -> str:
        module = ModuleType("tiny")
        module.__dict__["app"] = app
        monkeypatch.setitem(sys.modules, "tiny", module)
        return "tiny:app"

    return name


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--token", FIRST, *arguments])
    return int(ended.value.code or 0)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    return line.removeprefix("dinie-conformance: ")


def test_an_asgi_app_is_judged_with_its_lifespan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.py").write_text(MOCK)

    code = run("--app", "tiny:app", "--second-token", SECOND, *SECTIONS)

    text = capsys.readouterr().out
    assert code == 0, text
    assert text.startswith("http://localhost/v3 by contract")
    assert "keys were made and revoked" in text


def forwarding(base_url: str, client: httpx.Client) -> Any:
    """A WSGI app that passes everything on to a server."""
    host = httpx.URL(base_url).copy_with(path="/")

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = quote_from_bytes(environ["PATH_INFO"].encode("latin-1"))
        url = f"{str(host).rstrip('/')}{path}?{environ['QUERY_STRING']}".rstrip("?")
        headers = [
            (key.removeprefix("HTTP_").replace("_", "-").encode(), value.encode("latin-1"))
            for key, value in environ.items()
            if (key.startswith("HTTP_") and key != "HTTP_HOST") or key == "CONTENT_TYPE"
        ]
        body = environ["wsgi.input"].read()
        answer = client.request(environ["REQUEST_METHOD"], url, headers=headers, content=body)
        dropped = {"content-encoding", "content-length", "connection", "transfer-encoding"}
        kept = [pair for pair in answer.headers.multi_items() if pair[0].lower() not in dropped]
        start_response(f"{answer.status_code} {answer.reason_phrase}", kept)
        return [answer.content]

    return app


@pytest.mark.thorough
def test_a_wsgi_app_is_judged(
    healthy: MockProcess, served: Callable[[Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    with httpx.Client(trust_env=False) as client:
        app = forwarding(healthy.base_url, client)
        code = run("--app", served(app), "--second-token", SECOND, *SECTIONS)

    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "name", "reason"),
    [
        ("", "tiny", "'tiny' must be module:object"),
        ("", "nowhere:app", "nowhere cannot be imported: ModuleNotFoundError: No module named"),
        ("import nothing_of_that_name", "broken:app", "broken cannot be imported: ModuleNotFound"),
        ("raise SystemExit(0)", "broken:app", "broken cannot be imported: SystemExit: 0"),
        ("def", "broken:app", "broken cannot be imported: SyntaxError"),
        ("", "broken:app", "broken has no app"),
        ("app = 7", "broken:app", "broken:app is no app"),
        ("def app(): ...", "broken:app", "broken:app is no app"),
        (
            "async def app(scope, receive, send):\n"
            "    await receive()\n"
            "    await send({'type': 'lifespan.startup.failed',"
            " 'message': 'Traceback\\n  x\\nOSError: no database'})\n",
            "broken:app",
            "broken:app failed to start: OSError: no database",
        ),
    ],
)
def test_what_is_no_app_is_one_line_and_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, name: str, reason: str
) -> None:
    (tmp_path / "broken.py").write_text(source)

    assert run("--app", name) == 2
    assert one_line(capsys).startswith(reason)


def test_an_app_that_does_not_come_up_is_told(
    served: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def app(_: Any, receive: Any, __: Any) -> None:
        await receive()
        await asyncio.sleep(60)

    monkeypatch.setattr("conformance.target.asgi.START_SECONDS", 0.1)

    with pytest.raises(AppError, match="did not start within"), serving(served(app)):
        pass


def test_nested_objects_and_classes_are_found(served: Callable[[Any], str]) -> None:
    class Holder:
        app: Any = staticmethod(lambda _, __: [])

    assert load(f"{served(Holder)}.app") is Holder.app
    assert load(served(Holder)) is Holder


def test_an_asgi_app_answers_many_at_once(served: Callable[[Any], str]) -> None:
    waiting, seen = 0, asyncio.Event()

    async def app(scope: Any, _: Any, send: Any) -> None:
        nonlocal waiting
        assert scope["type"] == "http"
        waiting += 1
        if waiting == 5:
            seen.set()
        await seen.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with (
        serving(served(app)) as transport,
        Target("http://localhost", (), transport=transport) as target,
        ThreadPoolExecutor(5) as pool,
    ):
        answers = list(pool.map(target.send, [Request("GET", "/", partner=None)] * 5))

    assert [one.status for one in answers] == [204] * 5
    # Nothing but what the app has sent.
    assert answers[0].headers == ()


def test_the_lifespan_is_run_to_its_end_and_its_state_given_to_requests(
    served: Callable[[Any], str],
) -> None:
    told: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                told.append((await receive())["type"])
                scope["state"]["greeting"] = b"hello"
                await send({"type": f"lifespan.{step}.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["state"]["greeting"]})

    with serving(served(app)) as transport, httpx.Client(transport=transport) as client:
        assert client.get("http://localhost/").text == "hello"

    assert told == ["lifespan.startup", "lifespan.shutdown"]


async def asgi_raising(_: Any, __: Any, ___: Any) -> None:
    raise ZeroDivisionError


async def asgi_silent(_: Any, __: Any, ___: Any) -> None:
    return


async def asgi_broken_off(scope: Any, _: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError


async def asgi_hanging(scope: Any, _: Any, __: Any) -> None:
    assert scope["type"] == "http"
    await asyncio.sleep(60)


def wsgi_raising(_: Any, __: Any) -> list[bytes]:
    raise ZeroDivisionError


def wsgi_silent(_: Any, __: Any) -> list[bytes]:
    return []


def wsgi_hanging(_: Any, __: Any) -> list[bytes]:
    time.sleep(5)
    return []


@pytest.mark.parametrize("app", [asgi_raising, asgi_silent, wsgi_raising, wsgi_silent])
def test_an_app_that_raises_answers_500(served: Callable[[Any], str], app: Any) -> None:
    with (
        serving(served(app)) as transport,
        Target("http://localhost", (), transport=transport) as t,
    ):
        answer = t.send(Request("POST", "/", partner=None))

    assert answer.status == 500
    assert answer.body == b"Internal Server Error"


def test_an_app_that_breaks_off_does_not_answer(served: Callable[[Any], str]) -> None:
    with (
        serving(served(asgi_broken_off)) as transport,
        Target("http://localhost", (), transport=transport) as target,
        pytest.raises(TargetError, match="broke its answer off"),
    ):
        target.send(Request("POST", "/", partner=None))


@pytest.mark.parametrize("app", [asgi_hanging, wsgi_hanging])
def test_an_app_that_hangs_times_out(served: Callable[[Any], str], app: Any) -> None:
    with (
        serving(served(app)) as transport,
        httpx.Client(transport=transport, timeout=0.2) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get("http://localhost/")


def test_a_wsgi_app_gets_what_pep_3333_says(served: Callable[[Any], str]) -> None:
    given: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        given.update(environ, body=environ["wsgi.input"].read())
        write = start_response("202 Accepted", [("X-One", "1"), ("X-One", "2")])
        write(b"first ")
        return [b"then"]

    with (
        serving(served(app)) as transport,
        Target("http://localhost/v3", ("token",), transport=transport) as target,
    ):
        request = Request("POST", "/a%2Fb%C3%A9?q=%20", body=b"{}").with_header("X-Name", "é")
        answer = target.send(request)

    assert (answer.status, answer.body) == (202, b"first then")
    assert answer.header("x-one") == "1, 2"
    assert given["PATH_INFO"] == "/v3/a/b\u00c3\u00a9"
    assert given["QUERY_STRING"] == "q=%20"
    assert given["HTTP_X_NAME"] == "\u00c3\u00a9"
    assert given["HTTP_AUTHORIZATION"] == "Bearer token"
    assert (given["CONTENT_LENGTH"], given["body"]) == ("2", b"{}")


@pytest.mark.parametrize(
    ("arguments", "url", "app"),
    [
        ((), "http://variable", "variable:app"),
        (("--url", "http://option"), "http://option", None),
        (("--app", "option:app"), None, "option:app"),
        (("--app", "option:app", "--url", "http://option"), "http://option", "option:app"),
    ],
)
def test_an_option_goes_before_the_variable_of_the_other(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], url: str | None, app: str | None
) -> None:
    monkeypatch.setenv("DINIE_URL", "http://variable")
    monkeypatch.setenv("DINIE_APP", "variable:app")

    options = run_command.make_context("run", list(arguments)).params

    assert (options["url"], options["app"]) == (url, app)


def test_a_run_needs_a_url_or_an_app(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert one_line(capsys) == "give --url, or --app for an app in this process"
