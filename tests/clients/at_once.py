"""Retries without a pause."""

import httpx
from correct import Client, run


class AtOnce(Client):
    def wait(self, attempt: int, response: httpx.Response | None) -> float:
        return 0


run(AtOnce())
