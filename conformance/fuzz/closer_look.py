"""A closer look at a finding: whether fewer requests show it, and whether it fails again."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from conformance.effort import Effort
from conformance.examination import Examination
from conformance.fuzz.files import FileError
from conformance.fuzz.finding import Finding
from conformance.fuzz.findings import Findings
from conformance.fuzz.python_script import python_script
from conformance.fuzz.recording import said, sender
from conformance.fuzz.replaying import fails, probe_for, work_of
from conformance.fuzz.resending import resent
from conformance.fuzz.smallest import smallest
from conformance.fuzz.work import Work
from conformance.model import Requirement
from conformance.reproduction import reproduction
from conformance.target import Target, TargetError
from openapi.contract import Contract

TRIES = 3
"""How often a finding is tried again when it has been found."""


class CloserLook:
    """Looks at findings and keeps what it sees. ``is_over`` says whether there is time for more."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        requirements: Mapping[str, Requirement],
        works: Mapping[str, Work],
        findings: Findings,
        is_over: Callable[[], bool],
    ) -> None:
        self._contract = contract
        self._target = target
        self._requirements = requirements
        self._works = works
        self._findings = findings
        self._is_over = is_over

    def at(self, finding: Finding, work: Work, examination: Examination) -> None:
        """Make it smaller and try it again; the campaign may end meanwhile."""
        # Where the target stops answering it stays as it was found.
        with suppress(TargetError, ValueError):
            self._findings.keep(self._smaller(finding, work, examination))
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

    def _smaller(self, finding: Finding, work: Work, examination: Examination) -> Finding:
        requirement = self._requirements[finding.requirement]
        probe = probe_for(self._contract, self._target, work, requirement, finding.seed, Effort())
        answers = [said(answer) for _, answer in examination.exchanges]
        if not answers:
            return finding
        steps, shows, was_sent_again = smallest(finding.steps, answers, sender(probe))
        curl = finding.curl
        if was_sent_again and len(steps) < len(answers):
            probe.recording.exchanges.clear()
            resent(steps, sender(probe))
            script = reproduction(self._target.base_url, probe.recording.exchanges)
            curl = self._target.shown(script)
        return replace(
            finding,
            steps=tuple(steps),
            shows=shows,
            was_sent_again=was_sent_again,
            curl=curl,
            python=python_script(self._target.base_url, steps),
        )
