"""The exchange of findings between workers on one target, in the corpus that they share.

Remote findings are suppressed in searches and become local ones when reproduced here, so a
violation that was mended meanwhile is not reported.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.fuzz.findings.exporting import with_scripts
from conformance.fuzz.findings.shrinking import Shrinker
from conformance.fuzz.storage.files import LARGEST_FINDINGS, MOST_FINDINGS, FileError, weight_of
from conformance.fuzz.storage.finding import Finding, FindingKey, smallest_of
from conformance.fuzz.storage.record import Record
from conformance.target.target_settings import AS_RUN, TargetSettings

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus

SECONDS_BETWEEN = 2.0

_LARGEST_SHARED = 1024 * 1024
"""The weight of a finding whose requests are shared: a database has room for many."""

_FINDINGS = b"findings"


class Sharing:
    """Publishes local findings and receives remote ones; does nothing without a corpus."""

    def __init__(
        self, corpus: "SharedCorpus | None", record: Record, settings: TargetSettings = AS_RUN
    ) -> None:
        self._corpus = corpus
        self._settings = settings
        self._record = record
        self._findings = record.findings
        self._published: dict[FindingKey, bytes] = {}
        self._known: dict[bytes, Finding | None] = {}
        self._has_junk = False
        self._last = 0.0

    def begin(self, shrinker: Shrinker, seconds: float) -> None:
        """Reproduce the remote findings: adopt those that fail here, delete those that do not.

        Those that are not tried within so many seconds stay remote: what others have written may
        take no more. Raises :class:`TargetError`.
        """
        if self._corpus is None:
            return
        end = time.monotonic() + seconds
        for values in self._shared_findings().values():
            finding = smallest_of(values.values())
            if finding.key in self._findings:
                continue
            if finding.requirement not in self._record.requirements:
                continue
            if not self._findings.has_room(finding.key):
                continue
            failures, tries = shrinker.count_failures(finding, finding.attempts, end)
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
        # Each worker counts its own repeats, and makes scripts of its own.
        ours = replace(finding, count=1, curl="", python="").within(_LARGEST_SHARED)
        theirs = self._shared_findings().get(finding.key, {})
        if smallest_of([ours, *theirs.values()]) is not ours:
            return
        value = ours.text().encode()
        self._corpus.save(_FINDINGS, value)
        # Findings published while the server was away have not arrived yet.
        before = {self._published.get(finding.key, value), *theirs}
        for one in before - {value}:
            self._corpus.delete(_FINDINGS, one)
        self._published[finding.key] = value

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
        """Remarks for the verdict on an example database that was away, or holds junk."""
        if self._corpus is None:
            return
        if self._has_junk or self._corpus.has_junk:
            yield "the example database holds too much, or no finding or example: it was left out"
        if self._corpus.is_away:
            yield "the example database went away: later findings are in the directory alone"
        elif self._corpus.was_away:
            yield (
                "the example database was away for a time; findings of that time were shared later"
            )

    def _shared_findings(self) -> dict[FindingKey, dict[bytes, Finding]]:
        """The shared findings by key, each with its stored text; unreadable ones are skipped."""
        values = set(self._corpus.fetch(_FINDINGS) if self._corpus else ())
        # Each is read once, however often the database is asked.
        self._known = {one: self._known[one] for one in values & self._known.keys()}
        found: dict[FindingKey, dict[bytes, Finding]] = {}
        weight = 0
        for number, value in enumerate(sorted(values, key=lambda one: (len(one), one))):
            weight += weight_of(value)
            if number >= MOST_FINDINGS or weight > LARGEST_FINDINGS:
                self._has_junk = True
                break
            if value not in self._known:
                self._known[value] = self._read(value)
            if (finding := self._known[value]) is not None:
                found.setdefault(finding.key, {})[value] = finding
        return found

    def _read(self, value: bytes) -> Finding | None:
        """The finding that a value of the database is; None for any other value."""
        try:
            text = value.decode()
            finding = Finding.read_text(text, self._record.contract, "the example database")
        except (FileError, UnicodeDecodeError):
            self._has_junk = True
            return None
        return with_scripts(self._record.target, finding, self._settings)
