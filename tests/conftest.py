"""Options of the test suite, and what holds for every test."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--violence",
        type=int,
        default=1,
        metavar="N",
        help="Make the tests under tests/violence N times as long.",
    )


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell has set for the commands must not change what they are tested for."""
    for name in [one for one in os.environ if one.startswith("DINIE_")]:
        monkeypatch.delenv(name)
