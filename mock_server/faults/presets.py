"""Presets: named lists of faults, each as JSON for the control plane."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mock_server.documented.gateway import GATEWAY_BODIES
from openapi.operation import Operation

FaultText = dict[str, Any]
"""A fault as JSON, valid by the schema ``Fault`` of ``openapi/mock-control.yaml``."""

LOST_RESPONSE = "lost-response"
"""The preset for the case that idempotency keys exist for."""

_CREATE = {"idempotent": True}
_AUTHENTICATED = {"authenticated": True}
_EVERY_OTHER = {"every": 2}

PRESETS: Mapping[str, Sequence[FaultText]] = {
    # Committed, and the response is lost.
    LOST_RESPONSE: (
        {
            "match": _CREATE,
            "fire": _EVERY_OTHER,
            "action": {"kind": "drop", "when": "after_commit"},
        },
    ),
    # The same behind a gateway that gives up too early: committed, and answered with 500.
    "failed-response": (
        {
            "match": _CREATE,
            "fire": _EVERY_OTHER,
            "action": {"kind": "status", "status": 500, "when": "after_commit"},
        },
    ),
    # Two failures in a row, for each call of a client that retries: do its waits grow?
    "brownout": (
        {
            "match": _CREATE,
            "fire": {"every": 3, "burst": 2},
            "action": {"kind": "status", "status": 500},
        },
        {"action": {"kind": "delay", "seconds": 0.05, "upto": 0.25}},
    ),
    # Every attempt fails: shows whether a client ever gives up.
    "outage": ({"match": _CREATE, "action": {"kind": "status", "status": 500}},),
    "rate-limit-storm": (
        {
            "match": _AUTHENTICATED,
            "fire": {"times": 2},
            "action": {"kind": "status", "status": 429, "retry_after": 1},
        },
    ),
    # A timeout for each read fires for a late first byte alone, one for the whole answer for both.
    "slow": (
        {"match": _CREATE, "fire": {"every": 4}, "action": {"kind": "late", "seconds": 1.5}},
        # This counts only the requests whose answer is not late: the second of each four.
        {"match": _CREATE, "fire": {"every": 3}, "action": {"kind": "slow", "seconds": 1.5}},
        {"action": {"kind": "delay", "seconds": 0.2, "upto": 0.5}},
    ),
    "expired-token": (
        {"match": _AUTHENTICATED, "fire": {"times": 1}, "action": {"kind": "expire_token"}},
    ),
    # Each fault counts only the requests that those before it left: of eight, every other fails.
    "gateway": (
        {
            "match": _CREATE,
            "fire": {"every": 8},
            "action": {"kind": "status", "status": 502, "body": "html"},
        },
        {
            "match": _CREATE,
            "fire": {"every": 7, "skip": 1},
            "action": {"kind": "status", "status": 503, "body": "empty", "retry_after": 1},
        },
        {
            "match": _CREATE,
            "fire": {"every": 6, "skip": 2},
            "action": {"kind": "status", "status": 504, "body": "html", "when": "after_commit"},
        },
        {
            "match": _CREATE,
            "fire": {"every": 5, "skip": 3},
            "action": {"kind": "status", "status": 408, "body": "problem"},
        },
    ),
    "connection-reset": (
        {
            "match": _CREATE,
            "fire": _EVERY_OTHER,
            "action": {"kind": "reset", "when": "before_operation"},
        },
    ),
    # Twice, so that a client that tries again sees that this helps nobody.
    "refusal": (
        {
            "match": _CREATE,
            "fire": {"times": 2},
            "action": {"kind": "status", "status": 403, "body": "problem"},
        },
    ),
}

ABOUT: Mapping[str, str] = {
    LOST_RESPONSE: (
        "Every other create with an idempotency key, from the first on, is done, but your client"
        " gets no answer: the connection is closed."
    ),
    "failed-response": (
        "Every other create with an idempotency key, from the first on, is done, but your client is"
        " told that it failed (500)."
    ),
    "brownout": (
        "The API is overloaded: of three requests to operations with an idempotency key, your"
        " client gets 500 for the first two. Each request waits 0.05 to 0.25 s."
    ),
    "outage": (
        "The API is down: your client gets 500 for each request to operations with an idempotency"
        " key, however often it tries again."
    ),
    "rate-limit-storm": (
        "Your client is told that it asks too often: its next two requests with a token get 429,"
        " and Retry-After: 1, which means to wait a second."
    ),
    "slow": (
        "The API is slow: of four answers of operations with an idempotency key, the first begins"
        " only after 1.5 s, and the second begins at once and takes 1.5 s. Each request waits 0.2"
        " to 0.5 s."
    ),
    "expired-token": (
        "The next token that your client uses expires at once: it gets 401, and needs"
        " another token."
    ),
    "gateway": (
        "A gateway answers in place of the API: of eight requests to operations with an idempotency"
        " key, your client gets 502 and a page for the first, 503 and Retry-After: 1 for the third,"
        " 504 and a page for the fifth, which is done, and 408 for the seventh."
    ),
    "connection-reset": (
        "Every other create with an idempotency key, from the first on, is lost: the connection is"
        " reset, and nothing is done."
    ),
    "refusal": (
        "Your client is refused for good: its next two requests to operations with an idempotency"
        " key get 403, which no retry mends."
    ),
}
"""What each preset does to a client, in a line for people."""

_ON_REQUEST = re.compile(rf"([2-5]\d\d)(?::({'|'.join(GATEWAY_BODIES)}))?", re.ASCII)


def is_status(name: str) -> bool:
    """Whether a name is a status for each request, such as ``503`` or ``502:html``."""
    return _ON_REQUEST.fullmatch(name) is not None


def faults_of(name: str, operations: Collection[Operation]) -> Sequence[FaultText]:
    """The faults of a preset, or of a status for each request, on a contract with ``operations``.

    Where no operation takes an idempotency key, or needs a token, a preset for such operations is
    for all: a client must be put to the test by any contract.
    """
    status = _ON_REQUEST.fullmatch(name)
    if status:
        body = {"body": status[2]} if status[2] else {}
        return [{"action": {"kind": "status", "status": int(status[1]), **body}}]
    absent = set()
    if not any(one.accepts_idempotency_key for one in operations):
        absent.add("idempotent")
    if not any(one.needs_authentication for one in operations):
        absent.add("authenticated")
    return [_without(fault, absent) for fault in PRESETS[name]]


def presets_for(operations: Collection[Operation]) -> tuple[str, ...]:
    """The presets that a contract can have: without tokens, none that expires one."""
    has_tokens = any(one.needs_authentication for one in operations)
    return tuple(
        name
        for name, faults in PRESETS.items()
        if has_tokens or any(one["action"]["kind"] != "expire_token" for one in faults)
    )


def _without(fault: FaultText, absent: Collection[str]) -> FaultText:
    match = {key: one for key, one in fault.get("match", {}).items() if key not in absent}
    rest = {key: one for key, one in fault.items() if key != "match"}
    return {"match": match, **rest} if match else rest
