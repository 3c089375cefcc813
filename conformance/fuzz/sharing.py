"""The exchange of findings between workers on one target, in the corpus that they share.

Remote findings are suppressed in searches and become local ones when reproduced here, so a
violation that was mended meanwhile is not reported.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.catalogue.requirement import Requirement
from conformance.fuzz.findings.shrinking import Shrinker
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding, smallest_of
from conformance.fuzz.storage.findings import Findings

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus

SECONDS_BETWEEN = 2.0

_FINDINGS = b"findings"


class Sharing:
    """Publishes local findings and receives remote ones; does nothing without a corpus."""

    def __init__(
        self,
        corpus: "SharedCorpus | None",
        findings: Findings,
        requirements: Mapping[str, Requirement],
    ) -> None:
        self._corpus = corpus
        self._findings = findings
        self._requirements = requirements
        self._published: dict[str, bytes] = {}
        self._last = 0.0

    def begin(self, shrinker: Shrinker) -> None:
        """Reproduce the remote findings: adopt those that fail here, delete those that do not.

        Raises :class:`TargetError`.
        """
        if self._corpus is None:
            return
        for values in self._shared_findings().values():
            finding = smallest_of(values.values())
            if finding.id in self._findings or finding.requirement not in self._requirements:
                continue
            failures, tries = shrinker.count_failures(finding, finding.attempts)
            if failures:
                adopted = self._findings.adopt(finding)
                # One of the failures is the discovery itself.
                self._findings.keep(adopted.tried(failures - 1, tries - 1))
            elif tries == finding.attempts:
                for value in values:
                    self._corpus.delete(_FINDINGS, value)
        self.receive()

    def publish(self, finding: Finding) -> None:
        """Share a finding that was discovered here, or shrunk."""
        if self._corpus is None:
            return
        # Each worker counts its own repeats.
        ours = replace(finding, count=1)
        theirs = self._shared_findings().get(finding.id, {})
        if smallest_of([ours, *theirs.values()]) is not ours:
            return
        value = ours.text().encode()
        self._corpus.save(_FINDINGS, value)
        # Findings published while the server was away have not arrived yet.
        before = {self._published.get(finding.id, value), *theirs}
        for one in before - {value}:
            self._corpus.delete(_FINDINGS, one)
        self._published[finding.id] = value

    def receive(self, *, at_once: bool = False) -> None:
        """Register remote findings: every few seconds, or at once."""
        if self._corpus is None:
            return
        if not at_once and time.monotonic() - self._last < SECONDS_BETWEEN:
            return
        self._last = time.monotonic()
        if self._corpus.reach():
            remote = self._shared_findings().values()
            self._findings.register_remote(smallest_of(values.values()) for values in remote)

    def end(self) -> None:
        """Send the findings that wait for the example database, if it can be reached."""
        if self._corpus is not None:
            self._corpus.reach(at_once=True)

    @property
    def remarks(self) -> Iterable[str]:
        """Remarks for the verdict on an example database that was away."""
        if self._corpus is None or not self._corpus.was_away:
            return ()
        if not self._corpus.is_away:
            return (
                "the example database was away for a time; findings of that time were shared later",
            )
        return ("the example database went away: later findings are in the directory alone",)

    def _shared_findings(self) -> dict[str, dict[bytes, Finding]]:
        """The shared findings by id, each with its stored text; unreadable ones are skipped."""
        found: dict[str, dict[bytes, Finding]] = {}
        for value in self._corpus.fetch(_FINDINGS) if self._corpus else ():
            with suppress(FileError, UnicodeDecodeError):
                finding = Finding.read_text(value.decode(), "the example database")
                found.setdefault(finding.id, {})[value] = finding
        return found
