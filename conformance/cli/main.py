"""``dinie-conformance``: the harness on the command line.

Exit code 0: the target conforms. 1: it does not. 2: no verdict.
"""

import importlib
import re
import sys
from collections.abc import Mapping

import click

from conformance.catalogue.selection import SelectionError
from conformance.cli.memory import give_back_large_blocks
from conformance.fuzz.storage.files import FileError
from conformance.journal.har_reading import HarError
from conformance.report.output import OutputError, complain
from conformance.results.baseline import BaselineError
from conformance.results.verdict import INTERRUPTED, NO_VERDICT
from conformance.target.asgi import AppError
from dinie_contract.command_line import CommandGroup

COMMANDS: Mapping[str, str] = {
    "client": "conformance.cli.client:client_command",
    "explain": "conformance.cli.catalogue:explain_command",
    "fuzz": "conformance.cli.fuzz:fuzz_command",
    "list": "conformance.cli.catalogue:list_command",
    "load": "conformance.cli.load:load_command",
    "merge": "conformance.cli.merge:merge_command",
    "replay": "conformance.cli.replay:replay_command",
    "run": "conformance.cli.run:run_command",
}
"""The commands and where they are. A module is imported only when its command is asked for."""


class _Commands(CommandGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dinie-contract", prog_name="dinie-conformance")
def cli() -> None:
    """Judge an implementation of the API, or a client of it, by the contract."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one line on standard error and exit code 2."""
    give_back_large_blocks()
    try:
        sys.exit(cli.main(arguments, prog_name="dinie-conformance", standalone_mode=False))
    except click.ClickException as error:
        # An extra argument may be part of a token.
        reason = re.sub(r"(extra arguments?) \(.*\)", r"\1", error.format_message())
    except (click.Abort, KeyboardInterrupt):
        reason = INTERRUPTED
    except (SelectionError, BaselineError, OutputError, AppError, HarError, FileError) as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        reason = f"a fault of the harness: {type(error).__name__}: {' '.join(str(error).split())}"
    complain(reason)
    sys.exit(NO_VERDICT)
