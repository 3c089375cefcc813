"""A finding in Python: a script that sends its steps again with httpx."""

import inspect
import json
from collections.abc import Sequence

from conformance.fuzz import resending
from conformance.fuzz.resending import Step
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


def can_be_written(steps: Sequence[Step]) -> bool:
    """Whether the steps need nothing but a token in its usual form."""
    return bool(steps) and all(one["token_form"] == UNCHANGED for one in steps)


def sending(base_url: str) -> str:
    """The source of all that sends steps: it needs httpx and nothing else."""
    sources = (inspect.getsource(resending), "\n\n", inspect.getsource(in_chunks))
    return "".join((*sources, "\n", _SENDING.format(base_url=base_url)))


def literal(value: object) -> str:
    """JSON data as Python source, in ASCII."""
    return f"json.loads({json.dumps(value)!a})"


def python_script(base_url: str, steps: Sequence[Step]) -> str:
    """The script; empty where a token in an unusual form is needed."""
    if not can_be_written(steps):
        return ""
    return "\n".join(
        (
            sending(base_url),
            "",
            f"STEPS = {literal(list(steps))}",
            "for step, answer in zip(STEPS, resent(STEPS, send)):",
            '    body = answer[2].decode("utf-8", "replace")',
            '    print(step["method"], step["path"], answer[0], body)',
            "",
        )
    )
