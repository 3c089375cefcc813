"""Waits before a retry, and not as long as the server asks."""

import httpx
from correct import FIRST_WAIT_SECONDS, Client, random, run


class Impatient(Client):
    def wait(self, attempt: int, response: httpx.Response | None) -> float:
        return FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)


run(Impatient())
