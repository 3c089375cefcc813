"""``dinie-conformance fuzz`` and ``replay``: a campaign, and one of its findings again."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from conformance import generation
from conformance.client.har_reading import read_har
from conformance.durations import Duration
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.directory import RunDirectory
from conformance.fuzz.files import FileError
from conformance.fuzz.finding import Finding
from conformance.fuzz.live import LiveView
from conformance.fuzz.record import Record
from conformance.fuzz.recorded import requests_in
from conformance.fuzz.replaying import fails, work_of
from conformance.fuzz.shard import WHOLE, ShardOption
from conformance.fuzz.telling import Command, Telling, of_an_outcome
from conformance.fuzz.verdicts import verdict_of
from conformance.fuzz.work import works
from conformance.in_process import serving
from conformance.model import Level
from conformance.opening import let_in, to_target
from conformance.options import (
    Authorities,
    BaseUrl,
    DatabaseUrl,
    base_url,
    check_access,
    hidden,
    yields_to,
)
from conformance.redaction import redacted
from conformance.registry import catalogue
from conformance.runner import Run
from conformance.selection import select
from conformance.stopping import stopped_by_signals
from conformance.target import TargetError
from conformance.verdict import BROKEN, CONFORMS, INTERRUPTED, NO_VERDICT
from openapi.contract import Contract

_HOUR = 3600.0

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus


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
@click.option("--shard", type=ShardOption(), envvar="DINIE_SHARD", metavar="K/N",
              help="Do the K-th of N parts of the work. All need the same --seed.")  # fmt: skip
@click.option("--example-database", type=DatabaseUrl(), envvar="DINIE_EXAMPLE_DATABASE",
              help="Share what is found with all who work on this target, on a Redis server: "
                   "redis://HOST:PORT/0.")  # fmt: skip
@click.option("--select", "patterns", multiple=True, metavar="ID", envvar="DINIE_SELECT",
              help="Judge by this id, section, or pattern only. Repeatable.")  # fmt: skip
@click.option("--har", "hars", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
              envvar="DINIE_HAR",
              help="Recorded traffic, HAR 1.2: sent again with changes. Repeatable.")  # fmt: skip
@of_an_outcome("Write the findings as a pytest file. With --resume and no target "
               "that is all that is done.")  # fmt: skip
def fuzz_command(**options: Any) -> int:
    """Judge the API for as long as you like, with other data all the time.

    The catalogue of `run` is the judge. What is found is kept in a directory: `replay` runs it
    again, and --resume goes on after any end.
    """
    telling = Telling(options)
    _check_whole(options)
    if telling.exported and options["resume"] and not options["url"] and not options["app"]:
        directory = RunDirectory.known(options["resume"])
        telling.export(str(directory.state().get("target", "")), directory.findings())
        return CONFORMS
    contract = Contract.bundled()
    select(catalogue(), options["patterns"])
    url = base_url(contract, options)
    check_access(options)
    journal = [entry for path in options["hars"] for entry in read_har(path)]
    console = Console(highlight=False)
    shared = _shared(contract, url, options)
    directory = _directory(options)
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
        record = _record(contract, directory, url, options)
        campaign = Campaign(
            record, target,
            max_seconds=options["max_time"],
            max_findings=options["max_findings"],
            recorded=requests_in(contract, journal),
            keep=options["keep"],
            shared=shared,
        )  # fmt: skip
        shard = "" if WHOLE in record.shards else f", shard {record.shards[0]}"
        console.print(
            f"{directory.path}: seed {record.seed}{shard}, {len(campaign.works)} checks",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        void = _worked_through(campaign, console)
        verdict = verdict_of(record, Level(options["level"]), void)
    return telling.tell(verdict, record.findings.values(), console)


def _check_whole(options: Mapping[str, Any]) -> None:
    """Raise :class:`click.UsageError` where options are lacking, or given twice."""
    own = options["directory"] or options["seed"] is not None or options["shard"]
    if options["resume"] and own:
        raise click.UsageError("--resume takes directory, seed and shard from the campaign itself")
    if options["shard"] and options["seed"] is None:
        raise click.UsageError("--shard needs --seed N, with the same N for all shards")


def _shared(contract: Contract, url: str, options: Mapping[str, Any]) -> "SharedCorpus | None":
    """What is shared with other workers, where that is asked for, and can be reached."""
    database = options["example_database"]
    if database is None:
        return None
    try:
        # Another target fails in its own way, and another contract is tried in its own way.
        return generation.SharedCorpus(database.url, f"{contract.version}:{url}")
    except ValueError as error:
        reason = redacted(str(error), {database.password})
        raise click.ClickException(
            f"--example-database {database} cannot be used: {reason};"
            " start or mend it, or leave the option out"
        ) from error


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


def _directory(options: Mapping[str, Any]) -> RunDirectory:
    """The run directory that goes with the options."""
    if options["resume"]:
        return RunDirectory.known(options["resume"])
    begun = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    return RunDirectory.begun(options["directory"] or Path(f"dinie-fuzz-{begun}"))


def _record(
    contract: Contract, directory: RunDirectory, url: str, options: Mapping[str, Any]
) -> Record:
    """What is known of the campaign to begin with."""
    if options["resume"]:
        record = Record.read(contract, directory, options["patterns"])
        if record.joined:
            raise FileError(
                f"{directory.path} was joined from {', '.join(record.joined)}:"
                " --resume goes on with those"
            )
        record.target = url
        return record
    seed = options["seed"] if options["seed"] is not None else secrets.randbelow(2**32)
    shards = (options["shard"] or WHOLE,)
    return Record(contract, directory, url, seed, options["patterns"], shards=shards)


def _of_a_run(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what a campaign leaves to the gate: waits, clocks and provoked limits."""
    return {"patience": 0.0, "clock_url": None, "provoke_rate_limit": False, **options}


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
