"""``dinie-mock report`` and ``dinie-mock exercise``: the verdict on a partner's client."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from conformance.client.judging import Level, judge
from conformance.journal.har import har_of
from conformance.journal.journal import merged
from conformance.report import FORMATS
from conformance.report.output import check_writable, write
from dinie_contract.output import SECRETS, echo
from mock_server.cli.option_types import takes_options
from mock_server.faults.presets import presets_for
from mock_server.testing.exercise import (
    ExerciseRun,
    exercise,
    in_order,
    left_running,
    swallowed,
    title_of,
)
from mock_server.testing.partner_mock import Control, ControlError
from openapi.contract import Contract


@click.command("report")
@takes_options("report")
def report_command(
    url: str, partner_id: str | None, admin_token: str | None, form: str, level: str
) -> int:
    """Judge a client by what a running mock has seen of it.

    Exit code 0: nothing is broken. 1: a MUST is (with --level should, also a SHOULD). 2: nothing
    can be said.
    """
    SECRETS.give([admin_token] if admin_token else [])
    with Control(url, admin_token) as control:
        if partner_id is None:
            partner_id = _only(control.partners())
        text, code = control.report(partner_id, format=form, level=level)
    echo(text.rstrip("\n"))
    return code


def _only(partners: Sequence[str]) -> str:
    match partners:
        case [one]:
            return one
        case []:
            raise ControlError("the mock has no partner")
        case _:
            raise ControlError(f"name one with --partner-id: {', '.join(partners)}")


@click.command("exercise")
@takes_options("exercise")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exercise_command(
    contract: Path | None,
    presets: tuple[str, ...],
    timeout: float,
    jobs: int,
    har: Path | None,
    form: str,
    level: str,
    command: tuple[str, ...],
    *,
    quiet: bool,
) -> int:
    """Run COMMAND against a mock that misbehaves in every way, and judge its client.

    COMMAND runs once without faults and once for each preset of faults, some of them at the same
    time. It finds the mock by DINIE_BASE_URL, DINIE_CLIENT_ID and DINIE_CLIENT_SECRET.

    Exit code 0: nothing is broken. 1: a MUST or a SHOULD is (with --level must, a MUST). 2:
    nothing can be said.
    """
    check_writable([har] if har else [])
    served = Contract.named(contract)
    runs: list[ExerciseRun] = []
    chosen = presets or presets_for(served.operations.values())
    for run in exercise(command, chosen, timeout, jobs, show_output=not quiet, contract=contract):
        echo(
            f"{run.preset}: {len(run.entries)} exchanges in {run.seconds:.1f} s; the command"
            f" {run.ended}",
            err=True,
        )
        runs.append(run)
    runs = in_order(runs, chosen)
    entries = merged(run.entries for run in runs)
    unfaulted = runs[0].entries
    verdict = judge(entries, served, Level(level), target=title_of(command), rehearsal=unfaulted)
    remarks = [remark for one in runs for remark in (swallowed(served, one), left_running(one))]
    unseen = (left_running(one) for one in runs if one.is_cut and one.late)
    verdict = replace(
        verdict,
        remarks=(*verdict.remarks, *filter(None, remarks)),
        doubt=verdict.doubt or next(unseen, ""),
    )
    echo(FORMATS[form](verdict).rstrip("\n"))
    if har:
        write(har, json.dumps(har_of(entries)))
    return verdict.exit_code
