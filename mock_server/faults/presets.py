"""Presets: named lists of faults, each as JSON for the control plane."""

from collections.abc import Mapping, Sequence
from typing import Any

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
}
"""What each preset does to a client, in a line for people."""
