"""``dinie-conformance run``: judge an implementation."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.cli.options import (
    Authorities,
    BaseUrl,
    WebAddress,
    base_url,
    check_access,
    file,
    hidden,
    yields_to,
)
from conformance.probe.rate_limits import MOST_REQUESTS
from conformance.report import FORMATS
from conformance.report.output import OutputError, check_writable, write
from conformance.report.text import TextReport
from conformance.results.baseline import Baseline
from conformance.results.verdict import INTERRUPTED, NO_VERDICT, Verdict
from conformance.run.interrupts import stopped_by_signals
from conformance.run.judging import judge, not_begun
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.asgi import serving
from conformance.target.connecting import authenticate, build_target
from conformance.target.target import REPLAY_DELAY_SECONDS, TargetError
from openapi.contract import Contract


@click.command("run")
@click.option("--url", type=BaseUrl(), envvar="DINIE_URL", callback=yields_to("app"),
              help="Base URL with its prefix, such as http://127.0.0.1:8080/v3.")  # fmt: skip
@click.option("--app", envvar="DINIE_APP", callback=yields_to("url"), metavar="MODULE:OBJECT",
              help="An ASGI or WSGI app, judged in this process. --url then only says "
                   "where the app answers.")  # fmt: skip
@hidden("--token", "Access token of a partner.")
@hidden("--second-token", "Access token of another partner: more can be verified.")
@hidden("--client-id", "In place of --token, with --client-secret.")
@hidden("--client-secret", "In place of --token, with --client-id.")
@hidden("--second-client-id", "In place of --second-token.")
@hidden("--second-client-secret", "In place of --second-token.")
@click.option("--level", type=click.Choice(["must", "should"]), default="must",
              show_default=True, envvar="DINIE_LEVEL",
              help="What fails the run: a broken MUST only, or a broken SHOULD too.")  # fmt: skip
@click.option("--select", "patterns", multiple=True, metavar="ID", envvar="DINIE_SELECT",
              help="Only this id, section, or pattern such as 'idempotency.*'. "
                   "Repeatable.")  # fmt: skip
@file("--report-json", "Write the report for scripts.")
@file("--report-junit", "Write the report for CI systems.")
@file("--report-html", "Write the report as one web page.")
@click.option("--seed", type=click.IntRange(0), envvar="DINIE_SEED", metavar="N",
              help="Make the same choices as the run that printed this seed.")  # fmt: skip
@click.option("--max-rps", type=click.FloatRange(0, min_open=True), envvar="DINIE_MAX_RPS",
              metavar="N", help="At most N requests a second.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(0), default=REPLAY_DELAY_SECONDS,
              show_default=True, envvar="DINIE_PATIENCE", metavar="SECONDS",
              help="Repeat a request after so long, to see that its answer was kept. "
                   "0 leaves that out.")  # fmt: skip
@click.option("--clock-url", type=WebAddress(), envvar="DINIE_CLOCK_URL",
              help="Where a POST of {\"seconds\": N} moves the target's clock ahead. "
                   "The last checks do so.")  # fmt: skip
@click.option("--provoke-rate-limit", is_flag=True, envvar="DINIE_PROVOKE_RATE_LIMIT",
              help=f"Send up to {MOST_REQUESTS} requests at the end to meet a 429, "
                   "and judge it.")  # fmt: skip
@click.option("--ca-file", type=Authorities(), envvar="DINIE_CA_FILE",
              help="Trust the certificate authorities in this PEM file, too.")  # fmt: skip
@click.option("--keep", is_flag=True, envvar="DINIE_KEEP",
              help="Leave the keys that the run makes; else they are revoked.")  # fmt: skip
@click.option("--allow-production", is_flag=True, envvar="DINIE_ALLOW_PRODUCTION",
              help="Run against the contract's production server.")  # fmt: skip
@file("--baseline", "Violations that are accepted and do not fail the run.")
@file("--write-baseline", "Accept the violations of this run: write them as a baseline.")
def run_command(**options: Any) -> int:
    """Judge the API at a base URL; the exit code is the verdict.

    Every option can also be given by an environment variable: --token is DINIE_TOKEN.
    """
    contract, requirements = Contract.bundled(), catalogue()
    chosen = select(requirements, options["patterns"])
    url, level = base_url(contract, options), Level(options["level"])
    check_access(options)
    known = Baseline()
    if options["baseline"]:
        known = Baseline.read(options["baseline"], contract, requirements)
    outputs = {name: path for name in FORMATS if (path := options[f"report_{name}"])}
    new_baseline = options["write_baseline"]
    check_writable([*outputs.values(), *([new_baseline] if new_baseline else [])])

    seed = options["seed"] if options["seed"] is not None else secrets.randbelow(2**32)
    report = TextReport(Console(highlight=False))
    with serving(options["app"]) as transport, build_target(url, options, transport) as target:
        run = Run(contract, target, chosen, seed)
        try:
            authenticate(target, options)
        except TargetError as error:
            verdict = not_begun(run, level, error)
        else:
            verdict = _judged(run, level, known, report, keep=options["keep"])
    return _report(verdict, report, outputs, new_baseline)


def _judged(run: Run, level: Level, known: Baseline, report: TextReport, *, keep: bool) -> Verdict:
    with stopped_by_signals(lambda: run.stop(INTERRUPTED)):
        with report.progress(len(run.checks)) as on_result:
            verdict = judge(run, level, known, on_result)
        if keep:
            remark = f"{len(run.target.created)} keys were made and kept"
        else:
            remark = f"{run.clean_up() - run.left_behind} keys were made and revoked"
    remarks = [remark] if run.target.created else []
    if run.left_behind:
        remarks.append(f"{run.left_behind} keys were made and could not be revoked")
    return replace(verdict, remarks=tuple(remarks))


def _report(
    verdict: Verdict, report: TextReport, outputs: Mapping[str, Path], new_baseline: Path | None
) -> int:
    """Write and print everything; the exit code."""
    complaints = []
    texts = [(path, FORMATS[name](verdict)) for name, path in outputs.items()]
    if new_baseline and verdict.complete and not verdict.void:
        renewed = verdict.baseline.renewed(verdict.results)
        texts.append((new_baseline, renewed.text(new_baseline)))
    elif new_baseline:
        complaints.append(f"{new_baseline} was not written: the run came to no verdict")
    for path, text in texts:
        try:
            write(path, text)
        except OutputError as error:
            complaints.append(str(error))
    if verdict.results:
        report.end(verdict)
    else:
        complaints += [*verdict.remarks, verdict.void or verdict.doubt]
    for complaint in complaints:
        click.echo(f"dinie-conformance: {complaint}", err=True)
    return NO_VERDICT if complaints else verdict.exit_code
