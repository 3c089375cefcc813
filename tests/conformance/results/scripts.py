"""Running scripts in a shell, against servers that tell what came."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from tests.fake_server import FakeRequest, Reply, fake_server, reply

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
SHELLS = {
    os.path.realpath(found): one for one in ("sh", "bash", "dash") if (found := shutil.which(one))
}.values()
"""Each shell once, though ``sh`` is often another name of one of the others."""

CREATE = Request("POST", "/auth/credentials").with_json({"name": "dinie-conformance script"})


def run_script(script: str, shell: str = "sh") -> str:
    """What the script prints."""
    tokens = dict(zip(("TOKEN", "SECOND_TOKEN"), PARTNERS, strict=True))
    done = subprocess.run(
        [shell, "-e"], input=script, env={**os.environ, **tokens}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def statuses(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"HTTP/1\.[01] (\d{3})", text)]


def noted(script: str) -> list[int]:
    """The statuses that the script says it should give."""
    notes = re.findall(r"  # ((?:\d{3}(?:, )?)+)$", script, re.MULTILINE)
    return [int(one) for note in notes for one in note.split(", ")]


class Recorded:
    """Answers by a function, and keeps the requests."""

    def __init__(self, answering: Callable[[FakeRequest], Reply]) -> None:
        self.requests: list[FakeRequest] = []
        self._answering = answering

    def __call__(self, request: FakeRequest) -> Reply:
        self.requests.append(request)
        return self._answering(request)


@contextmanager
def recording_server() -> Iterator[tuple[str, list[FakeRequest]]]:
    """A server that records every request; five with the body ``together`` wait for each other."""
    recorded: list[FakeRequest] = []
    gate = threading.Barrier(5)

    def answering(request: FakeRequest) -> Reply:
        recorded.append(request)
        if request.body == b"together":
            gate.wait(30)
        return reply(201)

    with fake_server(answering) as origin:
        yield origin, recorded


def answered(value: object, status: int = 201, **headers: str) -> Answer:
    pairs = tuple((name.replace("_", "-"), one) for name, one in headers.items())
    return Answer(status, pairs, json.dumps(value).encode())
