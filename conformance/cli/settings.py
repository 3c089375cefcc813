"""The typed settings of the commands that send requests, and checks of their combinations."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from conformance.catalogue.requirement import Level
from conformance.cli.option_types import Database
from conformance.fuzz.shard import Shard
from conformance.target.asgi import serving
from conformance.target.connecting import AccessSettings, build_target
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import (
    ConnectionSettings,
    UnusableCertificate,
    trust_of,
)
from openapi.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingSettings:
    """Settings of a command that sends requests: the target, the partners, the pace.

    ``contract`` is the file, or the version, of the contract to judge by; None is the newest
    bundled one. ``app`` is an app in this process, ``module:object``; ``keep`` leaves what was
    created.
    """

    contract: Path | None = None
    url: str | None = None
    app: str | None = None
    allow_production: bool = False
    keep: bool = False
    target: TargetSettings
    access: AccessSettings

    def checked_url(self, contract: Contract) -> str:
        """The base URL of the target; :class:`click.UsageError` if the options do not go together.

        An app in this process answers under any URL: without one, under the contract's base path.
        """
        if not self.url and not self.app:
            raise click.UsageError("give --url, or --app for an app in this process")
        may_be_refused = self.url and not self.app and not self.allow_production
        if may_be_refused and is_production(contract, str(self.url)):
            raise click.UsageError(f"{self.url} is production; --allow-production runs against it")
        _check_access(self.access)
        _check_certificate(self.target.connection)
        return str(self.url or f"http://localhost{contract.base_path}").rstrip("/")

    @contextmanager
    def open_target(self, url: str) -> Iterator[Target]:
        """The target at ``url``, with no partner authenticated; closed when the block ends."""
        # An app in this process is up once it is imported.
        settings = replace(self.target, wait_seconds=0.0) if self.app else self.target
        with (
            serving(self.app) as transport,
            build_target(url, settings, self.access, transport) as target,
        ):
            yield target


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings(SendingSettings):
    """Settings of ``replay``; ``forget_mended`` removes findings that fail no longer."""

    level: Level = Level.MUST
    forget_mended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingSettings(SendingSettings):
    """Settings of what judges by the whole catalogue; without a ``seed`` a random one is drawn.

    ``patterns`` select the requirements, ``required`` those that must be verified.
    """

    level: Level = Level.MUST
    patterns: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(JudgingSettings):
    """Settings of ``run`` and the pytest plugin.

    ``max_seconds`` is the longest time that the checks may take. ``fail_fast`` ends the run at the
    first violation that fails it.
    """

    max_seconds: float | None = None
    fail_fast: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSettings(JudgingSettings):
    """Settings of ``fuzz``; ``max_seconds`` is the length of the campaign."""

    max_seconds: float
    max_findings: int | None = None
    directory: Path | None = None
    resume: Path | None = None
    shard: Shard | None = None
    example_database: Database | None = None
    hars: tuple[Path, ...] = ()


_SANDBOX = "sandbox"


def is_production(contract: Contract, url: str) -> bool:
    """Whether ``url`` is on a host of the contract that is neither loopback nor a sandbox."""
    host = _host(url)
    try:
        if ipaddress.ip_address(host).is_loopback:
            return False
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
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


def _check_certificate(connection: ConnectionSettings) -> None:
    """Raise :class:`click.UsageError` unless the client certificate and its key go together."""
    if connection.client_key and not connection.client_cert:
        raise click.UsageError("--client-key goes with --client-cert")
    if connection.client_key_password and not connection.client_cert:
        raise click.UsageError("--client-key-password goes with --client-cert")
    try:
        trust_of(connection)
    except UnusableCertificate as error:
        raise click.UsageError(str(error)) from None


def _check_access(access: AccessSettings) -> None:
    """Raise :class:`click.UsageError` unless tokens, client ids and secrets go together."""
    for partner, credentials in (("", access.first), ("second-", access.second)):
        token, client_id, secret = credentials.token, credentials.client_id, credentials.secret
        if token and (client_id or secret):
            raise click.UsageError(
                f"give either --{partner}token or --{partner}client-id and --{partner}client-secret"
            )
        if bool(client_id) != bool(secret):
            raise click.UsageError(f"--{partner}client-id and --{partner}client-secret go together")
    if not access.first:
        raise click.UsageError("give --token, or --client-id and --client-secret")
    for option, first, second in (
        ("--second-token", access.token, access.second_token),
        ("--second-client-id", access.client_id, access.second_client_id),
    ):
        if second and first == second:
            raise click.UsageError(f"{option} must be another partner's")
    if access.first == access.second:
        raise click.UsageError("--second-key must be another partner's")
