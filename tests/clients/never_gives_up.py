"""Tries for ever."""

import correct
import httpx


class NeverGivesUp(correct.Client):
    def wait(self, attempt: int, response: httpx.Response | None) -> float:
        return correct.random.uniform(0.05, 0.1)


correct.ATTEMPTS = 10**9
correct.run(NeverGivesUp())
