"""The headers of a response: its own, and the defaults of an application for all others."""

import itertools
from dataclasses import dataclass

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Response
from mock_server.pipeline.answering import Answering
from tests.mock_server.clients import ManualClock

DEFAULTS = ((b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"none"))


@dataclass(frozen=True, slots=True)
class Page:
    headers: dict[str, str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Exchange.of(scope).response = Response(200, b"", "text/html", self.headers)


@pytest.mark.anyio
async def test_a_response_replaces_the_default_of_its_header_and_no_other() -> None:
    page = Page({"Content-Security-Policy": "own"})
    app = Answering(page, ManualClock(), map(b"%d".__mod__, itertools.count()), defaults=DEFAULTS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        response = await client.get("/page")

    assert response.headers.get_list("content-security-policy") == ["own"]
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
