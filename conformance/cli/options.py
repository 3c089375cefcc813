"""The kinds of options that the command line has, and how those for access go together."""

import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import click
import httpx
from click.core import ParameterSource

from openapi.contract import Contract

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


_SANDBOX = "sandbox"


def is_production(contract: Contract, url: str) -> bool:
    """Whether ``url`` is on a host of the contract that is neither loopback nor a sandbox."""
    host = _host(url)
    if _is_loopback(host):
        return False
    described = contract.document.get("servers") or []
    found = [
        str(server.get("description", ""))
        for server, server_url in zip(described, contract.servers, strict=False)
        if _host(server_url) == host
    ]
    return any(_SANDBOX not in f"{host} {description}".lower() for description in found)


def _host(url: str) -> str:
    # A name with a final dot is the same name (RFC 1034, section 3.1), in any case.
    return (urlsplit(url).hostname or "").lower().rstrip(".")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


_UNIT_SECONDS = (3600, 60, 1)


class Duration(click.ParamType[float]):
    """Hours, minutes and seconds, each with its unit; gives seconds, more than none."""

    name = "DURATION"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", str(value).strip())
        numbers = found.groups("0") if found else ()
        seconds = sum(
            int(number) * unit for number, unit in zip(numbers, _UNIT_SECONDS, strict=False)
        )
        if not seconds:
            self.fail("must be a duration such as 90s, 5m or 1h", param, ctx)
        return float(seconds)


class WebAddress(click.ParamType[str]):
    """A URL of HTTP, without a user in it."""

    name = "URL"
    kind = "URL"
    example = "http://127.0.0.1:8080/clock"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            url = httpx.URL(value)
        except (httpx.InvalidURL, TypeError, ValueError):
            self.fail("is no URL", param, ctx)
        if url.scheme not in {"http", "https"} or not url.host:
            self.fail(f"must be a {self.kind} such as {self.example}", param, ctx)
        if url.userinfo or url.fragment:
            # The message does not repeat it: it may hold a password.
            self.fail("takes no user or fragment", param, ctx)
        return str(url)


class BaseUrl(WebAddress):
    """Where an API is, with its prefix and nothing else."""

    kind = "base URL"
    example = "http://127.0.0.1:8080/v3"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        url = super().convert(value, param, ctx)
        if httpx.URL(url).query:
            self.fail("takes no query", param, ctx)
        return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Database:
    """Where a Redis or Valkey server is; shown without the password that its URL may hold."""

    url: str = field(repr=False)
    password: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        """Without user and password."""
        return self.shown


class DatabaseUrl(click.ParamType[Database]):
    """The URL of a Redis or Valkey server: no message repeats it."""

    name = "URL"

    def convert(self, value: Any, param: Any, ctx: Any) -> Database:
        try:
            url = urlsplit(str(value))
            port = url.port or 6379
        except ValueError:
            url, port = SplitResult("", "", "", "", ""), 0
        is_known = url.scheme in {"redis", "rediss"} and url.hostname
        if not is_known or not re.fullmatch(r"(/[0-9]*)?", url.path) or url.fragment:
            self.fail("must be redis:// or rediss://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER], with"
                      " other signs in a password as %XX", param, ctx)  # fmt: skip
        host = f"[{url.hostname}]" if ":" in str(url.hostname) else url.hostname
        shown = f"{url.scheme}://{host}:{port}/{url.path[1:] or 0}"
        return Database(str(value), unquote(url.password or ""), shown)


class Authorities(click.ParamType[ssl.SSLContext]):
    """A PEM file of certificate authorities, which are trusted beside the usual ones."""

    name = "FILE"

    def convert(self, value: Any, param: Any, ctx: Any) -> ssl.SSLContext:
        trust = httpx.create_ssl_context(trust_env=False)
        try:
            trust.load_verify_locations(cafile=value)
        except ssl.SSLError:
            self.fail(f"{value} holds no certificate in PEM", param, ctx)
        except OSError as error:
            self.fail(f"{value} cannot be read: {error.strerror or error}", param, ctx)
        return trust


class _Hidden(click.ParamType[str]):
    """A token or secret: no message repeats it."""

    name = "TEXT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        # What else there is in it could not travel in a header (RFC 9110, section 5.5).
        if not value.isascii() or not value.isprintable() or " " in value or not value:
            self.fail("must be printable ASCII without spaces", param, ctx)
        return str(value)


def hidden(name: str, text: str) -> Callable[[Any], Any]:
    """An option for a token or secret."""
    variable = f"DINIE_{name.strip('-').replace('-', '_').upper()}"
    return click.option(name, type=_Hidden(), envvar=variable, help=text)


def file(name: str, text: str) -> Callable[[Any], Any]:
    """An option for a file."""
    variable = f"DINIE_{name.strip('-').replace('-', '_').upper()}"
    return click.option(
        name, type=click.Path(path_type=Path), envvar=variable, metavar="FILE", help=text
    )


def yields_to(other: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """The callback of an option whose variable is not meant where the other option is given."""

    def callback(context: click.Context, option: click.Parameter, value: Any) -> Any:
        own = context.get_parameter_source(option.name or "")
        is_meant = (
            own is not ParameterSource.ENVIRONMENT
            or context.get_parameter_source(other) is not ParameterSource.COMMANDLINE
        )
        return value if is_meant else None

    return callback


def base_url(contract: Contract, options: Mapping[str, Any]) -> str:
    """Where to send requests; raises :class:`click.UsageError` where that is nowhere to go.

    An app in this process answers wherever it is told that it is: without a URL, where the
    contract has the API on any host.
    """
    url, app = options["url"], options["app"]
    if not url and not app:
        raise click.UsageError("give --url, or --app for an app in this process")
    if not app and is_production(contract, url) and not options["allow_production"]:
        raise click.UsageError(f"{url} is production; --allow-production runs against it")
    return str(url or f"http://localhost{contract.base_path}").rstrip("/")


def check_access(options: Mapping[str, Any]) -> None:
    """Raise :class:`click.UsageError` unless the tokens, or what gets them, go together."""
    for prefix, needed in (("", True), ("second_", False)):
        token, client_id, secret = (
            options[f"{prefix}{name}"] for name in ("token", "client_id", "client_secret")
        )
        option = prefix.replace("_", "-")
        if token and (client_id or secret):
            raise click.UsageError(
                f"give either --{option}token or --{option}client-id and --{option}client-secret"
            )
        if bool(client_id) != bool(secret):
            raise click.UsageError(f"--{option}client-id and --{option}client-secret go together")
        if needed and not token and not client_id:
            raise click.UsageError("give --token, or --client-id and --client-secret")
    if options["second_token"] and options["second_token"] == options["token"]:
        raise click.UsageError("--second-token must be another partner's")
    if options["second_client_id"] and options["second_client_id"] == options["client_id"]:
        raise click.UsageError("--second-client-id must be another partner's")
