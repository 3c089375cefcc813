"""The run that all pytest items of a process share, from pytest's options to its clean-up."""

import re
import secrets
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import click
import pytest

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.selection import SelectionError, select
from conformance.cli.options import require_extra
from conformance.cli.run import run_command
from conformance.cli.settings import RunSettings, check_access
from conformance.pytest_plugin.options import given_arguments, option_named
from conformance.results.baseline import Baseline, BaselineError
from conformance.results.result import ResultKey
from conformance.run.judging import never_succeeded
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.asgi import AppError, serving
from conformance.target.connecting import authenticate, build_target
from conformance.target.target import TargetError
from dinie_contract.command_line import settings_of
from dinie_contract.pytest_conformance import option_dest
from openapi.contract import Contract
from openapi.operation import Operation


def shared_run(config: pytest.Config) -> "SharedRun":
    """The run that the options describe; raises pytest.UsageError for unusable options."""
    try:
        require_extra("conformance", "pytest --pyargs conformance")
        context = run_command.make_context("conformance", given_arguments(config))
        settings = settings_of(RunSettings, context.params)
        contract = Contract.bundled()
        url = settings.base_url(contract)
        check_access(settings.access)
        _check_alone(config, settings)
        chosen = select(catalogue(), settings.patterns)
        accepted = Baseline()
        if settings.baseline:
            accepted = Baseline.read(settings.baseline, contract, catalogue())
    except click.ClickException as error:
        said = re.sub(
            r"--([a-z][a-z-]*)", lambda found: option_named(found[1]), error.format_message()
        )
        raise pytest.UsageError(f"conformance: {said}") from None
    except (SelectionError, BaselineError) as error:
        raise pytest.UsageError(f"conformance: {error}") from None
    seed = settings.seed
    if seed is None:
        seed = secrets.randbelow(2**32)
        # Kept where xdist finds it, so that all of its workers make the same choices.
        setattr(config.option, option_dest("seed"), str(seed))
    return SharedRun(contract, chosen, url, settings, seed, accepted)


def _check_alone(config: pytest.Config, settings: RunSettings) -> None:
    """Raise :class:`click.UsageError` where several processes would be in each other's way."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or getattr(config.option, "numprocesses", None):
        alone = {
            "--clock-url": settings.target.clock_url,
            "--provoke-rate-limit": settings.target.provoke_rate_limit,
        }
        for option, is_given in alone.items():
            if is_given:
                raise click.UsageError(f"{option} wants the target for itself: leave out -n")


class SharedRun:
    """Begins with the first item that needs it.

    ``judged`` counts the items with a verdict, ``stale`` are the entries of the baseline whose
    rule holds again.
    """

    def __init__(
        self,
        contract: Contract,
        requirements: list[Requirement],
        url: str,
        settings: RunSettings,
        seed: int,
        baseline: Baseline,
    ) -> None:
        self.contract = contract
        self.requirements = requirements
        self.url = url
        self.settings = settings
        self.seed = seed
        self.baseline = baseline
        self.judged = 0
        self.stale: list[ResultKey] = []
        self._open = ExitStack()
        self._run: Run | None = None
        self._failure: TargetError | AppError | None = None

    @cached_property
    def checks(self) -> list[tuple[Requirement, Operation]]:
        """All checks, in an order that all processes share.

        What judges the whole run comes last.
        """
        pairs = [
            (requirement, operation)
            for requirement in self.requirements
            for operation in self.contract.operations.values()
            if requirement.applies_to(operation)
        ]
        return sorted(pairs, key=lambda pair: (pair[0].phase, pair[0].id, pair[1].id))

    def run(self) -> Run:
        """The run, its survey done; raises TargetError and AppError."""
        if self._failure:
            raise self._failure
        if self._run is None:
            try:
                self._run = self._begun()
                self._run.survey()
            except (TargetError, AppError) as error:
                self._failure = error
                raise
        return self._run

    def _begun(self) -> Run:
        transport = self._open.enter_context(serving(self.settings.app))
        settings = self.settings
        target = self._open.enter_context(
            build_target(self.url, settings.target, settings.access, transport)
        )
        authenticate(target, self.settings.access, self.contract)
        return Run(self.contract, target, self.requirements, self.seed)

    def finish(self) -> dict[str, Any] | None:
        """Revoke what was made and close everything; what there is to say of it, if anything."""
        with self._open:
            run = self._run
            if run is None:
                return None
            output = {
                "made": len(run.target.created),
                "judged": self.judged,
                "stale": [list(one) for one in self.stale],
                "doubt": never_succeeded(run.contract, run.answered),
            }
            if not self.settings.keep:
                run.clean_up()
            return {**output, "left": run.left_behind}
