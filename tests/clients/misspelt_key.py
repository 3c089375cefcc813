"""Sends the key in a header that the contract does not have."""

from typing import Any

import httpx
from correct import Client, run


class MisspeltKey(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = options.pop("headers", {})
        if headers:
            options["headers"] = {"X-Idempotency-Key": headers["Idempotency-Key"]}
        return super().attempt(method, path, **options)


run(MisspeltKey())
