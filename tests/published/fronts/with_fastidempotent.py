"""fastidempotent: the middleware with its memory backend. By default it demands a key."""

from asgi import application, serve
from fastidempotent import IdempotencyConfig, IdempotencyMiddleware, MemoryBackend
from origin import CONFIGURED

app = application()
config = IdempotencyConfig(fingerprint_headers=["x-partner"] if CONFIGURED else [])
app.add_middleware(
    IdempotencyMiddleware,
    backend=MemoryBackend(ttl=86400),
    config=config,
    ttl=86400,
    methods=["POST", "PUT", "PATCH"],
    optional=True,
)
serve(app)
