"""An exported script on answers without a bound: it ends, and takes them for none."""

from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from conformance.fuzz.findings import exporting
from tests.conformance.target.hostile import LARGE, SLOW, Attack, hostile, silent
from tests.fake_server import FakeRequest, fake_server, reply

STEP: dict[str, Any] = {
    "method": "GET",
    "path": "/auth/credentials",
    "headers": [],
    "body": "",
    "partner": None,
    "token_form": "as it is",
    "at_once": 0,
    "chunks": [],
}


@pytest.mark.parametrize(
    "name", ["gzip", "zlib", "endless chunks", "slow early hints", "slow chunks", "silence"]
)
def test_it_is_no_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    attacks = {**LARGE, **SLOW, "silence": (silent, "")}
    attack, _ = attacks[name]
    attack()
    monkeypatch.setattr(exporting, "MOST_SECONDS", 1.0 if name not in LARGE else 30.0)
    path = tmp_path / "script.py"

    def answering(_: FakeRequest) -> Attack | None:
        return attack()

    with hostile(answering) as (url, _):
        path.write_text(exporting.python_script(url, [STEP]))
        run_path(str(path))
    assert capsys.readouterr().out.split() == ["GET", "/auth/credentials", "0"]


def test_what_is_answered_moves_no_terminal_and_forges_no_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.py"
    body = '{"id": "é"}\x1b]0;MARK\x07\r\n::error::\u202e\x9b2J'.encode()
    with fake_server(lambda _: reply(200, body)) as url:
        path.write_text(exporting.python_script(url, [STEP]))
        run_path(str(path))
    [line] = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert line.startswith('GET /auth/credentials 200 {"id": "\\xe9"}\\x1b]0;MARK')
