"""A token answer that nobody can use ends a command with one line and no verdict."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.cli.command_line import one_line, run
from tests.fake_server import fake_server, reply

TOKENS = {
    "CR and LF": r'"a\r\nX-Injected: 1"', "NUL": r'"a\u0000b"', "no ASCII": '"é"',
    "300 kB": '"' + "x" * 300_000 + '"', "an object": '{"a": 1}', "null": "null", "empty": '""',
    "a lone surrogate": r'"\ud800"', "blanks": '"a b"', "a number": "5", "deep": "[" * 100_000,
}  # fmt: skip
LIVES = ("1" + "0" * 400, "1e999", "-1e999", "NaN", '"1 h"', "{}", "-1", "null", "true", "9" * 5000)


@contextmanager
def issuing(members: str) -> Iterator[str]:
    """The base URL of a server that answers every request with this JSON object."""
    with fake_server(lambda _: reply(200, f"{{{members}}}".encode())) as url:
        yield f"{url}/v3"


@pytest.mark.parametrize("command", ["run", "fuzz"])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_no_header_can_carry(
    kind: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--directory", str(tmp_path / "run"), "--max-time", "5s"] if command == "fuzz" else []
    with issuing(f'"access_token": {TOKENS[kind]}, "expires_in": 3600') as url:
        code = run(
            command,
            "--url",
            url,
            "--client-id",
            "one",
            "--client-secret",
            "a-secret-of-ours",
            *more,
        )

    assert code == 2
    line = one_line(capsys)
    assert "gave no token" in line
    assert "give a token instead" in line
    assert len(line) < 300


@pytest.mark.parametrize("life", LIVES)
def test_a_life_that_is_no_number_of_seconds(
    life: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    with issuing(f'"access_token": "dinie_at_1", "expires_in": {life}') as url:
        code = run(
            *("run", "--url", url, "--client-id", "one", "--client-secret", "a-secret-of-ours"),
            *("--select", "created.fields-have-their-types", "--report-json", str(report)),
        )

    # With a document that is no JSON there is no token, and with any other a run, if a bad one.
    assert code == (2 if life == "NaN" else code)
    assert "Traceback" not in capsys.readouterr().err
    assert json.loads(report.read_text())["summary"]["errors"] == 0
