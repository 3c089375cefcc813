"""What every test of violence is given: a fresh store of each kind, and how much to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.violence.hosts import NoRedis, SharedStore, shared_store
from tests.violence.ledger import Ledger
from tests.violence.plan import Plan


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """How much longer than by default: ``--violence N``."""
    return int(request.config.getoption("--violence"))


@pytest.fixture
def ledger(times: int) -> Ledger:
    return Ledger(Plan(creates=600 * times, keys=150 * times))


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.thorough)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SharedStore]:
    try:
        with shared_store(request.param, tmp_path) as store:
            yield store
    except NoRedis as error:
        pytest.skip(str(error))
