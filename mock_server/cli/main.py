"""``dinie-mock``: the mock on the command line. 2 is the exit code for everything unusable."""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any, get_args

import click

from mock_server import __version__
from mock_server.app import load_contract
from mock_server.cli.announcement import announcement
from mock_server.cli.client import exercise_command, report_command
from mock_server.faults.presets import PRESETS
from mock_server.observing.logs import LogFormat, LogLevel
from mock_server.partners.partners import Partner
from mock_server.partners.rate_limit import parse_limit
from mock_server.serving.server import ServingError, bind, serve
from mock_server.settings import DEFAULT_RATE_LIMIT, Settings
from mock_server.store.interface import StoreError
from mock_server.testing.exercise import CommandError
from mock_server.testing.partner_mock import ControlError
from openapi.errors import ContractError

UNUSABLE = 2


class _PartnerText(click.ParamType[Partner]):
    name = "CLIENT_ID:CLIENT_SECRET[:TOKEN]"

    def convert(self, value: Any, param: Any, ctx: Any) -> Partner:
        try:
            return value if isinstance(value, Partner) else Partner.parse(value)
        except ValueError as error:
            # The text itself may hold a secret, so the message does not repeat it.
            self.fail(str(error), param, ctx)


class _RateLimitText(click.ParamType[str]):
    name = "LIMIT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            parse_limit(value)
        except ValueError:
            self.fail(f"{value!r} is not a rate limit such as 100/minute or 5/second", param, ctx)
        return str(value)


@click.group(
    context_settings={"auto_envvar_prefix": "DINIE", "help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="dinie-mock")
def cli() -> None:
    """Play the API on this machine, with state, exactly as its contract has it."""


@cli.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="DINIE_HOST",
    help="Address to listen on.",
)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    envvar="DINIE_PORT",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--contract",
    envvar="DINIE_CONTRACT",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Play this OpenAPI 3.0 or 3.1 document instead of the bundled contract.",
)
@click.option(
    "--store",
    default="sqlite://",
    envvar="DINIE_STORE",
    metavar="URL",
    help="Where state lives: sqlite:///FILE or redis://HOST:PORT; by default it is in memory.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    envvar="DINIE_WORKERS",
    type=click.IntRange(1, 64),
    help="Worker processes; more than one needs a --store.",
)
@click.option(
    "--rate-limit",
    default=DEFAULT_RATE_LIMIT,
    show_default=True,
    type=_RateLimitText(),
    envvar="DINIE_RATE_LIMIT",
    help="Requests of one partner, such as 100/minute.",
)
@click.option("--partner", "partners", multiple=True, type=_PartnerText(), envvar="DINIE_PARTNER",
              help="A partner to know, with an optional token that never expires. Repeatable; "
                   "without any, one is made up.")  # fmt: skip
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice(list(PRESETS)),
    envvar="DINIE_FAULT",
    help="Misbehave for every partner as this preset has it. Repeatable.",
)
@click.option(
    "--admin-token",
    envvar="DINIE_ADMIN_TOKEN",
    metavar="TOKEN",
    help="What the control plane wants to be sent; needed off loopback.",
)
@click.option(
    "--control/--no-control",
    default=True,
    envvar="DINIE_CONTROL",
    help="Offer the control plane under /_mock, with the journal; or leave both out.",
)
@click.option(
    "--log-format",
    default="text",
    show_default=True,
    type=click.Choice(get_args(LogFormat)),
    envvar="DINIE_LOG_FORMAT",
    help="How each line of the log on standard error is written.",
)
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(get_args(LogLevel)),
    envvar="DINIE_LOG_LEVEL",
    help="What is logged: info has a line for each request.",
)
def serve_command(
    host: str,
    port: int,
    contract: Path | None,
    store: str,
    workers: int,
    rate_limit: str,
    partners: tuple[Partner, ...],
    faults: tuple[str, ...],
    admin_token: str | None,
    log_format: LogFormat,
    log_level: LogLevel,
    *,
    control: bool,
) -> None:
    """Start the mock and leave it running until Ctrl-C.

    Every option can also be given by an environment variable: --rate-limit is DINIE_RATE_LIMIT.
    """
    if admin_token is not None and admin_token.split() != [admin_token]:
        raise click.UsageError("--admin-token must be a word that a header can carry")
    settings = Settings(
        partners or (Partner.make_up(),),
        contract,
        store,
        rate_limit,
        faults,
        # Clock, faults and journal are in the memory of one process.
        control=control and workers == 1,
        admin_token=admin_token,
        workers=workers,
        log_format=log_format,
        log_level=log_level,
    )
    with bind(host, port) as listener:
        address, bound_port = listener.getsockname()[:2]
        if settings.control and not admin_token and not ip_address(address).is_loopback:
            raise ServingError(
                f"--host {host} is not loopback, so the control plane needs --admin-token;"
                " or leave it out with --no-control"
            )
        shown = f"[{address}]" if ":" in address else address
        origin = f"http://{shown}:{bound_port}"
        text = announcement(load_contract(settings), origin, settings)
        serve(settings, listener, lambda: click.echo(text))


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
    click.echo(f"dinie-mock: {reason}", err=True)
    sys.exit(UNUSABLE)
