"""What is wrong with a contract, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ContractError(Exception):
    """A contract that cannot be served.

    ``place`` is a file, a line of it, or a JSON pointer into the document; ``reason`` is one
    plain line.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = " ".join(reason.split())
        super().__init__(f"{self.place}: {self.reason}")


@contextmanager
def naming(file: Path | None) -> Iterator[None]:
    """Put ``file`` before the place of an error raised inside the block."""
    try:
        yield
    except ContractError as error:
        if file is None:
            raise
        raise ContractError(f"{file} {error.place}", error.reason) from error
