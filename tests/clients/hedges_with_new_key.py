"""Sends a second request with a key of its own where the first takes long, and both are done."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

from correct import Client, run

PATIENCE_SECONDS = 0.9


class HedgesWithNewKey(Client):
    def __init__(self) -> None:
        super().__init__()
        self.threads = ThreadPoolExecutor(10)

    def create(self, name: str) -> dict[str, Any]:
        self.bearer()
        calls = [self.threads.submit(super().create, name)]
        if not wait(calls, PATIENCE_SECONDS).done:
            calls.append(self.threads.submit(super().create, name))
        return wait(calls, return_when=FIRST_COMPLETED).done.pop().result()


run(HedgesWithNewKey())
