"""``dinie-conformance replay``: a finding, or all findings of a campaign, once more."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from conformance import generation
from conformance.catalogue.requirement import Level
from conformance.cli.option_types import takes_options
from conformance.cli.settings import ReplaySettings
from conformance.fuzz.findings.replaying import MOST_REQUESTS, fails, work_of
from conformance.fuzz.storage.directory import (
    RunDirectory,
    file_of_finding,
    holds_campaign,
    is_campaign,
)
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.record import Record
from conformance.fuzz.work import Work, works
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.run.interrupts import stopped_by_signals
from conformance.run.judging import cut_remarks, never_succeeded
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import authenticate
from conformance.target.errors import AllowanceSpent, TargetError
from conformance.target.threads import Threads, values
from dinie_contract.command_line import FilePath, settings_of
from dinie_contract.output import complain, echo, one_line
from openapi.contract import Contract


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed finding: its exit code, and the line that says so."""

    finding: Finding
    code: int
    line: str


@click.command("replay")
@click.argument("finding", type=FilePath(), metavar="FINDING")
@takes_options("replay", reports=False, extra="conformance")
def replay_command(finding: Path, **parameters: Any) -> int:
    """Run findings again: 1 while one still fails, 0 once all are mended, 2 for no verdict.

    FINDING is the file of one, DIR/ID, or DIR for all findings of a campaign.
    """
    settings = settings_of(ReplaySettings, parameters)
    contract = Contract.named(settings.contract)
    url = settings.checked_url(contract)
    is_whole, forgets = is_campaign(finding), settings.forget_mended
    place = finding if is_whole else finding.parent
    if forgets and not is_whole and not holds_campaign(place):
        raise click.UsageError(
            f"--forget-mended takes the directory of a campaign, or DIR/ID: {finding} is neither"
        )
    record = None
    with ExitStack() as stack:
        if is_whole or forgets:
            directory = RunDirectory.open(place)
            if forgets:
                # Nobody else may write the state that is read here and written with less in it.
                stack.enter_context(directory.held())
            record = Record.read(contract, directory)
        whole = record if is_whole else None
        findings = list(whole.findings.values()) if whole else [_named(contract, finding, record)]
        known = {one.name: one for one in works(contract, list(catalogue().values()))}
        tasks = [(one, _work_or_error(contract, one, known)) for one in findings]
        if not whole and isinstance(error := tasks[0][1], FileError):
            raise error
        replays: list[Replay] = []

        def note(replay: Replay) -> None:
            replays.append(replay)
            is_removed = record is not None and forgets and replay.code == CONFORMS
            if record and is_removed:
                record.forget(replay.finding)
            echo(f"{replay.line}; removed" if is_removed else replay.line)

        ended = _replay_all(contract, settings, url, tasks, note) if tasks else ""
    doubts = [*(whole.unreadable if whole else ()), *([ended] if ended else ())]
    for reason in doubts:
        echo(f"No verdict: {one_line(reason)}")
    if not whole:
        return replays[0].code if replays else NO_VERDICT
    echo(_counts(place, findings, replays, len(whole.unreadable)))
    counting = {Level.MUST, settings.level}
    codes = {one.code for one in replays if Level(one.finding.level) in counting}
    if BROKEN in codes:
        return BROKEN
    return NO_VERDICT if doubts or NO_VERDICT in codes else CONFORMS


def _named(contract: Contract, named: Path, record: Record | None) -> Finding:
    """The finding of a file or of ``DIR/ID``; with a record, one that may be removed from it."""
    file = file_of_finding(named)
    finding = Finding.read(file, contract)
    if record and record.directory.path_of(finding) != file:
        raise FileError(f"{file}: is named after another finding: this is {finding.id}")
    return finding


def _work_or_error(
    contract: Contract, finding: Finding, known: Mapping[str, Work]
) -> Work | FileError:
    """The work that shows a finding, or why there is none."""
    try:
        return work_of(contract, finding, known)
    except FileError as error:
        return error


def _counts(
    place: Path, findings: Sequence[Finding], replays: Sequence[Replay], unreadable: int
) -> str:
    """How many findings of a campaign ended in which way, in one line."""
    codes = Counter(one.code for one in replays)
    musts = sum(one.code == BROKEN and one.finding.level == Level.MUST for one in replays)
    parts = (
        (codes[BROKEN], f"still failing ({musts} MUST)"),
        (codes[CONFORMS], "failing no longer"),
        (codes[NO_VERDICT], "without a verdict"),
        (len(findings) - len(replays), "not replayed"),
        (unreadable, "unreadable"),
    )
    shown = ", ".join(f"{count} {what}" for count, what in parts if count)
    total = len(findings) + unreadable
    return f"{place}: {total} finding{'' if total == 1 else 's'}{f': {shown}' if shown else ''}"


def _replay_all(
    contract: Contract,
    settings: ReplaySettings,
    url: str,
    tasks: Sequence[tuple[Finding, Work | FileError]],
    note: Callable[[Replay], None],
) -> str:
    """Replay findings one after the other; gives why not all were replayed, empty if they were."""
    for warning in settings.target.connection.warnings:
        echo(warning)
    generation.load()
    ended = ""
    with settings.open_target(url) as target:
        run = Run(contract, target, [], tasks[0][0].seed)
        with stopped_by_signals(target.halt, target), Threads(1) as threads:
            try:
                authenticate(target, settings.access, contract, complain)
                run.survey()
                ended = _refused(run)
                for finding, work in tasks if not ended else ():
                    note(_replay(run, finding, work, threads))
            except TargetError as error:
                ended = str(error)
            finally:
                if not settings.keep:
                    run.clean_up()
        remarks = cut_remarks(contract, target)
    for remark in remarks:
        echo(remark)
    return ended


def _refused(run: Run) -> str:
    """Why no finding can be judged on a target that gave nothing as documented; else empty."""
    never = never_succeeded(run.contract, run.answered, run.said)
    return f"{run.target.base_url}: {never}" if never and not run.serves_anything else ""


def _replay(run: Run, finding: Finding, work: Work | FileError, threads: Threads) -> Replay:
    """Replay one finding; raises :class:`TargetError` for a target that cannot be used."""
    contract, target = run.contract, run.target
    name = f"{finding.level.upper()} {finding.id} {finding.requirement} [{finding.operation}]"

    def undecided(reason: str) -> Replay:
        return Replay(finding, NO_VERDICT, f"No verdict: {name}: {reason}")

    if isinstance(work, FileError):
        return undecided(one_line(str(work)))
    failures: list[bool | None] = []
    try:
        with target.allowing(MOST_REQUESTS):
            while len(failures) < finding.attempts and True not in failures:
                trying = threads.submit(fails, contract, target, finding, work)
                failures += values([trying], target)
    except AllowanceSpent:
        return undecided(
            f"it did not fail in the {MOST_REQUESTS} requests that a replay sends at most,"
            " and its file asks for more"
        )
    # What refuses each request, as a gateway does whose key has ended, mends and breaks nothing.
    [refused] = values([threads.submit(run.refusal)], target)
    if refused and (True not in failures or refused.is_access):
        return undecided(refused.reason)
    if True in failures:
        expected, actual = one_line(finding.expected), one_line(finding.actual)
        line = f"Fails still: {name}: expected {expected}, got {actual}"
        return Replay(finding, BROKEN, line)
    if False in failures:
        line = f"Fails no longer: {name} ({len(failures)} attempts)"
        return Replay(finding, CONFORMS, line)
    return undecided("the target does not let the check come so far")
