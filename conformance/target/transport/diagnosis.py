"""The reason for a lost connection, in one line that names the thing and what mends it."""

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import httpx

from conformance.target.transport.connection_settings import ConnectionSettings, Proxy
from conformance.target.transport.reception import Reception, Way, reception_of

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

_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.ConnectError)
"""The errors of a connection that was there and has ended."""

_CONNECTING = (httpx.ConnectError, httpx.ConnectTimeout)
_DISCONNECTED = "Server disconnected without sending"

_NO_PORT = "is this the API's port?"


def reason_of(
    url: str, error: BaseException, settings: ConnectionSettings, *, has_answered: bool = True
) -> str:
    """Why there is no connection to ``url``, or no answer on it.

    Where nothing ``has_answered`` yet, the line has what may mend it as well.
    """
    said, reception = " ".join(str(error).split()) or type(error).__name__, _reception_of(error)
    proxy = settings.proxy_to(httpx.URL(url))
    if isinstance(error, httpx.ProxyError):
        if said.startswith(("401", "407")):
            return (
                f"the proxy {proxy} wants other credentials ({said[:3]}): give them as"
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
        said = f"the host {host} is not known ({unknown.strerror})"
    if isinstance(error, httpx.RemoteProtocolError) and said.startswith(_DISCONNECTED):
        said = "what it sends is no HTTP" if reception.received else "it closes the connection"
    if isinstance(error, httpx.TimeoutException):
        said = "timed out"
    is_plain = proxy is None or reception.way in {Way.NONE, Way.SECURE}
    if (has_answered and is_plain) or reception.way is Way.NONE:
        return f"{at if isinstance(error, _CONNECTING) else url} does not answer: {said}"
    mend = _mend(error, settings, proxy, reception)
    return f"{silence_of(url, settings, reception)}: {said}{mend}"


def silence_of(url: str, settings: ConnectionSettings, reception: Reception) -> str:
    """Who does not answer, by how far the first request came."""
    proxy, way = settings.proxy_to(httpx.URL(url)), reception.way
    if proxy is None or way is Way.SECURE:
        return f"{url} does not answer"
    if way is Way.NONE:
        return f"the proxy {proxy} does not answer"
    if answering_proxy(url, settings) is not None:
        return f"the proxy {proxy}, or {url} behind it, does not answer"
    if way is Way.CONNECTED:
        return f"the proxy {proxy} does not answer CONNECT"
    return f"the proxy {proxy} opened a way to {url}, and nothing answers there"


def answering_proxy(url: str, settings: ConnectionSettings) -> Proxy | None:
    """The proxy that may answer in the place of ``url``; into a tunnel of TLS none can."""
    parts = httpx.URL(url)
    return settings.proxy_to(parts) if parts.scheme == "http" else None


def _mend(
    error: BaseException, settings: ConnectionSettings, proxy: Proxy | None, reception: Reception
) -> str:
    if proxy is not None and reception.way is not Way.SECURE:
        return "; check --proxy, then --url"
    if not isinstance(error, _CLOSED):
        return ""
    if reception.way in {Way.IN_TLS, Way.SECURE} and not reception.received:
        return f"; {_may_want(settings)}"
    return f"; {_NO_PORT}"


def _may_want(settings: ConnectionSettings) -> str:
    return f"it may want {certificate_mend(settings)}"


def certificate_mend(settings: ConnectionSettings) -> str:
    """The client certificate that is wanted, and how it is given."""
    if settings.client_cert is None:
        return "a client certificate: give --client-cert and --client-key"
    return "another client certificate than that of --client-cert"


def _reception_of(error: BaseException) -> Reception:
    """The reception of the answer that did not come."""
    try:
        return reception_of(error.request) if isinstance(error, httpx.RequestError) else Reception()
    except RuntimeError:  # it was raised for no request
        return Reception()


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
    if reason in _NO_TLS:
        return _no_tls_reason(url, proxy)
    if any(one in reason for one in _WANTS_CERTIFICATE):
        if settings.client_cert is None:
            return (
                f"{url} refuses TLS without a client certificate ({_words(reason)}): give"
                " --client-cert and --client-key"
            )
        return f"{url} refuses the certificate of --client-cert ({_words(reason)})"
    if isinstance(error, ssl.SSLEOFError):
        if proxy is not None:
            return (
                f"the proxy {proxy} opened a way to {url}, and it is closed during TLS: check"
                f" --proxy, then --url; {_may_want(settings)}"
            )
        return (
            f"{url} does not answer: TLS failed (it closes the connection);"
            f" {_may_want(settings)}, or {_NO_PORT}"
        )
    return f"{url} does not answer: TLS failed ({_words(reason) or error.strerror or error})"


def _no_tls_reason(url: str, proxy: Proxy | None) -> str:
    if proxy is not None:
        return (
            f"the proxy {proxy} opened a way to {url}, and what comes through it is no TLS: check"
            " --proxy, then --url"
        )
    if _speaks_http(httpx.URL(url)):
        return f"{url} answers without TLS: give http:// in --url"
    return f"{url} does not answer: TLS failed (what it sends is no TLS); {_NO_PORT}"


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
