"""``dinie-conformance fuzz``: a campaign."""

import json
import secrets
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance import generation
from conformance.catalogue.selection import ids_of, select
from conformance.cli.campaign_report import CampaignOutput
from conformance.cli.contract import contract_to_judge_by
from conformance.cli.memory import use_one_arena
from conformance.cli.option_types import Database, takes_options
from conformance.cli.settings import CampaignSettings
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.checks.recorded import requests_in
from conformance.fuzz.live import LiveView
from conformance.fuzz.shard import WHOLE, ShardOption
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.journal.har_reading import read_hars
from conformance.journal.redaction import Redactor
from conformance.report.text import ReportConsole
from conformance.results.exit_code import CONFORMS, INTERRUPTED, NO_VERDICT
from conformance.run.interrupts import stopped_after, stopped_by_signals
from conformance.server import catalogue
from conformance.target.connecting import authenticate, words_of
from conformance.target.errors import TargetError
from dinie_contract.command_line import settings_of
from dinie_contract.output import SECRETS, complain
from openapi.contract import Contract

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus


@click.command("fuzz")
@takes_options("fuzz", extra="conformance", kinds={"shard": ShardOption()})
def fuzz_command(**parameters: Any) -> int:
    """Judge the API for as long as you like, with other data all the time.

    The catalogue of `run` is the judge. What is found is kept in a directory: `replay` runs it
    again, and --resume goes on after any end.
    """
    output = CampaignOutput(parameters)
    settings = settings_of(CampaignSettings, parameters)
    _check_whole(settings)
    if output.exported and settings.resume and not settings.url and not settings.app:
        directory = RunDirectory.open(settings.resume)
        return _export(output, directory, contract_to_judge_by(settings.contract))
    use_one_arena()
    contract = contract_to_judge_by(settings.contract)
    select(catalogue(), settings.patterns)
    required = ids_of(catalogue(), settings.required)
    url = settings.checked_url(contract)
    SECRETS.reserve([url, *words_of(contract)])
    redactor = Redactor(known=SECRETS, public=json.dumps(contract.document))
    journals = read_hars(settings.hars, redactor)
    console = ReportConsole()
    shared = _shared(contract, url, settings.example_database)
    if settings.resume:
        directory = RunDirectory.open(settings.resume)
    elif settings.directory:
        directory = RunDirectory.create(settings.directory)
    else:
        now = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        directory = RunDirectory.create_new(Path(f"dinie-fuzz-{now}"))
    with directory.held(), settings.open_target(url) as target:
        try:
            with stopped_after(settings.max_seconds, target.halt):
                authenticate(target, settings.access, contract, complain)
            target.resume()
        except TargetError as error:
            raise click.ClickException(str(error)) from error
        generation.load()
        record = _record(contract, directory, url, settings)
        campaign = Campaign(
            record, target,
            max_seconds=settings.max_seconds,
            max_findings=settings.max_findings,
            recorded=requests_in(contract, chain.from_iterable(journals)),
            keep=settings.keep,
            shared=shared,
        )  # fmt: skip
        shard = "" if WHOLE in record.shards else f", shard {record.shards[0]}"
        console.print(
            f"{directory.path}: seed {record.seed}{shard}, {len(campaign.works)} checks",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        void = ""
        with (
            stopped_by_signals(lambda: campaign.stop(INTERRUPTED, no_verdict=True), target),
            LiveView(console, campaign).shown(),
        ):
            try:
                campaign.work()
            except TargetError as error:
                void = str(error)
            finally:
                # Whatever keeps the cleaning up from its end, the reports are there.
                early = verdict_of(record, settings.level, void, required)
                output.save(early, record.findings.values(), url)
                campaign.finish()
        verdict = verdict_of(record, settings.level, void, required)
    unusable = "" if record.counters.turns else void
    return output.report(verdict, record.findings.values(), console, url, unusable)


def _export(output: CampaignOutput, directory: RunDirectory, contract: Contract) -> int:
    """Write the findings of a directory as a pytest file; no verdict where one is unreadable."""
    Record.read(contract, directory)  # refuses a campaign by another contract
    findings, errors = directory.findings(contract)
    output.export("", findings)
    for error in errors:
        complain(str(error))
    return NO_VERDICT if errors else CONFORMS


def _check_whole(settings: CampaignSettings) -> None:
    """Raise :class:`click.UsageError` where options are lacking, or given twice."""
    own = settings.directory or settings.seed is not None or settings.shard
    if settings.resume and own:
        raise click.UsageError("--resume takes directory, seed and shard from the campaign itself")
    if settings.shard and settings.seed is None:
        raise click.UsageError("--shard needs --seed N, with the same N for all shards")


def _shared(contract: Contract, url: str, database: Database | None) -> "SharedCorpus | None":
    """The corpus shared with other workers; None without ``--example-database``."""
    if database is None:
        return None
    try:
        # Another target fails in its own way, and another contract is tried in its own way.
        return generation.SharedCorpus(database.url, f"{contract.identity}:{url}")
    except ValueError as error:
        raise click.ClickException(
            f"--example-database {database} cannot be used: {error};"
            " start or mend it, or leave the option out"
        ) from error


def _record(
    contract: Contract, directory: RunDirectory, url: str, settings: CampaignSettings
) -> Record:
    """The record of a new campaign, or that of the campaign that is resumed."""
    if settings.resume:
        record = Record.read(contract, directory, settings.patterns)
        if record.joined:
            raise FileError(
                f"{directory.path} was joined from {', '.join(record.joined)}:"
                " --resume goes on with those"
            )
        record.target = url
        return record
    seed = settings.seed if settings.seed is not None else secrets.randbelow(2**32)
    shards = (settings.shard or WHOLE,)
    return Record(contract, directory, url, seed, settings.patterns, shards=shards)
