"""A healthy target that is empty for each test: the mock in a process of its own."""

from collections.abc import Iterator

import pytest

from demo.mock_process import MockProcess, mock_process

TOKENS = ("dinie_at_first", "dinie_at_second")


@pytest.fixture(scope="session")
def running() -> Iterator[MockProcess]:
    partners = [
        f"dinie_ci_live_{name}:dinie_cs_live_{name}:{token}"
        for name, token in zip(("first", "second"), TOKENS, strict=True)
    ]
    with mock_process("--partner", partners[0], "--partner", partners[1]) as mock:
        yield mock


@pytest.fixture
def healthy(running: MockProcess) -> MockProcess:
    running.forget()
    return running
