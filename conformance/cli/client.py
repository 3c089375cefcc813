"""``dinie-conformance client``: the verdict on a client, from a journal saved as HAR."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.cli.option_types import report_files, takes_options
from conformance.client.judging import judge
from conformance.client.requirements import client_catalogue
from conformance.journal.har_reading import read_hars
from conformance.journal.journal import merged
from conformance.journal.redaction import Redactor
from conformance.report import FORMATS
from conformance.report.output import check_writable, write
from conformance.report.text import ReportConsole, TextReport
from conformance.target.connecting import words_of
from dinie_contract.output import SECRETS, complain, echo
from openapi.contract import Contract


@click.command("client")
@takes_options("client")
def client_command(hars: Sequence[Path], form: str, **parameters: Any) -> int:
    """Judge a client by a journal of what it sent; the exit code is the verdict.

    Secrets in the file are replaced as it is read, and no report holds one.
    """
    chosen = select(client_catalogue(), parameters["patterns"])
    outputs = report_files(parameters)
    check_writable(outputs.values())
    contract = Contract.named(parameters["contract"])
    SECRETS.reserve(words_of(contract))
    # One redactor for all files, so that a secret has the same replacement in each. What it finds
    # is in no report, in no spelling.
    redactor = Redactor(known=SECRETS, public=json.dumps(contract.document))
    journals = read_hars(hars, redactor)
    verdict = judge(
        journals[0] if len(journals) == 1 else merged(journals),
        contract,
        Level(parameters["level"]),
        requirements=chosen,
        target=f"the client in {' and '.join(map(str, hars))}",
    )
    for name, path in outputs.items():
        write(path, FORMATS[name](verdict))
    if form != "text":
        echo(FORMATS[form](verdict), nl=False)
    elif verdict.results:
        TextReport(ReportConsole()).end(verdict)
    if not verdict.results:
        complain(verdict.void or verdict.doubt)
    return verdict.exit_code
