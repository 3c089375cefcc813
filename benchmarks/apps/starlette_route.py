"""One Starlette route that parses the JSON it gets and answers JSON, with no checks."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.apps.answer import answer_to


async def create(request: Request) -> JSONResponse:
    """Answer a create."""
    return JSONResponse(answer_to(await request.json()), status_code=201)


application = Starlette(routes=[Route("/v3/auth/credentials", create, methods=["POST"])])
