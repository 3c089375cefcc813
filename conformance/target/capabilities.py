"""Capabilities of a target that some requirements need."""

from enum import Enum


class Capability(Enum):
    """The value is what the report says of a requirement that could not be verified."""

    SECOND_PARTNER = "needs a second partner: give --second-token"
    LISTING = "needs a list operation that works with this token"
    REVOCATION = "needs an operation that ends one, and that works with this token"
    TOKENS = "needs a token operation that works with a created key"
    REPLAY_DELAY = "needs patience: --patience is 0"
    CLOCK = "needs a clock that can be moved: give --clock-url"


FOUND_IN_TARGET = frozenset({Capability.LISTING, Capability.REVOCATION, Capability.TOKENS})
"""Those that a target has or has not; the others need an option."""
