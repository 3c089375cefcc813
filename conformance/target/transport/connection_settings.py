"""The way to a target: whom TLS trusts, which certificate it shows, and the proxy in between."""

import importlib
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from urllib.request import (  # type: ignore[attr-defined]  # the second is in no stub
    getproxies_environment,
    proxy_bypass_environment,
)

from dinie_contract.web_address import certified, parsed

if TYPE_CHECKING:
    import httpx

FROM_ENVIRONMENT = "env"
"""The value of ``--proxy`` that takes the proxies of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy: ``url`` without a user, and the credentials of Basic authentication."""

    url: "httpx.URL"
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, text: str) -> "Proxy":
        """The proxy at a URL; raises :class:`ValueError` with the reason, which repeats nothing."""
        url = parsed(text if "://" in text else f"http://{text}")
        if url.scheme != "http" or not url.host:
            raise ValueError("must be http://[USER:PASSWORD@]HOST[:PORT]")
        if url.path not in {"", "/"} or url.query or url.fragment:
            raise ValueError("takes no path, query or fragment")
        user, _, password = url.userinfo.decode().partition(":")
        bare = url.copy_with(userinfo=b"", path="/")
        return cls(bare, unquote(user), unquote(password))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, as it is written in the URL and as it is."""
        return (self.password, self.url.copy_with(username="", password=self.password)
                .userinfo.decode().removeprefix(":")) if self.password else ()  # fmt: skip

    @property
    def port(self) -> int:
        """The port, that of the scheme where the URL has none."""
        return self.url.port or 80

    def __str__(self) -> str:
        """Without credentials."""
        return str(self.url).rstrip("/")


def proxies_of_environment() -> Iterator[tuple[str, str]]:
    """The proxies that the environment names: each variable's name and value."""
    for scheme, value in getproxies_environment().items():
        if scheme in {"http", "https", "all"}:
            yield f"{scheme.upper()}_PROXY", value


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How the target is reached, as the options of a command state it.

    ``ca_file`` names certificate authorities that are trusted beside the usual ones.
    ``client_cert`` and ``client_key`` are PEM files; without a key file the key is in that of the
    certificate. ``insecure`` checks no certificate. ``proxy`` is a URL or
    :data:`FROM_ENVIRONMENT`.
    """

    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    client_key_password: str | None = field(default=None, repr=False)
    insecure: bool = False
    proxy: str | None = field(default=None, repr=False)

    def proxy_to(self, url: "httpx.URL") -> Proxy | None:
        """The proxy on the way to a URL; None where requests go straight there."""
        if self.proxy != FROM_ENVIRONMENT:
            return _proxy_at(self.proxy) if self.proxy else None
        named = getproxies_environment()
        host = f"[{url.host}]" if ":" in url.host else certified(url.host)
        # An address counts with and without its brackets, as it does for curl.
        forms = (f"{host}:{url.port}" if url.port else host, url.host)
        if any(proxy_bypass_environment(one, named) for one in forms):
            return None
        found = named.get(url.scheme) or named.get("all")
        return _proxy_at(found) if found else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passwords of the key and of the proxies."""
        given = [self.proxy] if self.proxy else []
        if self.proxy == FROM_ENVIRONMENT:
            given = [text for _, text in proxies_of_environment()]
        passwords = (one for text in given for one in _proxy_at(text).secrets)
        return (*passwords, *([self.client_key_password] if self.client_key_password else []))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every report says of the way to the target."""
        return (
            ("no certificate was checked (--insecure): whoever is in between can read and change"
             " all of it",) if self.insecure else ()
        )  # fmt: skip

    @property
    def variables(self) -> Mapping[str, str]:
        """The options of curl that stand for these settings, each with the variable of its value.

        A value that is empty belongs to an option without one.
        """
        return {
            option: variable
            for option, variable, given in (
                ("--cacert", "DINIE_CA_FILE", self.ca_file),
                ("--cert", "DINIE_CLIENT_CERT", self.client_cert),
                ("--key", "DINIE_CLIENT_KEY", self.client_key),
                ("--pass", "DINIE_CLIENT_KEY_PASSWORD", self.client_key_password),
                ("--insecure", "", self.insecure),
                ("--proxy", "DINIE_PROXY", self.proxy and self.proxy != FROM_ENVIRONMENT),
            )
            if given
        }


DIRECT = ConnectionSettings()
"""The settings without any option."""

_proxy_at = cache(Proxy.of)


class UnusableCertificate(ValueError):
    """The client certificate or its key cannot be used; the message is a line that names it."""


@cache
def trust_of(settings: ConnectionSettings) -> ssl.SSLContext:
    """The TLS context of connections; raises :class:`UnusableCertificate`."""
    # Reading the certificate authorities is slow.
    trust: ssl.SSLContext = importlib.import_module("httpx").create_ssl_context(trust_env=False)
    if settings.ca_file is not None:
        trust.load_verify_locations(cafile=settings.ca_file)
    if settings.insecure:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    if settings.client_cert is not None:
        _load_certificate(trust, settings, settings.client_cert)
    return trust


def _load_certificate(trust: ssl.SSLContext, settings: ConnectionSettings, file: Path) -> None:
    was_asked = False

    def password() -> bytes:
        # Without it OpenSSL would ask at the terminal.
        nonlocal was_asked
        was_asked = True
        return os.fsencode(settings.client_key_password or "")

    key = settings.client_key
    try:
        trust.load_cert_chain(file, key, password)
    except ssl.SSLError as error:
        named = f"--client-key {key}" if key else f"--client-cert {file}"
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = f"{named} is not the key of the certificate in --client-cert {file}"
        elif was_asked and not settings.client_key_password:
            reason = f"{named} is encrypted: give --client-key-password"
        elif was_asked:
            reason = f"{named} cannot be decrypted with --client-key-password"
        elif error.reason:
            reason = f"OpenSSL refuses {named}: {error.reason.replace('_', ' ').lower()}"
        elif not _holds_certificate(file):
            reason = f"--client-cert {file} holds no certificate in PEM"
        else:
            reason = f"{named} holds no key in PEM"
            reason += "" if key else ": --client-key names the file of one"
        raise UnusableCertificate(reason) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnusableCertificate(f"--client-cert {file} cannot be used: {reason}") from None


def _holds_certificate(file: Path) -> bool:
    """Whether there is a certificate in PEM in a file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except OSError:
        return False
    return True
