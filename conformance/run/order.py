"""The order in which the checks of a run begin."""

from collections import Counter
from collections.abc import Iterable

from conformance.catalogue.requirement import Requirement
from conformance.target.capabilities import Capability
from openapi.operation import Operation

Check = tuple[Requirement, Operation]
"""A requirement on an operation."""


def by_turns(checks: Iterable[Check]) -> list[Check]:
    """The checks in the order in which they begin, so that whatever is broken shows early.

    What waits begins first, and costs no time while others are busy. Then the sections take turns.
    """
    begun: Counter[str] = Counter()

    def turn(check: Check) -> tuple[bool, int]:
        requirement, _ = check
        begun[requirement.section] += 1
        return Capability.REPLAY_DELAY not in requirement.needs, begun[requirement.section]

    return sorted(checks, key=turn)
