"""What workers on one target tell each other of their findings, in the corpus that they share.

A finding of another worker is known and no more than that: searches look past it, and it becomes
a finding here once it is met here. So what was mended meanwhile accuses nobody.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.catalogue.requirement import Requirement
from conformance.fuzz.findings.shrinker import Shrinker
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding, smallest_of
from conformance.fuzz.storage.findings import Findings

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus

SECONDS_BETWEEN = 2.0

_FINDINGS = b"findings"


class Sharing:
    """Tells others of findings and takes note of theirs; without a corpus it does nothing."""

    def __init__(
        self,
        corpus: "SharedCorpus | None",
        findings: Findings,
        requirements: Mapping[str, Requirement],
    ) -> None:
        self._corpus = corpus
        self._findings = findings
        self._requirements = requirements
        self._told: dict[str, bytes] = {}
        self._last = 0.0

    def begin(self, shrinker: Shrinker) -> None:
        """Try what others have found; what fails here is found here, what does not is forgotten.

        Raises :class:`TargetError`.
        """
        if self._corpus is None:
            return
        for values in self._heard().values():
            finding = smallest_of(values.values())
            if finding.id in self._findings or finding.requirement not in self._requirements:
                continue
            failures, tries = shrinker.count_failures(finding, finding.attempts)
            if failures:
                adopted = self._findings.adopt(finding)
                # One of the failures is the one by which it was met.
                self._findings.keep(adopted.tried(failures - 1, tries - 1))
            elif tries == finding.attempts:
                for value in values:
                    self._corpus.delete(_FINDINGS, value)
        self.listen()

    def tell(self, finding: Finding) -> None:
        """Tell others of a finding that was met here, or made smaller."""
        if self._corpus is None:
            return
        # How often it was met is another matter for everybody.
        ours = replace(finding, count=1)
        theirs = self._heard().get(finding.id, {})
        if smallest_of([ours, *theirs.values()]) is not ours:
            return
        value = ours.text().encode()
        self._corpus.save(_FINDINGS, value)
        # What was told while the server was away nobody can hear yet.
        before = {self._told.get(finding.id, value), *theirs}
        for one in before - {value}:
            self._corpus.delete(_FINDINGS, one)
        self._told[finding.id] = value

    def listen(self, *, at_once: bool = False) -> None:
        """Take note of what others have found: now and then, or at once."""
        if self._corpus is None:
            return
        if not at_once and time.monotonic() - self._last < SECONDS_BETWEEN:
            return
        self._last = time.monotonic()
        if self._corpus.reach():
            heard = self._heard().values()
            self._findings.register_remote(smallest_of(values.values()) for values in heard)

    def end(self) -> None:
        """Tell others at once what has waited, where they can be told."""
        if self._corpus is not None:
            self._corpus.reach(at_once=True)

    @property
    def remarks(self) -> Iterable[str]:
        """What the verdict says of it."""
        if self._corpus is None or not self._corpus.was_away:
            return ()
        if not self._corpus.is_away:
            return ("the example database was away for a time; it was told later what was found",)
        return ("the example database went away: what was found later is in the directory alone",)

    def _heard(self) -> dict[str, dict[bytes, Finding]]:
        """What is shared, by id; what cannot be read is another version's."""
        found: dict[str, dict[bytes, Finding]] = {}
        for value in self._corpus.fetch(_FINDINGS) if self._corpus else ():
            with suppress(FileError, UnicodeDecodeError):
                finding = Finding.read_text(value.decode(), "the example database")
                found.setdefault(finding.id, {})[value] = finding
        return found
