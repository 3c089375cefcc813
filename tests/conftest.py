"""Options of the test suite."""

import pytest


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
        help="Look for one key in 10,000 and the like under tests/fuzz: some minutes.",
    )
