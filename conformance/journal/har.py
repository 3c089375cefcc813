"""Journals written as HAR 1.2, which browsers show in their network panel.

Facts for which HAR has no member are in members of our own, which start with an underscore as
the format asks. :mod:`conformance.journal.har_reading` reads them back without loss.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl

from conformance.journal.journal import Headers, JournalEntry

Har = dict[str, Any]

_UNKNOWN = -1
"""The value that HAR has for a size that was not measured."""

_OWN_MEMBERS = ("number", "started", "seconds", "operation", "partner", "fault",
                "executed", "replayed", "request_id")  # fmt: skip


def har_of(entries: Iterable[JournalEntry]) -> Har:
    """A HAR document of plain JSON values. A dropped connection has the status 0."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "dinie-contract", "version": version("dinie-contract")},
            "pages": [],
            "entries": [_entry(one) for one in entries],
        }
    }


def _entry(entry: JournalEntry) -> Har:
    milliseconds = entry.seconds * 1000
    started = datetime.fromtimestamp(entry.started, UTC)
    own = {f"_{name}": getattr(entry, name) for name in _OWN_MEMBERS}
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        # Only the whole time is known; network panels show the wait as the bar.
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **{name: value for name, value in own.items() if value is not None},
        "_refusals": list(entry.refusals),
    }


def _request(entry: JournalEntry) -> Har:
    request: Har = {
        "method": entry.method,
        "url": entry.url,
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(entry.request_headers, "cookie"),
        "headers": _pairs(entry.request_headers),
        "queryString": _query(entry.url),
        "headersSize": _UNKNOWN,
        "bodySize": len(entry.request_body.encode()),
    }
    if entry.request_body:
        media_type = dict(entry.request_headers).get("content-type", "")
        request["postData"] = {"mimeType": media_type, "params": [], "text": entry.request_body}
    return request


def _response(entry: JournalEntry) -> Har:
    headers = dict(entry.response_headers)
    size = len(entry.response_body.encode())
    return {
        "status": entry.status or 0,
        "statusText": _phrase(entry.status),
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(entry.response_headers, "set-cookie"),
        "headers": _pairs(entry.response_headers),
        "content": {
            "size": size,
            "mimeType": headers.get("content-type", ""),
            "text": entry.response_body,
        },
        "redirectURL": headers.get("location", ""),
        "headersSize": _UNKNOWN,
        "bodySize": size,
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[Har]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(headers: Headers, header: str) -> list[Har]:
    found = []
    for name, value in headers:
        if name == header:
            # After its first pair, a Set-Cookie has attributes of the cookie.
            pairs = value.split(";")[: 1 if header == "set-cookie" else None]
            found += [pair.strip().partition("=") for pair in pairs]
    return _pairs((name, value) for name, _, value in found if name)


def _query(url: str) -> list[Har]:
    return _pairs(parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True))


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""
