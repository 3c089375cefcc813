"""Waits the same time before each retry."""

import httpx
from correct import Client, run


class SameWait(Client):
    def wait(self, attempt: int, response: httpx.Response | None) -> float:
        return 0.3


if __name__ == "__main__":
    run(SameWait())
