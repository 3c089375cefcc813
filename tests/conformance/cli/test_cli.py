"""The command line: what a run gives, and what it leaves behind."""

import json
from pathlib import Path

import httpx
import pytest

from conformance.server import catalogue
from conformance.target.sign_in import token_for
from conformance.target.target import Target
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract
from tests.conformance.cli.command_line import FIRST, PARTNER, SECOND, active, judge, one_line, run


def test_a_conforming_target_is_0_and_nothing_stays(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    # Other tests share this mock, and leave keys behind.
    before = [set(active(healthy, token)) for token in (FIRST, SECOND)]

    code = run("run", "--url", healthy.base_url, "--token", FIRST, "--second-token", SECOND,
               "--report-json", str(report))  # fmt: skip

    document, text = json.loads(report.read_text()), capsys.readouterr().out
    assert code == 0, text
    assert document["complete"] is True
    assert document["summary"]["failed"] == 0
    assert document["summary"]["passed"] > 10
    assert text.splitlines()[-1].startswith("Conforms (")
    assert "keys were made and revoked" in text
    assert [set(active(healthy, token)) for token in (FIRST, SECOND)] == before


def test_kept_keys_stay(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_process("--partner", f"{':'.join(PARTNER)}:{FIRST}") as mock:
        code = judge(mock.base_url, "--keep")

        assert code == 0
        assert f"{len(active(mock, FIRST))} keys were made and kept" in capsys.readouterr().out


def test_a_client_id_and_secret_do_as_well(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINIE_CLIENT_SECRET", PARTNER[1])

    code = run("run", "--url", healthy.base_url, "--client-id", PARTNER[0],
               "--second-token", SECOND, "--select", "idempotency.key-*")  # fmt: skip

    assert code == 0, capsys.readouterr()


def test_the_exchange_falls_back_to_json() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["content-type"] != "application/json":
            return httpx.Response(400)
        given = json.loads(request.content)
        assert given == {
            "grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"
        }  # fmt: skip
        return httpx.Response(200, json={"access_token": "made"})

    with Target("http://localhost", (), transport=httpx.MockTransport(answer)) as target:
        assert (
            token_for(target, Contract.bundled().operations["createToken"], "id", "secret").token
            == "made"
        )


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_verdicts(healthy: MockProcess, tmp_path: Path) -> None:
    found = []
    for number in range(2):
        report = tmp_path / f"{number}.json"
        judge(healthy.base_url, "--seed", "7", "--report-json", str(report))
        document = json.loads(report.read_text())
        found.append([(one["id"], one["outcome"]) for one in document["results"]])
        assert document["seed"] == 7

    assert found[0] == found[1]


def test_list_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "  idempotency.replay-is-identical" in capsys.readouterr().out
    assert run("explain", "idempotency.replay-is-identical") == 0
    printed = capsys.readouterr().out
    for part in ("MUST", "seed: Idempotency-Key", "createCredential POST", "forget idempotency"):
        assert part in printed
    assert "--seed" not in printed
    assert run("explain", "sequences.model-holds") == 0
    assert "generated requests, and the same ones with the same --seed" in capsys.readouterr().out
    assert run("explain", "secrets") == 0
    printed = capsys.readouterr().out
    of_section = {one for one in catalogue() if one.startswith("secrets.")}
    assert {one for one in printed.splitlines() if one.startswith("secrets.")} == of_section
    assert run("explain", "idempotency.replay") == 2
    assert "idempotency.replay-is-identical" in one_line(capsys)
