"""``dinie-conformance fuzz``: a campaign."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from conformance import generation
from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.cli.campaign_report import CampaignOutput, of_an_outcome
from conformance.cli.options import (
    DatabaseUrl,
    Duration,
    base_url,
    check_access,
    of_a_run,
    of_a_target,
)
from conformance.fuzz.campaign import Campaign, use_one_arena
from conformance.fuzz.checks.recorded import requests_in
from conformance.fuzz.live import LiveView
from conformance.fuzz.shard import WHOLE, ShardOption
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.journal.har_reading import read_har
from conformance.results.verdict import CONFORMS, INTERRUPTED
from conformance.run.interrupts import stopped_by_signals
from conformance.server import catalogue
from conformance.target.asgi import serving
from conformance.target.connecting import authenticate, build_target
from conformance.target.redaction import redacted
from conformance.target.target import TargetError
from openapi.contract import Contract

_HOUR = 3600.0

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus


@click.command("fuzz")
@of_a_target
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
    telling = CampaignOutput(options)
    _check_whole(options)
    if telling.exported and options["resume"] and not options["url"] and not options["app"]:
        directory = RunDirectory.known(options["resume"])
        telling.export(str(directory.state().get("target", "")), directory.findings())
        return CONFORMS
    use_one_arena()
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
        build_target(url, of_a_run(options), transport) as target,
    ):
        try:
            authenticate(target, options)
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
