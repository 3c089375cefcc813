"""The mock in a process of its own, with two partners whose tokens are known."""

from collections.abc import Iterator
from contextlib import contextmanager

from demo.mock_process import MockProcess, mock_process


@contextmanager
def mock_of_two(tokens: tuple[str, str], port: int = 0) -> Iterator[MockProcess]:
    """It runs while the block lasts."""
    partners = [
        f"dinie_ci_live_{name}:dinie_cs_live_{name}:{token}"
        for name, token in zip(("first", "second"), tokens, strict=True)
    ]
    with mock_process("--partner", partners[0], "--partner", partners[1], port=port) as mock:
        yield mock
