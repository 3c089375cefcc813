"""fastapi-idempotency-key: the middleware with its memory backend."""

from asgi import application, serve
from fastapi_idempotency_key import IdempotencyMiddleware, MemoryBackend
from origin import CONFIGURED

app = application()
options = {"timeout": 5.0, "on_conflict_status": 422} if CONFIGURED else {}
app.add_middleware(
    IdempotencyMiddleware,
    backend=MemoryBackend(),
    header_name="Idempotency-Key",
    default_ttl=86400,
    **options,
)
serve(app)
