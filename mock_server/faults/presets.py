"""Presets: named lists of faults, each as JSON for the control plane."""

from collections.abc import Mapping, Sequence
from typing import Any

FaultText = dict[str, Any]
"""A fault as JSON, valid by the schema ``Fault`` of ``openapi/mock-control.yaml``."""

_CREATE = {"idempotent": True}
_AUTHENTICATED = {"authenticated": True}
_EVERY_OTHER = {"every": 2}

PRESETS: Mapping[str, Sequence[FaultText]] = {
    # The case that idempotency keys exist for: committed, and the response is lost.
    "lost-response": (
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
    "slow": (
        {"match": _CREATE, "fire": _EVERY_OTHER, "action": {"kind": "slow", "seconds": 1.5}},
        {"action": {"kind": "delay", "seconds": 0.2, "upto": 0.5}},
    ),
    "expired-token": (
        {"match": _AUTHENTICATED, "fire": {"times": 1}, "action": {"kind": "expire_token"}},
    ),
}

ABOUT: Mapping[str, str] = {
    "lost-response": (
        "The first, third, fifth … create with a key is executed, and the connection is closed."
    ),
    "failed-response": "The first, third, fifth … create with a key is executed, and answered 500.",
    "brownout": (
        "Of three requests to operations with a key, the first two get 500."
        " Each request waits 0.05 to 0.25 s."
    ),
    "outage": "All requests to operations with a key get 500.",
    "rate-limit-storm": "The first two requests with a token get 429, Retry-After: 1.",
    "slow": (
        "The first, third, fifth … answer of operations with a key takes 1.5 s."
        " Each request waits 0.2 to 0.5 s."
    ),
    "expired-token": "The first token that is used expires at once.",
}
"""What each preset does, in a line for people."""
