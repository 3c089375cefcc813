"""``dinie-conformance run``: judge an implementation."""

import math
import secrets
from dataclasses import replace
from typing import Any

import click

from conformance.catalogue.selection import ids_of, select
from conformance.cli.contract import contract_to_judge_by
from conformance.cli.option_types import report_files, takes_options
from conformance.cli.settings import RunSettings
from conformance.report import reports_on
from conformance.report.output import check_writable, report, write_early
from conformance.report.text import ReportConsole, TextReport
from conformance.results.baseline import Baseline
from conformance.results.exit_code import INTERRUPTED
from conformance.results.result import Result
from conformance.results.transient import transient_report
from conformance.results.verdict import Verdict
from conformance.run.first_seen import FirstSeen
from conformance.run.interrupts import stopped_after, stopped_by_signals
from conformance.run.judging import (
    clean_up_remarks,
    cut_remarks,
    judge,
    names_of,
    remarks_before_clean_up,
)
from conformance.run.pace import Pace
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import authenticate
from conformance.target.errors import TargetError
from dinie_contract.command_line import settings_of
from dinie_contract.output import complain


@click.command("run")
@takes_options("run", extra="conformance")
def run_command(**parameters: Any) -> int:
    """Judge the API at a base URL; the exit code is the verdict.

    Every option can also be given by an environment variable: --token is DINIE_TOKEN.
    """
    settings = settings_of(RunSettings, parameters)
    contract, requirements = contract_to_judge_by(settings.contract), catalogue()
    chosen = select(requirements, settings.patterns)
    required = ids_of(requirements, settings.required)
    url = settings.checked_url(contract)
    outputs, new_baseline = report_files(parameters), settings.write_baseline
    known = Baseline.read(settings.baseline, contract, requirements, written=new_baseline)
    check_writable([*outputs.values(), *([new_baseline] if new_baseline else [])])

    seed = settings.seed if settings.seed is not None else secrets.randbelow(2**32)
    warned = settings.target.connection.warnings
    with settings.open_target(url) as target:
        run, level = Run(contract, target, chosen, seed), settings.level
        with stopped_by_signals(lambda: run.stop(INTERRUPTED), target):
            try:
                authenticate(target, settings.access, contract, complain)
            except TargetError as error:
                subject = contract.identity, target.base_url, seed, level
                verdict = Verdict(
                    *subject, void=run.stopped or str(error), complete=False, remarks=warned
                )
            else:
                pace = Pace(run, complain)
                limit = settings.max_seconds or math.inf
                over = f"it did not end in {limit:g} s (--max-time)"

                def stop() -> None:
                    run.stop(f"{over}: {silence}" if (silence := target.silence) else over)

                with (
                    stopped_after(limit, stop),
                    TextReport(ReportConsole()).progress(len(run.checks)) as progress,
                ):
                    first = FirstSeen(
                        run, level, known, progress.tell, fail_fast=settings.fail_fast
                    )

                    def note(result: Result) -> None:
                        progress.show(result)
                        first.look(result)
                        pace.look()

                    verdict = judge(run, level, known, note)
                verdict = replace(verdict, required=required)
                if not settings.keep:
                    # Whatever keeps the cleaning up from its end, the reports are there.
                    remarks = warned + remarks_before_clean_up(contract, len(target.created))
                    remarks += cut_remarks(contract, target)
                    early = replace(verdict, remarks=remarks)
                    write_early(reports_on(early, outputs))
                    run.clean_up()
                left = names_of(run.left_behind)
                remarks = clean_up_remarks(contract, len(target.created), left, keep=settings.keep)
                verdict = replace(
                    verdict,
                    remarks=warned + remarks + cut_remarks(contract, target),
                    left_behind=left,
                    transient=transient_report(contract, target.transients),
                )
    texts = reports_on(verdict, outputs)
    complaints: list[str] = []
    if new_baseline and verdict.complete and not verdict.void:
        texts.append((new_baseline, verdict.baseline.renewed(verdict.results).text(new_baseline)))
    elif new_baseline:
        complaints.append(f"{new_baseline} was not written: the run came to no verdict")
    return report(verdict, texts, [*complaints, *(() if verdict.results else verdict.remarks)])
