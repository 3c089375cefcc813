"""The options that say where a target is: those of `fuzz` and `replay`."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from conformance.options import Authorities, BaseUrl, hidden, yields_to

Command = Callable[..., Any]


def of_a_target(command: Command) -> Command:
    """The options that say where a target is, and who is let in."""
    options = (
        click.option("--url", type=BaseUrl(), envvar="DINIE_URL", callback=yields_to("app"),
                     help="Base URL with its prefix, such as http://127.0.0.1:8080/v3."),
        click.option("--app", envvar="DINIE_APP", callback=yields_to("url"),
                     metavar="MODULE:OBJECT", help="An ASGI or WSGI app, in this process."),
        hidden("--token", "Access token of a partner."),
        hidden("--second-token", "Access token of another partner: more can be found."),
        hidden("--client-id", "In place of --token, with --client-secret."),
        hidden("--client-secret", "In place of --token, with --client-id."),
        hidden("--second-client-id", "In place of --second-token."),
        hidden("--second-client-secret", "In place of --second-token."),
        click.option("--max-rps", type=click.FloatRange(0, min_open=True),
                     envvar="DINIE_MAX_RPS", metavar="N", help="At most N requests a second."),
        click.option("--ca-file", type=Authorities(), envvar="DINIE_CA_FILE",
                     help="Trust the certificate authorities in this PEM file, too."),
        click.option("--keep", is_flag=True, envvar="DINIE_KEEP",
                     help="Leave the keys that are made; else they are revoked."),
        click.option("--allow-production", is_flag=True, envvar="DINIE_ALLOW_PRODUCTION",
                     help="Run against the contract's production server."),
    )  # fmt: skip
    for one in reversed(options):
        command = one(command)
    return command


def of_a_run(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what a campaign leaves to the gate: waits, clocks and provoked limits."""
    return {"patience": 0.0, "clock_url": None, "provoke_rate_limit": False, **options}
