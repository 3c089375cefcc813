"""The error of an unusable contract."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ContractError(Exception):
    """A contract cannot be used.

    ``place`` is a file, ``file:line``, or a JSON pointer into the document; ``reason`` is one
    line of text.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = " ".join(reason.split())
        super().__init__(f"{self.place}: {self.reason}")


@contextmanager
def located_in(file: Path | None) -> Iterator[None]:
    """Put ``file`` before the place of a :class:`ContractError` raised inside the block."""
    try:
        yield
    except ContractError as error:
        if file is None:
            raise
        raise ContractError(f"{file} {error.place}", error.reason) from error
