"""From requirements to a stream of results. It runs many at once and never prints."""

import random
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from urllib.parse import quote

from conformance.applicability import creates, lists
from conformance.capability import Capability
from conformance.exchange import Request
from conformance.model import Level, Outcome, Requirement, Result
from conformance.probe import NotVerified, Probe, Violation
from conformance.reproduction import reproduction
from conformance.target import Target, TargetError
from openapi.contract import PATH_PARAMETER, Contract
from openapi.operation import Operation

AT_ONCE = 8
"""Checks in flight together: what makes a slow target bearable."""


class Run:
    """One run of requirements against a target.

    Iterate :meth:`results` once; afterwards ``exercised`` says which operations answered their
    success status, ``stopped`` why the run ended early (None: it did not), and ``left_behind``
    how much could not be revoked.
    """

    def __init__(
        self, contract: Contract, target: Target, requirements: Iterable[Requirement], seed: int
    ) -> None:
        self.contract = contract
        self.target = target
        self.requirements = tuple(requirements)
        self.seed = seed
        self.exercised: dict[str, bool] = {}
        self.stopped: str | None = None
        self.left_behind = 0

    def results(self) -> Iterator[Result]:
        """Results in the order in which they come in.

        Raises :class:`TargetError` where the target does not answer at all.
        """
        self.survey()
        checks = [
            (requirement, operation)
            for requirement in self.requirements
            for operation in self.contract.operations.values()
            if requirement.applies_to(operation)
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = [pool.submit(self.check, *one) for one in checks]
            try:
                for future in as_completed(running):
                    try:
                        yield future.result()
                    except TargetError as error:
                        self.stopped = str(error)
                        break
            finally:
                _cancel(running)

    def check(self, requirement: Requirement, operation: Operation) -> Result:
        """The result of one requirement on one operation; raises :class:`TargetError`."""
        missing = sorted(one.value for one in requirement.needs - self.target.capabilities)
        if missing:
            return Result(
                requirement, operation.id, Outcome.NOT_VERIFIED, actual="; ".join(missing)
            )
        randomness = random.Random(f"{self.seed} {requirement.id} {operation.id}")  # noqa: S311 - test data
        probe = Probe(self.contract, operation, self.target, randomness)
        outcome, expected, actual = Outcome.PASSED, "", ""
        try:
            requirement.check(probe)
        except Violation as violation:
            outcome = Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNING
            expected, actual = violation.expected, violation.actual
        except NotVerified as reason:
            outcome, actual = Outcome.NOT_VERIFIED, str(reason)
        except TargetError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of the harness is a result, not the run's end
            outcome, actual = Outcome.ERROR, f"{type(error).__name__}: {error}"
        self._note(operation, probe)
        script = ""
        if outcome in {Outcome.FAILED, Outcome.WARNING}:
            script = reproduction(self.target.base_url, probe.recording.exchanges)
        return Result(requirement, operation.id, outcome, expected, actual, script)

    def clean_up(self) -> int:
        """Revoke what the run made, where the contract offers it; gives how much there was."""
        revoke = next(
            (one for one in self.contract.operations.values() if one.method == "DELETE"), None
        )
        made = sorted(self.target.created)
        for partner, client_id in made:
            removed = False
            if revoke is not None:
                path = PATH_PARAMETER.sub(lambda _: quote(client_id, safe=""), revoke.path)  # noqa: B023 - used at once
                try:
                    answer = self.target.send(Request("DELETE", path, partner=partner))
                    removed = answer.status in {revoke.success_status, 404, 409}
                except TargetError:
                    self.left_behind += 1
                    continue
            self.left_behind += not removed
        return len(made)

    def survey(self) -> None:
        """Find out what the target can do; the rest of the catalogue needs to know."""
        for operation in self.contract.operations.values():
            if lists(operation):
                answer = self.target.send(Request("GET", operation.path))
                if answer.status == operation.success_status:
                    self.target.capabilities.add(Capability.LISTING)
        for operation in self.contract.operations.values():
            if creates(operation):
                self._survey_created(operation)

    def _survey_created(self, operation: Operation) -> None:
        probe = Probe(self.contract, operation, self.target, random.Random(f"{self.seed} survey"))  # noqa: S311 - test data
        try:
            made = probe.succeed(probe.request())
            revoke = probe.sibling("DELETE")
        except NotVerified:
            return
        finally:
            self._note(operation, probe)
        client_id, client_secret = made.field("client_id"), made.field("client_secret")
        token = next(
            (one for one in self.contract.operations.values() if one.id == "createToken"), None
        )
        if token is not None:
            body = {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
            }
            request = Request("POST", token.path, partner=None).with_json(body)
            if self.target.send(request).status == token.success_status:
                self.target.capabilities.add(Capability.TOKENS)
        path = PATH_PARAMETER.sub(lambda _: quote(str(client_id), safe=""), revoke.path)
        if self.target.send(Request("DELETE", path)).status == revoke.success_status:
            self.target.capabilities.add(Capability.REVOCATION)

    def _note(self, operation: Operation, probe: Probe) -> None:
        succeeded = any(
            request.method == operation.method and answer.status == operation.success_status
            for request, answer in probe.recording.exchanges
        )
        self.exercised[operation.id] = self.exercised.get(operation.id, False) or succeeded


def _cancel(running: list[Future[Result]]) -> None:
    for future in running:
        future.cancel()
