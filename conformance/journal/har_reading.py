"""Journals read from HAR 1.2 files of the mock, of browsers, proxies and tools.

Secrets that a file holds are redacted on reading.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from conformance.journal.journal import Headers, JournalEntry
from conformance.journal.redaction import Redactor
from dinie_contract.errors import Unusable
from openapi.files import open_regular

MOST_BYTES = 256 * 1024 * 1024
"""The size of the largest file that is read: the memory that it takes is several times as much."""

_LATEST = 253370764800.0
"""The first moment of the year 9999, as Unix time: later ones cannot be shown in every zone."""

_LONGEST = 1e9
"""Seconds that an exchange takes at most."""

_LEAP_SECOND = re.compile(r"(?<=T)(\d\d:?\d\d:?)60")

_SURROGATES = re.compile("[\ud800-\udfff]")


class HarError(Unusable):
    """A file that is no readable HAR; the message is one line that names the place in it."""


def read_hars(paths: Iterable[Path], redactor: Redactor) -> list[tuple[JournalEntry, ...]]:
    """The exchanges of several files; raises :class:`HarError`.

    A file may repeat what only a later one shows to be a secret.
    """
    journals = [read_har(path, redactor) for path in paths]
    if len(journals) < 2:  # noqa: PLR2004 - one has looked at itself
        return journals
    return [tuple(map(redactor.without_repetitions, one)) for one in journals]


def read_har(path: Path, redactor: Redactor | None = None) -> tuple[JournalEntry, ...]:
    """The exchanges of a file in the order of their start; raises :class:`HarError`."""
    try:
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise HarError(f"{path}: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise HarError(f"{path}: is larger than {MOST_BYTES} bytes; give it in several files")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HarError(f"{path}: is not UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise HarError(f"{path}: is not JSON: {error.msg} at {place}") from error
    except (ValueError, RecursionError) as error:
        raise HarError(f"{path}: is not JSON that can be read") from error
    try:
        return entries_of(document, redactor)
    except HarError as error:
        raise HarError(f"{path}: {error}") from error


def entries_of(document: Any, redactor: Redactor | None = None) -> tuple[JournalEntry, ...]:
    """The exchanges of a HAR document in the order of their start; raises :class:`HarError`.

    Documents whose secrets are to be compared need the same ``redactor``.
    """
    redactor = redactor or Redactor(public="")
    nodes = _Node(document, "").object("log").objects("entries")
    started = sorted(((_started(node), node) for node in nodes), key=lambda one: one[0])
    entries = [_entry(node, when, at, redactor) for at, (when, node) in enumerate(started, 1)]
    if len({one.number for one in entries}) != len(entries):
        raise HarError("log.entries: two have the same _number")
    return tuple(map(redactor.without_repetitions, entries))


def _entry(node: "_Node", started: float, place: int, redactor: Redactor) -> JournalEntry:
    request, response = node.object("request"), node.optional_object("response")
    url = request.text("url")
    if not url.lower().startswith(("http://", "https://")):
        raise HarError(f"{request.place}.url: must be an absolute URL")
    request_headers = _headers(request, redactor)
    response_headers = _headers(response, redactor)
    response_type = dict(response_headers).get("content-type", "")
    status = int(response.number("status", 0, -1, 999))
    replayed = ("idempotent-replayed", "true") in response_headers
    return JournalEntry(
        number=int(node.number("_number", place, 0, 10**50)),
        started=started,
        seconds=_seconds(node),
        method=request.text("method"),
        url=redactor.url(url),
        request_headers=request_headers,
        request_body=_request_body(request, redactor),
        # Where there was no answer, tools write 0 or -1, or nothing.
        status=status if status > 0 else None,
        response_headers=response_headers,
        response_body=_body(response.optional_object("content"), redactor, response_type),
        operation=node.optional_text("_operation"),
        partner=node.optional_text("_partner"),
        refusals=node.texts("_refusals"),
        fault=node.optional_text("_fault"),
        executed=node.flag("_executed", False),  # noqa: FBT003 - what a HAR without it says
        replayed=node.flag("_replayed", replayed),
        request_id=node.optional_text("_request_id"),
    )


def _started(node: "_Node") -> float:
    if "_started" in node.value:
        return node.number("_started", 0, 0, _LATEST)
    # RFC 3339 section 5.6 has leap seconds, which Python has not, and lower case.
    text, leap = _LEAP_SECOND.subn(r"\g<1>59", node.text("startedDateTime").strip().upper())
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise HarError(f"{node.place}.startedDateTime: is no date and time (ISO 8601)") from error
    started = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() + leap
    if not 0 <= started <= _LATEST:
        raise HarError(f"{node.place}.startedDateTime: must be between the years 1970 and 9999")
    return started


def _seconds(node: "_Node") -> float:
    if "_seconds" in node.value:
        return max(node.number("_seconds", 0, -_LONGEST, _LONGEST), 0.0)
    most = _LONGEST * 1000
    total = node.number("time", -1, -most, most)
    if total < 0:
        timings = node.optional_object("timings")
        parts = [timings.number(name, 0, -most, most) for name in ("send", "wait", "receive")]
        total = sum(part for part in parts if part > 0)
    return total / 1000


def _headers(node: "_Node", redactor: Redactor) -> Headers:
    pairs = [(one.text("name"), one.text("value", "")) for one in node.objects("headers", [])]
    # HTTP/2 writes the request line as headers with a colon.
    return redactor.headers(pair for pair in pairs if not pair[0].startswith(":"))


def _request_body(request: "_Node", redactor: Redactor) -> str:
    data = request.optional_object("postData")
    media_type = data.text("mimeType", "")
    fields = data.objects("params", [])
    if not data.text("text", "") and fields:
        # Some tools write the fields of a form, and not the text that was sent.
        pairs = [(one.text("name"), one.text("value", "")) for one in fields]
        return redactor.text(urlencode(pairs), media_type)
    return _body(data, redactor, media_type)


def _body(node: "_Node", redactor: Redactor, media_type: str) -> str:
    text = node.raw_text("text", "")
    body = text.encode("utf-8", "surrogatepass")
    if node.text("encoding", "").lower() == "base64":
        try:
            body = base64.b64decode(text)
        except (binascii.Error, ValueError) as error:
            raise HarError(f"{node.place}.text: is not base64, as its encoding says") from error
    return redactor.body(body, node.text("mimeType", media_type))


@dataclass(frozen=True, slots=True)
class _Node:
    """An object of a HAR document, and its place there, such as ``log.entries[0].request``."""

    value: dict[str, Any]
    place: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise HarError(f"{self.place or 'the document'}: must be an object")

    def _at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _get(self, name: str, default: Any, kind: Any, wanted: str) -> Any:
        """A member of a kind, or the default where it is null or missing."""
        given = self.value.get(name)
        found = default if given is None else given
        if not isinstance(found, kind):
            wrong = "is missing" if given is None else f"must be {wanted}"
            raise HarError(f"{self._at(name)}: {wrong}")
        return found

    def object(self, name: str) -> Self:
        return type(self)(self._get(name, None, dict, "an object"), self._at(name))

    def optional_object(self, name: str) -> Self:
        return type(self)(self._get(name, {}, dict, "an object"), self._at(name))

    def objects(self, name: str, default: list[Any] | None = None) -> list[Self]:
        found = self._get(name, default, list, "a list")
        return [type(self)(one, f"{self._at(name)}[{index}]") for index, one in enumerate(found)]

    def raw_text(self, name: str, default: str | None = None) -> str:
        return str(self._get(name, default, str, "a text"))

    def text(self, name: str, default: str | None = None) -> str:
        """A text of Unicode: what was no character is one that says so."""
        return _SURROGATES.sub("\ufffd", self.raw_text(name, default))

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.value.get(name) is not None else None

    def texts(self, name: str) -> tuple[str, ...]:
        wanted = "a list of texts"
        found = self._get(name, [], list, wanted)
        if not all(isinstance(one, str) for one in found):
            raise HarError(f"{self._at(name)}: must be {wanted}")
        return tuple(_SURROGATES.sub("\ufffd", one) for one in found)

    def number(self, name: str, default: float, least: float, most: float) -> float:
        found: float = self._get(name, default, int | float, "a number")
        if isinstance(found, bool) or (isinstance(found, float) and math.isnan(found)):
            raise HarError(f"{self._at(name)}: must be a number")
        if not least <= found <= most:
            raise HarError(f"{self._at(name)}: must be between {least:.0f} and {most:.0f}")
        return found

    def flag(self, name: str, default: bool) -> bool:  # noqa: FBT001 - of a HAR without the flag
        return bool(self._get(name, default, bool, "true or false"))
