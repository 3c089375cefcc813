"""A gateway that refuses each request, as one does whose key has ended, makes nothing green."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.catalogue.sabotage import Sabotage, Tamper
from conformance.results.exit_code import NO_VERDICT
from conformance.target.exchange import Answer, Request
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import run
from tests.conformance.fuzz.conftest import TOKENS
from tests.conformance.fuzz.foreign.campaigns import WHOLE, campaign_in, read
from tests.conformance.fuzz.server import faulty

ACCESS = ("--token", TOKENS[0], "--second-token", TOKENS[1])
MUST = "created.fresh-key-is-active"

REFUSAL = Answer(403, (("content-type", "application/json"),), b'{"message":"Forbidden"}')


def refusing_from(number: int) -> Sabotage:
    """A gateway that refuses each request from one on."""

    def make() -> Tamper:
        seen = []

        def tamper(request: Request, forward: object) -> Answer:
            seen.append(request)
            return REFUSAL if len(seen) >= number else forward(request)  # type: ignore[operator]

        return tamper

    return Sabotage("refused", make)


def test_a_campaign_in_which_each_request_is_refused_has_no_verdict(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with faulty(healthy.base_url, refusing_from(1)) as url:
        options = ("--url", url, "--max-time=6s", "--seed=5", "--directory", str(tmp_path / "new"))
        assert run("fuzz", *options, *ACCESS) == NO_VERDICT
    assert "No verdict: createCredential never answered 201, but 403" in capsys.readouterr().out


@pytest.mark.parametrize(("first", "said"), [
    (1, "createCredential never answered 201, but 403"),
    (8, "createCredential answers 403 to a plain valid request"),
])  # fmt: skip
def test_a_finding_is_not_mended_by_a_gateway_that_refuses_each_request(
    first: int, said: str, healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = campaign_in(tmp_path / "run")
    directory.keep(replace(WHOLE, requirement=MUST, work=f"{MUST} [createCredential]"))
    read(directory.path).save()
    with faulty(healthy.base_url, refusing_from(first)) as url:
        place = str(directory.path)
        assert run("replay", place, "--forget-mended", "--url", url, *ACCESS) == NO_VERDICT
    assert said in capsys.readouterr().out
    assert len(read(directory.path).findings) == 1
