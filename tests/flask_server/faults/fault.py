"""What a fault is, and how one is declared."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.flask_server.parts import Parts


class Expected(StrEnum):
    """How bad a fault is, by the contract: what a harness owes to those who use it."""

    MUST = "must"  # breaks a promise that the contract makes
    SHOULD = "should"  # breaks a standard, or only what the vendor's documentation says
    RARE = "rare"  # breaks a promise, for few values, or seldom


@dataclass(frozen=True)
class Fault:
    name: str
    description: str
    expected: Expected
    # Where a system was reported to do this, where we know one.
    source: str
    put_in: Callable[[Parts], None]


FAULTS: dict[str, Fault] = {}


def fault(
    expected: Expected, source: str = ""
) -> Callable[[Callable[[Parts], None]], Callable[[Parts], None]]:
    """Declare a fault: a function of its name, with its description, replaces a seam."""

    def declare(put_in: Callable[[Parts], None]) -> Callable[[Parts], None]:
        name = put_in.__name__.replace("_", "-")
        if name in FAULTS or not put_in.__doc__:
            raise ValueError(name)
        FAULTS[name] = Fault(name, put_in.__doc__.strip(), expected, source, put_in)
        return put_in

    return declare
