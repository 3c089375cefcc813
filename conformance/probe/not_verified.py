"""Why a requirement is not verified: never a pass, and of three classes."""

from enum import StrEnum
from http import HTTPStatus


class Unverified(StrEnum):
    """The classes of reasons why a requirement was not verified, as the JSON report names them."""

    OPTION = "option"
    """The user did not give what it takes: another token, a clock, a 429 on purpose."""
    ABSENT = "absent"
    """The target or the contract does not have the operation or the feature."""
    TARGET = "target"
    """It is there, and behaved so that nothing could be said."""


class NotVerified(Exception):
    """Raised where a check cannot decide; the message is the reason. Never a pass."""

    why: Unverified | None = Unverified.TARGET


class NotServed(NotVerified):
    """Raised where the target, or the contract, does not have what a check is about."""

    why = Unverified.ABSENT


class NotAsked(NotVerified):
    """Raised where an option of the user's would be needed."""

    why = Unverified.OPTION


NOT_IMPLEMENTED_STATUSES = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
}
"""The statuses of targets that do not serve an operation of the contract."""


def refused_with(status: int, reason: str) -> NotVerified:
    """The reason for no verdict where a valid request got this status."""
    return NotServed(reason) if status in NOT_IMPLEMENTED_STATUSES else NotVerified(reason)


class Undecided(NotVerified):
    """Raised where another try of the check may decide.

    An answer was lost that it depends on, or what it asked for happened to be there already.
    """
