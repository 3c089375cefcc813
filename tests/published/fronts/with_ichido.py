"""ichido: the middleware with its store on Redis."""

import redis.asyncio as aioredis
from asgi import application, serve
from ichido import IchidoConfig, IchidoMiddleware, RedisIdempotencyStore
from origin import REDIS

app = application()
client = aioredis.from_url(REDIS, decode_responses=True)
app.add_middleware(
    IchidoMiddleware,
    store=RedisIdempotencyStore(redis_client=client, ttl=86400),
    config=IchidoConfig(header_name="Idempotency-Key", ttl_seconds=86400),
)
serve(app)
