"""The works of a campaign: checks of the catalogue, and its own."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType

from conformance.catalogue.judge import Purpose
from conformance.catalogue.requirement import Level, Requirement
from conformance.fuzz.checks.many_keys import DIFFERENT, FRESH, REPLAY, used_keys
from conformance.fuzz.checks.odd_requests import PLAIN, odd_framings, odd_headers, odd_spellings
from conformance.fuzz.checks.pagination_under_writes import COMPLETE, pagination_under_writes
from conformance.fuzz.checks.recorded import changed_recordings
from conformance.fuzz.checks.shared_keys import AT_ONCE, FOREIGN, REUSED, SECOND, shared_keys
from conformance.fuzz.storage.finding import OF_A_CAMPAIGN, way_of
from conformance.probe.applicability import lists
from conformance.probe.bodies import makes_from_json
from conformance.probe.probe import Probe
from conformance.probe.violation import NOTHING_FAILS
from conformance.server import judges
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request
from openapi.contract import Contract
from openapi.operation import Operation


def _makes_by_key(operation: Operation) -> bool:
    return makes_from_json(operation) and operation.accepts_idempotency_key


def own_check(
    name: str,
    check: Callable[[Probe], None],
    *,
    generates: bool = False,
    applies_to: Callable[[Operation], bool] = _makes_by_key,
    needs: Set[Capability] = frozenset(),
) -> Requirement:
    """A check of a campaign as a requirement; its violations name those of the catalogue."""
    return Requirement(
        id=f"{OF_A_CAMPAIGN}{name}",
        level=Level.INFO,
        summary=check.__doc__ or "",
        source="the requirements that it judges by",
        mend="",
        applies_to=applies_to,
        needs=frozenset(needs),
        sabotage=(),
        check=check,
        generates=generates,
    )


_JUDGED = judges().of(Purpose.GENERATED)
"""Requirements that any answer can break."""

OWN: Mapping[Requirement, Set[str]] = {
    own_check("many-keys", used_keys): {REPLAY, FRESH, DIFFERENT},
    own_check("shared-keys", shared_keys): {AT_ONCE, SECOND, REUSED, FOREIGN},
    own_check("odd-headers", odd_headers, generates=True): _JUDGED,
    own_check("odd-spellings", odd_spellings, generates=True): _JUDGED,
    own_check("odd-framings", odd_framings, generates=True): {PLAIN, *_JUDGED},
    own_check(
        "moving-pages",
        pagination_under_writes,
        applies_to=lists,
        needs={Capability.LISTING, Capability.REVOCATION},
    ): {COMPLETE},
}
"""Checks that only campaigns have, and the ids of the requirements that they judge by."""

BESIDES: Mapping[str, Set[str]] = {f"{OF_A_CAMPAIGN}shared-keys": {REPLAY}}
"""What such a check shows seldom: who selects that alone is served better by other checks."""


_LARGER = 8
_OF_SCHEMATHESIS = 4
"""The share of Schemathesis, whose requests cost several times the CPU time of others."""


@dataclass(frozen=True, slots=True)
class Work:
    """A work: requirements on one operation that the same requests check."""

    name: str
    operation: Operation
    requirements: tuple[Requirement, ...]

    @property
    def breakable(self) -> Set[str]:
        """The ids of the requirements whose violations it can show."""
        judged = _JUDGED if self.chooses else set()
        own = {
            id_
            for one in self.requirements
            for id_ in (one.id, *OWN.get(one, ()), *BESIDES.get(one.id, ()))
        }
        return {*own, *judged, NOTHING_FAILS, COMPLETE}

    @property
    def generates(self) -> bool:
        """Whether only one such work can run at a time."""
        return any(one.generates for one in self.requirements)

    @property
    def chooses(self) -> bool:
        """Whether each turn sends other requests."""
        return self.generates or self.requirements[0] in OWN

    @property
    def share(self) -> int:
        """The share of requests: larger for a work whose turns differ."""
        if self.requirements[0].generator_check:
            return _OF_SCHEMATHESIS
        return _LARGER if self.chooses else 1

    @property
    def way(self) -> str:
        """The unusual form of its requests, such as ``odd headers``; empty for the catalogue's."""
        return way_of(self.name)


def works(
    contract: Contract,
    chosen: Sequence[Requirement],
    recorded: Mapping[str, Sequence[Request]] = MappingProxyType({}),
) -> list[Work]:
    """The works on a contract for the selected requirements.

    ``recorded`` are requests to change and send again, by the id of their operation.

    Checks that advance the target's clock, or wait before a replay, are left to `run`: they would
    block all others.
    """
    asked = {Capability.CLOCK, Capability.REPLAY_DELAY}
    apart = [one for one in chosen if not one.needs & asked and not one.observes_run]
    found = []
    for operation in contract.operations.values():
        applicable = [one for one in apart if one.applies_to(operation)]
        together = tuple(one for one in applicable if one.generator_check)
        if together:
            found.append(Work(f"generated [{operation.id}]", operation, together))
        ids = {one.id for one in applicable}
        single = [one for one in applicable if one not in together]
        single += [
            one for one, judged_by in OWN.items() if one.applies_to(operation) and ids & judged_by
        ]
        if operation.id in recorded and ids & _JUDGED:
            check = changed_recordings(recorded[operation.id])
            single.append(own_check("recorded", check, generates=True))
        found += [Work(f"{one.id} [{operation.id}]", operation, (one,)) for one in single]
    return found
