"""Findings as Python that runs on its own, with httpx: a script, or a pytest file."""

import inspect
import json
import re
from collections.abc import Sequence

from conformance.fuzz import resending
from conformance.fuzz.resending import Step
from conformance.fuzz.storage.finding import Finding
from conformance.target.target import in_chunks
from conformance.target.token_forms import UNCHANGED

_SENDING = """
import os
from concurrent.futures import ThreadPoolExecutor

import httpx

BASE_URL = os.environ.get("DINIE_URL", {base_url!r})
VARIABLES = ("DINIE_TOKEN", "DINIE_SECOND_TOKEN")


def send(steps):
    def one(step):
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in step["headers"]
        ]
        if step["partner"] is not None:
            token = os.environ[VARIABLES[step["partner"]]]
            headers.append((b"Authorization", f"Bearer {{token}}".encode()))
        body, sizes = step["body"].encode("utf-8", "surrogateescape"), step.get("chunks", ())
        try:
            answer = httpx.request(
                step["method"],
                BASE_URL + step["path"],
                headers=headers,
                content=iter(in_chunks(body, sizes)) if sizes else body,
                timeout=30,
                trust_env=False,
            )
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return 0, "", b""
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return answer.status_code, media_type, answer.content

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(one, steps))
"""


_TEST = '''

def test_{name}():
    """{requirement} [{operation}]: {cause}."""
    steps, wrong = {steps}, {wrong}
    for _ in range({attempts}):
        assert shape(steps, resent(steps, send)) != wrong, {message!r}
'''


def _can_be_written(steps: Sequence[Step]) -> bool:
    """Whether the steps need nothing but a token in its usual form."""
    return bool(steps) and all(one["token_form"] == UNCHANGED for one in steps)


def _sending(base_url: str) -> str:
    """The source that sends steps; it imports httpx and the standard library."""
    sources = (inspect.getsource(resending), "\n\n", inspect.getsource(in_chunks))
    return "".join((*sources, "\n", _SENDING.format(base_url=base_url)))


def _literal(value: object) -> str:
    """JSON data as Python source, in ASCII."""
    return f"json.loads({json.dumps(value)!a})"


def python_script(base_url: str, steps: Sequence[Step]) -> str:
    """The script; empty where a token in an unusual form is needed."""
    if not _can_be_written(steps):
        return ""
    return "\n".join(
        (
            _sending(base_url),
            "",
            f"STEPS = {_literal(list(steps))}",
            "for step, answer in zip(STEPS, resent(STEPS, send)):",
            '    body = answer[2].decode("utf-8", "replace")',
            '    print(step["method"], step["path"], answer[0], body)',
            "",
        )
    )


def can_be_exported(finding: Finding) -> bool:
    """Whether the steps of a finding reproduce it, and need nothing but a token."""
    return finding.was_sent_again and _can_be_written(finding.steps)


def as_pytest(base_url: str, findings: Sequence[Finding]) -> str:
    """The file: a test for each finding that can be exported, failing while it is there."""
    tests = [
        _TEST.format(
            name=re.sub(r"\W", "_", f"{one.requirement}_{one.id}"),
            requirement=one.requirement,
            operation=one.operation,
            cause=ascii(one.cause)[1:-1].replace('"', "'"),
            steps=_literal(list(one.steps)),
            wrong=_literal(one.shows),
            attempts=one.attempts,
            message=ascii(f"expected {one.expected}, got {one.actual}")[1:-1],
        )
        for one in findings
        if can_be_exported(one)
    ]
    return _sending(base_url) + "".join(tests)
