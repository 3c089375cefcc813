"""Checks of a request head that RFC 9112 requires and the parser leaves out.

The parser itself refuses a request whose end is ambiguous.
"""

import re
from collections.abc import Sequence

import httptools

from mock_server.exchange.problems import Problem, ProblemType

_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?::[0-9]*)?")
_ADDRESS = re.compile(rb"\[[0-9A-Fa-fvV:.]+\](?::[0-9]*)?")

Headers = Sequence[tuple[bytes, bytes]]


def malformed(detail: str) -> Problem:
    """The problem (400) for a request that is not valid HTTP/1.1."""
    return Problem(ProblemType.INVALID_REQUEST, "malformed_request", detail)


def check_head(version: str, target: bytes, headers: Headers) -> bytes:
    """Check a head, and return its target in origin-form (RFC 9112 section 3.2.1).

    Raises a :class:`Problem` with status 400 for a head that is not valid.
    """
    if version not in {"1.1", "1.0"}:
        # Section 2.3. The parser knows HTTP/0.9 and 2.0 as well.
        raise malformed("The request is not of HTTP/1.1 or HTTP/1.0.")
    hosts = [value for name, value in headers if name == b"host"]
    _check_host(version, hosts)
    _check_transfer_encoding(version, headers)
    return _origin_form(target, hosts)


def _check_host(version: str, hosts: list[bytes]) -> None:
    # Section 3.2: exactly one in HTTP/1.1, and a valid one.
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise malformed("The request must have exactly one Host header.")
    for host in hosts:
        value = host.strip(b" \t")
        if not (_HOST.fullmatch(value) or _ADDRESS.fullmatch(value)):
            raise malformed("The Host header is not a host and port.")


def _check_transfer_encoding(version: str, headers: Headers) -> None:
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if not codings:
        return
    if version == "1.0":
        # Section 6.1: the framing is faulty.
        raise malformed("HTTP/1.0 has no Transfer-Encoding.")
    if len(codings) > 1 or codings[0].strip(b" \t").lower() != b"chunked":
        # Section 6.1 suggests 501 for an unknown coding; 400 closes the connection as well, which
        # is what keeps two parsers from reading different requests.
        raise malformed("The only Transfer-Encoding is chunked, once.")


def _origin_form(target: bytes, hosts: list[bytes]) -> bytes:
    if b"#" in target:
        # Section 3.2: a fragment is no part of a target.
        raise malformed("The target has a fragment.")
    if target.startswith(b"/"):
        return target
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserError:
        raise malformed("The target cannot be read.") from None
    if not url.host:
        if target == b"*":
            return target
        raise malformed("The target cannot be read.")
    # Section 3.2.2: the host of the target is used, and section 3.2 requires the same one in Host.
    authority = target.split(b"://", 1)[1].partition(b"/")[0].partition(b"?")[0]
    if hosts and hosts[0].strip(b" \t").lower() != authority.lower():
        raise malformed("The target names another host than the Host header.")
    path: bytes = url.path or b"/"
    return path + (b"?" + url.query if url.query else b"")
