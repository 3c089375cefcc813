"""Each partner has its own time, and everything that expires goes by it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from mock_server.partners.clock import instant
from mock_server.settings import Settings
from tests.mock_server.clients import Job, JobFactory, ManualClock, Serving, WiredJob

HOUR = 3600
DAY = 24 * HOUR


def code(response: httpx.Response) -> str:
    return str(response.json().get("code"))


@pytest.fixture
def limited(serving: Serving, a_job: JobFactory, clock: ManualClock) -> Iterator[tuple[Job, Job]]:
    with serving(Settings(rate_limit="2/hour"), clock) as client:
        yield a_job(client), a_job(client)


def test_a_new_partner_has_the_time_of_the_machine(job: Job, clock: ManualClock) -> None:
    shown = job.control("GET", "/clock").json()
    assert (instant(shown["now"]), shown["ahead_seconds"]) == (clock.now(), 0)


def test_it_is_moved_for_one_partner_and_runs_on_from_there(
    job: Job, other_job: Job, clock: ManualClock
) -> None:
    moved = job.control("POST", "/clock/advance", json={"seconds": 90.5}).json()
    assert (instant(moved["now"]), moved["ahead_seconds"]) == (clock.now() + 90.5, 90.5)
    clock.instant += 10
    assert instant(job.now()) == clock.now() + 90.5
    assert instant(other_job.now()) == clock.now()


def test_moves_add_up_and_go_back(job: Job, clock: ManualClock) -> None:
    for seconds in (DAY, HOUR, -DAY):
        job.advance(seconds)
    assert instant(job.now()) == clock.now() + HOUR


def test_it_is_set_in_any_spelling_of_an_instant(job: Job, clock: ManualClock) -> None:
    shown = job.control("PUT", "/clock", json={"now": "2027-01-01T02:30:00.250+02:30"}).json()
    assert shown["now"] == "2027-01-01T00:00:00.250Z"
    clock.instant += 5
    assert job.now() == "2027-01-01T00:00:05.250Z"


def test_it_can_be_the_machines_again(job: Job, clock: ManualClock) -> None:
    job.advance(DAY)
    shown = job.control("DELETE", "/clock").json()
    assert (instant(shown["now"]), shown["ahead_seconds"]) == (clock.now(), 0)


@pytest.mark.parametrize(
    "now", ["0000-01-01T00:00:00Z", "1970-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]
)
def test_it_is_never_set_where_expiry_dates_cannot_be_written(job: Job, now: str) -> None:
    before = job.now()
    response = job.control("PUT", "/clock", json={"now": now})
    assert (response.status_code, code(response)) == (422, "invalid_value")
    assert job.now() == before


def test_no_number_of_moves_leads_out_of_the_calendar(job: Job) -> None:
    century = {"seconds": 3_153_600_000}
    statuses = [job.control("POST", "/clock/advance", json=century).status_code for _ in range(100)]
    assert set(statuses) == {200, 422}
    assert statuses == sorted(statuses)
    assert job.create().status_code == 401  # the token is long over, and that is all
    assert job.log_in().status_code == 200


@pytest.mark.parametrize("now", ["1971-01-01T00:00:00Z", "8999-12-31T00:00:00Z"])
def test_the_api_works_at_both_ends_of_the_calendar(job: Job, now: str) -> None:
    assert job.control("PUT", "/clock", json={"now": now}).status_code == 200
    job.token = job.log_in().json()["access_token"]
    created = job.create(key="a key")
    assert created.json()["created_at"][:10] == now[:10]
    assert job.create(key="a key").content == created.content


def test_a_token_is_over_after_an_hour_of_its_partners_time(job: Job, other_job: Job) -> None:
    for one in (job, other_job):
        one.token = one.log_in().json()["access_token"]
    job.advance(HOUR - 1)
    assert job.get().status_code == 200
    job.advance(1)
    response = job.get()
    assert (response.status_code, code(response)) == (401, "token_expired")
    assert other_job.get().status_code == 200

    job.token = job.log_in().json()["access_token"]
    assert job.get().status_code == 200


def test_an_idempotency_key_is_free_after_a_day_of_its_partners_time(
    job: Job, other_job: Job
) -> None:
    first, others = job.create(key="a key"), other_job.create(key="a key")
    job.advance(DAY - 1)
    assert job.create(key="a key").content == first.content
    job.advance(1)
    again = job.create(key="a key", name="another")
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)
    assert job.listed() == ["another", "x"]
    assert other_job.create(key="a key").content == others.content


def test_a_day_passes_in_no_time_over_real_sockets(wired: WiredJob) -> None:
    first = wired.create(key="a key")
    assert wired.create(key="a key").content == first.content
    wired.advance(DAY)
    again = wired.create(key="a key")
    assert "idempotent-replayed" not in again.headers
    assert again.json()["id"] != first.json()["id"]
    made = [datetime.fromisoformat(one.json()["created_at"]) for one in (first, again)]
    assert made[1] - made[0] >= timedelta(days=1)
    assert [one["replayed"] for one in wired.journal()] == [False, True, False]


def test_a_credential_expires_by_its_partners_time(
    job: Job, other_job: Job, clock: ManualClock
) -> None:
    def made(one: Job) -> dict[str, str]:
        body = {"name": "x", "expires_at": "2027-01-01T00:00:00Z"}
        key = one.call("POST", "/auth/credentials", json=body).json()
        return {name: key[name] for name in ("client_id", "client_secret")}

    key, others = made(job), made(other_job)
    assert job.log_in(**key).status_code == 200
    job.control("PUT", "/clock", json={"now": "2027-01-01T00:00:00Z"})
    response = job.log_in(**key)
    assert (response.status_code, code(response)) == (401, "invalid_client")
    assert other_job.log_in(**others).status_code == 200


def test_a_rate_limit_window_ends_by_its_partners_time(limited: tuple[Job, Job]) -> None:
    job, other_job = limited
    for one in (job, other_job):
        assert [one.get().status_code for _ in range(3)] == [200, 200, 429]
    wait = int(job.get().headers["retry-after"])
    job.advance(wait)
    response = job.get()
    assert response.status_code == 200
    assert int(response.headers["x-ratelimit-reset"]) >= instant(job.now()) + HOUR
    assert other_job.get().status_code == 429


def test_a_clock_that_is_set_back_opens_a_new_window(limited: tuple[Job, Job]) -> None:
    job, _ = limited
    assert [job.get().status_code for _ in range(3)] == [200, 200, 429]
    job.advance(-DAY)
    assert job.get().status_code == 200


def test_what_a_partner_makes_has_its_partners_time(job: Job, other_job: Job) -> None:
    job.control("PUT", "/clock", json={"now": "2026-12-31T23:59:59.500Z"})
    assert job.create().json()["created_at"] == "2026-12-31T23:59:59.500Z"
    assert other_job.create().json()["created_at"][:7] == "2026-03"


def test_the_journal_goes_by_the_machines_own_time(job: Job) -> None:
    job.create()
    job.advance(-10 * DAY)
    job.create()
    first, second = job.journal()
    assert second["started"] >= first["started"]
