"""``dinie-conformance replay``: a finding, once more."""

from pathlib import Path
from typing import Any

import click

from conformance import generation
from conformance.cli.options import takes_options
from conformance.cli.settings import SendingSettings, check_access
from conformance.fuzz.findings.replaying import fails, work_of
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.work import works
from conformance.results.verdict import BROKEN, CONFORMS, NO_VERDICT
from conformance.run.interrupts import stopped_by_signals
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.asgi import serving
from conformance.target.connecting import authenticate, build_target
from conformance.target.target import TargetError
from dinie_contract.command_line import settings_of
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
    url = settings.base_url(contract)
    check_access(settings.access)
    found = Finding.read(_file_of(finding))
    known = {one.name: one for one in works(contract, list(catalogue().values()))}
    work = work_of(contract, found, known)
    generation.load()
    with (
        serving(settings.app) as transport,
        build_target(url, settings.target, settings.access, transport) as target,
    ):
        run = Run(contract, target, [], found.seed)
        said: list[bool | None] = []
        try:
            authenticate(target, settings.access, contract)
            with stopped_by_signals(target.halt):
                run.survey()
                while len(said) < found.attempts and True not in said:
                    said.append(fails(contract, target, found, work))
        except TargetError as error:
            click.echo(f"No verdict: {target.shown(str(error))}")
            return NO_VERDICT
        finally:
            target.resume()
            if not settings.keep:
                run.clean_up()
    return _told(found, said)


def _told(found: Finding, said: list[bool | None]) -> int:
    place = f"{found.requirement} [{found.operation}]"
    if True in said:
        click.echo(f"Fails still: {place}: expected {found.expected}, got {found.actual}")
        return BROKEN
    if False in said:
        click.echo(f"Fails no longer: {place} ({len(said)} attempts)")
        return CONFORMS
    click.echo(f"No verdict: {place}: the target does not let the check come so far")
    return NO_VERDICT


def _file_of(path: Path) -> Path:
    """The file that a path, or DIR/ID, means."""
    within = path.parent / "findings" / f"{path.name}.json"
    return within if not path.exists() and within.exists() else path
