"""A FastAPI application whose one handler has the credential made at the origin."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from origin import PATH, PORT, create

# As many as come at once: none waits for a thread.
THREADS = ThreadPoolExecutor(32)


async def made(request: Request) -> Response:
    """The origin's answer. What was made is spelt as FastAPI spells JSON."""
    body, loop = await request.body(), asyncio.get_running_loop()
    headers = list(request.headers.items())
    status, kept, answer = await loop.run_in_executor(THREADS, create, headers, body)
    if status != 201:
        return Response(answer, status, kept)
    del kept["Content-Type"]
    return JSONResponse(json.loads(answer), status, kept)


def application() -> FastAPI:
    """The application without any library."""
    app = FastAPI()

    @app.post(PATH)
    async def _(request: Request) -> Response:
        return await made(request)

    return app


def serve(app: FastAPI) -> None:
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error")
