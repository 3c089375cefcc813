"""Databases of Hypothesis' examples: with the check's recording, and in a shared corpus."""

from collections.abc import Iterable
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, MultiplexedDatabase

from conformance.probe.budget import LARGEST_EXAMPLE
from conformance.probe.probe import Probe

_SECONDARY, _PARETO = b".secondary", b".pareto"


def examples_of(probe: Probe) -> ExampleDatabase | None:
    """The example database for the next search of a check; None where none is kept."""
    record, budget = probe.recording, probe.budget
    record.searches += 1
    if budget.corpus is None and budget.only is None:
        return None
    return _Kept(probe, f"{record.searches}")


def corpus_in(directory: Path, shared: ExampleDatabase | None = None) -> ExampleDatabase:
    """Hypothesis' own database in a directory, and beside it one that is shared with others."""
    own = DirectoryBasedExampleDatabase(directory)
    return own if shared is None else MultiplexedDatabase(own, shared)


class _Kept(ExampleDatabase):
    """Examples under the name of their operation and search, whatever Hypothesis calls them.

    Its own name for a test is a digest of the source, which every search here would share and
    every change would move.
    """

    def __init__(self, probe: Probe, search: str) -> None:
        super().__init__()
        self._record = probe.recording
        self._budget = probe.budget
        self._search = search
        self._name = f"{probe.budget.name} {probe.operation.id} {search}".encode()

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The examples that a search starts with."""
        if self._budget.only is not None:
            found = self._budget.only.get(self._search)
            return [found] if found is not None and not _is_beside(key) else []
        if self._budget.corpus is None or key.endswith(_PARETO):
            return []
        kept = self._budget.corpus.fetch(self._own(key))
        return [one for one in kept if len(one) <= LARGEST_EXAMPLE]

    def save(self, key: bytes, value: bytes) -> None:
        """Keep a failing example; the last one is the smallest."""
        if not _is_beside(key):
            self._record.examples[self._search] = value
        if self._budget.corpus is not None and not key.endswith(_PARETO):
            self._budget.corpus.save(self._own(key), value)

    def delete(self, key: bytes, value: bytes) -> None:
        """Delete an example that fails no longer."""
        if self._budget.corpus is not None and not key.endswith(_PARETO):
            self._budget.corpus.delete(self._own(key), value)

    def _own(self, key: bytes) -> bytes:
        return self._name + (_SECONDARY if key.endswith(_SECONDARY) else b"")


def _is_beside(key: bytes) -> bool:
    return key.endswith((_SECONDARY, _PARETO))
