"""What passes between the SDK and the server, seen and disturbed from the SDK's own HTTP client."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

_CREATE = "POST /auth/credentials"
LOST_STATUS = 503
"""What a gateway answers when the answer behind it got lost."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the status its answer had for the SDK."""

    request: str
    status: int
    idempotency_key: str | None
    forced: bool
    """Whether the server says that it gave this answer because it was asked to."""
    replayed: bool
    """Whether the server says that it gave this answer before."""

    def __str__(self) -> str:
        remark = " (forced)" if self.forced else " (replayed)" if self.replayed else ""
        return f"{self.request} {self.status}{remark}"


class Wire:
    """Notes every exchange of the clients it makes, and spoils the next creation when asked to.

    ``force`` asks the server for an error (``Prefer: code=429``); ``lose_answer`` lets the server
    create the key and hides its answer. Either happens once, so that a retry gets through.
    """

    def __init__(self, base_url: str) -> None:
        self.exchanges: list[Exchange] = []
        self._base_url = base_url
        self._clients: list[httpx.Client] = []
        self._forced: int | None = None
        self._lose_answer = False

    def client(self) -> httpx.Client:
        """The HTTP client to give to the SDK; proxies of the environment do not apply to it."""
        client = httpx.Client(
            trust_env=False,
            timeout=30,
            event_hooks={"request": [self._before], "response": [self._after]},
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the connections of every client that was made here."""
        for client in self._clients:
            client.close()

    def force(self, status: int) -> None:
        """Let the next creation be answered with ``status``."""
        self._forced = status

    def lose_answer(self) -> None:
        """Let the next creation happen and its answer get lost on the way."""
        self._lose_answer = True

    def _before(self, request: httpx.Request) -> None:
        if self._forced is not None and self._name(request) == _CREATE:
            request.headers["Prefer"] = f"code={self._forced}"
            self._forced = None

    def _after(self, response: httpx.Response) -> None:
        name = self._name(response.request)
        if self._lose_answer and name == _CREATE and response.is_success:
            self._lose_answer = False
            response.status_code = LOST_STATUS
        self.exchanges.append(
            Exchange(
                name,
                response.status_code,
                response.request.headers.get("Idempotency-Key"),
                forced="Preference-Applied" in response.headers,
                replayed=response.headers.get("Idempotent-Replayed") == "true",
            )
        )

    def _name(self, request: httpx.Request) -> str:
        path = request.url.path.removeprefix(urlsplit(self._base_url).path)
        return f"{request.method} {re.sub('dinie_ci_[^/]+', '{client_id}', path)}"
