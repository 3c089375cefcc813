"""Uses one key for all its calls."""

from typing import Any

import httpx
from correct import Client, run, uuid

KEY = str(uuid.uuid4())


class OneKey(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if method == "POST":
            options["headers"] = {"Idempotency-Key": KEY}
        return super().attempt(method, path, **options)

    def create(self, name: str) -> dict[str, Any]:
        try:
            return super().create(name)
        except httpx.HTTPStatusError:
            return {}


run(OneKey())
