"""A faulty server: a healthy one behind faults of graded rarity.

``python -m benchmarks.graded_faults --upstream URL --port N --salt N``. Each fault is met by one
in so many of the values that somebody may choose, and by which ones the salt says. It is answered
with a status of its own, so that whoever finds it can be told apart. One more is in every
answer of a kind: what always sends the same finds it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import click
import uvicorn

from benchmarks.commands import HOST
from benchmarks.wire import TOKEN
from conformance.catalogue.sabotage import with_header
from conformance.cli.sabotaged import Proxy
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target

SECOND_TOKEN = "dinie_at_second"

_PLAIN = re.compile(rf"{NAME_PREFIX} [0-9a-f]{{12}}")
_CHOSEN_HEADERS = frozenset({"accept-language", "from", "referer", "origin", "cache-control"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A server error on one in ``one_in`` values of a kind."""

    status: int
    kind: str
    one_in: int

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return f"one {self.kind} in {self.one_in}"

    def is_met(self, kind: str, value: str, salt: int) -> bool:
        """Whether a value meets it."""
        digest = hashlib.sha256(f"{salt} {self.status} {value}".encode("utf-8", "replace"))
        return kind == self.kind and int.from_bytes(digest.digest()[:8]) % self.one_in == 0


_RARITY = {
    "name": (20, 40, 80, 160, 320, 640),
    "body": (10, 20, 40, 80, 160, 320),
    "header": (10, 20, 40, 80, 160, 320),
    "query": (5, 10, 20, 40),
}

GRADED = tuple(
    Fault(551 + number, kind, one_in)
    for number, (kind, one_in) in enumerate(
        (kind, one_in) for kind, rarities in _RARITY.items() for one_in in rarities
    )
)

ALWAYS = {"no challenge with 401": "authentication.refusal-has-challenge"}
"""The other fault, and the requirement that it breaks."""

SELECTION = (
    "generated.nothing-makes-it-fail",
    "generated.valid-data-is-no-failure",
    "authentication",
)
"""What finds all of it, and is tried several times within a short campaign."""


def chosen(request: Request) -> Sequence[tuple[str, str]]:
    """What was chosen by whoever sends a request: kinds and values."""
    found = [
        ("header", f"{name.lower()}: {value}")
        for name, value in request.headers
        if name.lower() in _CHOSEN_HEADERS
    ]
    path, _, query = request.path.partition("?")
    if not path.endswith("/auth/credentials"):
        return found
    if request.method == "GET" and query:
        return [*found, ("query", query)]
    if request.method != "POST":
        return found
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return [*found, ("body", repr(request.body))]
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str):
        return [*found, ("body", json.dumps(body))]
    return found if _PLAIN.fullmatch(name) else [*found, ("name", name)]


def tamper_with(salt: int) -> Tamper:
    """All faults."""

    def tamper(request: Request, forward: Forward) -> Answer:
        for kind, value in chosen(request):
            for fault in GRADED:
                if fault.is_met(kind, value, salt):
                    return Answer(fault.status)
        answer = forward(request)
        is_refusal = answer.status == HTTPStatus.UNAUTHORIZED
        return with_header(answer, "WWW-Authenticate", None) if is_refusal else answer

    return tamper


@click.command()
@click.option("--upstream", required=True)
@click.option("--port", type=int, required=True)
@click.option("--salt", type=int, required=True)
def main(*, upstream: str, port: int, salt: int) -> None:
    """Serve until the process is ended."""
    with Target(upstream, (TOKEN, SECOND_TOKEN)) as target:
        proxy = Proxy(target, tamper_with(salt))
        uvicorn.run(
            proxy, host=HOST, port=port, lifespan="off", log_level="critical", access_log=False
        )


if __name__ == "__main__":
    main()
