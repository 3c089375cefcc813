"""All that a campaign has found, on disk before it is anywhere else."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from conformance.fuzz.directory import RunDirectory
from conformance.fuzz.finding import Finding

Place = tuple[str, str, str]
"""The requirement, operation and cause that make one finding."""


def _nothing() -> None:
    return


class Findings(Mapping[str, Finding]):
    """Findings by id, in the order in which they were met.

    ``on_change`` is called after each change. Only :meth:`meets` may be called from several
    threads at once.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self.on_change: Callable[[], None] = _nothing
        self._found: dict[str, Finding] = {}
        self._by_place: dict[Place, str] = {}
        self._met_again: list[Place] = []
        self._lock = threading.Lock()

    def __getitem__(self, finding_id: str) -> Finding:
        return self._found[finding_id]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def keep(self, finding: Finding) -> None:
        """Keep one that is new, or what has changed of it."""
        self._directory.keep(finding)
        self.take_up(finding)
        self.on_change()

    def take_up(self, finding: Finding) -> None:
        """One that the directory holds already."""
        self._found[finding.id] = finding
        with self._lock:
            self._by_place[place_of(finding)] = finding.id

    def at(self, place: Place) -> Finding | None:
        """The finding at a place, where there is one."""
        known = self._by_place.get(place)
        return None if known is None else self._found[known]

    def count(self, finding: Finding) -> None:
        """It was met once more."""
        self.keep(replace(finding, count=finding.count + 1))

    def meets(self, requirements: Collection[str], operation: str, cause: str) -> bool:
        """Whether one of these requirements is known to be broken so; if it is, it is noted."""
        with self._lock:
            for requirement in requirements:
                if (requirement, operation, cause) in self._by_place:
                    self._met_again.append((requirement, operation, cause))
                    return True
        return False

    def count_met(self) -> None:
        """Count what :meth:`meets` has noted."""
        with self._lock:
            again, self._met_again = self._met_again, []
        for place in again:
            self.count(self._found[self._by_place[place]])


def place_of(finding: Finding) -> Place:
    """Where it belongs."""
    return finding.requirement, finding.operation, finding.cause
