"""What an answer means in plain words, and what a button asks before it sends its request.

One table for operations of the control plane, by their names, and one for statuses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dinie_contract.output import printable, within
from mock_server.exchange.exchange import CONTROL_PATH
from openapi.contract import Contract
from openapi.operation import Operation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation of the control plane has done, where its answer has the members ``when``.

    ``asks`` names what is lost by it, for a person to agree.
    """

    operation: str
    done: str
    when: Mapping[str, object] = field(default_factory=dict)
    asks: str | None = None


OUTCOMES = (
    Outcome(
        "createPartner POST /partners",
        "A partner was made. Its secret and its token are in the answer, and nowhere else.",
    ),
    Outcome(
        "resetPartner POST /partners/{partner_id}/reset",
        "The partner begins anew.",
        asks=(
            "These go: its API keys and idempotency keys, the exchanges of its journal, its faults,"
            " what its rate limit has counted, and the time of its clock. Client id, secret and"
            " tokens stay."
        ),
    ),
    Outcome(
        "deletePartner DELETE /partners/{partner_id}",
        "The partner is gone.",
        asks=(
            "All that it has goes with it: its login and tokens, its API keys, the exchanges of its"
            " journal, its faults and its clock."
        ),
    ),
    Outcome(
        "createToken POST /partners/{partner_id}/tokens",
        "An access token was made. It is in the answer, and nowhere else.",
    ),
    Outcome(
        "resetRateLimit DELETE /partners/{partner_id}/rate-limit",
        "The requests so far are forgotten.",
    ),
    Outcome(
        "revokeResource DELETE /partners/{partner_id}/resources/{resource_id}",
        "The API key is revoked.",
    ),
    Outcome("setClock PUT /partners/{partner_id}/clock", "The clock is set."),
    Outcome(
        "resetClock DELETE /partners/{partner_id}/clock", "The clock is that of this machine again."
    ),
    Outcome("advanceClock POST /partners/{partner_id}/clock/advance", "The clock was moved."),
    Outcome("addFault POST /partners/{partner_id}/faults", "The fault is on."),
    Outcome(
        "removeFaults DELETE /partners/{partner_id}/faults",
        "All faults are gone.",
        asks="Each fault of this partner goes, those that are switched off too.",
    ),
    Outcome(
        "switchFault PATCH /partners/{partner_id}/faults/{fault_id}",
        "The fault is on.",
        {"enabled": True},
    ),
    Outcome(
        "switchFault PATCH /partners/{partner_id}/faults/{fault_id}",
        "The fault is off.",
        {"enabled": False},
    ),
    Outcome(
        "removeFault DELETE /partners/{partner_id}/faults/{fault_id}", "The fault is off, and gone."
    ),
    Outcome("createSession POST /ui/session", "You are signed in."),
    Outcome("deleteSession DELETE /ui/session", "You are signed out."),
)
"""The operations of the control plane that buttons use."""

STATUSES: Mapping[int, str] = {
    0: "The answer was lost on its way.",
    400: "Refused: the request cannot be read.",
    401: "Refused: the login is not accepted.",
    403: "Refused: this login may not do it.",
    404: "Refused: there is no such thing.",
    409: "Refused: it does not fit what is there.",
    422: "Refused: something in the request is not valid.",
    429: "Refused: these were too many requests in a short time.",
    4: "Refused.",
    5: "It failed.",
}
"""What a status says, other than of success: 0 is no answer, 4 and 5 all others of a kind."""

_REPLAYED = "Nothing was done a second time: this is the answer of the first time again."

_LONGEST_NAME = 100


def outcomes_for_pages() -> list[dict[str, object]]:
    """The outcomes for the script of a page, which finds its own by method and path."""
    rows: list[dict[str, object]] = []
    for one in OUTCOMES:
        _, method, path = one.operation.split(" ")
        pattern = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", CONTROL_PATH + path)))
        rows.append(
            {
                "method": method,
                "path": pattern,
                "done": one.done,
                "when": one.when,
                "asks": one.asks,
            }
        )
    return rows


def said_of(contract: Contract, operation: Operation | None) -> dict[str, str | None]:
    """What the answers of an operation of the API mean: ``done``, ``replayed``, or its ``name``.

    A name is followed by the words of the status.
    """
    if operation is None:
        return {"name": None, "done": None, "replayed": _REPLAYED}
    name = printable(within(operation.summary or operation.id, _LONGEST_NAME))
    keys = contract.credentials
    known = {contract.token_operation: "An access token was made. It is in the answer."}
    if keys:
        secret = " Its secret is in the answer, and nowhere else." if keys.secret else ""
        known |= {
            keys.create: f"An API key was made.{secret}",
            keys.revoke: "The API key is revoked.",
        }
    done = known.get(operation)
    return {"name": None if done else name, "done": done, "replayed": _REPLAYED}
