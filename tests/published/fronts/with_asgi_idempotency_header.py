"""asgi-idempotency-header: the middleware with its backend on Redis."""

from asgi import application, serve
from idempotency_header_middleware import IdempotencyHeaderMiddleware
from idempotency_header_middleware.backends import RedisBackend
from origin import CONFIGURED, REDIS
from redis.asyncio import from_url

app = application()
options = {"enforce_uuid4_formatting": True} if CONFIGURED else {}
app.add_middleware(
    IdempotencyHeaderMiddleware, backend=RedisBackend(redis=from_url(REDIS)), **options
)
serve(app)
