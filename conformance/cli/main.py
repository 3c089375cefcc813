"""``dinie-conformance``: the harness on the command line.

Exit code 0: the target conforms. 1: it does not. 2: no verdict.
"""

import re
import sys
from collections.abc import Mapping

import click

from conformance.cli.memory import give_back_large_blocks
from conformance.results.exit_code import INTERRUPTED, NO_VERDICT
from dinie_contract.command_line import CommandGroup, Subcommand
from dinie_contract.errors import Unusable
from dinie_contract.output import complain, one_line
from openapi.errors import ContractError

SUBCOMMANDS: Mapping[str, Subcommand] = {
    "client": Subcommand(
        "conformance.cli.client:client_command",
        "Judge a client by a journal of what it sent; the exit code is the verdict.",
    ),
    "explain": Subcommand(
        "conformance.cli.catalogue:explain_command",
        "Show all that there is to know of one requirement, on a server or a client.",
    ),
    "fuzz": Subcommand(
        "conformance.cli.fuzz:fuzz_command",
        "Judge the API for as long as you like, with other data all the time.",
    ),
    "list": Subcommand(
        "conformance.cli.catalogue:list_command",
        "Show every requirement: id, level and rule, by section.",
    ),
    "load": Subcommand(
        "conformance.cli.load:load_command",
        "Put an API under load and judge every answer; the exit code is the verdict.",
    ),
    "merge": Subcommand(
        "conformance.cli.merge:merge_command",
        "Join run directories of `fuzz` into one report; nothing is sent.",
    ),
    "replay": Subcommand(
        "conformance.cli.replay:replay_command",
        "Run findings again: 1 while one still fails, 0 once all are mended, 2 for no verdict.",
    ),
    "run": Subcommand(
        "conformance.cli.run:run_command",
        "Judge the API at a base URL; the exit code is the verdict.",
    ),
}


@click.command(
    cls=CommandGroup,
    subcommands=SUBCOMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
    except Unusable as error:
        reason = str(error)
    except ContractError as error:
        # Its file may have been written by anybody.
        reason = one_line(str(error))
    except Exception as error:  # noqa: BLE001 - the last place before the user
        reason = f"a fault of the harness: {type(error).__name__}: {' '.join(str(error).split())}"
    complain(reason)
    sys.exit(NO_VERDICT)
