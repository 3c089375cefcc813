"""``/_mock/partners``: partners come, begin anew, and go with everything that is theirs."""

import httpx

from mock_server.settings import Settings
from tests.mock_server.clients import Client, Job, JobFactory, Partnered, Serving


def codes(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_new_partner_can_do_everything_at_once(job: Job) -> None:
    assert job.create(key="a key").status_code == 201
    assert job.listed() == ["x"]
    assert job.log_in().status_code == 200
    assert job.client_secret.startswith("dinie_cs_")


def test_no_two_partners_share_anything_that_names_them(job: Job, other_job: Job) -> None:
    for name in ("id", "client_id", "client_secret", "token"):
        assert getattr(job, name) != getattr(other_job, name)


def test_only_the_answer_that_makes_a_partner_shows_its_secrets(client: Client, job: Job) -> None:
    for shown in (job.control("GET").text, client.get("/_mock/partners").text):
        assert job.client_id in shown
        assert job.client_secret not in shown
        assert job.token not in shown


def test_partners_of_the_command_line_are_listed_with_the_made_ones(
    client: Client, job: Job
) -> None:
    listed = {one["id"] for one in client.get("/_mock/partners").json()["data"]}
    assert listed == {"partner_first", "partner_second", job.id}


def test_a_partner_shows_its_clock_and_how_much_it_has(job: Job) -> None:
    job.create()
    job.get()
    job.fault("truncate")
    job.advance(60)
    shown = job.control("GET").json()
    assert (shown["faults"], shown["exchanges"], shown["clock"]["ahead_seconds"]) == (1, 2, 60)


def test_a_deleted_partner_is_refused_at_every_door(client: Client, job: Job) -> None:
    token = job.log_in().json()["access_token"]
    key = job.create().json()
    assert job.control("DELETE").status_code == 204

    assert codes(job.get()) == (401, "invalid_token")
    job.token = token
    assert codes(job.get()) == (401, "invalid_token")
    assert codes(job.log_in()) == (401, "invalid_client")
    by_key = job.log_in(client_id=key["client_id"], client_secret=key["client_secret"])
    assert codes(by_key) == (401, "invalid_client")
    assert codes(job.control("GET")) == (404, "unknown_partner")
    assert codes(job.control("DELETE")) == (404, "unknown_partner")
    assert job.id not in client.get("/_mock/partners").text


def test_a_further_token_is_good_for_a_year_on_the_clock_of_its_partner(job: Job) -> None:
    job.advance(30 * 86400)
    issued = job.control("POST", "/tokens")
    assert (issued.status_code, issued.headers["cache-control"]) == (201, "no-store")
    first, job.token = job.token, issued.json()["access_token"]
    assert job.token != first
    job.advance(issued.json()["expires_in"] - 1)
    assert job.get().status_code == 200
    job.advance(2)
    assert codes(job.get()) == (401, "token_expired")


def test_a_fixed_token_of_a_deleted_partner_is_refused(client: Client, mock: Partnered) -> None:
    assert client.delete("/_mock/partners/partner_first").status_code == 204
    assert codes(mock.create()) == (401, "invalid_token")


def test_deleting_one_leaves_the_others_alone(job: Job, other_job: Job) -> None:
    other_job.create(name="kept")
    job.control("DELETE")
    assert other_job.listed() == ["kept"]


def test_requests_of_a_deleted_partner_are_unattributed(client: Client, job: Job) -> None:
    job.control("DELETE")
    job.get()
    [entry] = client.get("/_mock/journal").json()["data"]
    assert (entry["status"], entry["partner"]) == (401, None)


def test_a_reset_partner_is_as_it_was_at_the_start(job: Job) -> None:
    started = job.control("GET").json()
    first = job.create(key="a key", name="first")
    job.fault({"kind": "delay", "seconds": 0})
    job.advance(3000)
    assert job.control("POST", "/reset").status_code == 204

    assert job.control("GET").json() == started
    assert job.journal() == []
    assert job.listed() == []
    again = job.create(key="a key", name="second")
    assert "idempotent-replayed" not in again.headers
    assert again.json()["id"] != first.json()["id"]
    assert [one["number"] for one in job.journal()] == [1, 2]


def test_reset_lets_expired_tokens_be_good_again(job: Job) -> None:
    job.fault("expire_token", fire={"times": 1})
    assert job.get().status_code == 401
    job.control("POST", "/reset")
    assert job.get().status_code == 200


def test_reset_opens_a_new_rate_limit_window(serving: Serving, a_job: JobFactory) -> None:
    with serving(Settings(rate_limit="2/hour")) as client:
        job = a_job(client)
        assert [job.get().status_code for _ in range(3)] == [200, 200, 429]
        job.control("POST", "/reset")
        assert job.get().status_code == 200


def test_reset_sets_the_presets_of_the_start_anew(serving: Serving, a_job: JobFactory) -> None:
    with serving(Settings(faults=("rate-limit-storm",))) as client:
        job = a_job(client)
        assert [job.get().status_code for _ in range(3)] == [429, 429, 200]
        job.control("DELETE", "/faults")
        job.control("POST", "/reset")
        assert [job.get().status_code for _ in range(3)] == [429, 429, 200]


def test_reset_leaves_the_others_alone(job: Job, other_job: Job) -> None:
    other_job.create(key="a key", name="kept")
    other_job.fault({"kind": "delay", "seconds": 0})
    other_job.advance(60)
    before = other_job.control("GET").json()
    job.control("POST", "/reset")
    assert other_job.control("GET").json() == before
    assert other_job.create(key="a key", name="kept").headers["idempotent-replayed"] == "true"


def test_an_answer_that_shows_a_secret_is_not_to_be_kept(client: Client) -> None:
    assert client.post("/_mock/partners").headers["cache-control"] == "no-store"
