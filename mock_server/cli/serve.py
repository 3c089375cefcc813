"""``dinie-mock serve``: the mock, until it is ended."""

import gc
import signal
from dataclasses import replace
from typing import Any

import click

from dinie_contract.command_line import settings_of
from dinie_contract.origins import is_loopback
from dinie_contract.output import echo
from mock_server.app import load_contract
from mock_server.cli.announcement import announcement
from mock_server.cli.option_types import takes_options
from mock_server.observing.logs import set_up_logs
from mock_server.serving.server import ServingError, bind, make_up_partner, serve
from mock_server.serving.shutdown import ended_by_signals
from mock_server.settings import Settings


@click.command("serve")
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
    with bind(host, port) as listeners:
        address, bound_port = listeners[0].getsockname()[:2]
        if settings.control and not admin_token and not is_loopback(address):
            raise ServingError(
                f"--host {host} is not loopback, so the control plane needs --admin-token;"
                " or leave it out with --no-control"
            )
        contract = load_contract(settings)
        gc.freeze()  # it lives to the end, and takes the garbage collector longest to look at
        settings = replace(
            settings,
            partners=settings.partners or (make_up_partner(settings.store),),
            # Off loopback no name says where a request comes from.
            hosts=(host, address) if is_loopback(address) else None,
        )
        shown = f"[{address}]" if ":" in address else address
        text = announcement(contract, f"http://{shown}:{bound_port}", settings)
        serve(settings, listeners, lambda: echo(text, redact=False), contract)
