"""Sends a refused token again and again."""

import correct
import httpx


class KeepsItsToken(correct.Client):
    def bearer(self) -> str:
        if self.token is None:
            self.token, _ = self.sign_in()
        return self.token

    def create(self, name: str) -> dict[str, object]:
        try:
            return super().create(name)
        except (httpx.HTTPStatusError, correct.GivenUp):
            return {}

    def list(self) -> list[dict[str, object]]:
        return []

    def call(self, method: str, path: str, **options: object) -> httpx.Response:
        for attempt in range(1, 4):
            response = self.attempt(method, path, **options)
            if response.is_success:
                return response
            correct.time.sleep(self.wait(attempt, response))
        raise correct.GivenUp(path)


correct.run(KeepsItsToken())
