"""Exercise of a client: its command runs once without faults and once for each preset.

Each run has a fresh partner on one mock. One verdict covers the journals of all runs, because the
waits of a single run are too few to show whether they grow.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.client.attempts import RETRYABLE, Ending
from conformance.client.evidence import Traffic
from conformance.journal.journal import JournalEntry
from dinie_contract.systems import end_with_children
from mock_server.testing.embedded import MockServer, running_mock
from mock_server.testing.partner_mock import PartnerMock
from openapi.contract import Contract
from openapi.resource import creates

_INTERPRETERS = re.compile(r"(python|pypy|node|deno|bun|ruby|perl|php|bash|sh|zsh)[0-9.]*(\.exe)?")

NO_FAULTS = "without faults"
"""The name of the run without faults."""

_SECONDS_TO_END = 5


class CommandError(Exception):
    """The command cannot be run, or fails without faults; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class ExerciseRun:
    """One run of the command: its preset, exit code, duration in seconds, and journal entries.

    ``exit_code`` is None where the command was ended because it took too long.
    """

    preset: str
    exit_code: int | None
    seconds: float
    entries: tuple[JournalEntry, ...]

    @property
    def ended(self) -> str:
        """How the command ended, in words."""
        if self.exit_code is None:
            return "was ended, it took too long"
        if self.exit_code < 0:
            return f"was ended by {signal.Signals(-self.exit_code).name}"
        return "ended well" if self.exit_code == 0 else f"ended with {self.exit_code}"


def exercise(
    command: Sequence[str], presets: Sequence[str], timeout: float, *, show_output: bool
) -> Iterator[ExerciseRun]:
    """Run the command without faults and under each preset, one after the other.

    The command finds the mock by ``DINIE_BASE_URL``, ``DINIE_CLIENT_ID`` and
    ``DINIE_CLIENT_SECRET``. ``timeout`` is in seconds for each run. Raises :class:`CommandError`.
    """
    with running_mock() as server:
        for preset in (NO_FAULTS, *presets):
            run = _run(server, command, preset, timeout, show_output=show_output)
            if preset == NO_FAULTS and run.exit_code != 0:
                raise CommandError(
                    f"{title_of(command)} {run.ended} without any fault: mend that first"
                    f"{'' if show_output else '; without --quiet its output says why'}"
                )
            if not run.entries:
                raise CommandError(
                    f"{title_of(command)} sent nothing to the mock: does it read DINIE_BASE_URL?"
                )
            yield run


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


def _run(
    server: MockServer, command: Sequence[str], preset: str, timeout: float, *, show_output: bool
) -> ExerciseRun:
    partner = server.new_partner()
    if preset != NO_FAULTS:
        partner.faults.add(preset)
    unattributed = len(server.unattributed_entries())
    started = time.monotonic()
    exit_code = _end_of(command, partner, timeout, show_output=show_output)
    seconds = time.monotonic() - started
    strays = server.unattributed_entries()[unattributed:]
    return ExerciseRun(preset, exit_code, seconds, (*partner.journal.entries(), *strays))


def _end_of(
    command: Sequence[str], partner: PartnerMock, timeout: float, *, show_output: bool
) -> int | None:
    environment = {
        **os.environ,
        "DINIE_BASE_URL": partner.url,
        "DINIE_CLIENT_ID": partner.client_id,
        "DINIE_CLIENT_SECRET": partner.client_secret,
    }
    output = None if show_output else subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            [shutil.which(command[0]) or command[0], *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"{command[0]} cannot be run: {error.strerror}") from error
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            end_with_children(process, _SECONDS_TO_END)
