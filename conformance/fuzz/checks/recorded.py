"""Recorded traffic, changed a little and sent again, each answer judged by the catalogue."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from conformance import generation
from conformance.fuzz.checks.violations import send_and_judge
from conformance.fuzz.storage.steps import can_be_sent
from conformance.journal.journal import JournalEntry
from conformance.probe.applicability import needs_bearer_token
from conformance.probe.bodies import marked
from conformance.probe.probe import Probe
from conformance.target.exchange import Request
from conformance.target.json_documents import parse
from dinie_contract.output import SECRETS
from openapi.contract import Contract
from openapi.operation import Operation

_EXAMPLES = 40

_LEFT_OUT = frozenset(
    {
        "authorization", "connection", "content-length", "cookie", "expect", "host",
        "idempotency-key", "prefer", "proxy-authorization", "te", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers of one connection or client, and headers that change the answer."""


def requests_in(contract: Contract, journal: Iterable[JournalEntry]) -> dict[str, list[Request]]:
    """The recorded requests that may be sent with changes, by operation id.

    Requests that end a resource or name one are left out: it may be somebody's.
    """
    found: dict[str, list[Request]] = {}
    base_path = contract.base_path
    for entry in journal:
        try:
            url = urlsplit(entry.url)
        except ValueError:
            continue  # no URL of this target
        path = url.path.removeprefix(base_path)
        sent = Request(
            entry.method,
            f"{path}?{url.query}" if url.query else path,
            tuple(pair for pair in entry.request_headers if pair[0] not in _LEFT_OUT),
            entry.request_body.encode("utf-8", "replace"),
        )
        for operation in contract.operations.values():
            if sent.is_for(operation) and _may_be_sent(operation) and can_be_sent(sent):
                found.setdefault(operation.id, []).append(sent)
    return found


def _may_be_sent(operation: Operation) -> bool:
    reads_or_makes = operation.method in {"GET", "POST"} and "{" not in operation.path
    return reads_or_makes and needs_bearer_token(operation)


def changed_recordings(requests: Sequence[Request]) -> Callable[[Probe], None]:
    """A check that sends these requests with one to three changes each, and no known secret."""
    # Each is looked through when it is sent, for a recording may be long.
    redacted: dict[int, Request] = {}

    def check(probe: Probe) -> None:
        """Recorded requests with members changed, left out and doubled."""
        probe.make()

        def judged(change: Any) -> None:
            number, edits = change
            if number not in redacted:
                redacted[number] = _without_secrets(requests[number])
            recorded = redacted[number]
            spelling = {"content-type": "Content-Type"}
            headers = tuple((spelling.get(name, name), value) for name, value in recorded.headers)
            body = _edited(probe, recorded.body, edits)
            request = Request(
                recorded.method, recorded.path, headers, body, token_places=probe.token_places
            )
            if probe.operation.accepts_idempotency_key:
                request = request.with_key(probe.new_key())
            send_and_judge(probe, request)

        generation.for_all(probe, generation.changes(len(requests)), judged, _EXAMPLES)

    return check


def _without_secrets(request: Request) -> Request:
    """The request without secrets in any spelling: a finding holds what was sent."""
    return replace(
        request,
        path=SECRETS.redact(request.path),
        headers=tuple((name, SECRETS.redact(value)) for name, value in request.headers),
        body=SECRETS.redact(request.body.decode()).encode(),
    )


def _edited(probe: Probe, body: bytes, edits: Sequence[tuple[str, int, Any]]) -> bytes:
    """The body with these edits; unchanged where it is no JSON object."""
    try:
        return _with_edits(probe, parse(body), edits) or body
    except ValueError:
        return body


def _with_edits(probe: Probe, value: Any, edits: Sequence[tuple[str, int, Any]]) -> bytes:
    """The JSON object with these edits; empty for another value."""
    if not isinstance(value, dict):
        return b""
    for kind, place, new in edits:
        names = sorted(value)
        name = names[place % len(names)] if names else "name"
        match kind:
            case "leave out":
                value.pop(name, None)
            case "change":
                value[name] = new
            case "add":
                value[f"{name}x"] = new
            case _:
                value[name] = [value.get(name)]
    return json.dumps(marked(probe, value)).encode()
