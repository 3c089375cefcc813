"""A target whose answers are made to run where they are read: in a shell, a terminal, a page."""

import json
import re
from collections.abc import MutableMapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.conformance.cli.command_line import FIRST, run
from tests.conformance.fake_curl import arguments_of_curl, with_fake_curl
from tests.fake_server import serve_app

SHELL = "x'; touch MARK #"
TERMINAL = "\x1b]0;MARK\x07\x1b[2J\x9b2J\r\u202e"
PAGE = "<script>MARK()</script><img src=x onerror=MARK()>"
EVERYWHERE = f"{SHELL}{TERMINAL}{PAGE}"


class Hostile:
    """The mock, with texts in its answers that each reader would execute if it could."""

    def __init__(self) -> None:
        self._app = create_app(Settings(partners=(Partner("partner_1", "id", "secret", FIRST),)))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        start: MutableMapping[str, Any] = {}
        parts: list[bytes] = []

        async def hostile(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = self._changed(b"".join(parts))
            kept = [one for one in start["headers"] if one[0].lower() != b"content-length"]
            kept = [(name, _hostile_type(name, value)) for name, value in kept]
            kept += [(b"content-length", b"%d" % len(body))] if body else []
            await send({**start, "headers": kept})
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, hostile)

    def _changed(self, body: bytes) -> bytes:
        try:
            value = json.loads(body)
        except ValueError:
            return body
        if not isinstance(value, dict):
            return body
        if "client_secret" in value:
            # The one stands in scripts, and the other is cut out of all that is shown.
            value |= {"client_id": EVERYWHERE, "client_secret": "'", "name": EVERYWHERE}
        if "title" in value:
            value |= {"title": EVERYWHERE, "code": EVERYWHERE, "detail": EVERYWHERE}
        return json.dumps(value).encode()


def _hostile_type(name: bytes, value: bytes) -> bytes:
    is_problem = name.lower() == b"content-type" and b"problem" in value
    return b"text/x-MARK<script>'; touch MARK #" if is_problem else value


class Tags(HTMLParser):
    """The tags of a page and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}
        self.scripts += tag == "script"


def test_nothing_of_it_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = {form: tmp_path / f"report.{form}" for form in ("json", "junit", "html", "text")}
    files = [text for form, path in reports.items() for text in (f"--report-{form}", str(path))]
    with serve_app(Hostile(), lifespan="on") as origin:
        sections = ("created", "problems", "secrets", "idempotency", "revocation", "tokens")
        chosen = [text for one in sections for text in ("--select", one)]
        code = run("run", "--url", f"{origin}/v3", "--token", FIRST, *files, *chosen)
    assert code == 1
    captured = capsys.readouterr()
    texts = {"printed": captured.out, "complaints": captured.err}
    texts |= {form: path.read_text() for form, path in reports.items()}
    for name, text in texts.items():
        assert re.sub(r"[^\x00-\x1f\x7f-\x9f\u202e]|[\n\t]", "", text) == "", name

    results = json.loads(texts["json"])["results"]
    scripts = [one["reproduce"] for one in results if one["reproduce"]]
    assert any("x-MARK<script>" in one["actual"] for one in results)
    assert any("touch MARK" in one for one in scripts)
    folder = tmp_path / "shell"
    folder.mkdir()
    with_fake_curl(folder)
    for script in scripts:
        arguments_of_curl(folder, re.sub(r"^sleep .*", ":", script, flags=re.MULTILINE))

    tags = Tags()
    tags.feed(texts["html"])
    assert not {"img", "onerror"} & tags.found
    assert tags.scripts == 1, "that of the page alone"
    assert ET.fromstring(texts["junit"]).iter("failure")
