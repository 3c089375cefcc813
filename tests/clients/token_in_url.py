"""Sends its token in the query."""

from typing import Any

import httpx
from correct import Client, run


class TokenInUrl(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        return super().attempt(method, f"{path}?access_token={self.bearer()}", **options)


run(TokenInUrl())
