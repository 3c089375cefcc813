"""``dinie-conformance merge``: the run directories of several campaigns as one report."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.catalogue.requirement import Level
from conformance.cli.campaign_report import CampaignOutput
from conformance.cli.option_types import takes_options
from conformance.fuzz.findings.exporting import with_scripts
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.merging import joined
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.report.text import ReportConsole
from dinie_contract.command_line import FilePath
from openapi.contract import Contract


@click.command("merge")
@click.argument("directories", type=FilePath(), metavar="DIR…", nargs=-1,
                required=True)  # fmt: skip
@takes_options("merge")
def merge_command(directories: tuple[Path, ...], **parameters: Any) -> int:
    """Join run directories of `fuzz` into one report; nothing is sent.

    They must be of one target, and shards of one seed. One directory alone is reported again.
    The exit code is that of the whole; where a shard is missing, or ended early, and nothing is
    broken, it is 2.
    """
    output = CampaignOutput(parameters)
    contract = Contract.named(parameters["contract"])
    records = [Record.read(contract, RunDirectory.open(one)) for one in directories]
    new = parameters["directory"]
    # Without --directory nothing is written, and the directory is only a name.
    whole = joined(records, RunDirectory(new or directories[0]))
    for finding in list(whole.findings.values()):
        whole.findings.load(with_scripts(whole.target, finding, is_given=False))
    if new:
        whole.directory = RunDirectory.create(new)
        with whole.directory.held():
            for finding in whole.findings.values():
                whole.directory.keep(finding)
            whole.directory.leave_behind(whole.left_behind)
            whole.save()
        whole.homes = {}
    verdict = verdict_of(whole, Level(parameters["level"]))
    if len({one.seed for one in records}) > 1:
        verdict = replace(verdict, seed=None)
    # Nobody gave the URL here: an exported test is told it, with the token.
    return output.report(verdict, whole.findings.values(), ReportConsole(), url="")
