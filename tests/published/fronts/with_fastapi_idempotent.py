"""fastapi-idempotent: the middleware with its storage on Redis."""

from asgi import application, serve
from fastapi_idempotent import IdempotentMiddleWare
from origin import REDIS

app = application()
app.add_middleware(IdempotentMiddleWare, redis_url=REDIS)
serve(app)
