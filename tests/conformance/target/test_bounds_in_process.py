"""Apps in this process that answer without an end, or never: they are left behind."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.target.asgi import serving
from conformance.target.errors import AnswerOutOfBounds, AnswerOverdue, TargetError
from conformance.target.exchange import Request
from conformance.target.target import Target
from tests.conformance.cli.command_line import FIRST

GENEROUS_SECONDS = 60

PLAIN = Request("GET", "/", partner=None)

START = "await send({'type': 'http.response.start', 'status': 200, 'headers': HEADERS})"
PART = "await send({'type': 'http.response.body', 'body': PART, 'more_body': True})"
ASGI = f"""
import asyncio, time
HEADERS, PART = [], b"x"
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] != "/v3/":
        {START}
        await send({{'type': 'http.response.body', 'body': b''}})
        return
    {START}
    BODY
"""
WSGI = """
import time
def app(environ, start_response):
    if environ["PATH_INFO"] != "/v3/":
        start_response("200 OK", [])
        return []
    BODY
"""

APPS = {
    "asgi, as fast as it can": ASGI.replace("BODY", f"while True: {PART}").replace(
        'b"x"', "bytes(9999)"
    ),
    "asgi, one byte after another": ASGI.replace(
        "BODY", f"while True:\n        {PART}\n        await asyncio.sleep(0.01)"
    ),
    "asgi, whatever is raised": ASGI.replace(
        "BODY", f"while True:\n        try: {PART}\n        except Exception: pass"
    ).replace('b"x"', "bytes(9999)"),
    "asgi, empty parts": ASGI.replace("BODY", f"while True: {PART}").replace('b"x"', 'b""'),
    "asgi, never": ASGI.replace("BODY", "await asyncio.sleep(9999)"),
    "asgi, never, whatever is raised": ASGI.replace(
        "BODY",
        "while True:\n        try: await asyncio.sleep(9999)\n"
        "        except asyncio.CancelledError: pass",
    ),
    "wsgi, as fast as it can": WSGI.replace(
        "BODY", "start_response('200 OK', [])\n    while True: yield bytes(9999)"
    ).replace("return []", "return"),
    "wsgi, one byte after another": WSGI.replace(
        "BODY",
        "start_response('200 OK', [])\n"
        "    while True:\n        yield b'x'\n        time.sleep(0.01)",
    ).replace("return []", "return"),
    "wsgi, by its write": WSGI.replace(
        "BODY",
        "write = start_response('200 OK', [])\n    while True:\n        try: write(bytes(9999))\n"
        "        except Exception: time.sleep(0.01)",
    ),
    "wsgi, never": WSGI.replace("BODY", "time.sleep(9999)"),
}
"""Each answers everything else at once."""

BLOCKING = ASGI.replace("BODY", "time.sleep(9999)")
"""It keeps the event loop to itself, so that no other request is answered either."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("endless", None)


@pytest.mark.thorough
@pytest.mark.parametrize("name", APPS)
def test_an_answer_without_a_bound_is_given_up(name: str, folder: Path) -> None:
    (folder / "endless.py").write_text(APPS[name])
    with (
        serving("endless:app") as transport,
        Target("http://app/v3", (), transport=transport, timeout=1.0, most_seconds=3.0) as target,
    ):
        with pytest.raises((AnswerOutOfBounds, AnswerOverdue)):
            target.send(PLAIN)
        assert target.send(Request("GET", "/other", partner=None)).status == 200


@pytest.mark.parametrize("name", ["asgi, never", "wsgi, never"])
def test_a_stopped_run_does_not_wait_for_an_app(name: str, folder: Path) -> None:
    (folder / "endless.py").write_text(APPS[name])
    with serving("endless:app") as transport, Target("http://app/v3", (), transport=transport) as t:
        threading.Timer(0.2, t.halt).start()
        start = time.monotonic()
        with pytest.raises(TargetError, match="the run was stopped"):
            t.send(PLAIN)
        assert time.monotonic() - start < GENEROUS_SECONDS / 2


EXITING = """
import sys
from conformance.target.asgi import serving
from conformance.target.exchange import Request
from conformance.target.errors import TargetError
from conformance.target.target import Target
with serving("endless:app") as transport, Target(
    "http://app/v3", (), transport=transport, timeout=0.5, most_seconds=1.0
) as target:
    try:
        target.send(Request("GET", "/", partner=None))
    except TargetError as error:
        print(type(error).__name__)
"""


@pytest.mark.thorough
@pytest.mark.parametrize(
    "source", [BLOCKING, APPS["asgi, never, whatever is raised"], APPS["wsgi, by its write"]]
)
def test_an_app_that_is_left_behind_does_not_keep_the_process(source: str, tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-c", EXITING], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=GENEROUS_SECONDS, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("Answer"), done.stderr
    assert done.stderr == ""


SYNCHRONOUS = textwrap.dedent("""
    import time
    from starlette.applications import Starlette
    from starlette.routing import Route
    def hang(request):
        time.sleep(9999)
    app = Starlette(routes=[Route("/v3/{rest:path}", hang, methods=["GET", "POST", "DELETE"])])
""")


def test_a_command_on_an_app_that_hangs_in_a_thread_ends(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(SYNCHRONOUS)
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "fuzz", "--app", "endless:app",
         "--max-time", "2s", "--directory", "found"],
        cwd=tmp_path, capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "DINIE_TOKEN": FIRST},
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
