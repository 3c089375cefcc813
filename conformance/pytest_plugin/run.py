"""The run that all pytest items of a process share, from pytest's options to its clean-up."""

import re
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import click
import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.selection import SelectionError, ids_of, select
from conformance.cli.option_types import require_extra
from conformance.cli.run import run_command
from conformance.cli.settings import RunSettings
from conformance.results.baseline import Baseline, BaselineError
from conformance.results.result import VIOLATIONS, Outcome, Result, ResultKey
from conformance.results.transient import transient_report
from conformance.run.judging import names_of, never_succeeded
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.asgi import AppError
from conformance.target.connecting import authenticate
from conformance.target.errors import TargetError
from dinie_contract.command_line import settings_of, settings_of_file
from dinie_contract.output import complain, one_line
from dinie_contract.pytest_conformance import OPTIONS, option_dest
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.operation import Operation

_TABLE = "pytest"
"""The table of the configuration file that counts here, in the place of the one of ``run``."""


def shared_run(config: pytest.Config) -> "SharedRun":
    """The run that the options describe; raises pytest.UsageError for unusable options."""
    try:
        require_extra("conformance", "pytest --pyargs conformance")
        context = run_command.make_context(_TABLE, _given_arguments(config))
        settings = settings_of(RunSettings, context.params)
        contract = Contract.to_judge_by(settings.contract)
        url = settings.checked_url(contract)
        alone = {
            "--clock-url": settings.target.clock_url,
            "--provoke-rate-limit": settings.target.provoke_rate_limit,
        }
        given = [option for option, is_given in alone.items() if is_given]
        if given and (
            hasattr(config, "workerinput") or getattr(config.option, "numprocesses", None)
        ):
            raise click.UsageError(f"{given[0]} wants the target for itself: leave out -n")
        chosen = select(catalogue(), settings.patterns)
        required = ids_of(catalogue(), settings.required)
        baseline = Baseline.read(settings.baseline, contract, catalogue())
    except click.ClickException as error:
        text = re.sub(
            r"--([a-z][a-z-]*)", lambda found: option_named(found[1]), error.format_message()
        )
        raise pytest.UsageError(f"conformance: {text}") from None
    except (SelectionError, BaselineError, ContractError) as error:
        raise pytest.UsageError(f"conformance: {one_line(str(error))}") from None
    seed = settings.seed
    if seed is None:
        seed = secrets.randbelow(2**32)
        # Kept where xdist finds it, so that all of its workers make the same choices.
        setattr(config.option, option_dest("seed"), str(seed))
    source = settings_of_file(context).line
    return SharedRun(contract, chosen, url, settings, seed, baseline, required, source)


def _given_arguments(config: pytest.Config) -> list[str]:
    """The options as ``dinie-conformance run`` takes them."""
    arguments = []
    for name, one in OPTIONS.items():
        value = config.getoption(option_dest(name))
        if one.kind == "flag":
            spelling = f"--{name}" if value else one.negative
            arguments += [spelling] if value is not None and spelling else []
        else:
            values = value if isinstance(value, list) else [value] if value is not None else []
            arguments += [f"--{name}={text}" for text in values]
    return arguments


def option_named(name: str) -> str:
    """The spelling of a command line option in a message of this plugin."""
    return f"--conformance-{name}" if name in OPTIONS else f"DINIE_{name.replace('-', '_').upper()}"


@dataclass
class SharedRun:
    """The run that all items of a process share; it begins with the first that needs it.

    ``required`` are the ids of requirements that must be verified, ``configuration`` is the line on
    the configuration file, ``judged`` counts the items
    with a verdict, ``undecided`` are the reasons for no verdict, ``stale`` are the entries of the
    baseline whose rule holds again.
    """

    contract: Contract
    requirements: list[Requirement]
    url: str
    settings: RunSettings
    seed: int
    baseline: Baseline
    required: frozenset[str] = frozenset()
    configuration: str = ""
    judged: int = 0
    undecided: list[str] = field(default_factory=list)
    stale: list[ResultKey] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)
    _run: Run | None = None
    _failure: TargetError | AppError | None = None

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
                target = self._open.enter_context(self.settings.open_target(self.url))
                authenticate(target, self.settings.access, self.contract, complain)
                self._run = Run(self.contract, target, self.requirements, self.seed)
                self._run.survey()
            except (TargetError, AppError) as error:
                self._failure = error
                raise
        return self._run

    def worst_of(self, result: Result, observed: Sequence[Result]) -> Result:
        """The result of an item: what its check met on its way, where that is worse."""

        def weight(one: Result) -> int:
            if one.outcome is Outcome.ERROR:
                return 3
            if one.outcome not in VIOLATIONS or self.baseline.accepts(one):
                return 0
            return 2 if one.level is Level.MUST else 1

        return max((result, *observed), key=weight)

    def output(self) -> dict[str, Any] | None:
        """The counts of a run that took place, before it is cleaned up."""
        run = self._run
        if run is None:
            return None
        passed = transient_report(run.contract, run.target.transients)
        return {
            "made": len(run.target.created),
            "judged": self.judged,
            "stale": [list(one) for one in self.stale],
            "undecided": self.undecided,
            "doubt": never_succeeded(run.contract, run.answered, run.said),
            "transient": passed.line if passed else "",
            "left": [],
        }

    def clean_up(self) -> list[str]:
        """Revoke what was made and close everything; the names of the resources that are left."""
        with self._open:
            if self._run is None or self.settings.keep:
                return []
            self._run.clean_up()
            return [*names_of(self._run.left_behind)]
