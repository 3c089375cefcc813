"""idemkit: the middleware with its backend on Redis."""

from asgi import application, serve
from idemkit import HttpConfig, IdempotencyMiddleware, RedisBackend
from origin import CONFIGURED, REDIS

app = application()
options = {"config": HttpConfig(scope=lambda req: req.headers["x-partner"])} if CONFIGURED else {}
app.add_middleware(IdempotencyMiddleware, backend=RedisBackend.from_url(REDIS), **options)
serve(app)
