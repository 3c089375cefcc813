"""Clients of a mock: in this process without an event loop, as a partner, and as a test job."""

import asyncio
import re
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Protocol

import httpx
from anyio import create_task_group
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp, Receive, Send

from mock_server.partners.clock import Clock
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.media_types import essence

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

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@contextmanager
def serve(mock: Settings | ASGIApp, clock: Clock | None = None) -> Iterator[Client]:
    app = create_app(mock, clock) if isinstance(mock, Settings) else mock
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_started(app)) as http,
    ):
        yield Client(portal, http)


async def _run(app: ASGIApp, receive: Receive, send: Send) -> None:
    await app({"type": "lifespan", "asgi": {}}, receive, send)


@asynccontextmanager
async def _started(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    received: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    async with create_task_group() as tasks:
        tasks.start_soon(partial(_run, app, received.get, sent.put))
        await received.put({"type": "lifespan.startup"})
        assert (await sent.get())["type"] == "lifespan.startup.complete"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as http:
            yield http
        await received.put({"type": "lifespan.shutdown"})


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


CONTROL = Contract.control()


def true_to_the_control_contract(response: httpx.Response) -> httpx.Response:
    """The response, once it is known to be one that ``mock-control.yaml`` documents."""
    request, path = response.request, response.request.url.path.removeprefix("/_mock")
    [operation] = [
        one
        for one in CONTROL.operations.values()
        if (one.method == request.method or (one.method, request.method) == ("GET", "HEAD"))
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), path)
    ]
    answer = operation.response(response.status_code)
    assert answer is not None, response.status_code
    if not answer.content:
        assert response.content == b""
        return response
    name = essence(response.headers["content-type"])
    assert name in answer.content
    if response.is_error:
        assert name == (
            "text/html" if "text/html" in answer.content else "application/problem+json"
        )
        if name != "text/html":
            assert response.json()["status"] == response.status_code
    schema = answer.content[name].schema
    if schema is not None and name.endswith("json") and request.method != "HEAD":
        assert schema.errors(response.json()) == []
    return response


class Job:
    """One test job with a partner of its own, made by the control plane of a mock.

    ``http`` sends requests to the mock, in process or by a socket.
    """

    def __init__(self, http: "Client | httpx.Client") -> None:
        self.http = http
        made = true_to_the_control_contract(http.request("POST", "/_mock/partners")).json()
        self.id, self.client_id = made["id"], made["client_id"]
        self.client_secret, self.token = made["client_secret"], made["access_token"]

    def control(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        url = f"/_mock/partners/{self.id}{path}"
        return true_to_the_control_contract(self.http.request(method, url, **options))

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, f"/v3{path}", headers=headers, **options)

    def create(self, key: str | None = None, name: str = "x", **headers: str) -> httpx.Response:
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.call("POST", "/auth/credentials", json={"name": name}, headers=headers)

    def get(self) -> httpx.Response:
        return self.call("GET", "/auth/credentials")

    def listed(self) -> list[str]:
        return [one["name"] for one in self.get().json()["data"]]

    def log_in(self, **given: str) -> httpx.Response:
        login = {"client_id": self.client_id, "client_secret": self.client_secret, **given}
        body = {"grant_type": "client_credentials", **login}
        return self.http.request("POST", "/v3/auth/token", json=body)

    def fault(self, action: Any, **text: Any) -> str:
        """Add a fault (``action`` by kind alone, or whole); its id."""
        action = {"kind": action} if isinstance(action, str) else action
        response = self.control("POST", "/faults", json={"action": action, **text})
        assert response.status_code == 201, response.text
        return str(response.json()["data"][0]["id"])

    def preset(self, name: str) -> None:
        response = self.control("POST", "/faults", json={"preset": name})
        assert response.status_code == 201, response.text

    def advance(self, seconds: float) -> None:
        body = {"seconds": seconds}
        assert self.control("POST", "/clock/advance", json=body).status_code == 200

    def now(self) -> str:
        return str(self.control("GET", "/clock").json()["now"])

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/journal", params=filters).json()["data"]
        return found

    def last(self) -> dict[str, Any]:
        return self.journal()[-1]


class WiredJob(Job):
    """A test job on a real socket."""

    http: httpx.Client


class Serving(Protocol):
    """``with serving(settings, clock=...) as client:``, or with an application."""

    def __call__(
        self, mock: Settings | ASGIApp, clock: Clock | None = None
    ) -> AbstractContextManager[Client]: ...


JobFactory = Callable[[Client | httpx.Client], Job]
Judge = Callable[[httpx.Response], httpx.Response]
