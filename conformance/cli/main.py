"""``dinie-conformance``: the harness on the command line.

0 says that the target conforms, 1 that it does not, 2 that nothing can be said.
"""

import os
import re
import sys

import click

from conformance.catalogue.selection import SelectionError
from conformance.cli.catalogue import explain_command, list_command
from conformance.cli.client import client_command
from conformance.cli.fuzz import fuzz_command
from conformance.cli.load import load_command
from conformance.cli.merge import merge_command
from conformance.cli.replay import replay_command
from conformance.cli.run import run_command
from conformance.fuzz.storage.files import FileError
from conformance.journal.har_reading import HarError
from conformance.report.output import OutputError
from conformance.results.baseline import BaselineError
from conformance.results.verdict import INTERRUPTED, NO_VERDICT
from conformance.target.asgi import AppError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dinie-contract", prog_name="dinie-conformance")
def cli() -> None:
    """Judge an implementation of the API, or a client of it, by the contract."""


cli.add_command(run_command)
cli.add_command(client_command)
cli.add_command(fuzz_command)
cli.add_command(replay_command)
cli.add_command(merge_command)
cli.add_command(load_command)
cli.add_command(list_command)
cli.add_command(explain_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the run.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        sys.exit(cli.main(arguments, prog_name="dinie-conformance", standalone_mode=False))
    except click.ClickException as error:
        # An argument too many may be the half of a token.
        reason = re.sub(r"(extra arguments?) \(.*\)", r"\1", error.format_message())
    except (click.Abort, KeyboardInterrupt):
        reason = INTERRUPTED
    except (SelectionError, BaselineError, OutputError, AppError, HarError, FileError) as error:
        reason = str(error)
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NO_VERDICT)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        reason = f"a fault of the harness: {type(error).__name__}: {' '.join(str(error).split())}"
    click.echo(f"dinie-conformance: {reason}", err=True)
    sys.exit(NO_VERDICT)
