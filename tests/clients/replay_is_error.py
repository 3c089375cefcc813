"""Takes a replayed success for an error, and calls again with a new key."""

import time
from typing import Any

import httpx
from correct import FIRST_WAIT_SECONDS, Client, run


class ReplayIsError(Client):
    def create(self, name: str) -> dict[str, Any]:
        self.is_replayed = False
        created = super().create(name)
        if self.is_replayed:
            time.sleep(FIRST_WAIT_SECONDS)
            created = super().create(name)
        return created

    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = super().attempt(method, path, **options)
        self.is_replayed = "idempotent-replayed" in response.headers
        return response


run(ReplayIsError())
