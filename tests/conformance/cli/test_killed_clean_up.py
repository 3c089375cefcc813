"""A process that is killed while it cleans up has written its reports, whole."""

import json
import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

TOKEN = "dinie_at_First-dQw4w9WgXcQ"


class Hanging(Application):
    """Answers the first revocation, which tells a harness that it may revoke, and no other."""

    hangs = threading.Event()
    ended = threading.Event()
    revocations = 0

    def answer(self, method: str, *request: object) -> Answer:
        if method == "DELETE":
            type(self).revocations += 1
            if self.revocations > 1:
                self.hangs.set()
                self.ended.wait()
        return super().answer(method, *request)  # type: ignore[arg-type]


@contextmanager
def killed_while_cleaning_up(*arguments: str, reports: Sequence[Path]) -> Iterator[None]:
    """The block begins after a process that hangs in its cleaning up was killed."""

    class Server(Hanging):
        hangs, ended = threading.Event(), threading.Event()

    with serving(Options(), {TOKEN: "first"}, Server) as url:
        process = subprocess.Popen(
            [sys.executable, *(one.format(url=url) for one in arguments)],
            env={**os.environ, "DINIE_TOKEN": TOKEN, "DINIE_URL": url},
            stdout=subprocess.DEVNULL,
        )
        try:
            assert Server.hangs.wait(60), "nothing was revoked"
            deadline = time.monotonic() + 60
            while not all(one.exists() for one in reports) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert process.poll() is None, "it does not hang"
        finally:
            process.kill()
            process.wait()
            Server.ended.set()
        yield


@pytest.mark.parametrize(
    "command", ["run", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("fuzz", "load"))]
)
def test_the_reports_are_there(tmp_path: Path, command: str) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    more = {
        "run": ["--select", "created"],
        "fuzz": ["--max-time", "3s", "--directory", str(tmp_path / "run"), "--select", "created"],
        "load": ["--users", "1", "--max-time", "2s", "--headless"],
    }[command]
    options = [text for name, path in files.items() for text in (f"--report-{name}", str(path))]
    program = ["-m", "conformance.cli", command, "--url", "{url}"]

    with killed_while_cleaning_up(*program, *options, *more, reports=[*files.values()]):
        document = json.loads(files["json"].read_text())
        assert any(one["outcome"] == "passed" for one in document["results"])
        assert ET.parse(files["junit"]).getroot() is not None
        assert files["html"].read_text().rstrip().endswith("</html>")
        assert sorted(tmp_path.glob("*report*")) == sorted(files.values())
        assert list(tmp_path.glob(".*")) == []


def test_the_reports_of_pytest_are_there(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    program = ["-m", "pytest", "-q", "--pyargs", "conformance", "--conformance-url", "{url}",
               "--conformance-select", "created", "--junit-xml", str(report),
               "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]  # fmt: skip

    with killed_while_cleaning_up(*program, reports=[report]):
        assert ET.parse(report).findall(".//testcase")
