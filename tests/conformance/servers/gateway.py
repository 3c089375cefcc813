"""A gateway before a server: pages for what it does not let through, cookies and headers.

It refuses what no contract speaks of: other paths, methods that nobody knows, and requests that
are too large for it or odd as such.
"""

import re
import secrets
import threading
from collections.abc import Mapping
from http import HTTPStatus

from tests.conformance.servers.answers import Answer

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LONGEST_TARGET, _LONGEST_HEADERS, _LONGEST_BODY = 2000, 8 * 1024, 100 * 1024
_ODD_PATH = re.compile(r"//|\\|/\.|%(00|0[aAdD]|2[fF]|5[cC]|[89A-Fa-f])|[^!-~]")
_ODD_QUERY = re.compile(r"%00|[^!-~]")

HEADERS = (
    ("Via", "1.1 edge-gru-3"),
    ("Via", "1.1 gateway"),
    ("Set-Cookie", "route=a7; Path=/; HttpOnly"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Vary", "Origin"),
    ("Vary", "Accept-Encoding"),
    ("X-Cache", "Miss from edge"),
    ("Alt-Svc", 'h3=":443"; ma=86400'),
    ("Report-To", '{"group": "nel", "endpoints": [{"url": "https://report.example/a?s=x%2By"}]}'),
)


class Gateway:
    """One gateway; ``base`` is the path of the API behind it."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._sessions: dict[str, str] = {}
        self._lock = threading.Lock()

    def page(
        self, method: str, target: str, headers: Mapping[str, str], length: int
    ) -> Answer | None:
        """A page in place of the API's answer, where it does not come to that."""
        status, (path, _, query) = None, target.partition("?")
        if method not in _METHODS:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        elif len(target) > _LONGEST_TARGET:
            status = HTTPStatus.REQUEST_URI_TOO_LONG
        elif self.is_too_large(length):
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        elif _ODD_PATH.search(path) or _ODD_QUERY.search(query) or _are_odd(headers):
            status = HTTPStatus.BAD_REQUEST
        elif "expect" in headers and headers["expect"].lower() != "100-continue":
            status = HTTPStatus.EXPECTATION_FAILED
        elif not target.startswith(f"{self._base}/auth/"):
            status = HTTPStatus.NOT_FOUND
        return None if status is None else _page(status)

    def is_too_large(self, length: int) -> bool:
        """Whether a body of so many bytes is refused unread."""
        return length > _LONGEST_BODY

    def logged_in(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers of a request: who has a session needs no token."""
        cookie = headers.get("cookie", "").removeprefix("session=")
        if "authorization" not in headers and cookie in self._sessions:
            return {**headers, "authorization": self._sessions[cookie]}
        return headers

    def cookie(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """The cookie of a new session."""
        session = secrets.token_hex(8)
        with self._lock:
            self._sessions[session] = headers.get("authorization", "")
        return "Set-Cookie", f"session={session}; Path=/; Secure; SameSite=Lax"


def _are_odd(headers: Mapping[str, str]) -> bool:
    size = sum(len(name) + len(value) + 4 for name, value in headers.items())
    return size > _LONGEST_HEADERS or not all(map(str.isascii, headers.values()))


def _page(status: HTTPStatus) -> Answer:
    text = f"<html>\n<head><title>{status} {status.phrase}</title></head>\n<body></body>\n</html>\n"
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
