"""django-idempotency-key: the middleware by which views opt in, and the decorator."""

from django_site import configure, make, serve
from origin import CONFIGURED

options = {"CONFLICT_STATUS_CODE": None} if CONFIGURED else {}
configure(
    MIDDLEWARE=["idempotency_key.middleware.ExemptIdempotencyKeyMiddleware"],
    IDEMPOTENCY_KEY=options,
)

from idempotency_key.decorators import idempotency_key  # noqa: E402 - needs the settings

serve(idempotency_key(optional=True)(make))
