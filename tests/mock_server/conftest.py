"""A mock in this process, with its lifespan, behind a client that needs no event loop."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from anyio import create_task_group
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from mock_server.clock import Clock
from mock_server.partners import Partner
from mock_server.settings import Settings

with warnings.catch_warnings():
    # What Connexion imports is deprecated elsewhere.
    warnings.simplefilter("ignore", DeprecationWarning)
    from mock_server.app import create_app


class Client:
    """Sends one request at a time; keyword arguments are those of httpx."""

    def __init__(self, portal: BlockingPortal, http: httpx.AsyncClient) -> None:
        self._portal = portal
        self._http = http

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(partial(self._http.request, method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@contextmanager
def serve(settings: Settings, clock: Clock | None = None) -> Iterator[Client]:
    app = create_app(settings, clock)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_started(app)) as http,
    ):
        yield Client(portal, http)


@asynccontextmanager
async def _started(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    told: asyncio.Queue[Any] = asyncio.Queue()
    answered: asyncio.Queue[Any] = asyncio.Queue()
    async with create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan", "asgi": {}}, told.get, answered.put)
        await told.put({"type": "lifespan.startup"})
        assert (await answered.get())["type"] == "lifespan.startup.complete"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as http:
            yield http
        await told.put({"type": "lifespan.shutdown"})


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[Client]]:
    """`with serving(settings, clock=...) as client:`."""
    return serve


FIRST = Partner("partner_first", "dinie_ci_live_first", "dinie_cs_live_first", "dinie_at_first")
SECOND = Partner(
    "partner_second", "dinie_ci_live_second", "dinie_cs_live_second", "dinie_at_second"
)


class ManualClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = 1_772_366_400.25

    def now(self) -> float:
        return self.instant


class Partnered:
    """The bundled contract's mock as one partner's client sees it."""

    def __init__(self, client: Client, partner: Partner) -> None:
        self.client = client
        self.partner = partner
        self.authorization = {"Authorization": f"Bearer {partner.token}"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        options["headers"] = {**self.authorization, **options.get("headers", {})}
        return self.client.request(method, f"/v3{path}", **options)

    def create(self, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key is not None else {}
        body = {"name": "Production Key"} if body is None else body
        return self.request("POST", "/auth/credentials", json=body, headers=headers)

    def post(self, content: bytes, *headers: tuple[str, str]) -> httpx.Response:
        """Send raw bytes with just these headers to the create operation."""
        given = [*self.authorization.items(), *headers]
        return self.client.request(
            "POST",
            "/v3/auth/credentials",
            content=content,
            headers=httpx.Headers(given, encoding="latin-1"),
        )

    def page(self, **parameters: Any) -> httpx.Response:
        return self.request("GET", "/auth/credentials", params=parameters)

    def listed(self) -> list[str]:
        """The ids of all credentials, page by page."""
        found: list[str] = []
        while True:
            page = self.page(limit=100, **({"starting_after": found[-1]} if found else {})).json()
            found += [one["id"] for one in page["data"]]
            if not page["has_more"]:
                return found

    def revoke(self, client_id: str) -> httpx.Response:
        return self.request("DELETE", f"/auth/credentials/{client_id}")

    def token(self, client_id: str, client_secret: str) -> httpx.Response:
        return self.client.request(
            "POST",
            "/v3/auth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
            },
        )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def client(clock: ManualClock) -> Iterator[Client]:
    """A mock of its own, with two partners, on the manual clock."""
    with serve(Settings(partners=(FIRST, SECOND)), clock) as client:
        yield client


@pytest.fixture
def mock(client: Client) -> Partnered:
    return Partnered(client, FIRST)


@pytest.fixture
def other_partner(client: Client) -> Partnered:
    return Partnered(client, SECOND)
