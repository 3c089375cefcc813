"""A run directory as a campaign leaves it."""

from pathlib import Path

import pytest

from conformance.fuzz.storage.directory import RunDirectory
from tests.conformance.fuzz.foreign.campaigns import campaign_in


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return campaign_in(tmp_path / "run")
