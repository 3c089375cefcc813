"""A target behind TLS: a certificate of a private authority, and what is said of bad ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from conformance.cli.main import main
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

TOKEN = "dinie_at_Only-dQw4w9WgXcQ"
PARTNERS = {TOKEN: "one"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def url(authority: trustme.CA) -> Iterator[str]:
    with serving(Options(), PARTNERS, certificate=authority.issue_cert("127.0.0.1")) as address:
        yield address


def run(url: str, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--url", url, "--token", TOKEN, "--select", "created.plain*", *arguments])
    return int(ended.value.code or 0)


def pem(authority: trustme.CA, folder: Path) -> str:
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def test_a_private_authority_is_trusted_where_it_is_given(
    url: str, authority: trustme.CA, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(url, "--ca-file", pem(authority, tmp_path)) == 0, capsys.readouterr()
    assert "Conforms (1 passed, " in capsys.readouterr().out


def test_a_variable_does_as_well(
    url: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINIE_CA_FILE", pem(authority, tmp_path))
    assert run(url) == 0


@pytest.mark.parametrize("given", ["none", "another authority"])
def test_an_authority_that_nobody_vouches_for_is_one_line(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    other = ["--ca-file", pem(trustme.CA(), tmp_path)] if given != "none" else []

    assert run(url, *other) == 2

    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert "is not trusted: " in line
    assert "--ca-file" in line


def test_a_certificate_for_another_host_is_refused(
    authority: trustme.CA, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = authority.issue_cert("staging.example")
    with serving(Options(), PARTNERS, certificate=certificate) as address:
        assert run(address, "--ca-file", pem(authority, tmp_path)) == 2
    assert "is not trusted: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "holds no certificate in PEM"),
        ("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n", "in PEM"),
        ("{}", "holds no certificate in PEM"),
    ],
)
def test_a_file_that_is_no_good_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, told: str
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)

    assert run("https://127.0.0.1:1/v3", "--ca-file", str(file)) == 2

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("dinie-conformance: ")
    assert f"{file} {told}" in line or told in line


def test_a_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("https://127.0.0.1:1/v3", "--ca-file", str(tmp_path)) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--ca-file" in line
