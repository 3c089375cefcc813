"""``dinie-conformance replay``: a finding, once more."""

from pathlib import Path
from typing import Any

import click

from conformance import generation
from conformance.cli.option_types import takes_options
from conformance.cli.settings import SendingSettings
from conformance.fuzz.findings.replaying import MOST_REQUESTS, fails, work_of
from conformance.fuzz.storage.directory import file_of_finding
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.work import works
from conformance.report.output import complain
from conformance.results.verdict import BROKEN, CONFORMS, NO_VERDICT
from conformance.run.interrupts import stopped_by_signals
from conformance.run.judging import cut_remarks
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import authenticate
from conformance.target.errors import AllowanceSpent, TargetError
from conformance.target.threads import Threads, values
from dinie_contract.command_line import settings_of
from dinie_contract.output import echo, one_line
from openapi.contract import Contract


@click.command("replay")
@click.argument("finding", type=click.Path(path_type=Path), metavar="FINDING")
@takes_options("replay", reports=False, extra="conformance")
def replay_command(finding: Path, **parameters: Any) -> int:
    """Run one finding again: 1 while it still fails, 0 once it is mended, 2 for no verdict.

    FINDING is the file of one, or DIR/ID.
    """
    contract = Contract.bundled()
    settings = settings_of(SendingSettings, parameters)
    url = settings.checked_url(contract)
    found = Finding.read(file_of_finding(finding), contract)
    known = {one.name: one for one in works(contract, list(catalogue().values()))}
    work = work_of(contract, found, known)
    generation.load()
    with settings.open_target(url) as target:
        run = Run(contract, target, [], found.seed)
        failures: list[bool | None] = []
        void = ""
        with stopped_by_signals(target.halt, target), Threads(1) as threads:
            try:
                authenticate(target, settings.access, contract, complain)
                run.survey()
                with target.allowing(MOST_REQUESTS):
                    while len(failures) < found.attempts and True not in failures:
                        trying = threads.submit(fails, contract, target, found, work)
                        failures += values([trying], target)
            except AllowanceSpent:
                void = (
                    f"finding {found.id} did not fail in the {MOST_REQUESTS} requests"
                    " that a replay sends at most, and its file asks for more"
                )
            except TargetError as error:
                void = str(error)
            finally:
                if not settings.keep:
                    run.clean_up()
        remarks = cut_remarks(contract, target)
    for warning in settings.target.connection.warnings:
        echo(warning)
    if void:
        echo("\n".join((f"No verdict: {void}", *remarks)))
        return NO_VERDICT
    name = f"{found.requirement} [{found.operation}]"
    expected, actual = one_line(found.expected), one_line(found.actual)
    if True in failures:
        echo(f"Fails still: {name}: expected {expected}, got {actual}")
        return BROKEN
    if False in failures:
        echo(f"Fails no longer: {name} ({len(failures)} attempts)")
        return CONFORMS
    echo(f"No verdict: {name}: the target does not let the check come so far")
    return NO_VERDICT
