"""Small servers that are wrong on purpose, in one way each, and one that is right."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.violence.connection import Address
from tests.violence.load import CREDENTIALS

WRONGS = {
    "forgets a confirmed create": "confirmed is listed",
    "makes two for a key": "one key, one resource",
    "replays another byte": "every answer is the first one",
    "replays a shorter answer": "every answer is the first one",
    "lists one twice": "confirmed is listed",
    "loses its records in a restart": "one key, one resource",
    "lists what nobody made": "all that is listed was answered",
    "leaves out the header of a replay": "replays are marked",
    "marks the first answer as a replay": "replays are marked",
    "makes what was not asked": "what was asked is made",
    "changes one afterwards": "listed as it was answered",
    "gives two keys one resource": "a resource has one key",
    "fails once": "a create is answered 201",
    "is away without an outage": "a create is answered 201",
}
"""Defects of servers, and the rule of the reconciliation that must find each."""

_AT = 40
"""The request that goes wrong, where one does."""


@dataclass
class WrongServer:
    """Keeps credentials as the mock does, but for ``wrong``; None is right."""

    wrong: str | None
    requests: int = 0
    made: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, bytes] = field(default_factory=dict)

    async def create(self, request: Request) -> Response:
        """``POST``: one resource for each key."""
        self.requests += 1
        now = self.requests == _AT
        key, asked = request.headers["idempotency-key"], await request.json()
        if now and self.wrong == "fails once":
            return Response("Internal Server Error", 500)
        if now and self.wrong == "is away without an outage":
            problem = {"code": "store_unavailable"}
            return JSONResponse(problem, 500, media_type="application/problem+json")
        if now and self.wrong == "loses its records in a restart":
            self.records.clear()
        earlier = self.records.get(key)
        if self.wrong == "makes two for a key" and earlier and self.requests > _AT:
            self.wrong, earlier = "made two", None
        if earlier is not None:
            return self._replay(earlier, now=self.requests >= _AT)
        self.records[key] = body = self._make(asked)
        await asyncio.sleep(0)
        replayed = self.wrong == "marks the first answer as a replay" and len(self.made) == 5
        return Response(body, 201, _REPLAYED if replayed else {}, _JSON)

    def _replay(self, body: bytes, *, now: bool) -> Response:
        headers = _REPLAYED
        match self.wrong:
            case "replays another byte" if now:
                self.wrong, body = "done", body.replace(b'"active"', b'"Active"')
            case "replays a shorter answer" if now:
                self.wrong, body = "done", body.rstrip(b" ")
            case "leaves out the header of a replay" if now:
                self.wrong, headers = "done", {}
        return Response(body, 201, headers, _JSON)

    def _make(self, asked: dict[str, Any]) -> bytes:
        number = len(self.made)
        if self.wrong == "gives two keys one resource" and number == 5:
            self.wrong = "done"
            asked = {"name": asked["name"], "id": "credential_4", **asked}
        made = {
            "id": asked.get("id", f"credential_{number}"),
            "name": asked["name"],
            "expires_at": asked.get("expires_at"),
            "status": "active",
        }
        if self.wrong == "makes what was not asked" and number == 5:
            made["name"] = "another"
        self.made.append(made)
        # The space at the end is one that a shorter answer can lack.
        return json.dumps({**made, "client_secret": f"secret {number}"}).encode() + b" "

    async def page(self, request: Request) -> Response:
        """``GET``: newest first."""
        shown = [dict(one) for one in reversed(self.made)]
        match self.wrong:
            case "forgets a confirmed create":
                del shown[3]
            case "lists one twice":
                shown.insert(9, shown[3])
            case "lists what nobody made":
                shown.insert(3, {**shown[3], "id": "credential_of_nobody"})
            case "changes one afterwards":
                shown[3]["status"] = "revoked"
        after = request.query_params.get("starting_after")
        begin = 1 + [one["id"] for one in shown].index(after) if after else 0
        end = begin + int(request.query_params["limit"])
        return JSONResponse({"data": shown[begin:end], "has_more": end < len(shown)})


_JSON = "application/json"
_REPLAYED = {"Idempotent-Replayed": "true"}


@asynccontextmanager
async def wrong_server(wrong: str | None) -> AsyncIterator[Address]:
    """Serve it on a free port, in this event loop, until the block ends."""
    server = WrongServer(wrong)
    routes = [
        Route(CREDENTIALS, server.create, methods=["POST"]),
        Route(CREDENTIALS, server.page, methods=["GET"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", ws="none")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = uvicorn.Server(config)
        serving = asyncio.create_task(running._serve(sockets=[listener]))
        try:
            yield Address("127.0.0.1", listener.getsockname()[1])
        finally:
            running.should_exit = True
            await serving
