"""Exercise of a client: its command runs once without faults and once for each preset.

Each run has a fresh partner on one mock, so that runs at the same time never meet. One verdict
covers the journals of all runs, because the waits of a single run are too few to show whether they
grow.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from conformance.client.attempts import RETRYABLE, Ending
from conformance.client.evidence import Traffic
from conformance.journal.journal import JournalEntry
from dinie_contract.errors import Unusable
from dinie_contract.systems import end_with_children, processes_of
from mock_server.settings import Settings
from mock_server.testing.embedded import MockServer, running_mock
from mock_server.testing.partner_mock import PartnerMock
from openapi.contract import Contract
from openapi.resource import creates

_INTERPRETERS = re.compile(r"(python|pypy|node|deno|bun|ruby|perl|php|bash|sh|zsh)[0-9.]*(\.exe)?")

_CLIENT_ID, _TOKEN = "DINIE_CLIENT_ID", "DINIE_TOKEN"

NO_FAULTS = "without faults"
"""The name of the run without faults."""

_PAUSE = 0.1
_SECONDS_TO_END = 5
"""The time that processes get to end themselves, after their command or when they are told to."""


class CommandError(Unusable):
    """The command cannot be run, or fails without faults; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class ExerciseRun:
    """One run of the command: its preset, exit code, duration in seconds, and journal entries.

    ``exit_code`` is None where the command was ended because it took too long. ``late`` is the
    number of exchanges that began after the command had ended, and ``is_cut`` says that processes
    which it left running were ended.
    """

    preset: str
    exit_code: int | None
    seconds: float
    entries: tuple[JournalEntry, ...]
    late: int = 0
    is_cut: bool = False

    @property
    def ended(self) -> str:
        """How the command ended, in words."""
        if self.exit_code is None:
            return "was ended, it took too long"
        if self.exit_code < 0:
            return f"was ended by {signal.Signals(-self.exit_code).name}"
        return "ended well" if self.exit_code == 0 else f"ended with {self.exit_code}"


def exercise(
    command: Sequence[str],
    presets: Sequence[str],
    timeout: float,
    jobs: int,
    *,
    show_output: bool,
    contract: Path | None = None,
) -> Iterator[ExerciseRun]:
    """Run the command without faults, and then under each preset, as many as ``jobs`` at once.

    The runs come as they end. The command finds the mock by ``DINIE_BASE_URL``,
    ``DINIE_CLIENT_ID`` and ``DINIE_CLIENT_SECRET``. ``timeout`` is in seconds for each run. Raises
    :class:`CommandError`. The mock serves ``contract``: a file, or a bundled version.
    """
    output = _Output.HIDDEN
    if show_output:
        output = _Output.AS_IT_COMES if jobs == 1 else _Output.RUN_BY_RUN
    with running_mock(Settings(contract=contract)) as server:
        runs = _Runs(server, command, timeout, output)
        yield runs.run(NO_FAULTS)
        yield from runs.at_once(presets, jobs)


def in_order(runs: Iterable[ExerciseRun], presets: Sequence[str]) -> list[ExerciseRun]:
    """The runs in the order of their presets, that without faults first."""
    return sorted(runs, key=lambda one: (NO_FAULTS, *presets).index(one.preset))


def title_of(command: Sequence[str]) -> str:
    """The name of a command in a report: its script or module, not the interpreter's."""
    program, *given = command
    match given:
        case ["-m", module, *_] if _INTERPRETERS.fullmatch(Path(program).name):
            return module
        case [script, *_] if _INTERPRETERS.fullmatch(Path(program).name) and script[:1] != "-":
            return script
        case _:
            return program


def swallowed(contract: Contract, run: ExerciseRun) -> str:
    """The remark on creations that failed to the end while the command ended well; may be empty."""
    if run.exit_code != 0:
        return ""
    calls = [one for one in Traffic(contract, run.entries).calls if creates(one.first.operation)]
    lost = [
        one
        for one in calls
        if one.last.ending in RETRYABLE
        and not any(attempt.ending is Ending.SUCCESS for attempt in one.attempts)
    ]
    if not lost:
        return ""
    count = "one creation" if len(lost) == 1 else f"{len(lost)} creations"
    return f"{run.preset}: {count} failed to the end, and the command ended well: is it told of?"


def left_running(run: ExerciseRun) -> str:
    """The remark on processes that the command left running when it ended; may be empty.

    One that sent requests to the end has others that nobody has seen: then it is a doubt.
    """
    if not run.late and not run.is_cut:
        return ""
    sent = f"it sent {run.late} requests after the end of the command, which are judged too"
    parts = [f"{run.preset}: the command ended, and left a process running"]
    parts += [sent.replace("1 requests", "1 request") if run.late == 1 else sent] * bool(run.late)
    parts += ["that was ended, and what it had still to send is not judged"] * run.is_cut
    return "; ".join(parts)


class _Output(Enum):
    """What becomes of the output of a command."""

    HIDDEN = auto()
    AS_IT_COMES = auto()
    RUN_BY_RUN = auto()
    """That of each run as a whole, when it ends."""


class _Runs:
    """The runs of one command on one mock, some of them at the same time."""

    def __init__(
        self, server: MockServer, command: Sequence[str], timeout: float, output: _Output
    ) -> None:
        self._server = server
        self._command = command
        self._timeout = timeout
        self._output = output
        self._unattributed = 0
        """The number of exchanges of no partner that a run has."""
        self._processes: dict[subprocess.Popen[bytes], str] = {}
        """What runs, each with the mark of its processes."""
        self._is_over = False
        self._lock = threading.Lock()

    def at_once(self, presets: Sequence[str], jobs: int) -> Iterator[ExerciseRun]:
        """The runs under some presets as they end; none goes on after an error or interruption."""
        with ThreadPoolExecutor(jobs, thread_name_prefix="exercise") as threads:
            running = [threads.submit(self.run, preset) for preset in presets]
            try:
                for one in as_completed(running):
                    yield one.result()
            finally:
                for one in running:
                    one.cancel()
                self._end()

    def run(self, preset: str) -> ExerciseRun:
        """One run; raises :class:`CommandError` for one that proves nothing."""
        partner = self._server.new_partner()
        if preset != NO_FAULTS:
            partner.faults.add(preset)
        before = len(self._server.unattributed_entries())
        started = time.monotonic()
        exit_code, went_on, is_cut = self._end_of(partner)
        seconds = time.monotonic() - started
        with self._lock:
            # Which of the runs at one time sent them, nobody knows: each counts once.
            unattributed = self._server.unattributed_entries()
            new, self._unattributed = unattributed[self._unattributed :], len(unattributed)
        sent = partner.journal.entries()
        late = sum(one.started > went_on for one in sent)
        run = ExerciseRun(preset, exit_code, seconds, (*sent, *new), late, is_cut)
        name = title_of(self._command)
        if preset == NO_FAULTS and exit_code != 0:
            hint = "; without --quiet its output says why" * (self._output is _Output.HIDDEN)
            raise CommandError(f"{name} {run.ended} without any fault: mend that first{hint}")
        if not run.entries and len(unattributed) == before:
            raise CommandError(f"{name} sent nothing to the mock: does it read DINIE_BASE_URL?")
        return run

    def _end_of(self, partner: PartnerMock) -> tuple[int | None, float, bool]:
        """The exit code of the command, when processes of it went on, and whether they were ended.

        The exit code is None where the command was ended because it took too long; the time is
        infinite where all of its processes ended with it.
        """
        with ExitStack() as files:
            output: list[IO[bytes] | int | None] = [None, None]
            if self._output is _Output.HIDDEN:
                output = [subprocess.DEVNULL, subprocess.DEVNULL]
            elif self._output is _Output.RUN_BY_RUN:
                output = [files.enter_context(self._shown_at_end(one)) for one in (1, 2)]
            process = self._started(partner, *output)
            try:
                exit_code = process.wait(self._timeout)
                return exit_code, *self._left_by(process, partner)
            except subprocess.TimeoutExpired:
                return None, math.inf, False
            finally:
                end_with_children(process, _mark_of(partner), _SECONDS_TO_END)
                with self._lock:
                    self._processes.pop(process, None)

    def _left_by(
        self, process: "subprocess.Popen[bytes]", partner: PartnerMock
    ) -> tuple[float, bool]:
        """When processes of a command went on without it, and whether for longer than they may."""
        ended, latest = time.time(), time.monotonic() + _SECONDS_TO_END
        if not processes_of(process.pid, _mark_of(partner)):
            return math.inf, False
        while processes_of(process.pid, _mark_of(partner)):
            if self._is_over or time.monotonic() > latest:
                return ended, True
            time.sleep(_PAUSE)
        return ended, False

    @contextmanager
    def _shown_at_end(self, descriptor: int) -> Iterator[IO[bytes]]:
        """A file whose content is written to a descriptor of this process at the end."""
        with TemporaryFile() as file:
            yield file
            file.seek(0)
            with self._lock, open(descriptor, "wb", closefd=False) as shown:
                shutil.copyfileobj(file, shown)

    def _started(
        self, partner: PartnerMock, output: IO[bytes] | int | None, errors: IO[bytes] | int | None
    ) -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "DINIE_BASE_URL": partner.url,
            _CLIENT_ID: partner.client_id,
            "DINIE_CLIENT_SECRET": partner.client_secret,
            _TOKEN: partner.access_token,
        }
        program, *arguments = self._command
        with self._lock:
            if self._is_over:
                raise CommandError("the exercise was ended")
            try:
                process = subprocess.Popen(  # noqa: S603 - the user's own command
                    [shutil.which(program) or program, *arguments],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                raise CommandError(f"{program} cannot be run: {error.strerror}") from error
            self._processes[process] = _mark_of(partner)
        return process

    def _end(self) -> None:
        """End what runs, and let nothing else begin."""
        with self._lock:
            self._is_over = True
            processes = dict(self._processes)
        for one, mark in processes.items():
            end_with_children(one, mark, _SECONDS_TO_END)


def _mark_of(partner: PartnerMock) -> str:
    """What the environment of all processes of a run has, and no other's."""
    return f"{_CLIENT_ID}={partner.client_id}"
