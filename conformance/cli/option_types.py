"""The types of option values of ``dinie-conformance``, and the options of its commands."""

import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import click

from conformance.journal.secret_names import is_secret_parameter
from conformance.report import FORMATS
from conformance.target.redaction import hide_header
from conformance.target.transport.connection_settings import (
    FROM_ENVIRONMENT,
    ConnectionSettings,
    Proxy,
    proxies_of_environment,
    trust_of,
)
from dinie_contract.command_line import Command, FilePath, with_options
from dinie_contract.extras import installing, is_installed
from dinie_contract.options import COMMANDS, Option
from dinie_contract.output import SECRETS
from dinie_contract.web_address import parsed
from openapi.files import open_regular


class Duration(click.ParamType[float]):
    """Hours, minutes and seconds, each with its unit; gives seconds.

    ``or_none`` allows 0 as well.
    """

    name = "DURATION"

    def __init__(self, *, or_none: bool = False) -> None:
        self.or_none = or_none

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
        hours, minutes, seconds = map(float, found.groups("0") if found else (0, 0, 0))
        total = hours * 3600 + minutes * 60 + seconds
        if not total and not (self.or_none and re.fullmatch("0[hms]?", text)):
            none = ", or 0" if self.or_none else ""
            self.fail(f"must be a duration such as 90s, 5m or 1h{none}", param, ctx)
        return total


class WebAddress(click.ParamType[str]):
    """A URL of HTTP, without a user in it; what its query names like a credential is a secret."""

    name = "URL"
    kind = "URL"
    example = "http://127.0.0.1:8080/clock"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            url = parsed(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if url.scheme not in {"http", "https"} or not url.host:
            self.fail(f"must be a {self.kind} such as {self.example}", param, ctx)
        if url.userinfo or url.fragment:
            # The message does not repeat it: it may hold a password.
            self.fail("takes no user or fragment", param, ctx)
        SECRETS.give(text for name, text in url.params.multi_items() if is_secret_parameter(name))
        return str(url)


class BaseUrl(WebAddress):
    """The base URL of an API: its prefix, and no query."""

    kind = "base URL"
    example = "http://127.0.0.1:8080/v3"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        url = super().convert(value, param, ctx)
        if parsed(url).query:
            self.fail("takes no query", param, ctx)
        # Paths are added to it, which belong to no query or fragment, be they empty.
        return url.rstrip("?#").rstrip("/")


@dataclass(frozen=True, slots=True)
class Database:
    """A Redis or Valkey server, shown without the password that its URL may hold."""

    url: str = field(repr=False)
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
        SECRETS.give([url.password or "", unquote(url.password or "")])
        return Database(str(value), f"{url.scheme}://{host}:{port}/{url.path[1:] or 0}")


_MOST_PEM_BYTES = 10 * 1024 * 1024
"""OpenSSL reads files whole. The authorities of a whole operating system have a quarter of 1 MB."""

_MOST_PASSWORD_BYTES = 1024
"""The longest password that Python hands to OpenSSL."""


class PemFile(FilePath):
    """A PEM file that is there and can be read."""

    name = "FILE"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        path: Path = super().convert(value, param, ctx)
        try:
            with open_regular(path) as file:
                size = os.fstat(file.fileno()).st_size
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            self.fail(f"{value} cannot be read: {reason}", param, ctx)
        if size > _MOST_PEM_BYTES:
            self.fail(f"{value} is larger than {_MOST_PEM_BYTES} bytes", param, ctx)
        return path.absolute()


class Authorities(PemFile):
    """A PEM file of certificate authorities, which are trusted beside the usual ones."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        file = super().convert(value, param, ctx)
        try:
            trust_of(ConnectionSettings(ca_file=file))
        except ssl.SSLError:
            self.fail(f"{value} holds no certificate in PEM", param, ctx)
        except OSError as error:
            self.fail(f"{value} cannot be read: {error.strerror or error}", param, ctx)
        return file


class Password(click.ParamType[str]):
    """The password of a key: no message repeats it."""

    name = "TEXT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        SECRETS.give([str(value)])
        if len(os.fsencode(value)) > _MOST_PASSWORD_BYTES:
            self.fail(f"is longer than {_MOST_PASSWORD_BYTES} bytes", param, ctx)
        return str(value)


class ProxyUrl(click.ParamType[str]):
    """The URL of a forward proxy, or ``env``: no message repeats a password in it."""

    name = "URL"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        named = {"": str(value)}
        if value == FROM_ENVIRONMENT:
            named = dict(proxies_of_environment())
        for variable, text in named.items():
            try:
                SECRETS.give(Proxy.of(text).secrets)
            except ValueError as error:
                self.fail(f"{variable} {error}".strip(), param, ctx)
        return str(value)


class Secret(click.ParamType[str]):
    """A token or secret: no message repeats it."""

    name = "TEXT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        # A header may not hold other characters (RFC 9110, section 5.5).
        if not value.isascii() or not value.isprintable() or " " in value or not value:
            self.fail("must be printable ASCII without spaces", param, ctx)
        return str(value)


class Header(click.ParamType[tuple[str, str]]):
    """A header of every request: no message repeats its value."""

    name = "NAME:VALUE"
    envvar_list_splitter = "\n"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, colon, text = (one.strip() for one in str(value).partition(":"))
        hide_header(name, text)
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            self.fail("must be a name, a colon and a value, as 'Cookie: route=a'", param, ctx)
        if not text.isascii() or not text.isprintable():
            self.fail(f"{name} must have a value of printable ASCII", param, ctx)
        if name.lower() in _OWN_HEADERS:
            self.fail(f"{name} is a header that the checks set themselves", param, ctx)
        return name, text


class Key(click.ParamType[tuple[str, str]]):
    """A key for a scheme of the contract: no message repeats its value."""

    name = "NAME:VALUE"
    envvar_list_splitter = "\n"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, colon, text = (one.strip() for one in str(value).partition(":"))
        if not colon or not re.fullmatch(r"[A-Za-z0-9_.~-]+", name):
            SECRETS.give([str(value)])
            self.fail("must be NAME:VALUE, with the name of a header, query parameter or cookie",
                      param, ctx)  # fmt: skip
        SECRETS.give([text])
        return name, Secret().convert(text, param, ctx)


_OWN_HEADERS = {"authorization", "accept", "accept-encoding", "connection", "content-encoding",
                "content-length", "content-type", "expect", "host", "idempotency-key", "te",
                "transfer-encoding", "upgrade"}  # fmt: skip


KINDS: Mapping[str, click.ParamType[Any]] = {
    "base URL": BaseUrl(),
    "web address": WebAddress(),
    "secret": Secret(),
    "authorities": Authorities(),
    "header": Header(),
    "key": Key(),
    "PEM file": PemFile(),
    "password": Password(),
    "proxy": ProxyUrl(),
    "duration": Duration(),
    "duration or 0": Duration(or_none=True),
    "database": DatabaseUrl(),
    "export": click.Tuple([click.Choice(["pytest"]), FilePath()]),
    "format": click.Choice(list(FORMATS)),
}

REPORTS = tuple(Option(f"report-{name}", "file", one.help) for name, one in FORMATS.items())
"""One option for each report format: ``--report-json FILE``."""


def require_extra(extra: str, command: str) -> None:
    """Raise :class:`click.UsageError` where the libraries of an extra are not installed."""
    if not is_installed(extra):
        raise click.UsageError(f"{command} needs the extra {extra}: {installing(extra)}")


def takes_options(
    command: str,
    *,
    reports: bool = True,
    extra: str | None = None,
    kinds: Mapping[str, click.ParamType[Any]] | None = None,
) -> Callable[[Command], Command]:
    """Give a click command its options by its name, and an option for each report format.

    ``extra`` is the extra of the distribution that the command needs, ``kinds`` are types of
    option values that only it has.
    """
    options = (*COMMANDS[command], *(REPORTS if reports else ()))
    add_options = with_options(options, {**KINDS, **(kinds or {})})

    def decorated(function: Command) -> Command:
        @wraps(function)
        def called(*arguments: Any, **parameters: Any) -> Any:
            if extra:
                require_extra(extra, command)
            return function(*arguments, **parameters)

        return add_options(called)

    return decorated


def report_files(parameters: Mapping[str, Any]) -> dict[str, Path]:
    """The files that the options name, by report format."""
    return {name: path for name in FORMATS if (path := parameters[f"report_{name}"])}
