"""Retries with a new key."""

from typing import Any

import httpx
from correct import Client, run, uuid


class NewKey(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if method == "POST":
            options["headers"] = {"Idempotency-Key": str(uuid.uuid4())}
        return super().attempt(method, path, **options)


run(NewKey())
