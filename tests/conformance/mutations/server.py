"""A healthy server in this process whose answers are mutated on their way to the harness."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx

from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN, TargetSettings
from tests.conformance.mutations.answers import Mutation, RawAnswer, drawn
from tests.conformance.servers.application import CLOCK, Application
from tests.conformance.servers.options import Options

PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
OPTIONS = Options(has_clock=True, adds_more=True)
URL = "http://127.0.0.1:1/v3"


@dataclass(slots=True)
class Plan:
    """Decides which answers are mutated, and how: the same for the same seed and requests.

    ``share`` of the answers get a mutation of their own. All answers of the ``steady`` kinds, an
    operation's method and a status, get one and the same.
    """

    seed: str
    share: float = 0.0
    steady: float = 0.0
    applied: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def mutated(self, method: str, path: str, answer: RawAnswer) -> RawAnswer:
        """The answer, mutated or not."""
        found = self._mutation(f"{method} {'token' in path} {answer.status}")
        if found is None:
            return answer
        self.applied.append(f"{method} {path[:40]} {answer.status}: {found.name}")
        return found.apply(answer)

    def _mutation(self, kind: str) -> Mutation | None:
        with self._lock:
            if self._random.random() < self.share:
                return drawn(self._random)
        always = random.Random(f"{self.seed} {kind}")
        return drawn(always) if always.random() < self.steady else None


Mutate = Callable[[str, str, RawAnswer], RawAnswer]
"""Gives the answer to a request with this method and path, mutated or not."""


class MutatingTransport(httpx.BaseTransport):
    """Sends requests to an application in this process, whose answers are mutated."""

    def __init__(self, options: Options, mutate: Mutate) -> None:
        self._mutate = mutate
        self._options = options
        self._application = Application(options, PARTNERS)
        self._left = options.rate
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in request.headers.raw
        }
        path, body = request.url.raw_path.decode("latin-1"), request.read()
        with self._lock:
            self._left -= 1
            if self._left < -3:
                self._left = self._options.rate
        if self._left < 0 and not path.endswith(CLOCK):
            found = self._application.failure(429, path.partition("?")[0])
            found = replace(found, headers={**found.headers, "Retry-After": "0"})
        else:
            found = self._application.answer(request.method, path, headers, body)
        raw = RawAnswer(
            found.status,
            tuple(
                (name.encode(), value.encode())
                for name, value in {**found.headers, "X-RateLimit-Limit": "9"}.items()
            ),
            found.body,
        )
        if not path.endswith(CLOCK):
            raw = self._mutate(request.method, path, raw)
        return httpx.Response(
            raw.status, headers=list(raw.headers), stream=httpx.ByteStream(raw.body)
        )


@contextmanager
def mutated_target(
    mutate: Mutate, options: Options = OPTIONS, **settings: object
) -> Iterator[Target]:
    """A target with two partners, a clock and a short replay delay."""
    found: TargetSettings = replace(
        AS_RUN, replay_delay=0.001, clock_url=f"http://127.0.0.1:1{CLOCK}", **settings
    )
    transport = MutatingTransport(options, mutate)
    with Target(URL, tuple(PARTNERS), found, transport=transport) as target:
        yield target
