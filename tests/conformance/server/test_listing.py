"""Lists, revocation and tokens of servers that conform in other ways than the mock."""

import itertools
import json
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CHECKED = [
    one
    for one in catalogue().values()
    if one.section in {"lists", "revocation", "tokens"} and Capability.CLOCK not in one.needs
]
OPERATIONS = {
    "lists": "listCredentials",
    "revocation": "revokeCredential",
    "tokens": "createToken",
}

Item = dict[str, Any]


def answer(status: int, body: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(
        status, headers={"Content-Type": "application/json", **named}, content=content
    )


class Server:
    """The whole API in memory, with a choice wherever the vendor's facts leave one."""

    def __init__(
        self,
        order: Callable[[Item], object] = lambda item: item["number"],
        *,
        others: int = 0,
        clamps: bool = False,
        forgets_revoked: bool = False,
        short_pages: bool = False,
        second_revocation: int = 204,
        grown_meanwhile: int = 0,
        grown_with_small_pages: int | None = None,
    ) -> None:
        self.order, self.clamps, self.forgets = order, clamps, forgets_revoked
        self.short_pages, self.second = short_pages, second_revocation
        self.grows = grown_meanwhile
        self.grows_with_small = grown_with_small_pages or grown_meanwhile
        self.items: dict[str, Item] = {}
        self.secrets: dict[str, str] = {}
        self.numbers = itertools.count()
        self.lock = threading.Lock()
        for _ in range(others):
            self.make("second", "someone's")
            self.make("first", "someone's")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        partner = request.headers.get("Authorization", "").removeprefix("Bearer ")
        path = request.url.path.removeprefix("/v3")
        with self.lock:
            if path == "/auth/token":
                return self.token(json.loads(request.content))
            partner = partner.removeprefix("issued-to-")
            if partner not in {"first", "second"}:
                return answer(401)
            if request.method == "DELETE":
                return self.revoke(partner, path.rpartition("/")[2])
            if request.method == "POST":
                body = json.loads(request.content)
                return self.make(partner, body["name"], body.get("expires_at"))
            is_small = len(request.url.params.get("limit", "25")) == 1
            for _ in range(self.grows_with_small if is_small else self.grows):
                self.make(partner, "someone's")
            return self.page(partner, request.url.params)

    def make(self, partner: str, name: str, end: str | None = None) -> httpx.Response:
        one = secrets.token_hex(8)
        self.secrets[one] = secrets.token_hex(16)
        time = "2026-03-01T00:00:00Z"
        shown = {
            "id": one, "client_id": one, "name": name, "status": "active", "expires_at": end,
            "created_at": time, "updated_at": time, "last_used_at": None,
        }  # fmt: skip
        self.items[one] = {"partner": partner, "number": next(self.numbers), "shown": shown}
        return answer(201, {**shown, "client_secret": self.secrets[one]})

    def page(self, partner: str, query: httpx.QueryParams) -> httpx.Response:
        own = [item["shown"] for item in sorted(self.items.values(), key=self.order)  # type: ignore[arg-type]
               if item["partner"] == partner
               and not (self.forgets and item["shown"]["status"] == "revoked")]  # fmt: skip
        text = query.get("limit", "25")
        limit = int(text) if text.lstrip("-").isdigit() and len(text) < 9 else 0
        if not 1 <= limit <= 100 and not self.clamps:
            return answer(400)
        limit = min(max(limit, 1), 100)
        after = query.get("starting_after")
        places = [place for place, one in enumerate(own) if one["id"] == after]
        if after and not places:
            return answer(200, {"data": [], "has_more": False}) if self.clamps else answer(404)
        start = places[0] + 1 if places else 0
        most = max(1, limit // 2) if self.short_pages else limit
        return answer(200, {"data": own[start : start + most], "has_more": start + most < len(own)})

    def revoke(self, partner: str, one: str) -> httpx.Response:
        item = self.items.get(one)
        if item is None or item["partner"] != partner:
            return answer(404)
        if item["shown"]["status"] == "revoked":
            return answer(self.second)
        item["shown"]["status"] = "revoked"
        return answer(204)

    def token(self, body: dict[str, str]) -> httpx.Response:
        item = self.items.get(body["client_id"])
        if item is None or self.secrets[body["client_id"]] != body["client_secret"]:
            return answer(401)
        if item["shown"]["status"] == "revoked":
            return answer(400, {"error": "invalid_grant"})
        end = item["shown"]["expires_at"]
        if end and datetime.fromisoformat(end) < datetime.now(UTC):
            return answer(400, {"error": "invalid_grant"})
        item["shown"]["last_used_at"] = "2026-03-01T00:00:00Z"
        issued = {
            "access_token": f"issued-to-{item['partner']}", "token_type": "Bearer", "expires_in": 60
        }  # fmt: skip
        return answer(200, issued, Cache_Control="no-cache, No-Store")


CONFORMING: dict[str, Callable[[], Server]] = {
    "oldest first": Server,
    "newest first": lambda: Server(lambda item: -item["number"], second_revocation=409),
    "by random id": lambda: Server(lambda item: item["shown"]["id"], others=70),
    "many keys": lambda: Server(others=350, clamps=True),
    "short pages": lambda: Server(short_pages=True, others=30),
    "forgets revoked keys": lambda: Server(forgets_revoked=True, second_revocation=404),
    "others are making keys": lambda: Server(grown_meanwhile=1),
    "others are making keys, the newest first": lambda: Server(
        lambda item: -item["number"], grown_with_small_pages=30
    ),
}


def check(server: Callable[[httpx.Request], httpx.Response], requirement_id: str) -> Result:
    with Target(
        "http://target/v3", ["first", "second"], transport=httpx.MockTransport(server)
    ) as target:
        Run(CONTRACT, target, [], seed=1).survey()
        run = Run(CONTRACT, target, [], seed=1)
        requirement = catalogue()[requirement_id]
        return run.check(requirement, CONTRACT.operations[OPERATIONS[requirement.section]])


@pytest.mark.parametrize("name", CONFORMING)
@pytest.mark.parametrize("requirement_id", [one.id for one in CHECKED])
def test_a_conforming_server_passes(requirement_id: str, name: str) -> None:
    result = check(CONFORMING[name](), requirement_id)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


def test_a_longer_list_than_is_read_is_not_judged() -> None:
    server = Server(others=10_100)

    result = check(server, "lists.pagination-is-complete")

    assert result.outcome is Outcome.NOT_VERIFIED


class Ties(Server):
    """Its cursor is a time, so that keys of the same time are lost between pages."""

    def page(self, partner: str, query: httpx.QueryParams) -> httpx.Response:
        if "starting_after" in query:
            return answer(200, {"data": [], "has_more": False})
        return super().page(partner, query)


def test_keys_of_the_same_time_may_not_be_lost() -> None:
    assert check(Ties(), "lists.pagination-is-complete").outcome is Outcome.WARNING


def test_no_other_key_is_ever_revoked() -> None:
    server = Server(others=20)
    for one in CHECKED:
        check(server, one.id)

    foreign = [item for item in server.items.values() if item["shown"]["name"] == "someone's"]
    assert foreign
    assert {item["shown"]["status"] for item in foreign} == {"active"}
