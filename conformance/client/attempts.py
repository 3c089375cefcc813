"""Attempts: recorded exchanges of operations, and how they compare and ended."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from conformance.client.operations import Address, Addresses
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM
from conformance.probe.applicability import needs_bearer_token
from conformance.target.timestamps import http_date
from openapi.contract import Contract
from openapi.media_types import essence, is_json
from openapi.operation import Operation

_LIKE_A_KEY = re.compile(r"idempoten\w*.?key")


class Ending(Enum):
    """The outcome of an attempt, as far as its client can know."""

    SUCCESS = "the answer was a success, and whole"
    REFUSED = "the request was refused, and would be again"
    UNAUTHORIZED = "the token was refused: nothing happened"
    LIMITED = "there were too many requests: nothing happened"
    UNKNOWN = "no answer, a broken one, or a server error: the request may have been executed"
    OTHER = "another answer, which tells nothing"


CUT = re.compile(r" \[cut: \d+ bytes, SHA-256 [0-9a-f]{64}\]$")
"""The end of a recorded body of which only the beginning was kept."""

CLOCK = 0.01
"""Seconds by which the end of an exchange may be recorded after the start of the next."""

RETRYABLE = frozenset({Ending.LIMITED, Ending.UNKNOWN})
"""The outcomes after which clients retry (vendor: 408, 429, 5xx, connection failures)."""

_BY_STATUS: Mapping[int, Ending] = {
    HTTPStatus.UNAUTHORIZED: Ending.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT: Ending.UNKNOWN,
    HTTPStatus.TOO_MANY_REQUESTS: Ending.LIMITED,
    # A server may answer these to a request that comes too early.
    HTTPStatus.LOCKED: Ending.OTHER,
    HTTPStatus.TOO_EARLY: Ending.OTHER,
}
_BY_CLASS = {2: Ending.SUCCESS, 4: Ending.REFUSED, 5: Ending.UNKNOWN}


@dataclass(frozen=True)
class Attempt:
    """A recorded request for an operation, and its answer."""

    entry: JournalEntry
    address: Address
    operation: Operation
    partner: str

    @property
    def number(self) -> int:
        """The number of the exchange in the journal."""
        return self.entry.number

    @property
    def started(self) -> float:
        """Arrival of the request, Unix time in seconds."""
        return self.entry.started

    @property
    def ended(self) -> float:
        """End of the answer, or drop of the connection, Unix time in seconds."""
        return self.entry.started + self.entry.seconds

    def begins_after(self, other: "Attempt") -> bool:
        """Whether the other attempt had ended when this one began."""
        return self.started > other.ended - CLOCK

    @cached_property
    def key(self) -> str | None:
        """The pseudonym of the idempotency key."""
        return self.entry.request_header("idempotency-key") or None

    @cached_property
    def call_id(self) -> str | None:
        """The idempotency key, also from a header with a similar name."""
        like = (value for name, value in self.entry.request_headers if _LIKE_A_KEY.search(name))
        return self.key or next(filter(None, like), None)

    @cached_property
    def token(self) -> str | None:
        """The pseudonym of the bearer token."""
        scheme, _, token = (self.entry.request_header("authorization") or "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @cached_property
    def body_is_known(self) -> bool:
        """Whether the body was recorded; a connection may have been dropped before it came."""
        if self.entry.request_body or self.operation.request_body is None:
            return True
        length = self.entry.request_header("content-length")
        if length is not None:
            return length == "0"
        # A request with a type has a body, also where the recording has left it out.
        names = ("transfer-encoding", "content-type")
        return not any(map(self.entry.request_header, names))

    @cached_property
    def value(self) -> str:
        """The value of the body as text, equal for bodies that differ in spelling only."""
        body = self.entry.request_body
        media_type = essence(self.entry.request_header("content-type") or "")
        if media_type == "application/x-www-form-urlencoded":
            return repr(sorted(parse_qsl(body, keep_blank_values=True)))
        try:
            return json.dumps(json.loads(body), sort_keys=True)
        except (ValueError, RecursionError):
            return body

    @cached_property
    def request_signature(self) -> tuple[str, str, str] | None:
        """Method, address and value of the body; None where the body is unknown."""
        target = f"{self.address.path}?{self.address.query}"
        return (self.entry.method, target, self.value) if self.body_is_known else None

    @cached_property
    def ending(self) -> Ending:
        """The outcome, by status, operation, and whether the answer is whole."""
        status = self.entry.status
        if status is None:
            return Ending.UNKNOWN
        if status == HTTPStatus.CONFLICT and self.operation.accepts_idempotency_key:
            # An equal request with the key may be under way.
            return Ending.OTHER
        ending = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Ending.OTHER)
        if ending is Ending.UNAUTHORIZED and not needs_bearer_token(self.operation):
            return Ending.REFUSED
        return Ending.UNKNOWN if ending is Ending.SUCCESS and self._is_damaged else ending

    @property
    def _is_damaged(self) -> bool:
        """Whether the body of a successful answer is broken for its reader."""
        entry = self.entry
        answer = self.operation.response(entry.status or 0)
        wants_json = answer is not None and any(map(is_json, answer.content))
        body = entry.response_body
        if not wants_json or PSEUDONYM.fullmatch(body) or CUT.search(body):
            return False
        if not body:
            # Recordings often leave it out.
            return entry.fault is not None and entry.response_header("content-length") != "0"
        media_type = entry.response_header("content-type") or "application/json"
        return self.answered is None or not is_json(media_type)

    @cached_property
    def answered(self) -> Any:
        """The JSON value of the answer; None where its body is no JSON."""
        try:
            return json.loads(self.entry.response_body)
        except (ValueError, RecursionError):
            return None

    def member(self, name: str) -> Any:
        """A member of the answer's JSON object; None without it."""
        return self.answered.get(name) if isinstance(self.answered, dict) else None

    @property
    def wait_asked(self) -> float | None:
        """The seconds that the answer asks to wait, or None (RFC 9110, section 10.2.3)."""
        asked = []
        for name, unit in (("retry-after", 1.0), ("retry-after-ms", 0.001)):
            text = (self.entry.response_header(name) or "").strip()
            if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
                asked.append(float(text) * unit)
            elif (until := http_date(text)) is not None:
                now = http_date(self.entry.response_header("date")) or self.ended
                # A date has whole seconds only.
                asked.append(max(until - now - 1, 0.0))
        # Clients may honour either.
        return min(asked, default=None)


def attempts_of(
    contract: Contract, entries: Sequence[JournalEntry]
) -> tuple[list[Attempt], list[tuple[JournalEntry, Address]]]:
    """The attempts in the order of their start, and the requests for no operation.

    Requests for other APIs are left out.
    """
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
    """A function that tells the partner of a request, also where its entry does not.

    Other requests with the same token tell the partner where a connection was dropped early.
    """
    known = {
        one.request_header("authorization"): one.partner
        for one in entries
        if one.partner is not None
    }
    partners = set(known.values())
    # Of several partners, an unknown one is none of them.
    usual = partners.pop() if len(partners) == 1 else ""

    def partner_of(entry: JournalEntry) -> str:
        return entry.partner or known.get(entry.request_header("authorization"), usual)

    return partner_of
