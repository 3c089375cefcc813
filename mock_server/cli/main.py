"""``dinie-mock``: the mock on the command line. 2 is the exit code for everything unusable."""

import signal
import sys
from dataclasses import replace
from typing import Any

import click

from dinie_contract.command_line import CommandGroup, settings_of
from dinie_contract.origins import is_loopback
from dinie_contract.output import echo
from mock_server import __version__
from mock_server.app import load_contract
from mock_server.cli.announcement import announcement
from mock_server.cli.client import exercise_command, report_command
from mock_server.cli.option_types import takes_options
from mock_server.observing.logs import set_up_logs
from mock_server.serving.server import ServingError, bind, make_up_partner, serve
from mock_server.serving.shutdown import ended_by_signals
from mock_server.settings import Settings
from mock_server.store.interface import StoreError
from mock_server.testing.exercise import CommandError
from mock_server.testing.partner_mock import ControlError
from openapi.document import ContractError

UNUSABLE = 2


@click.group(
    cls=CommandGroup,
    context_settings={"auto_envvar_prefix": "DINIE", "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="dinie-mock")
def cli() -> None:
    """Play the API on this machine, with state, exactly as its contract has it."""


@cli.command("serve")
@takes_options("serve")
def serve_command(host: str, port: int, **parameters: Any) -> None:
    """Start the mock and leave it running until Ctrl-C.

    Every option can also be given by an environment variable: --rate-limit is DINIE_RATE_LIMIT.
    """
    with ended_by_signals(signal.SIGINT):
        _serve(host, port, settings_of(Settings, parameters))


def _serve(host: str, port: int, settings: Settings) -> None:
    settings = replace(
        settings,
        # Clock, faults and journal are in the memory of one process.
        control=settings.control and settings.workers == 1,
    )
    admin_token = settings.admin_token
    if admin_token is not None and admin_token.split() != [admin_token]:
        raise click.UsageError("--admin-token must be a word that a header can carry")
    set_up_logs(settings.log_format, settings.log_level)
    with bind(host, port) as listener:
        address, bound_port = listener.getsockname()[:2]
        if settings.control and not admin_token and not is_loopback(address):
            raise ServingError(
                f"--host {host} is not loopback, so the control plane needs --admin-token;"
                " or leave it out with --no-control"
            )
        contract = load_contract(settings)
        settings = replace(
            settings,
            partners=settings.partners or (make_up_partner(settings.store),),
            # Off loopback no name says where a request comes from.
            hosts=(host, address) if is_loopback(address) else None,
        )
        shown = f"[{address}]" if ":" in address else address
        text = announcement(contract, f"http://{shown}:{bound_port}", settings)
        serve(settings, listener, lambda: echo(text, redact=False))


cli.add_command(report_command)
cli.add_command(exercise_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one line on standard error and exit code 2."""
    try:
        sys.exit(cli.main(arguments, prog_name="dinie-mock", standalone_mode=False))
    except click.ClickException as error:
        reason = error.format_message()
    except click.Abort:
        sys.exit(130)
    except (ContractError, StoreError, ServingError, ControlError, CommandError) as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        reason = f"a fault of the mock: {type(error).__name__}: {error}"
    echo(f"dinie-mock: {' '.join(reason.split())}", err=True)
    sys.exit(UNUSABLE)
