"""``/_mock/partners/{partner_id}/rate-limit``: what is left, read without being spent."""

from collections.abc import Iterator

import pytest

from mock_server.partners.clock import timestamp
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Job, JobFactory, ManualClock, Serving


@pytest.fixture
def client(serving: Serving, clock: ManualClock) -> Iterator[Client]:
    with serving(Settings(rate_limit="100/minute"), clock) as client:
        yield client


def left(job: Job) -> int:
    return int(job.control("GET", "/rate-limit").json()["remaining"])


def test_the_whole_limit_is_left_before_the_first_request(job: Job) -> None:
    assert job.control("GET", "/rate-limit").json() == {
        "limit": 100,
        "window_seconds": 60,
        "remaining": 100,
        "resets_at": None,
    }


def test_it_says_what_the_headers_of_the_api_say(job: Job) -> None:
    for _ in range(3):
        answer = job.get()
        assert left(job) == left(job) == int(answer.headers["x-ratelimit-remaining"])
    assert left(job) == 97


def test_it_does_not_go_below_zero(serving: Serving, a_job: JobFactory) -> None:
    with serving(Settings(rate_limit="2/hour")) as client:
        job = a_job(client)
        assert [job.get().status_code for _ in range(4)] == [200, 200, 429, 429]
        assert left(job) == 0


def test_the_window_ends_by_the_clock_of_the_partner(job: Job, clock: ManualClock) -> None:
    job.advance(3600)
    job.get()
    ends = job.control("GET", "/rate-limit").json()["resets_at"]
    assert ends == timestamp(clock.now() + 3600 + 60)
    job.advance(61)
    assert job.control("GET", "/rate-limit").json()["resets_at"] is None
    assert left(job) == 100


def test_its_count_is_forgotten_on_demand_for_one_partner(
    serving: Serving, a_job: JobFactory
) -> None:
    with serving(Settings(rate_limit="2/hour")) as client:
        job, other = a_job(client), a_job(client)
        for one in (job, other):
            assert [one.get().status_code for _ in range(3)] == [200, 200, 429]
        assert job.control("DELETE", "/rate-limit").json()["remaining"] == 2
        assert (job.get().status_code, other.get().status_code) == (200, 429)


def test_the_control_plane_spends_nothing(job: Job) -> None:
    for path in ("/resources", "/journal", "/rate-limit"):
        job.control("GET", path)
    assert left(job) == 100
