"""``/_mock/partners/{partner_id}/resources``: the API keys of a partner, listed and revoked."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.redis_server import PROGRAM, redis_server
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Job, JobFactory, Serving


def resources(job: Job, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job.control("GET", "/resources", params=query).json()["data"]
    return found


def test_they_are_those_of_the_apis_list_without_secrets(job: Job) -> None:
    made = [job.create(name=name).json() for name in ("a", "b")]
    assert [one["resource"] for one in resources(job)] == job.get().json()["data"]
    assert [one["id"] for one in resources(job)] == [one["id"] for one in reversed(made)]
    assert {one["status"] for one in resources(job)} == {"active"}
    shown = job.control("GET", "/resources").text
    assert all(one["client_secret"] not in shown for one in made)


def test_pages_have_each_once(job: Job) -> None:
    for number in range(5):
        job.create(name=f"{number}")
    found: list[str] = []
    has_more = True
    while has_more:
        after = {"after": found[-1]} if found else {}
        page = job.control("GET", "/resources", params={"limit": 2, **after}).json()
        found += [one["id"] for one in page["data"]]
        has_more = page["has_more"]
    assert found == [one["id"] for one in job.get().json()["data"]]


def test_an_unknown_cursor_is_refused(job: Job, other_job: Job) -> None:
    theirs = other_job.create().json()["id"]
    for after in ("nope", theirs):
        answer = job.control("GET", "/resources", params={"after": after})
        assert (answer.status_code, answer.json()["param"]) == (422, "after")


def test_revoked_as_the_api_revokes_and_without_an_entry_in_the_journal(job: Job) -> None:
    by_hand, by_api = job.create().json(), job.create().json()
    job.call("DELETE", f"/auth/credentials/{by_api['id']}")
    before = job.journal()
    assert job.control("DELETE", f"/resources/{by_hand['id']}").status_code == 204
    assert job.journal() == before
    assert [one["status"] for one in resources(job)] == ["revoked", "revoked"]
    logins = [
        job.log_in(client_id=one["client_id"], client_secret=one["client_secret"])
        for one in (by_hand, by_api)
    ]
    assert {one.status_code for one in logins} == {401}
    again = job.control("DELETE", f"/resources/{by_hand['id']}")
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked")


def test_an_update_has_the_time_of_the_partner(job: Job) -> None:
    made = job.create().json()
    job.advance(86400)
    job.control("DELETE", f"/resources/{made['id']}")
    [one] = resources(job)
    assert one["resource"]["updated_at"] == job.now()


def test_only_the_own_ones_are_revoked(job: Job, other_job: Job) -> None:
    theirs = other_job.create().json()["id"]
    for one in ("nope", theirs, job.client_id):
        answer = job.control("DELETE", f"/resources/{one}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_resource")
    assert resources(other_job)[0]["status"] == "active"


def test_a_contract_without_any_has_an_empty_list(
    serving: Serving, a_job: JobFactory, tmp_path: Path
) -> None:
    contract = tmp_path / "pets.yaml"
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {"/pets": {"get": {"responses": {"204": {"description": "None."}}}}},
    }
    contract.write_text(yaml.safe_dump(document), encoding="utf-8")
    with serving(Settings(contract=contract)) as client:
        job = a_job(client)
        assert job.control("GET", "/resources").json() == {"data": [], "has_more": False}
        assert job.control("DELETE", "/resources/any").status_code == 404


def check_a_life(client: Client, a_job: JobFactory) -> None:
    job = a_job(client)
    made = job.create().json()["id"]
    assert job.control("GET", "/rate-limit").json()["remaining"] == 99
    assert job.control("DELETE", f"/resources/{made}").status_code == 204
    assert [(one["id"], one["status"]) for one in resources(job)] == [(made, "revoked")]
    assert job.control("DELETE", "/rate-limit").json()["remaining"] == 100


def test_a_store_in_a_file_does_the_same(
    serving: Serving, a_job: JobFactory, tmp_path: Path
) -> None:
    with serving(Settings(rate_limit="100/hour", store=f"sqlite:///{tmp_path}/mock.db")) as client:
        check_a_life(client, a_job)


@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: there is no redis-server on PATH")
def test_a_store_on_redis_does_the_same(
    serving: Serving, a_job: JobFactory, tmp_path: Path
) -> None:
    with (
        redis_server(tmp_path) as server,
        serving(Settings(rate_limit="100/hour", store=server.url)) as client,
    ):
        check_a_life(client, a_job)
