"""The shrinker: findings with the fewest requests, reproduced."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from conformance.fuzz.findings.replaying import fails, work_of
from conformance.fuzz.findings.shrinking import shrink
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.findings import Findings
from conformance.fuzz.work import Work
from conformance.run.check import CheckOutcome
from conformance.target.target import Target, TargetError
from openapi.contract import Contract

TRIES = 3
"""How often a new finding is reproduced."""


class Shrinker:
    """Shrinks and reproduces findings, and keeps the outcome.

    ``is_over`` says whether the time of the campaign is up.
    """

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

    def shrink(self, finding: Finding, work: Work, outcome: CheckOutcome) -> None:
        """Shrink a new finding and reproduce it; the campaign may end meanwhile."""
        # Where the target stops answering, the finding stays as it is.
        with suppress(TargetError, ValueError):
            self._findings.keep(
                shrink(
                    self._contract,
                    self._target,
                    finding,
                    work,
                    outcome.exchanges,
                    self._is_over,
                )
            )
            self.reproduce(self._findings[finding.id])

    def confirm(self, finding: Finding) -> None:
        """Reproduce a finding that another worker has shrunk."""
        with suppress(TargetError, ValueError):
            self.reproduce(finding)

    def reproduce(self, finding: Finding) -> bool:
        """Run a finding again and keep its rate; raises :class:`TargetError`.

        True where it failed at least once.
        """
        failures, tries = self.count_failures(finding, TRIES)
        self._findings.keep(self._findings[finding.id].tried(failures, tries))
        return failures > 0

    def count_failures(self, finding: Finding, times: int) -> tuple[int, int]:
        """Failures and tries of a finding; raises :class:`TargetError`."""
        failures = tries = 0
        try:
            work = work_of(self._contract, finding, self._works)
        except FileError:
            # The finding is of another selection, or of a check that is gone.
            return 0, 0
        for _ in range(times):
            if self._is_over():
                break
            failed = fails(self._contract, self._target, finding, work)
            if failed is not None:
                tries += 1
                failures += failed
        return failures, tries
