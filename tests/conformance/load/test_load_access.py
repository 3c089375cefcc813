"""Load on targets that are not so easy to get in: behind TLS, and with tokens that expire."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from conformance.target.exchange import Request
from conformance.target.target import Target
from tests.conformance.load.command_line import TOKEN, load
from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

PARTNERS = {TOKEN: "first"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def url(authority: trustme.CA) -> Iterator[str]:
    certificate = authority.issue_cert("127.0.0.1")
    with serving(Options(), PARTNERS, certificate=certificate) as address:
        yield address


def pem(authority: trustme.CA, folder: Path) -> str:
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.mark.thorough
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_private_authority_is_trusted_where_it_is_given(
    url: str,
    authority: trustme.CA,
    tmp_path: Path,
    by_variable: bool,  # noqa: FBT001 - of a table
) -> None:
    file = pem(authority, tmp_path)
    option = () if by_variable else ("--ca-file", file)
    variables = {"DINIE_CA_FILE": file} if by_variable else {}

    run = load(url, tmp_path, *option, **variables)

    assert (run.code, run.err) == (0, "")
    assert run.counts["created"] == run.counts["listed"] > 0
    assert run.counts["failed"] == run.counts["left_behind"] == 0


@pytest.mark.thorough
@pytest.mark.parametrize("given", ["none", "another authority"])
def test_an_authority_that_nobody_vouches_for_is_one_line(
    url: str, tmp_path: Path, given: str
) -> None:
    other = ("--ca-file", pem(trustme.CA(), tmp_path)) if given != "none" else ()

    run = load(url, tmp_path, *other)

    assert (run.code, run.out) == (2, "")
    [line] = run.err.splitlines()
    assert "is not trusted: " in line
    assert "--ca-file" in line


def test_a_file_that_holds_no_certificate_is_one_line(url: str, tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    file.write_text("nothing")

    run = load(url, tmp_path, "--ca-file", str(file))

    assert (run.code, run.out) == (2, "")
    assert f"{file} holds no certificate in PEM" in run.err


class SignsIn(Application):
    """Counts the tokens that it issues."""

    issued = 0
    _counting = threading.Lock()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, target, headers, body)
        if target.endswith("/auth/token") and answer.status == 200:
            with self._counting:
                type(self).issued += 1
        return answer


@pytest.mark.thorough
def test_a_token_that_expires_on_the_way_is_renewed(tmp_path: Path) -> None:
    SignsIn.issued = 0
    with serving(Options(tokens_live_seconds=2), PARTNERS, SignsIn) as url:
        with Target(url, [TOKEN]) as target:
            made = target.send(Request("POST", "/auth/credentials").with_json({"name": "own"}))
        pair = made.field("client_id"), made.field("client_secret")
        run = load(url, tmp_path, "--max-time", "5s", DINIE_TOKEN="", DINIE_CLIENT_ID=pair[0],
                   DINIE_CLIENT_SECRET=pair[1])  # fmt: skip

    assert (run.code, run.err) == (0, "")
    assert run.counts["created"] == run.counts["listed"] > 0
    assert run.counts["failed"] == run.counts["left_behind"] == 0
    # Once to begin with, and at least twice while it lasted; but never a token for each request.
    assert 3 <= SignsIn.issued < run.counts["requests"] / 5
    assert pair[1] not in run.out + str(run.report)
