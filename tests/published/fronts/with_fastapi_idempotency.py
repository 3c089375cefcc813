"""fastapi-idempotency: the middleware with its default store.

Without a key the same body within ten seconds is one call by default.
"""

from datetime import timedelta

from asgi import application, serve
from fastapi import Request
from fastapi_idempotency import IdempotencyMiddleware
from origin import CONFIGURED


def scope(request: Request) -> str:
    return f"partner:{request.headers['x-partner']}"


app = application()
options = {"scope": scope, "automatic_window": timedelta(0)} if CONFIGURED else {}
app.add_middleware(IdempotencyMiddleware, **options)
serve(app)
