"""No cookie of one answer goes along with another request: a gateway may take it for a login."""

import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue.selection import select
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from tests.conformance.load.command_line import TOKEN, load
from tests.fake_server import serve_app

CONTRACT = Contract.bundled()
SECOND = "dinie_at_second_partner"
PARTNERS = (Partner("partner_1", "id-1", "secret-1", TOKEN), Partner("partner_2", "i", "s", SECOND))


@dataclass
class StickyGateway:
    """A gateway before a healthy mock: its session cookie stands for the token of the session."""

    sessions: dict[bytes, bytes] = field(default_factory=dict)
    cookies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = create_app(Settings(partners=PARTNERS))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        cookie, token = headers.get(b"cookie"), headers.get(b"authorization")
        if cookie is not None:
            self.cookies.append(cookie)
            if token is None and cookie in self.sessions:
                scope["headers"] = [*scope["headers"], (b"authorization", self.sessions[cookie])]
        elif token is not None:
            self.sessions[session := f"session={secrets.token_hex(16)}".encode()] = token

        async def with_cookies(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and cookie is None and token is not None:
                strange = ("set-cookie", "s=\u00e9")
                given = [(b"set-cookie", session), tuple(one.encode() for one in strange)]
                message["headers"] = [*message["headers"], *given]
            await send(message)

        await self._app(scope, receive, with_cookies)


@contextmanager
def sticky() -> Iterator[tuple[str, StickyGateway]]:
    gateway = StickyGateway()
    with serve_app(gateway, lifespan="on") as origin:
        yield f"{origin}/v3", gateway


@pytest.mark.parametrize("section", ["authentication", "idempotency", "secrets"])
def test_a_session_cookie_of_a_gateway_accuses_nobody(section: str) -> None:
    with sticky() as (url, gateway), Target(url, (TOKEN, SECOND)) as target:
        run = Run(CONTRACT, target, select(catalogue(), [section]), seed=1)
        results = list(run.results())
        run.clean_up()
    assert gateway.sessions
    # A token in a cookie, and another route, are a check's own doing.
    assert not gateway.sessions.keys() & {*gateway.cookies}
    own = (b"access_token=", b"route=other")
    assert not [one for one in gateway.cookies if not one.startswith(own)]
    kept = {Outcome.PASSED, Outcome.NOT_VERIFIED}
    assert not [(one.name, one.actual) for one in results if one.outcome not in kept]


def test_load_keeps_no_cookie_either(tmp_path: Path) -> None:
    with sticky() as (url, gateway):
        done = load(url, tmp_path)
    assert done.code == 0, done.err
    assert gateway.sessions
    assert gateway.cookies == []
