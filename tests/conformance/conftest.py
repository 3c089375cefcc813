"""A healthy target for the whole session: the mock in a process of its own."""

import os
from collections.abc import Iterator

import pytest

from demo.mock_process import MockProcess, mock_process

TOKENS = ("dinie_at_first", "dinie_at_second")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell has set for the command must not change what it is tested for."""
    for name in [one for one in os.environ if one.startswith("DINIE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def healthy() -> Iterator[MockProcess]:
    partners = [
        f"dinie_ci_live_{name}:dinie_cs_live_{name}:{token}"
        for name, token in zip(("first", "second"), TOKENS, strict=True)
    ]
    with mock_process("--partner", partners[0], "--partner", partners[1]) as mock:
        yield mock
