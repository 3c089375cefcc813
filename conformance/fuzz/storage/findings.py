"""A campaign's findings, written to the run directory before they are shown anywhere."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import MOST_FINDINGS
from conformance.fuzz.storage.finding import Finding, FindingKey


class Findings(Mapping[FindingKey, Finding]):
    """Local findings by key, in the order of their discovery.

    Remote findings, those of other workers, are suppressed in searches and become local ones
    when reproduced here. ``on_change`` is called after each change. Only :meth:`is_known` may be
    called from several threads at once.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self.on_change: Callable[[], None] = lambda: None
        self._found: dict[FindingKey, Finding] = {}
        self._remote: dict[FindingKey, Finding] = {}
        self._repeats: list[FindingKey] = []
        self.are_too_many = False
        """Whether a finding was left out, because a directory holds no more."""
        self._lock = threading.Lock()

    def __getitem__(self, key: FindingKey) -> Finding:
        return self._found[key]

    def __iter__(self) -> Iterator[FindingKey]:
        return iter(list(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def has_room(self, key: FindingKey) -> bool:
        """Whether a finding may be kept: one that is here, or one more."""
        if key in self._found or len(self._found) < MOST_FINDINGS:
            return True
        self.are_too_many = True
        return False

    def keep(self, finding: Finding) -> None:
        """Write a new or a changed finding, and add it."""
        self._directory.keep(finding)
        self.load(finding)
        self.on_change()

    def load(self, finding: Finding) -> None:
        """Add a finding that the directory holds already."""
        with self._lock:
            self._found[finding.key] = finding

    def forget(self, key: FindingKey) -> None:
        """Leave out a finding, so that searches find it again."""
        with self._lock:
            self._found.pop(key, None)

    def register_remote(self, of_others: Iterable[Finding]) -> None:
        """Suppress remote findings in searches; they become local ones when reproduced here.

        A local finding takes the reproduction of its remote twin, where it has none of its own.
        """
        for one in of_others:
            own = self._found.get(one.key)
            if own is None:
                with self._lock:
                    self._remote[one.key] = one
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
        """Make a remote finding, just reproduced here, a local one; gives it as it is kept."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.keep(replace(of_others, first_seen=now, count=1, tries=0, failures=0))
        return self[of_others.key]

    def is_known(self, requirement: str, operation: str, cause: str) -> bool:
        """Whether such a violation is a known finding; if so, register the repeat."""
        key = (requirement, operation, cause)
        with self._lock:
            is_known = key in self._found or key in self._remote
            if is_known:
                self._repeats.append(key)
        return is_known

    def count_repeats(self) -> list[Finding]:
        """Count the repeats that :meth:`is_known` registered; gives those newly local."""
        with self._lock:
            again, self._repeats = self._repeats, []
        adopted = []
        for key in again:
            known = self._found.get(key)
            if known is not None:
                self.keep(replace(known, count=known.count + 1))
            elif self.has_room(key):
                adopted.append(self.adopt(self._remote[key]))
        return adopted
