"""The headers of a response, and what is left of a refused request."""

import gc
import itertools
from dataclasses import dataclass

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.body import ClientGone
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


async def refuse(scope: Scope, _: Receive, __: Send) -> None:
    exchange = Exchange.of(scope)
    try:
        exchange.parameters["item"]
    except KeyError as error:
        raise Problem(ProblemType.NOT_FOUND, "not_found", "There is none.") from error


def exchanges() -> int:
    return sum(isinstance(one, Exchange) for one in gc.get_objects())


@pytest.mark.anyio
async def test_a_refused_request_leaves_nothing_to_the_garbage_collector() -> None:
    app = Answering(refuse, ManualClock(), map(b"%d".__mod__, itertools.count()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        gc.collect()
        gc.disable()
        try:
            before = exchanges()
            response = await client.get("/item")
            left = exchanges() - before
        finally:
            gc.enable()

    assert response.status_code == 404
    assert left == 0


@pytest.mark.anyio
async def test_a_request_of_a_client_that_is_gone_ends_once_the_server_knows_it() -> None:
    told: list[Message] = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return told.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def leave(*_: object) -> None:
        raise ClientGone

    app = Answering(leave, ManualClock(), map(b"%d".__mod__, itertools.count()))
    await app({"type": "http", "method": "GET", "path": "/item", "headers": []}, receive, send)

    assert (told, sent) == ([], [])
