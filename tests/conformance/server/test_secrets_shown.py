"""Secrets of other forms are not accused; weak ones are, whatever they look like."""

import base64
import itertools
import json
import random
import secrets
import string
import time
import uuid
from collections.abc import Callable

import httpx
import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.server.secrets.entropy import estimated_bits
from conformance.server.secrets.made import FEWEST_BITS, USUAL_BITS
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
SECRETS = [one for one in catalogue().values() if one.section == "secrets"]
TOKEN = "a-good-token"
LETTERS = string.ascii_letters + string.digits

START = secrets.randbits(128)

Make = Callable[[str], str]
"""Makes a secret for the key with a client id."""


def results(make: Make, error: Callable[[str], str] = lambda _: "No.") -> dict[str, Result]:
    """What each requirement gives on a server with a list, whose errors say ``error`` of a body."""
    items: list[dict[str, object]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            found = json.dumps({"data": items[::-1], "has_more": False})
            return httpx.Response(200, text=found, headers={"Content-Type": "application/json"})
        text = request.content.decode()
        try:
            name = json.loads(text)["name"]
        except (ValueError, KeyError):
            name = None
        if not isinstance(name, str) or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            problem = {"type": "about:blank", "title": "No", "status": 422, "detail": error(text)}
            headers = {"Content-Type": "application/problem+json"}
            return httpx.Response(422, text=json.dumps(problem), headers=headers)
        client_id = f"key_{secrets.token_hex(16)}"
        item: dict[str, object] = {"id": client_id, "client_id": client_id, "name": name}
        items.append(item)
        answer = {**item, "client_secret": make(client_id)}
        headers = {"Content-Type": "application/json", "Cache-Control": "private, No-Store"}
        return httpx.Response(201, text=json.dumps(answer), headers=headers)

    transport = httpx.MockTransport(serve)
    with Target("http://server.test/v3", (TOKEN,), transport=transport) as target:
        run = Run(CONTRACT, target, SECRETS, seed=1)
        run.survey()
        operation = CONTRACT.operations["createCredential"]
        return {one.id: run.check(one, operation) for one in SECRETS}


def drawn(alphabet: str, length: int) -> Make:
    return lambda _: "".join(secrets.choice(alphabet) for _ in range(length))


GOOD: dict[str, Make] = {
    "hex": lambda _: f"dinie_cs_live_{secrets.token_hex(16)}",
    "UUID": lambda _: str(uuid.uuid4()),
    "UUID in braces": lambda _: f"{{{uuid.uuid4()}}}".upper(),
    "base64url": lambda _: secrets.token_urlsafe(16),
    "base64 with slashes": lambda _: base64.b64encode(secrets.token_bytes(32)).decode(),
    "letters and digits": drawn(LETTERS, 20),
    "base32": drawn("ABCDEFGHJKMNPQRSTVWXYZ0123456789", 26),
    "digits": drawn(string.digits, 40),
    "bits": drawn("01", 128),
    "long": lambda _: f"sk.{secrets.token_hex(64)}",
    "of many lengths": lambda _: drawn(LETTERS, random.randint(24, 40))(""),
    "the client id and more": lambda client_id: f"{client_id}.{secrets.token_hex(16)}",
    "the time and more": lambda _: f"{time.time_ns()}-{secrets.token_hex(16)}",
    "more, then the client id": lambda client_id: f"{secrets.token_hex(16)}{client_id}",
    "printable": drawn(string.printable[:94], 24),
    "of two environments": lambda _: f"{random.choice(('live', 'test'))}_{secrets.token_hex(16)}",
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_secrets_of_other_forms_are_not_accused(make: Make) -> None:
    found = results(make)
    wrong = {name: one.actual for name, one in found.items() if one.outcome is not Outcome.PASSED}

    assert wrong == {}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_good_secrets_are_never_near_the_limits(make: Make) -> None:
    for _ in range(20):
        assert estimated_bits([make("key_of_mine") for _ in range(20)]) > USUAL_BITS + 4


def counting(form: Callable[[int], str]) -> Make:
    count = itertools.count(7)
    return lambda _: form(next(count))


WEAK: dict[str, Make] = {
    "constant": lambda _: "x" * 32,
    "counter": counting(lambda n: f"{n:032d}"),
    "counter from a random start": counting(lambda n: f"{START + n:032x}"),
    "counter in base64": counting(lambda n: base64.b64encode(n.to_bytes(24, "big")).decode()),
    "time": lambda _: f"{time.time_ns():032x}",
    "UUID of the time": lambda _: str(uuid.uuid1()),
    "8 characters": drawn(LETTERS, 8),
    "8 printable characters": drawn(string.printable[:94], 8),
    "8 characters behind a prefix": lambda _: f"dinie_cs_live_{drawn(LETTERS, 8)('')}",
    "8 characters of 32": lambda _: drawn(LETTERS, 8)("").ljust(32, "x"),
    "16 hex digits": lambda _: secrets.token_hex(8),
    "4 characters, 8 times": lambda _: drawn(LETTERS, 4)("") * 8,
    "one of two": lambda _: random.choice(("ab" * 16, "cd" * 16)),
    "empty": lambda _: "",
}  # fmt: skip


@pytest.mark.parametrize("make", WEAK.values(), ids=WEAK)
def test_weak_secrets_are_accused(make: Make) -> None:
    assert estimated_bits([make("") for _ in range(20)]) < FEWEST_BITS - 20
    assert results(make)["secrets.are-beyond-guessing"].outcome is Outcome.FAILED


def test_no_sample_has_no_bits() -> None:
    assert estimated_bits([]) == 0


def test_part_of_a_secret_in_an_error_is_caught() -> None:
    def half(body: str) -> str:
        found = body.partition('"client_secret": "')[2].partition('"')[0]
        return f"The secret that begins with {found[: len(found) // 2]} is not known."

    found = results(GOOD["long"], half)["secrets.never-in-errors"]

    assert found.outcome is Outcome.FAILED
    assert "client_secret" in found.reproduce
    assert "REDACTED" in found.reproduce


def test_a_report_shows_no_secret() -> None:
    shown: list[str] = []

    def make(_: str) -> str:
        shown.append(secrets.token_hex(16))
        return shown[-1]

    found = results(make, lambda body: body)

    assert found["secrets.never-in-errors"].outcome is Outcome.FAILED
    for one in found.values():
        text = one.expected + one.actual + one.reproduce + str(one.evidence)
        assert not any(secret in text for secret in shown)
        assert TOKEN not in text
