"""No artifact of a run holds a token or a secret."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.mock_process import MockProcess
from tests.conformance.command_line import FIRST, PARTNER, SECOND, run, sabotaged


def test_no_artifact_holds_a_token_or_secret(
    healthy: MockProcess,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = {FIRST, SECOND, PARTNER[1]}
    request = httpx.Client.request

    def noting(*arguments: Any, **options: Any) -> httpx.Response:
        response = request(*arguments, **options)
        met.update(re.findall(r'"(?:client_secret|access_token)": ?"([^"]+)"', response.text))
        return response

    monkeypatch.setattr(httpx.Client, "request", noting)
    monkeypatch.chdir(tmp_path)
    requirement = "idempotency.replay-is-identical"
    with sabotaged(healthy.base_url, requirement, "forget idempotency keys") as url:
        code = run("run", "--url", url, "--client-id", PARTNER[0], "--client-secret", PARTNER[1],
                   "--second-token", SECOND, "--report-json", "a.json", "--report-junit", "a.xml",
                   "--report-html", "a.html", "--write-baseline", "a.yaml")  # fmt: skip

    said = capfd.readouterr()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert code == 1, said
    assert len(met) > 20
    assert {"a.json", "a.xml", "a.html", "a.yaml"} <= {path.name for path in files}
    for text in (said.out, said.err, *(path.read_text(errors="replace") for path in files)):
        assert [secret for secret in met if secret in text] == []
