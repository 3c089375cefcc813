"""A closer look at a finding: whether fewer requests show it, and whether it fails again."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from conformance.fuzz.findings.finding import Finding
from conformance.fuzz.findings.findings import Findings
from conformance.fuzz.findings.replaying import fails, work_of
from conformance.fuzz.findings.shrinking import shrink
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.work import Work
from conformance.run.check import CheckOutcome
from conformance.target.target import Target, TargetError
from openapi.contract import Contract

TRIES = 3
"""How often a finding is tried again when it has been found."""


class CloserLook:
    """Looks at findings and keeps what it sees. ``is_over`` says whether there is time for more."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        works: Mapping[str, Work],
        findings: Findings,
        is_over: Callable[[], bool],
    ) -> None:
        self._contract = contract
        self._target = target
        self._works = works
        self._findings = findings
        self._is_over = is_over

    def at(self, finding: Finding, work: Work, examination: CheckOutcome) -> None:
        """Make it smaller and try it again; the campaign may end meanwhile."""
        # Where the target stops answering it stays as it was found.
        with suppress(TargetError, ValueError):
            self._findings.keep(
                shrink(
                    self._contract,
                    self._target,
                    finding,
                    work,
                    examination.exchanges,
                    self._is_over,
                )
            )
            self.again(self._findings[finding.id])

    def at_adopted(self, finding: Finding) -> None:
        """Try one again that another worker has made small."""
        with suppress(TargetError, ValueError):
            self.again(finding)

    def again(self, finding: Finding) -> bool:
        """Whether it fails always, sometimes or no more; raises :class:`TargetError`.

        Gives whether it failed at all.
        """
        failures, tries = self.tried(finding, TRIES)
        self._findings.keep(self._findings[finding.id].tried(failures, tries))
        return failures > 0

    def tried(self, finding: Finding, times: int) -> tuple[int, int]:
        """In how many of how many tries it failed; raises :class:`TargetError`."""
        failures = tries = 0
        try:
            work = work_of(self._contract, finding, self._works)
        except FileError:
            # It was found with another selection, or by a check that there is no more.
            return 0, 0
        for _ in range(times):
            if self._is_over():
                break
            failed = fails(self._contract, self._target, finding, work)
            if failed is not None:
                tries += 1
                failures += failed
        return failures, tries
