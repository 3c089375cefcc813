"""Whether the mock's memory stays bounded over a long mixed load.

``python -m benchmarks.soak --minutes 30``. State lives in a SQLite file, so what the process holds
is its own: caches, journals, windows, connections. Partners come and go by the control plane, as
in a company whose test runs each make one.
"""

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import click
import httpx

from benchmarks.commands import HOST, mock_on
from benchmarks.measure import resident_bytes
from benchmarks.servers import Server, running
from benchmarks.wire import BenchmarkError

MOST_GROWTH = 1.10
"""Memory at the end, as a multiple of what it was after the first quarter."""

PARTNER_REQUESTS = 60
MOST_SAMPLES = 400


@dataclass(slots=True)
class Soak:
    """What was sent, what came back wrong, and the memory at each moment."""

    requests: int = 0
    partners: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds, requests until then, and resident bytes."""

    def sample(self, seconds: float, server: Server) -> None:
        """Note the memory."""
        self.samples.append((seconds, self.requests, resident_bytes(server.process.pid)))

    @property
    def growth(self) -> float:
        """The memory of the last quarter as a multiple of the second one's."""
        memory = [one for _, _, one in self.samples]
        quarter = max(1, len(memory) // 4)
        return median(memory[-quarter:]) / median(memory[quarter : 2 * quarter])


def soak(minutes: float) -> Soak:
    """Send for so long; raises `BenchmarkError` where an answer is not what it must be."""
    done = Soak()
    with (
        tempfile.TemporaryDirectory() as folder,
        running("mock", mock_on(f"sqlite:///{folder}/mock.db")) as server,
        httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=30) as client,
    ):
        begun = time.monotonic()
        every = minutes * 60 / MOST_SAMPLES
        next_sample = 0.0
        while (seconds := time.monotonic() - begun) < minutes * 60:
            for method, path, options, wanted in _life_of_a_partner(client):
                answer = client.request(method, path, **options)
                done.requests += 1
                if answer.status_code not in wanted:
                    raise BenchmarkError(f"{method} {path} was answered {answer.status_code}")
            done.partners += 1
            if seconds >= next_sample:
                done.sample(seconds, server)
                next_sample = seconds + every
        done.sample(minutes * 60, server)
    return done


Step = tuple[str, str, dict[str, Any], set[int]]


def _life_of_a_partner(client: httpx.Client) -> Iterator[Step]:
    """What one partner asks for, good and bad; one in two is taken away in the end."""
    partner = client.post("/_mock/partners").json()
    login = {"Authorization": f"Bearer {partner['access_token']}"}
    keys: list[str] = []
    create, chosen = "/v3/auth/credentials", random.Random(partner["id"])
    for _ in range(PARTNER_REQUESTS // 4):
        key = chosen.choice(keys) if keys and chosen.getrandbits(1) else str(uuid.uuid4())
        keys.append(key)
        headers = {**login, "Idempotency-Key": key}
        yield "POST", create, {"json": {"name": "Soak"}, "headers": headers}, {201}
        yield "POST", create, {"json": {"name": 1}, "headers": login}, {422}
        yield "POST", create, {"headers": {"Authorization": f"Bearer {key}"}}, {401}
        yield "GET", create, {"headers": login}, {200}
    if chosen.getrandbits(1):
        yield "DELETE", f"/_mock/partners/{partner['id']}", {}, {204}


@click.command()
@click.option("--minutes", default=2.0, show_default=True, type=click.FloatRange(0.1, 24 * 60))
def main(*, minutes: float) -> None:
    """Exits 0 when memory stays bounded, 1 when it grows, 2 when nothing could be measured."""
    try:
        done = soak(minutes)
    except (BenchmarkError, httpx.HTTPError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for seconds, requests, memory in done.samples[:: max(1, len(done.samples) // 12)]:
        click.echo(f"{seconds / 60:7.1f} min  {requests:>9,} requests  {memory / 1e6:6.1f} MB")
    click.echo(
        f"{done.requests:,} requests of {done.partners:,} partners in {minutes:g} minutes:"
        f" memory at the end is {done.growth:.2f} times what it was"
        f" (goal: at most {MOST_GROWTH:.2f})"
    )
    sys.exit(done.growth > MOST_GROWTH)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.soak")
