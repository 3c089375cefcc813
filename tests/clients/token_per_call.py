"""Fetches a token for each call."""

from typing import Any

import httpx
from correct import Client, run


class TokenPerCall(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        self.token = None
        return super().attempt(method, path, **options)


run(TokenPerCall())
