"""``dinie-mock``: the mock on the command line. 2 is the exit code for everything unusable."""

import sys
from collections.abc import Mapping

import click

from dinie_contract.command_line import CommandGroup, Subcommand
from dinie_contract.errors import Unusable
from dinie_contract.output import complain
from mock_server import __version__
from openapi.errors import ContractError

UNUSABLE = 2

SUBCOMMANDS: Mapping[str, Subcommand] = {
    "exercise": Subcommand(
        "mock_server.cli.client:exercise_command",
        "Run COMMAND against a mock that misbehaves in every way, and judge its client.",
    ),
    "report": Subcommand(
        "mock_server.cli.client:report_command",
        "Judge a client by what a running mock has seen of it.",
    ),
    "serve": Subcommand(
        "mock_server.cli.serve:serve_command",
        "Start the mock and leave it running until Ctrl-C.",
    ),
}


@click.command(
    cls=CommandGroup,
    subcommands=SUBCOMMANDS,
    context_settings={"auto_envvar_prefix": "DINIE", "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="dinie-mock")
def cli() -> None:
    """Play the API on this machine, with state, exactly as its contract has it."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one line on standard error and exit code 2."""
    try:
        sys.exit(cli.main(arguments, prog_name="dinie-mock", standalone_mode=False))
    except click.ClickException as error:
        reason = error.format_message()
    except click.Abort:
        if (arguments or sys.argv[1:])[:1] == ["serve"]:
            sys.exit(130)
        reason = "interrupted"
    except (Unusable, ContractError) as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        reason = f"a fault of the mock: {type(error).__name__}: {error}"
    complain(reason, "dinie-mock")
    sys.exit(UNUSABLE)
