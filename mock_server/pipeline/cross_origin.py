"""CORS (Fetch, section 3.3): pages of the origins that ``--cors`` names may call the API."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import CONTROL_PATH
from mock_server.settings import ANY_ORIGIN

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

_EXPOSED = (
    "Accept-Encoding",
    "Idempotent-Replayed",
    "Preference-Applied",
    "Preference-Ignored",
    "Retry-After",
    "WWW-Authenticate",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
)
"""The headers that a page may read beside those that every page may."""


class CrossOrigin:
    """Answers preflights, and lets pages of ``origins`` read the answers of the API.

    The control plane stays closed to all of them. Credentials of a browser (cookies, certificates)
    go with a named origin alone: ``*`` never has them.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], exposed: Collection[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=("*",),
            allow_credentials=ANY_ORIGIN not in origins,
            allow_private_network=True,
            expose_headers=sorted({*_EXPOSED, *exposed}, key=str.lower),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_apart = scope["type"] != "http" or f"{scope['path']}/".startswith(f"{CONTROL_PATH}/")
        await (self._app if is_apart else self._open)(scope, receive, send)
