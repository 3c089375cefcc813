"""A sabotaged server: a proxy before a healthy one, with one fault of the catalogue in between.

``python -m conformance.cli.sabotaged --upstream URL --requirement ID --sabotage NAME --token T``
proves that the harness, run as people run it, names the right requirement.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn

from conformance.catalogue.sabotage import Sabotage
from conformance.server import catalogue
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Request, Tamper
from conformance.target.target import Target
from conformance.target.token_forms import FORMS, PLACE
from dinie_contract.output import echo

_AT_ONCE = 64

_OF_ONE_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length"}
)
"""Headers that are not passed on (RFC 9110, section 7.6.1), or that are made anew."""

_NAMES = {name.lower(): name for name in ("Idempotency-Key", "Content-Type", "Authorization")}
"""Header names as the harness spells them, by those that an ASGI server gives."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Proxy:
    """An ASGI app that forwards to ``upstream`` through a tamper."""

    def __init__(self, upstream: Target, tamper: Tamper) -> None:
        self._upstream = upstream
        self._tamper = tamper
        self.prefix = urlsplit(upstream.base_url).path
        self._threads = ThreadPoolExecutor(_AT_ONCE)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._answer, self._request(scope, body))
        # Decoded by now, whatever it was before.
        dropped = _OF_ONE_CONNECTION | {"content-encoding"}
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in answer.headers
            if name.lower() not in dropped
        ]
        # These have no body, and then no length (RFC 9110, section 8.6).
        if answer.status not in {204, 304}:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, request: Request) -> Answer:
        try:
            return self._tamper(request, self._upstream.send_once)
        except TargetError as error:
            return Answer(502, (("content-type", "text/plain"),), str(error).encode())

    def _request(self, scope: dict[str, Any], body: bytes) -> Request:
        path = scope["raw_path"].decode("latin-1").removeprefix(self.prefix)
        query = scope["query_string"].decode("latin-1")
        headers = [
            (_NAMES.get(name, name), value.decode("utf-8", "surrogateescape"))
            for name, value in ((name.decode("latin-1"), value) for name, value in scope["headers"])
            if name not in _OF_ONE_CONNECTION
        ]
        request = Request(
            scope["method"],
            f"{path}?{query}" if query else path,
            tuple(headers),
            body,
            partner=None,
        )
        return self._signed(request)

    def _signed(self, request: Request) -> Request:
        """The request as the harness has it: partner and form in the place of a known token."""
        given = {name.lower(): value for name, value in request.headers}
        for partner, token in enumerate(self._upstream.tokens):
            for form, how in FORMS.items():
                text = how.apply(token)
                query = how.in_query(token)
                if how.in_body:
                    body = request.body.replace(text.encode(), PLACE.encode())
                    if body != request.body:
                        return replace(request, body=body, partner=partner, token_form=form)
                elif how.header is None:
                    if "authorization" not in given and request.path.endswith(query):
                        path = request.path.removesuffix(query)[:-1]
                        return replace(request, path=path, partner=partner, token_form=form)
                elif given.get(how.header.lower()) == f"{how.scheme}{text}":
                    bare = request.without_header(how.header)
                    return replace(bare, partner=partner, token_form=form)
        return request


def _sabotage(requirement_id: str, name: str) -> Sabotage:
    requirement = catalogue().get(requirement_id)
    if requirement is None:
        raise click.UsageError(f"there is no requirement {requirement_id}")
    known = {one.name: one for one in requirement.sabotage}
    if name not in known:
        raise click.UsageError(
            f"{requirement_id} has no sabotage {name!r}; it has: {', '.join(known)}"
        )
    return known[name]


@click.command()
@click.option("--upstream", required=True, help="Base URL of a healthy server.")
@click.option("--requirement", "requirement_id", required=True, metavar="ID")
@click.option("--sabotage", "name", required=True, metavar="NAME")
@click.option("--port", default=0, show_default=True, help="0 takes a free one.")
@click.option("--token", "tokens", multiple=True, envvar="DINIE_TOKENS",
              help="The partners' tokens, in order, for faults that tell them apart.")  # fmt: skip
def main(upstream: str, requirement_id: str, name: str, port: int, tokens: tuple[str, ...]) -> None:
    """Serve a healthy server's API with one fault, until Ctrl-C."""
    sabotage = _sabotage(requirement_id, name)
    with Target(upstream, tokens) as target, socket.create_server(("127.0.0.1", port)) as listener:
        proxy = Proxy(target, sabotage.make())
        config = uvicorn.Config(
            proxy,
            lifespan="off", log_level="error", access_log=False, date_header=False,
            server_header=False,
        )  # fmt: skip
        echo(f"Base URL http://127.0.0.1:{listener.getsockname()[1]}{proxy.prefix}")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
