"""drf-idempotency: the middleware with its database backend."""

import tempfile

from django_site import configure, make, serve
from origin import CONFIGURED

folder = tempfile.TemporaryDirectory()
database = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": f"{folder.name}/site.sqlite",
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL",
    },
}
options = {"CACHE_CLIENT_ERROR_RESPONSES": False} if CONFIGURED else {}
configure(
    INSTALLED_APPS=["drf_idempotency"],
    MIDDLEWARE=["drf_idempotency.middleware.IdempotencyMiddleware"],
    DATABASES={"default": database},
    USE_TZ=True,
    IDEMPOTENCY={"BACKEND": "drf_idempotency.backends.database.DatabaseBackend", **options},
)

from django.core.management import call_command  # noqa: E402 - needs the settings

call_command("migrate", verbosity=0)
serve(make)
