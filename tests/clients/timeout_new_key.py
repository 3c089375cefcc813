"""Retries with a new key where no answer came in time, and only there."""

import uuid
from typing import Any

import httpx
from correct import Client, run

TIMEOUT_SECONDS = 1


class TimeoutNewKey(Client):
    def __init__(self) -> None:
        super().__init__()
        # As with many libraries, this is the time of each read: a trickle never ends it.
        self.http.timeout = httpx.Timeout(TIMEOUT_SECONDS)
        self.is_late = False

    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if method == "POST" and self.is_late:
            options["headers"] = {"Idempotency-Key": str(uuid.uuid4())}
        self.is_late = False
        try:
            return super().attempt(method, path, **options)
        except httpx.TimeoutException:
            self.is_late = True
            raise


run(TimeoutNewKey())
