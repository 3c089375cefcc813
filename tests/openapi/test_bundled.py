"""The contracts of the distribution: one file for each version, found by its name."""

import shutil
from pathlib import Path

import pytest

import openapi.reading
from openapi.checking import check_document
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.reading import bundled_path, read_document

NEWEST = "2026-03-01"


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The version of a second contract, which stands beside a copy of the newest."""
    newest, older = bundled_path(), "2025-11-30"
    shutil.copy(newest, tmp_path)
    text = newest.read_text(encoding="utf-8")
    path = tmp_path / f"dinie-{older}.yaml"
    path.write_text(text.replace(f"version: '{NEWEST}'", f"version: '{older}'"), encoding="utf-8")
    monkeypatch.setattr(openapi.reading, "BUNDLED", tmp_path)
    return older


@pytest.mark.parametrize("path", sorted(openapi.reading.BUNDLED.glob("dinie-*.yaml")), ids=str)
def test_each_bundled_contract_has_the_version_of_its_file_name(path: Path) -> None:
    document = read_document(path)
    responses = document["paths"]["/auth/credentials"]["post"]["responses"]

    check_document(document)
    assert path.name == f"dinie-{document['info']['version']}.yaml"
    assert {type(key) for key in responses} == {str}


def test_the_newest_version_is_the_default(older: str) -> None:
    assert Contract.bundled().version == NEWEST
    assert Contract.bundled(NEWEST).version == NEWEST
    assert Contract.bundled(older).version == older


def test_an_unknown_version_is_refused_with_the_known_ones(older: str) -> None:
    with pytest.raises(ContractError) as caught:
        Contract.bundled("2026-03-02")

    assert str(caught.value) == (
        f"contract version 2026-03-02: is not bundled: choose from {older}, {NEWEST}"
    )


@pytest.mark.parametrize("version", ["", "*", "../openapi/dinie-2026-03-01"])
def test_a_version_is_a_name_and_no_path(version: str) -> None:
    with pytest.raises(ContractError, match="is not bundled"):
        Contract.bundled(version)
