"""No artifact of a run holds a token or a secret, however much of them the target says itself."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from conformance.catalogue.sabotage import with_body
from conformance.cli.sabotaged import Proxy
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import FIRST, PARTNER, SECOND
from tests.fake_server import serve_app

_ISSUED = re.compile(rb'"(?:client_secret|access_token)": ?"([^"]+)"')
_FORM = b"grant_type="


_LONG = re.compile(r"[\w.-]{40,}")


def _spellings(secret: str) -> Iterator[str]:
    """What is left of a secret without the beginning that tells its kind."""
    rest = secret[9:]
    yield from (rest, rest.lower(), rest[:16], "".join(f"%{ord(one):02x}" for one in rest))
    yield "".join(f"\\u{ord(one):04X}" for one in rest)


class Leaking:
    """A fault in everything: answers repeat what was sent, and lists show every secret.

    ``seen`` holds every token and secret of the run, ``pairs`` the secrets with their client ids.
    """

    def __init__(self, *, by_form_only: bool) -> None:
        self.seen = {FIRST, SECOND, PARTNER[1]}
        self.pairs = {":".join(PARTNER)}
        self._by_form_only = by_form_only
        self._secrets: dict[str, str] = {}

    def __call__(self, request: Request, forward: Forward) -> Answer:
        if self._by_form_only and b'"grant_type"' in request.body:
            return Answer(400, (("content-type", "application/problem+json"),), b"{}")
        answer = forward(request)
        self.seen.update(one.decode() for one in _ISSUED.findall(answer.body))
        if answer.field("client_secret"):
            self._secrets[answer.field("id")] = answer.field("client_secret")
            self.pairs.add(f"{answer.field('client_id')}:{answer.field('client_secret')}")
            # What was made twice with one key has two secrets.
            return forward(request.without_header("Idempotency-Key")) if request.key else answer
        if request.method == "GET" and answer.status == 200:
            page = answer.json()
            for item in page["data"]:
                item["note"] = self._secrets.get(item["id"])
            return with_body(answer, page)
        if answer.status in {400, 401, 404, 422} or request.body.startswith(_FORM):
            return self._repeating(request, answer)
        return answer

    def _repeating(self, request: Request, answer: Answer) -> Answer:
        value = answer.json_object()
        if value is None:
            return answer
        token = (FIRST, SECOND)[request.partner] if request.partner is not None else ""
        pair = dict(request.headers).get("Authorization", "").partition("Basic ")[2]
        if request.body.startswith(_FORM):
            token = base64.b64decode(pair).decode()
        sent = _LONG.search(request.body.decode(errors="replace"))
        pieces = " ".join(_spellings(sent[0] if sent else token))
        echo = f"{request.body.decode(errors='replace')} {token} {dict(request.headers)} {pieces}"
        value["detail"] = value["instance"] = echo
        body = json.dumps(value).replace("_", "\\u005f").encode()
        media_type = ("content-type", f"application/problem+json;token={token[9:]}")
        kept = [one for one in answer.headers if one[0] != "content-type"]
        return replace(answer, headers=(media_type, *kept), body=body)


@contextmanager
def leaking(upstream: str, *, by_form_only: bool) -> Iterator[tuple[str, Leaking]]:
    fault = Leaking(by_form_only=by_form_only)
    with Target(upstream, (FIRST, SECOND)) as target:
        proxy = Proxy(target, fault)
        with serve_app(proxy) as origin:
            yield f"{origin}{proxy.prefix}", fault


def expect_nothing_in(folder: Path, fault: Leaking, *printed: str) -> None:
    """No secret in what was printed, nor in any file, in any encoding."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    texts = {str(path): path.read_bytes().decode("latin-1") for path in files}
    texts |= dict(zip(("standard output", "standard error"), printed, strict=True))
    assert len(fault.seen) > 100
    assert len(fault.pairs) > 100
    # HTTP Basic writes both in base64, a URL percent-encoded.
    in_base64 = {base64.b64encode(one.encode()).decode().rstrip("=") for one in fault.pairs}
    in_url = {"".join(f"%{ord(sign):02x}" for sign in one[9:]) for one in fault.seen}
    # The header of a JWT, before its last two parts, is no secret: forged ones have it too.
    rests = {one[9:].rpartition(".")[2][:16] for one in fault.seen if len(one) > 24}
    lowered = {name: text.lower() for name, text in texts.items()}
    for form in fault.seen | in_base64 | {quote_plus(one) for one in fault.seen} | in_url | rests:
        assert [name for name, text in lowered.items() if form.lower() in text] == []


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    access = {"DINIE_CLIENT_ID": PARTNER[0], "DINIE_CLIENT_SECRET": PARTNER[1]}
    return subprocess.run(
        [sys.executable, "-m", *arguments], check=False, cwd=folder, capture_output=True, text=True,
        env={**os.environ, **access} | {"DINIE_SECOND_TOKEN": SECOND},
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("by_form_only", [False, True])
def test_the_command_writes_no_secret(
    healthy: MockProcess,
    tmp_path: Path,
    by_form_only: bool,  # noqa: FBT001 - of a table
) -> None:
    with leaking(healthy.base_url, by_form_only=by_form_only) as (url, fault):
        done = run_in(tmp_path, "conformance.cli", "run", "--url", url,
                      "--report-json", "a.json", "--report-junit", "a.xml", "--report-html",
                      "a.html", "--write-baseline", "a.yaml")  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert {"a.json", "a.xml", "a.html", "a.yaml"} <= {path.name for path in tmp_path.iterdir()}
    violations = [
        one["id"] for one in json.loads((tmp_path / "a.json").read_text())["results"]
        if one["reproduce"]
    ]  # fmt: skip
    for section in ("idempotency", "lists", "problems", "secrets", "tokens"):
        assert any(one.startswith(f"{section}.") for one in violations), section
    expect_nothing_in(tmp_path, fault, done.stdout, done.stderr)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "left_out",
    [pytest.param("nothing", marks=pytest.mark.thorough), "generated or sequences or robustness"],
)
def test_pytest_writes_no_secret(healthy: MockProcess, tmp_path: Path, left_out: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    with leaking(healthy.base_url, by_form_only=False) as (url, fault):
        done = run_in(tmp_path, "pytest", "-rA", "-vv", "--showlocals", "--tb=long",
                      "--junitxml=report.xml", "--pyargs", "conformance",
                      f"--conformance-url={url}", "-k", f"not ({left_out})")  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert (tmp_path / ".pytest_cache").is_dir()
    assert "curl" in (tmp_path / "report.xml").read_text()
    expect_nothing_in(tmp_path, fault, done.stdout, done.stderr)
