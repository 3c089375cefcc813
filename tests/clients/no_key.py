"""Sends no key at all, and retries."""

from typing import Any

import httpx
from correct import Client, run


class NoKey(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        options.pop("headers", None)
        return super().attempt(method, path, **options)


run(NoKey())
