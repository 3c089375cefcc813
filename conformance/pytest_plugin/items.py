"""The catalogue as pytest items: one for each requirement and operation that it applies to."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.catalogue.requirement import Level, Requirement
from conformance.pytest_plugin.run import SharedRun, shared_run
from conformance.results.exit_code import NO_VERDICT
from conformance.results.result import VIOLATIONS, Outcome, Result
from conformance.run.judging import clean_up_remarks
from conformance.target.asgi import AppError
from conformance.target.errors import TargetError
from dinie_contract.output import shown
from dinie_contract.pytest_conformance import NODE_IDS
from openapi.operation import Operation

PACKAGE = Path(str(conformance.__file__)).parent

_WORKER_OUTPUT = "conformance"


class ConformanceWarning(pytest.PytestWarning):
    """A SHOULD is broken, in a run that only a broken MUST fails."""


class ConformancePlugin:
    """Collects the items, and reports at the end on the run that they share.

    Raises :class:`pytest.UsageError` for unusable options.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.shared = shared_run(config)
        self._outputs: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> Any:
        """The catalogue in the place of this package's files."""
        if not path.samefile(PACKAGE):
            return None
        name = conformance.__name__
        node = Catalogue.from_parent(parent, path=PACKAGE, name=name, nodeid=name)
        node.shared = self.shared
        return node

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Deselect the items that no node id on the command line names."""
        named = set(getattr(config.option, NODE_IDS, ()))
        ours = [item for item in items if isinstance(item, RequirementItem)]
        left = [item for item in ours if named and not named & {item.nodeid, item.whole_nodeid}]
        if left:
            items[:] = [item for item in items if item not in left]
            config.hook.pytest_deselected(items=left)

    def pytest_report_header(self) -> list[str]:
        """Report the target, the contract, the level, the seed and the configuration file."""
        where = (
            f"{self.shared.settings.app} at {self.shared.url}"
            if self.shared.settings.app
            else self.shared.url
        )
        line = (
            f"conformance: {where} by contract {self.shared.contract.identity},"
            f" level {self.shared.settings.level}, seed {self.shared.seed}"
        )
        source = self.shared.configuration
        return [line, f"conformance: {source}"] if source else [line]

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Leave nothing behind; a run in which nothing could be verified is no pass.

        Other plugins write their reports first, which must be there if the cleaning up is killed.
        """
        output = self.shared.output()
        self._outputs += [output] if output else []
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_WORKER_OUTPUT] = self._outputs
        elif session.exitstatus == pytest.ExitCode.OK and self._doubt():
            session.exitstatus = NO_VERDICT
        try:
            yield
        finally:
            left = self.shared.clean_up()
            if output:
                output["left"] = left

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Collect the output of one of xdist's workers."""
        self._outputs += getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, [])

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Report the created keys, stale entries of the baseline, and why there is no verdict."""
        made = sum(one["made"] for one in self._outputs)
        left = [name for one in self._outputs for name in one["left"]]
        settings = self.shared.settings
        lines = [*settings.target.connection.warnings] if self._outputs else []
        lines += clean_up_remarks(self.shared.contract, made, left, keep=settings.keep)
        lines += [one["transient"] for one in self._outputs if one["transient"]]
        stale = sorted(tuple(one) for output in self._outputs for one in output["stale"])
        if stale:
            lines.append("Stale entries of the baseline (the rule holds again, take them out)")
            lines += [f"  {id_} [{operation}]" for id_, operation in stale]
        if exitstatus != pytest.ExitCode.INTERRUPTED and (doubt := self._doubt()):
            lines.append(f"No verdict: {doubt}")
        if lines:
            terminalreporter.section("conformance")
        for line in lines:
            terminalreporter.line(line)

    def _doubt(self) -> str:
        doubts = [one["doubt"] for one in self._outputs]
        if doubts and all(doubts):
            return str(doubts[0])
        if self._outputs and not sum(one["judged"] for one in self._outputs):
            return "nothing could be verified"
        undecided = [text for one in self._outputs for text in one["undecided"]]
        return f"not verified: {undecided[0]}" if undecided else ""


class Catalogue(pytest.Directory):
    """The node in which all items are."""

    shared: SharedRun

    def collect(self) -> Iterator["RequirementItem"]:
        """The items: one for each requirement on each operation."""
        for requirement, operation in self.shared.checks:
            name = f"{requirement.id}[{operation.id}]"
            item: RequirementItem = RequirementItem.from_parent(self, name=name)
            item.shared, item.requirement, item.operation = self.shared, requirement, operation
            yield item


class RequirementItem(pytest.Item):
    """A test item: one requirement on one operation.

    The check is done in the set-up, so that a fault of the harness is an error of the item and no
    failure; the call judges its result.
    """

    shared: SharedRun
    requirement: Requirement
    operation: Operation
    result: Result

    @property
    def whole_nodeid(self) -> str:
        """The node id of the requirement on whatever operation."""
        return self.nodeid.partition("[")[0]

    def setup(self) -> None:
        """Do the check."""
        try:
            run = self.shared.run()
            result, observed = run.check_and_observe(self.requirement, self.operation)
            self.result = self.shared.worst_of(result, observed)
        except (TargetError, AppError) as error:
            # No other item could be verified either.
            self.session.shouldstop = fault = shown(str(error))
        else:
            if self.result.outcome is not Outcome.ERROR:
                return
            fault = f"a fault of the harness: {self.result.actual}"
        pytest.fail(fault, pytrace=False)

    def runtest(self) -> None:
        """Judge the result of the check."""
        outcome = self.result.outcome
        if outcome is Outcome.NOT_VERIFIED:
            accepted = self.shared.baseline.accepts(self.result)
            is_required = self.requirement.id in self.shared.required
            if is_required or (self.result.is_undecided and not accepted):
                self.shared.undecided.append(f"{self.result.name}: {self.result.actual}")
            pytest.skip(f"not verified: {self.result.actual}")
        self.shared.judged += 1
        self.shared.stale += self.shared.baseline.stale([self.result])
        if self.shared.baseline.accepts(self.result):
            reason = self.shared.baseline.accepted[self.result.key]
            pytest.xfail(f"accepted by the baseline{f': {reason}' if reason else ''}")
        if outcome in VIOLATIONS:
            lines = [self.result.title]
            lines += [f"  {name:<8}  {value}" for name, value in self.result.facts]
            lines += [f"    {line}" for line in self.result.reproduce.splitlines()]
            text = "\n".join(lines)
            if self.result.level in {Level.MUST, self.shared.settings.level}:
                # The fault is not in this code, so there is no traceback.
                pytest.fail(text, pytrace=False)
            self.warn(ConformanceWarning(text))

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and line of the check, for tools that open it."""
        # The item's own name would be printed with `::` for each of its dots.
        name = f"{self.requirement.id} [{self.operation.id}]"
        code = inspect.unwrap(self.requirement.check).__code__
        return Path(code.co_filename), code.co_firstlineno - 1, name
