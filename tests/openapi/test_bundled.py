"""The contracts of the distribution: one file for each version, found by its name."""

from pathlib import Path

import pytest

import openapi.document
from openapi.contract import Contract
from openapi.document import bundled_path, document_errors, read_document
from openapi.errors import ContractError

VERSION, SECOND = "2026-03-01", "2099-12-31"


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bundled contracts: VERSION, and beside it a copy of the same document as SECOND."""
    text = bundled_path(VERSION).read_text(encoding="utf-8")
    for version in (VERSION, SECOND):
        document = text.replace(f"version: '{VERSION}'", f"version: '{version}'")
        (tmp_path / f"dinie-{version}.yaml").write_text(document, encoding="utf-8")
    monkeypatch.setattr(openapi.document, "BUNDLED", tmp_path)


@pytest.mark.parametrize("path", sorted(openapi.document.BUNDLED.glob("dinie-*.yaml")), ids=str)
def test_each_bundled_contract_has_the_version_of_its_file_name(path: Path) -> None:
    document = read_document(path)
    responses = document["paths"]["/auth/credentials"]["post"]["responses"]

    assert list(document_errors(document)) == []
    assert path.name == f"dinie-{document['info']['version']}.yaml"
    assert {type(key) for key in responses} == {str}


@pytest.mark.usefixtures("two_versions")
def test_the_newest_version_is_the_default() -> None:
    assert Contract.bundled().version == SECOND
    assert Contract.bundled(SECOND).version == SECOND
    assert Contract.bundled(VERSION).version == VERSION


@pytest.mark.usefixtures("two_versions")
def test_an_unknown_version_is_refused_with_the_bundled_ones() -> None:
    with pytest.raises(ContractError) as caught:
        Contract.bundled("2026-03-02")

    assert str(caught.value) == (
        f"contract version 2026-03-02: is not bundled: choose from {VERSION}, {SECOND}"
    )


@pytest.mark.parametrize("version", ["", "*", "../openapi/dinie-2026-03-01"])
def test_a_version_is_never_taken_as_a_path(version: str) -> None:
    with pytest.raises(ContractError, match="is not bundled"):
        Contract.bundled(version)
