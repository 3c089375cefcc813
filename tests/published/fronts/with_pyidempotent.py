"""pyidempotent: the decorator with its backend on Redis.

It keeps what a handler returns where that is a document, not a response, and leaves its exceptions
to the application. It demands a key, so that requests without one go past it.
"""

import json
from typing import Any

import redis.asyncio as redis
from asgi import made, serve
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from origin import CONFIGURED, PATH, REDIS, refusal
from pyidempotent import IdempotencyConflict, IdempotencyProcessing, idempotent
from pyidempotent.backends.redis import RedisBackend


class Refused(Exception):
    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


app = FastAPI()
backend = RedisBackend(redis.from_url(REDIS))


def scoped(request: Request, body: str, **others: str) -> str:
    return f"{request.headers['x-partner']} {request.headers['idempotency-key']}"


options = {"key_extractor": scoped} if CONFIGURED else {}


@idempotent(backend=backend, ttl=24 * 3600, **options)
async def once(request: Request, body: str) -> Any:
    answer = await made(request)
    if answer.status_code != 201:
        raise Refused(answer)
    return json.loads(answer.body)


@app.post(PATH)
async def create(request: Request) -> Response:
    if not request.headers.get("idempotency-key"):
        return await made(request)
    document = await once(request, (await request.body()).decode("latin-1"))
    return JSONResponse(document, 201, {"cache-control": "no-store"})


@app.exception_handler(Refused)
async def _(request: Request, error: Refused) -> Response:
    return error.answer


@app.exception_handler(IdempotencyConflict)
@app.exception_handler(IdempotencyProcessing)
async def _(request: Request, error: Exception) -> Response:
    status, headers, body = refusal("idempotency_key_in_use", "The key is in use, or was used.")
    return Response(body, status, headers)


serve(app)
