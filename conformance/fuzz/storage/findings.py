"""All that a campaign has found, on disk before it is anywhere else."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding

Place = tuple[str, str, str]
"""The requirement, operation and cause that make one finding."""


def _nothing() -> None:
    return


class Findings(Mapping[str, Finding]):
    """Findings by id, in the order in which they were met.

    What others have found is known too, but is none of these before it is met here.
    ``on_change`` is called after each change. Only :meth:`meets` may be called from several
    threads at once.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self.on_change: Callable[[], None] = _nothing
        self._found: dict[str, Finding] = {}
        self._by_place: dict[Place, str] = {}
        self._of_others: dict[Place, Finding] = {}
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
        self.load(finding)
        self.on_change()

    def load(self, finding: Finding) -> None:
        """One that the directory holds already."""
        self._found[finding.id] = finding
        with self._lock:
            self._by_place[place_of(finding)] = finding.id

    def register_remote(self, of_others: Iterable[Finding]) -> None:
        """What others have found is looked past, and is one of these once it is met.

        What is here already takes their reproduction, where it has none of its own.
        """
        for one in of_others:
            own = self._found.get(one.id)
            if own is None:
                with self._lock:
                    self._of_others[place_of(one)] = one
            elif one.was_sent_again and not own.was_sent_again:
                self.keep(
                    replace(
                        one,
                        first_seen=own.first_seen,
                        count=own.count,
                        tries=own.tries,
                        failures=own.failures,
                    )
                )

    def adopt(self, of_others: Finding) -> Finding:
        """Keep what another one found and what was met here just now; gives what is kept."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.keep(replace(of_others, first_seen=now, count=1, tries=0, failures=0))
        return self[of_others.id]

    def meets(self, requirements: Collection[str], operation: str, cause: str) -> bool:
        """Whether one of these requirements is known to be broken so; if it is, it is noted."""
        with self._lock:
            for requirement in requirements:
                place = (requirement, operation, cause)
                if place in self._by_place or place in self._of_others:
                    self._met_again.append(place)
                    return True
        return False

    def count_met(self) -> list[Finding]:
        """Count what :meth:`meets` has noted; gives those that are new here."""
        with self._lock:
            again, self._met_again = self._met_again, []
        adopted = []
        for place in again:
            known = self._by_place.get(place)
            if known is None:
                adopted.append(self.adopt(self._of_others[place]))
            else:
                self.keep(replace(self[known], count=self[known].count + 1))
        return adopted


def place_of(finding: Finding) -> Place:
    """Where it belongs."""
    return finding.requirement, finding.operation, finding.cause
