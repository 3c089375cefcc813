"""A healthy target that is empty for each test: the mock in a process of its own."""

from collections.abc import Iterator

import pytest

from demo.mock_process import MockProcess
from tests.two_partners import mock_of_two

TOKENS = ("dinie_at_first", "dinie_at_second")


@pytest.fixture(scope="session")
def running() -> Iterator[MockProcess]:
    with mock_of_two(TOKENS) as mock:
        yield mock


@pytest.fixture
def healthy(running: MockProcess) -> MockProcess:
    running.forget()
    return running
