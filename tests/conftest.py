"""Options of the test suite, and what holds for every test."""

import os
import sys
from collections.abc import Iterator
from functools import cache

import httpx
import httpx._transports.default
import pytest
from hypothesis import settings

from dinie_contract.output import SECRETS

# Else every process that a test starts compiles the packages again: a third of its start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes is that of a busy machine, too.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--violence",
        type=int,
        default=1,
        metavar="N",
        help="Make the tests under tests/violence N times as long.",
    )
    parser.addoption(
        "--subtle",
        action="store_true",
        help="Look for one key in 10,000 and the like under tests/conformance/fuzz: some minutes.",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        help="Run the tests marked thorough as well: slow ones, and more of the same kind.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "thorough: left out unless --thorough is given: slow, or like others",
    )
    config.addinivalue_line(
        "markers", "long: begun before the others: it takes minutes, and mostly waits"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda one: one.get_closest_marker("long") is None)
    if config.getoption("--thorough"):
        return
    left_out = [one for one in items if one.get_closest_marker("thorough")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if not one.get_closest_marker("thorough")]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell has set for the commands must not change what they are tested for."""
    for name in [one for one in os.environ if one.startswith("DINIE_")]:
        monkeypatch.delenv(name)
    # A target that is away on purpose is not waited for.
    monkeypatch.setenv("DINIE_WAIT_FOR", "0")


@pytest.fixture(autouse=True)
def _no_secret_of_another_test() -> None:
    SECRETS.clear()


@pytest.fixture(scope="session", autouse=True)
def _authorities_are_read_once() -> Iterator[None]:
    """Every client of HTTP would read all certificate authorities again: 20 ms of nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            httpx._transports.default, "create_ssl_context", cache(httpx.create_ssl_context)
        )
        yield
