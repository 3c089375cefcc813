"""Attempts: recorded exchanges, with what it takes to compare them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from conformance.client.operations import Address, Addresses
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM
from conformance.probe.applicability import needs_bearer_token
from openapi.contract import Contract
from openapi.operation import Operation, essence, is_json

IDEMPOTENCY_KEY = "idempotency-key"
_LIKE_A_KEY = re.compile(r"idempoten\w*.?key")


class Ending(Enum):
    """How an attempt ended, as far as its client could know."""

    SUCCESS = "the answer was a success, and whole"
    REFUSED = "the request was refused: nothing happened, and nothing else would next time"
    UNAUTHORIZED = "the token was refused: nothing happened"
    LIMITED = "there were too many requests: nothing happened"
    UNKNOWN = "nobody knows whether it happened: no answer, a broken one, or a server's error"
    OTHER = "something that tells nothing"


CUT = re.compile(r" \[cut: \d+ bytes, SHA-256 [0-9a-f]{64}\]$")
"""How a recorded body ends that was too long to be kept: its beginning goes before."""

CLOCK = 0.01
"""Seconds by which the end of one exchange may be noted after the start of the next."""

RETRYABLE = frozenset({Ending.LIMITED, Ending.UNKNOWN})
"""After these, sending the same again helps (vendor: 408, 429, 5xx, connection failures)."""


_BY_STATUS: Mapping[int, Ending] = {
    HTTPStatus.UNAUTHORIZED: Ending.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT: Ending.UNKNOWN,
    HTTPStatus.TOO_MANY_REQUESTS: Ending.LIMITED,
    # A server may answer these while an equal request is under way, or too early.
    HTTPStatus.CONFLICT: Ending.OTHER,
    HTTPStatus.LOCKED: Ending.OTHER,
    HTTPStatus.TOO_EARLY: Ending.OTHER,
}
_BY_CLASS = {2: Ending.SUCCESS, 4: Ending.REFUSED, 5: Ending.UNKNOWN}


@dataclass(frozen=True)
class Attempt:
    """One request for an operation, and its answer."""

    entry: JournalEntry
    address: Address
    operation: Operation
    partner: str

    @property
    def number(self) -> int:
        """Its number in the journal."""
        return self.entry.number

    @property
    def started(self) -> float:
        """When the request had come in, Unix time in seconds."""
        return self.entry.started

    @property
    def ended(self) -> float:
        """When the answer had been sent, or the connection was dropped."""
        return self.entry.started + self.entry.seconds

    def begins_after(self, other: "Attempt") -> bool:
        """Whether the other had ended when this one began."""
        return self.started > other.ended - CLOCK

    @cached_property
    def key(self) -> str | None:
        """The pseudonym of its idempotency key."""
        return header(self.entry.request_headers, IDEMPOTENCY_KEY) or None

    @cached_property
    def call_id(self) -> str | None:
        """The client's name for the call: the idempotency key, whatever header it was in."""
        if self.key:
            return self.key
        for name, value in self.entry.request_headers:
            if value and _LIKE_A_KEY.search(name):
                return value
        return None

    @cached_property
    def token(self) -> str | None:
        """The pseudonym of its bearer token."""
        scheme, _, token = (header(self.entry.request_headers, "authorization") or "").partition(
            " "
        )
        return token.strip() or None if scheme.lower() == "bearer" else None

    @cached_property
    def body_is_known(self) -> bool:
        """Whether the body was recorded; a connection may have been dropped before it came."""
        if self.entry.request_body or self.operation.request_body is None:
            return True
        headers = self.entry.request_headers
        length = header(headers, "content-length")
        if length is not None:
            return length == "0"
        # Whoever names a type sends a body, also where the recording has left it out.
        return not header(headers, "transfer-encoding") and not header(headers, "content-type")

    @cached_property
    def value(self) -> str:
        """The JSON value of the body, equal for bodies that differ in spelling only."""
        body = self.entry.request_body
        media_type = essence(header(self.entry.request_headers, "content-type") or "")
        if media_type == "application/x-www-form-urlencoded":
            return repr(sorted(parse_qsl(body, keep_blank_values=True)))
        try:
            return json.dumps(json.loads(body), sort_keys=True)
        except (ValueError, RecursionError):
            return body

    @cached_property
    def request_signature(self) -> tuple[str, str, str] | None:
        """The key under which equal requests compare equal; None for an unknown body."""
        if not self.body_is_known:
            return None
        return self.entry.method, f"{self.address.path}?{self.address.query}", self.value

    @cached_property
    def ending(self) -> Ending:
        """How the attempt ended."""
        status = self.entry.status
        if status is None:
            return Ending.UNKNOWN
        ending = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Ending.OTHER)
        if ending is Ending.UNAUTHORIZED and not needs_bearer_token(self.operation):
            return Ending.REFUSED
        return Ending.UNKNOWN if ending is Ending.SUCCESS and self._is_damaged else ending

    @property
    def _is_damaged(self) -> bool:
        """Whether a client that reads the successful answer finds it broken."""
        entry = self.entry
        answer = self.operation.response(entry.status or 0)
        wants_json = answer is not None and any(map(is_json, answer.content))
        is_whole = not PSEUDONYM.fullmatch(entry.response_body) and not CUT.search(
            entry.response_body
        )
        if not wants_json or not is_whole:
            return False
        if not entry.response_body:
            # Recordings often leave it out.
            return (
                entry.fault is not None and header(entry.response_headers, "content-length") != "0"
            )
        return self.answered is None or not is_json(
            header(entry.response_headers, "content-type") or "application/json"
        )

    @cached_property
    def answered(self) -> Any:
        """The answer's JSON; None where it is none."""
        try:
            return json.loads(self.entry.response_body)
        except (ValueError, RecursionError):
            return None

    def member(self, name: str) -> Any:
        """A member of the answer's JSON object, or None."""
        return self.answered.get(name) if isinstance(self.answered, dict) else None

    @property
    def wait_asked(self) -> float | None:
        """The seconds that the answer asked to wait, or None (RFC 9110, section 10.2.3)."""
        headers = self.entry.response_headers
        asked = []
        for name, unit in (("retry-after", 1.0), ("retry-after-ms", 0.001)):
            text = (header(headers, name) or "").strip()
            if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
                asked.append(float(text) * unit)
            elif (until := _date(text)) is not None:
                now = _date(header(headers, "date") or "") or self.ended
                # A date leaves out what there is of a second.
                asked.append(max(until - now - 1, 0.0))
        # Clients may honour either.
        return min(asked, default=None)


def _date(text: str) -> float | None:
    """An HTTP date as Unix time, or None."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The value of a header, repeated ones joined (RFC 9110 section 5.3)."""
    values = [value for key, value in headers if key == name]
    return ", ".join(values) if values else None


def attempts_of(
    contract: Contract, entries: Sequence[JournalEntry]
) -> tuple[list[Attempt], list[tuple[JournalEntry, Address]]]:
    """The attempts in the order of their start, and the requests for no operation."""
    addresses = Addresses(contract, entries)
    partner_of = _partners(entries)
    attempts, strays = [], []
    for entry in sorted(entries, key=lambda one: (one.started, one.number)):
        address = addresses.of(entry)
        if address is None:
            continue
        if address.operation is None:
            strays.append((entry, address))
        else:
            attempts.append(Attempt(entry, address, address.operation, partner_of(entry)))
    return attempts, strays


def _partners(entries: Iterable[JournalEntry]) -> Callable[[JournalEntry], str]:
    """Who made a request, also where the connection was dropped before that came out."""
    known: dict[str | None, str] = {}
    for entry in entries:
        if entry.partner is not None:
            known[header(entry.request_headers, "authorization")] = entry.partner
    partners = set(known.values())
    # Of several partners, an unknown one is none of them.
    usual = partners.pop() if len(partners) == 1 else ""

    def partner_of(entry: JournalEntry) -> str:
        authorization = header(entry.request_headers, "authorization")
        return entry.partner or known.get(authorization, usual)

    return partner_of
