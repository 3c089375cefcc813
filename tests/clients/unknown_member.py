"""Sends a member that the contract does not have."""

from typing import Any

import httpx
from correct import Client, run


class UnknownMember(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if "json" in options:
            options["json"] = {**options["json"], "expires": "2030-01-01T00:00:00Z"}
        return super().attempt(method, path, **options)


run(UnknownMember())
