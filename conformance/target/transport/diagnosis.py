"""The reason for a lost connection, in one line that names the thing and what mends it."""

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import httpx

from conformance.target.transport.connection_settings import ConnectionSettings, Proxy

_E = TypeVar("_E", bound=BaseException)

_PROBE_SECONDS = 5.0

_VERIFICATIONS = {
    # OpenSSL's numbers (X509_verify_cert_error_string).
    9: "the certificate is not valid yet: check this machine's clock, or the certificate",
    10: "the certificate has expired: it must be renewed",
    18: "the certificate is signed by itself: --ca-file trusts it",
    19: "the certificate is signed by an authority that is not trusted: --ca-file trusts it",
    20: "the certificate is signed by an authority that is not trusted: --ca-file trusts it",
    21: "the certificate is signed by an authority that is not trusted: --ca-file trusts it",
}
_OTHER_NAME = {62, 64}
"""OpenSSL's numbers for a certificate of another host name, and of another address."""

_WANTS_CERTIFICATE = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE",
                      "UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED")  # fmt: skip
"""Parts of the alerts by which a server refuses a client's certificate, or the lack of one."""

_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
"""OpenSSL's reasons where what came is no TLS."""


def reason_of(url: str, error: BaseException, settings: ConnectionSettings) -> str:
    """Why there is no connection to ``url``, or no answer on it."""
    said = " ".join(str(error).split()) or type(error).__name__
    proxy = settings.proxy_to(httpx.URL(url))
    if isinstance(error, httpx.ProxyError):
        if said.startswith("407"):
            return (
                f"the proxy {proxy} wants other credentials (407): give them as"
                " --proxy http://USER:PASSWORD@HOST:PORT"
            )
        return f"the proxy {proxy} does not connect to {url}: it answers {said}"
    verification = _cause(error, ssl.SSLCertVerificationError)
    if verification is not None:
        return f"{url} is not trusted: {_verification(verification)}"
    tls = _cause(error, ssl.SSLError)
    if tls is not None:
        return _tls_reason(url, tls, settings, proxy)
    at = f"the proxy {proxy}" if proxy else url
    unknown = _cause(error, socket.gaierror)
    if unknown is not None:
        host = proxy.url.host if proxy else httpx.URL(url).host
        return f"{at} does not answer: the host {host} is not known ({unknown.strerror})"
    return f"{at if isinstance(error, httpx.ConnectError) else url} does not answer: {said}"


def is_refusal(error: BaseException) -> bool:
    """Whether a connection was there, and TLS or a proxy refused it: waiting mends nothing."""
    return isinstance(error, httpx.ProxyError) or _cause(error, ssl.SSLError) is not None


def _verification(error: ssl.SSLCertVerificationError) -> str:
    number = error.verify_code
    if number in _OTHER_NAME:
        return (
            f"the certificate is for another name ({error.verify_message}): --url must have the"
            " name that the certificate has"
        )
    known = _VERIFICATIONS.get(number)
    return known or f"{error.verify_message}; --ca-file trusts another authority"


def _tls_reason(
    url: str, error: ssl.SSLError, settings: ConnectionSettings, proxy: Proxy | None
) -> str:
    reason = error.reason or ""
    if reason in _NO_TLS and proxy is None and _speaks_http(httpx.URL(url)):
        return f"{url} answers without TLS: give http:// in --url"
    if any(one in reason for one in _WANTS_CERTIFICATE):
        if settings.client_cert is None:
            return (
                f"{url} refuses TLS without a client certificate ({_words(reason)}): give"
                " --client-cert and --client-key"
            )
        return f"{url} refuses the certificate of --client-cert ({_words(reason)})"
    return f"{url} does not answer: TLS failed ({_words(reason) or error.strerror or error})"


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def _cause(error: BaseException | None, kind: type[_E]) -> _E | None:
    """The first exception of a kind among an error and what led to it."""
    return next((one for one in _chain(error) if isinstance(one, kind)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    # An error that is raised again while another one is handled may lead back to itself.
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        # httpcore hides the cause from tracebacks, and keeps it as the context.
        error = error.__cause__ or error.__context__


def scheme_reason(base_url: str, settings: ConnectionSettings) -> str:
    """The line on a base URL of HTTP whose port speaks TLS; empty for any other.

    What is behind a proxy is not asked.
    """
    url = httpx.URL(base_url)
    if url.scheme != "http" or settings.proxy_to(url) is not None or not _speaks_tls(url):
        return ""
    return f"{base_url} speaks TLS: give https:// in --url"


def _speaks_http(url: httpx.URL) -> bool:
    """Whether the port of a URL answers a request without TLS, which tells it nothing."""
    try:
        with socket.create_connection((url.host, url.port or 443), _PROBE_SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5).startswith(b"HTTP/")
    except OSError:
        return False


def _speaks_tls(url: httpx.URL) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((url.host, url.port or 80), _PROBE_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=url.host),
        ):
            return True
    except ssl.SSLError as error:
        # An alert is an answer in TLS as well.
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):
        return False
