"""Sends an expiry date as a number."""

from typing import Any

import correct
import httpx


class UnixTime(correct.Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if "json" in options:
            options["json"] = {**options["json"], "expires_at": 1_803_945_600}
        return super().attempt(method, path, **options)

    def create(self, name: str) -> dict[str, object]:
        try:
            return super().create(name)
        except httpx.HTTPStatusError:
            return {}


correct.run(UnixTime())
