"""idemptx: the decorator with its backend on Redis.

It leaves its exceptions to the application.
"""

import redis
from asgi import made, serve
from fastapi import FastAPI, Request, Response
from idemptx import IdempotencyException, idempotent
from idemptx.backend import RedisBackend
from origin import CONFIGURED, PATH, REDIS, refusal

app = FastAPI()
backend = RedisBackend(redis.Redis.from_url(REDIS))
options = {"key_ttl": 86400, "wait_timeout": 5.0} if CONFIGURED else {}


@app.post(PATH)
@idempotent(storage_backend=backend, required=False, **options)
async def create(request: Request) -> Response:
    return await made(request)


@app.exception_handler(IdempotencyException)
async def _(request: Request, error: IdempotencyException) -> Response:
    status, headers, body = refusal("idempotency_key_in_use", str(error))
    return Response(body, status, headers)


serve(app)
