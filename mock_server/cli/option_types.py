"""The types of option values that ``dinie-mock`` has."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import click

from conformance.report import FORMATS
from dinie_contract.command_line import Command, with_options
from dinie_contract.options import COMMANDS
from dinie_contract.web_address import parsed
from mock_server.faults.presets import PRESETS, is_status
from mock_server.observing.logs import LogFormat, LogLevel
from mock_server.partners.partners import Partner
from mock_server.partners.rate_limit import parse_limit
from mock_server.settings import ANY_ORIGIN


class PartnerText(click.ParamType[Partner]):
    """A partner as ``CLIENT_ID:CLIENT_SECRET[:TOKEN]``."""

    name = "CLIENT_ID:CLIENT_SECRET[:TOKEN]"

    def convert(self, value: Any, param: Any, ctx: Any) -> Partner:
        try:
            return value if isinstance(value, Partner) else Partner.parse(value)
        except ValueError as error:
            # The text itself may hold a secret, so the message does not repeat it.
            self.fail(str(error), param, ctx)


class RateLimitText(click.ParamType[str]):
    """A rate limit such as ``100/minute``."""

    name = "LIMIT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            parse_limit(value)
        except ValueError:
            self.fail(f"{value!r} is not a rate limit such as 100/minute or 5/second", param, ctx)
        return str(value)


class MockUrl(click.ParamType[str]):
    """The URL of a mock, without a user in it: no message repeats one that is none."""

    name = "URL"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            url = parsed(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if url.scheme not in {"http", "https"} or not url.host:
            self.fail("must be a URL such as http://127.0.0.1:8080", param, ctx)
        if url.userinfo or url.query or url.fragment:
            self.fail("takes no user, query or fragment", param, ctx)
        return str(value).rstrip("?#")


class OriginText(click.ParamType[str]):
    """An origin as a browser sends it, such as ``http://localhost:3000``, or ``*`` for any."""

    name = "ORIGIN"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if value == ANY_ORIGIN:
            return ANY_ORIGIN
        try:
            url = parsed(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if url.scheme not in {"http", "https"} or not url.host or ANY_ORIGIN in url.host:
            self.fail("must be an origin such as http://localhost:3000, or *", param, ctx)
        if url.userinfo or url.query or url.fragment or url.path != "/":
            self.fail("is an origin, which ends after the host and port", param, ctx)
        # What browsers send: no port where it is the usual one, and the host in ASCII.
        return f"{url.scheme}://{url.netloc.decode('ascii')}"


class FaultName(click.Choice[str]):
    """A preset of faults, or a status for each request: ``503`` or ``502:html``."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        return value if is_status(value) else super().convert(value, param, ctx)


KINDS: Mapping[str, click.ParamType[Any]] = {
    "partner": PartnerText(),
    "rate limit": RateLimitText(),
    "mock URL": MockUrl(),
    "origin": OriginText(),
    "preset": click.Choice(list(PRESETS)),
    "fault": FaultName(list(PRESETS)),
    "workers": click.IntRange(1, 64),
    "log format": click.Choice(get_args(LogFormat)),
    "log level": click.Choice(get_args(LogLevel)),
    "format": click.Choice(list(FORMATS)),
}


def takes_options(command: str) -> Callable[[Command], Command]:
    """Give a click command its options by its name."""
    return with_options(COMMANDS[command], KINDS)
