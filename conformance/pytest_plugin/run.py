"""The run that all pytest items of a process share, from pytest's options to its clean-up."""

import re
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import click
import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.selection import SelectionError, select
from conformance.cli.options import base_url, check_access
from conformance.cli.run import run_command
from conformance.pytest_plugin.options import given_arguments, option_dest, option_named
from conformance.results.baseline import Baseline, BaselineError, Place
from conformance.run.judging import never_succeeded
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.asgi import AppError, serving
from conformance.target.connecting import authenticate, build_target
from conformance.target.target import TargetError
from openapi.contract import Contract
from openapi.operation import Operation


def shared_run(config: pytest.Config) -> "SharedRun":
    """What the options ask for; raises pytest.UsageError where the options are no good."""
    try:
        context = run_command.make_context("conformance", given_arguments(config))
        options = context.params
        contract = Contract.bundled()
        url = base_url(contract, options)
        check_access(options)
        _check_alone(config, options)
        chosen = select(catalogue(), options["patterns"])
        accepted = Baseline()
        if options["baseline"]:
            accepted = Baseline.read(options["baseline"], contract, catalogue())
    except click.ClickException as error:
        said = re.sub(
            r"--([a-z][a-z-]*)", lambda found: option_named(found[1]), error.format_message()
        )
        raise pytest.UsageError(f"conformance: {said}") from None
    except (SelectionError, BaselineError) as error:
        raise pytest.UsageError(f"conformance: {error}") from None
    if options["seed"] is None:
        # Kept where xdist finds it, so that all of its workers make the same choices.
        options["seed"] = secrets.randbelow(2**32)
        setattr(config.option, option_dest("seed"), str(options["seed"]))
    return SharedRun(contract, chosen, url, options, accepted)


def _check_alone(config: pytest.Config, options: Mapping[str, Any]) -> None:
    """Raise :class:`click.UsageError` where several processes would be in each other's way."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or getattr(config.option, "numprocesses", None):
        for name in ("clock_url", "provoke_rate_limit"):
            if options[name]:
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option} wants the target for itself: leave out -n")


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
        options: Mapping[str, Any],
        baseline: Baseline,
    ) -> None:
        self.contract = contract
        self.requirements = requirements
        self.url = url
        self.options = options
        self.level = Level(options["level"])
        self.baseline = baseline
        self.judged = 0
        self.stale: list[Place] = []
        self._open = ExitStack()
        self._run: Run | None = None
        self._failure: TargetError | AppError | None = None

    @cached_property
    def checks(self) -> list[tuple[Requirement, Operation]]:
        """What there is to do, in an order that all processes share.

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
        transport = self._open.enter_context(serving(self.options["app"]))
        target = self._open.enter_context(build_target(self.url, self.options, transport))
        authenticate(target, self.options)
        return Run(self.contract, target, self.requirements, self.options["seed"])

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
            if not self.options["keep"]:
                run.clean_up()
            return {**output, "left": run.left_behind}
