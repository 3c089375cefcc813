"""``dinie-conformance fuzz`` and ``replay``: a campaign, and one of its findings again."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conformance import generation
from conformance.client.har_reading import read_har
from conformance.durations import Duration
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.directory import RunDirectory
from conformance.fuzz.exporting import as_pytest, can_be_exported
from conformance.fuzz.files import FileError
from conformance.fuzz.finding import Finding
from conformance.fuzz.live import LiveView
from conformance.fuzz.memory import use_one_arena
from conformance.fuzz.recorded import requests_in
from conformance.fuzz.replaying import fails, work_of
from conformance.fuzz.verdicts import verdict_of
from conformance.fuzz.work import works
from conformance.in_process import serving
from conformance.model import Level
from conformance.opening import let_in, to_target
from conformance.options import (
    Authorities,
    BaseUrl,
    base_url,
    check_access,
    file,
    hidden,
    yields_to,
)
from conformance.output_files import check_writable, write
from conformance.registry import catalogue
from conformance.report import FORMATS
from conformance.report.text import TextReport
from conformance.runner import Run
from conformance.selection import select
from conformance.stopping import stopped_by_signals
from conformance.target import TargetError
from conformance.verdict import BROKEN, CONFORMS, INTERRUPTED, NO_VERDICT
from openapi.contract import Contract

_HOUR = 3600.0

Command = Callable[..., Any]


def _of_a_target(command: Command) -> Command:
    """The options that say where a target is, and who is let in."""
    options = (
        click.option("--url", type=BaseUrl(), envvar="DINIE_URL", callback=yields_to("app"),
                     help="Base URL with its prefix, such as http://127.0.0.1:8080/v3."),
        click.option("--app", envvar="DINIE_APP", callback=yields_to("url"),
                     metavar="MODULE:OBJECT", help="An ASGI or WSGI app, in this process."),
        hidden("--token", "Access token of a partner."),
        hidden("--second-token", "Access token of another partner: more can be found."),
        hidden("--client-id", "In place of --token, with --client-secret."),
        hidden("--client-secret", "In place of --token, with --client-id."),
        hidden("--second-client-id", "In place of --second-token."),
        hidden("--second-client-secret", "In place of --second-token."),
        click.option("--max-rps", type=click.FloatRange(0, min_open=True),
                     envvar="DINIE_MAX_RPS", metavar="N", help="At most N requests a second."),
        click.option("--ca-file", type=Authorities(), envvar="DINIE_CA_FILE",
                     help="Trust the certificate authorities in this PEM file, too."),
        click.option("--keep", is_flag=True, envvar="DINIE_KEEP",
                     help="Leave the keys that are made; else they are revoked."),
        click.option("--allow-production", is_flag=True, envvar="DINIE_ALLOW_PRODUCTION",
                     help="Run against the contract's production server."),
    )  # fmt: skip
    for one in reversed(options):
        command = one(command)
    return command


@click.command("fuzz")
@_of_a_target
@click.option("--max-time", type=Duration(), default=_HOUR, show_default="1h",
              envvar="DINIE_MAX_TIME", help="How long: 90s, 5m, 1h.")  # fmt: skip
@click.option("--max-findings", type=click.IntRange(1), envvar="DINIE_MAX_FINDINGS", metavar="N",
              help="End when so many were found.")  # fmt: skip
@click.option("--directory", type=click.Path(path_type=Path), envvar="DINIE_DIRECTORY",
              metavar="DIR", help="Where to keep it; else dinie-fuzz-TIME here.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=Path), metavar="DIR",
              help="Go on with the campaign in this directory.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), envvar="DINIE_SEED", metavar="N",
              help="Make the same choices as the campaign that printed this seed.")  # fmt: skip
@click.option("--level", type=click.Choice(["must", "should"]), default="must",
              show_default=True, envvar="DINIE_LEVEL",
              help="What fails it: a broken MUST only, or a broken SHOULD too.")  # fmt: skip
@click.option("--select", "patterns", multiple=True, metavar="ID", envvar="DINIE_SELECT",
              help="Judge by this id, section, or pattern only. Repeatable.")  # fmt: skip
@click.option("--har", "hars", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
              envvar="DINIE_HAR",
              help="Recorded traffic, HAR 1.2: sent again with changes. Repeatable.")  # fmt: skip
@file("--report-json", "Write the report for scripts.")
@file("--report-junit", "Write the report for CI systems.")
@file("--report-html", "Write the report as one web page.")
@click.option("--export", nargs=2, metavar="pytest FILE",
              type=(click.Choice(["pytest"]), click.Path(path_type=Path)),
              help="Write the findings as a pytest file. With --resume and no target "
                   "that is all that is done.")  # fmt: skip
def fuzz_command(**options: Any) -> int:
    """Judge the API for as long as you like, with other data all the time.

    The catalogue of `run` is the judge. What is found is kept in a directory: `replay` runs it
    again, and --resume goes on after any end.
    """
    outputs = {name: path for name in FORMATS if (path := options[f"report_{name}"])}
    exported = options["export"][1] if options["export"] else None
    if options["resume"] and (options["directory"] or options["seed"] is not None):
        raise click.UsageError("--resume takes directory and seed from the campaign itself")
    check_writable([*outputs.values(), *([exported] if exported else [])])
    if exported and options["resume"] and not options["url"] and not options["app"]:
        directory = RunDirectory.known(options["resume"])
        return _export(directory.findings(), str(directory.state().get("target", "")), exported)
    use_one_arena()
    contract = Contract.bundled()
    chosen = select(catalogue(), options["patterns"])
    url = base_url(contract, options)
    check_access(options)
    journal = [entry for path in options["hars"] for entry in read_har(path)]
    console = Console(highlight=False)
    directory, seed = _directory(options)
    with (
        directory.held(),
        serving(options["app"]) as transport,
        to_target(url, _of_a_run(options), transport) as target,
    ):
        try:
            let_in(target, options)
        except TargetError as error:
            raise click.ClickException(target.shown(str(error))) from error
        generation.load()
        campaign = Campaign(
            contract, target, chosen, directory, seed,
            max_seconds=options["max_time"],
            max_findings=options["max_findings"],
            recorded=requests_in(contract, journal),
            keep=options["keep"],
        )  # fmt: skip
        if options["resume"]:
            campaign.go_on()
        console.print(
            f"{directory.path}: seed {seed}, {len(campaign.works)} checks",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        void = _worked_through(campaign, console)
        verdict = verdict_of(campaign, Level(options["level"]), void)
    for name, path in outputs.items():
        write(path, FORMATS[name](verdict))
    TextReport(console).end(verdict)
    if exported:
        _export(list(campaign.findings.values()), url, exported)
    return verdict.exit_code


def _worked_through(campaign: Campaign, console: Console) -> str:
    """Do it; why there is no verdict, where it could not even begin."""
    with (
        stopped_by_signals(lambda: campaign.stop(INTERRUPTED, no_verdict=True)),
        LiveView(console, campaign).shown(),
    ):
        try:
            campaign.work_through()
        except TargetError as error:
            return str(error)
    return ""


def _directory(options: Mapping[str, Any]) -> tuple[RunDirectory, int]:
    """The run directory and the seed that go with the options."""
    if options["resume"]:
        directory = RunDirectory.known(options["resume"])
        seed = directory.state().get("seed")
        if not isinstance(seed, int):
            raise FileError(f"{directory.path}: its campaign has no seed")
        return directory, seed
    begun = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    path = options["directory"] or Path(f"dinie-fuzz-{begun}")
    seed = options["seed"] if options["seed"] is not None else secrets.randbelow(2**32)
    return RunDirectory.begun(path), seed


def _of_a_run(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what a campaign leaves to the gate: waits, clocks and provoked limits."""
    return {"patience": 0.0, "clock_url": None, "provoke_rate_limit": False, **options}


def _export(findings: list[Finding], url: str, path: Path) -> int:
    write(path, as_pytest(url, findings))
    left = [one.id for one in findings if not can_be_exported(one)]
    for one in left:
        click.echo(f"finding {one} is not in {path}: `replay` runs it", err=True)
    click.echo(f"{path}: {len(findings) - len(left)} tests")
    return CONFORMS


@click.command("replay")
@click.argument("finding", type=click.Path(path_type=Path), metavar="FINDING")
@_of_a_target
def replay_command(finding: Path, **options: Any) -> int:
    """Run one finding again: 1 while it still fails, 0 once it is mended, 2 for no verdict.

    FINDING is the file of one, or DIR/ID.
    """
    contract = Contract.bundled()
    url = base_url(contract, options)
    check_access(options)
    found = Finding.read(_file_of(finding))
    known = {one.name: one for one in works(contract, list(catalogue().values()))}
    work = work_of(contract, found, known)
    generation.load()
    with (
        serving(options["app"]) as transport,
        to_target(url, _of_a_run(options), transport) as target,
    ):
        run = Run(contract, target, [], found.seed)
        said: list[bool | None] = []
        try:
            let_in(target, options)
            with stopped_by_signals(target.halt):
                run.survey()
                while len(said) < found.attempts and True not in said:
                    said.append(fails(contract, target, found, work))
        except TargetError as error:
            click.echo(f"No verdict: {target.shown(str(error))}")
            return NO_VERDICT
        finally:
            target.go_on()
            if not options["keep"]:
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
