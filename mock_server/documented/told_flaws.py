"""The warnings of a start: the flaws of a contract, each told once."""

import logging

from openapi.errors import ContractError

_MOST_WARNINGS = 100
"""Limit on the warnings of a start."""

logger = logging.getLogger("mock_server")


class ToldFlaws:
    """The flaws that were told; where the start is strict, the first one is raised."""

    def __init__(self, *, strict: bool) -> None:
        self._is_strict = strict
        self._places: set[str] = set()

    def tell(self, error: ContractError, what: str) -> None:
        """Log a flaw once, or raise it where the start is strict."""
        if error.place in self._places:
            return
        if self._is_strict:
            raise error
        self._places.add(error.place)
        if len(self._places) <= _MOST_WARNINGS:
            logger.warning("%s %s: %s", error.place, what, error.reason)
        elif len(self._places) == _MOST_WARNINGS + 1:
            logger.warning("only %d of these warnings are logged", _MOST_WARNINGS)

    def tell_unless_known(self, error: ContractError, what: str) -> None:
        """Log a flaw where no warning has named its place, one in it, or one around it."""
        if not any(_is_inside(error.place, one) for one in self._places):
            self.tell(error, what)


def _is_inside(place: str, other: str) -> bool:
    """Whether one of two places is in the other, or the same."""
    return f"{place}/".startswith(f"{other}/") or f"{other}/".startswith(f"{place}/")
