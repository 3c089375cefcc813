"""A correct client, with httpx: what the vendor's documentation asks for, and no more.

Each bad client beside it changes one thing of it.
"""

import os
import random
import time
import uuid
from typing import Any

import httpx

RETRIED = {408, 429, 500, 502, 503, 504}
ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.1
LONGEST_RETRY_AFTER_SECONDS = 60


class GivenUp(Exception):
    """A call failed as often as the client tries."""


class Client:
    """Creates and lists API keys."""

    def __init__(self) -> None:
        self.http = httpx.Client(base_url=os.environ["DINIE_BASE_URL"], timeout=10)
        self.token: str | None = None
        self.token_expires = 0.0

    def create(self, name: str) -> dict[str, Any]:
        """One call: a key of its own, the same with every attempt."""
        return self.call(
            "POST",
            "/auth/credentials",
            json={"name": name},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        ).json()

    def list(self) -> list[dict[str, Any]]:
        return self.call("GET", "/auth/credentials").json()["data"]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self.attempt(method, path, **options)
            except httpx.TransportError:
                response = None
            if response is not None:
                if response.status_code == 401 and not renewed:
                    renewed, attempt, self.token = True, attempt - 1, None
                    continue
                if response.status_code not in RETRIED:
                    response.raise_for_status()
                    if self.is_whole(response):
                        return response
            if attempt >= ATTEMPTS:
                raise GivenUp(f"{method} {path}")
            time.sleep(self.wait(attempt, response))

    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {self.bearer()}"}
        return self.http.request(method, path, headers=headers, **options)

    def is_whole(self, response: httpx.Response) -> bool:
        """A 2xx that is no JSON has come from somewhere else."""
        try:
            response.json()
        except ValueError:
            return False
        return response.headers.get("content-type", "").startswith("application/json")

    def wait(self, attempt: int, response: httpx.Response | None) -> float:
        """Seconds before the next attempt: what the server asks for, or ever longer ones."""
        backoff = FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
        asked = response.headers.get("retry-after", "0") if response is not None else "0"
        return max(backoff, min(float(asked), LONGEST_RETRY_AFTER_SECONDS))

    def bearer(self) -> str:
        """The token; a new one shortly before the old one expires."""
        if self.token is None or time.time() > self.token_expires - 30:
            self.token, lifetime = self.sign_in()
            self.token_expires = time.time() + lifetime
        return self.token

    def sign_in(self) -> tuple[str, float]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self.http.post(
                    "/auth/token",
                    data={"grant_type": "client_credentials"},
                    auth=(os.environ["DINIE_CLIENT_ID"], os.environ["DINIE_CLIENT_SECRET"]),
                )
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code not in RETRIED:
                answer = response.raise_for_status().json()
                return answer["access_token"], answer["expires_in"]
            time.sleep(self.wait(attempt, response))
        raise GivenUp("POST /auth/token")


def run(client: Client) -> None:
    """What every client here does: five calls of its own, and a look at what came of them."""
    failures = []
    for name in ("first", "second", "third", "fourth", "fifth"):
        try:
            client.create(f"Key of the {name} call")
        except (GivenUp, httpx.HTTPStatusError) as failure:
            failures.append(failure)
    client.list()
    if failures:
        raise SystemExit(f"{len(failures)} calls failed")


if __name__ == "__main__":
    run(Client())
