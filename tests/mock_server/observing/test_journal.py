"""What a partner's journal says of each exchange, and how it is read."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from conformance.journal.har_reading import entries_of
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Job, JobFactory, Serving, WiredJob

JSON = {"Content-Type": "application/json"}


def urls(client: Client) -> list[str]:
    """The exchanges that are nobody's."""
    return [one["url"] for one in client.get("/_mock/journal").json()["data"]]


def test_an_exchange_is_recorded_whole(job: Job) -> None:
    response = job.call("POST", "/auth/credentials?a=1&b", json={"name": "x"})
    [entry] = job.journal()
    assert (entry["number"], entry["method"], entry["status"]) == (1, "POST", 201)
    assert entry["url"] == "http://mock/v3/auth/credentials?a=1&b"
    assert (entry["operation"], entry["partner"]) == ("createCredential", job.id)
    assert (entry["fault"], entry["replayed"], entry["refusals"]) == (None, False, [])
    assert json.loads(entry["request_body"]) == {"name": "x"}
    shown, sent = json.loads(entry["response_body"]), response.json()
    assert shown.pop("client_secret") != sent.pop("client_secret")
    assert shown == sent
    assert ["content-type", "application/json"] in entry["request_headers"]
    names = [name for name, _ in entry["response_headers"]]
    assert {"x-ratelimit-limit", "content-length", "cache-control"} <= set(names)
    assert entry["seconds"] > 0
    assert entry["started"] > 1_700_000_000


def test_numbers_and_times_go_up(job: Job) -> None:
    for _ in range(5):
        job.get()
    entries = job.journal()
    assert [one["number"] for one in entries] == [1, 2, 3, 4, 5]
    assert [one["started"] for one in entries] == sorted(one["started"] for one in entries)


def test_a_replay_is_marked_and_a_first_answer_is_not(job: Job) -> None:
    for _ in range(2):
        job.create(key="a key")
    assert [one["replayed"] for one in job.journal()] == [False, True]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "refusals"),
    [
        ("POST", "/auth/credentials", {"json": {}}, 422, ["name is required"]),
        (
            "POST",
            "/auth/credentials",
            {"json": {"name": 1, "expires_at": 2}},
            422,
            ["name must be a string", "expires_at must be null or a string"],
        ),
        ("GET", "/auth/credentials?limit=0", {}, 422, ["limit is less than the minimum of 1"]),
        ("PUT", "/auth/credentials", {}, 405, ["This path answers GET, HEAD, POST."]),
        ("GET", "/auth/credential", {}, 404, ["The contract has no such path."]),
        (
            "POST",
            "/auth/credentials",
            {},
            400,
            ["The request has no Content-Type; send application/json."],
        ),
    ],
)
def test_a_request_that_the_contract_refuses_has_every_reason(
    job: Job, method: str, path: str, options: Any, status: int, refusals: list[str]
) -> None:
    job.call(method, path, **options)
    [entry] = job.journal()
    assert entry["status"] == status
    assert sorted(entry["refusals"]) == sorted(refusals)
    assert entry["partner"] == job.id


@pytest.mark.parametrize(
    "send",
    [
        lambda job: job.call("DELETE", "/auth/credentials/nope"),
        lambda job: [job.create(key="a"), job.create(key="a", name="other")],
        lambda job: job.create(Prefer="code=422"),
        lambda job: job.log_in(client_secret="wrong"),
    ],
    ids=["404 of the operation", "a key used again", "a forced 422", "a wrong secret"],
)
def test_what_the_contract_accepts_has_no_refusals(
    job: Job, send: Callable[[Job], httpx.Response]
) -> None:
    send(job)
    assert job.last()["status"] >= 400
    assert job.last()["refusals"] == []


def test_a_401_that_names_a_known_client_id_is_that_partners(job: Job) -> None:
    job.log_in(client_secret="wrong")
    text = base64.b64encode(f"{job.client_id}:wrong".encode()).decode()
    job.http.post(
        "/v3/auth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {text}"},
    )
    assert [one["status"] for one in job.journal()] == [401, 401]
    assert [one["partner"] for one in job.journal()] == [job.id, job.id]


def test_a_token_request_that_is_refused_is_that_partners(job: Job) -> None:
    body = {"client_id": job.client_id, "client_secret": job.client_secret}
    job.http.post("/v3/auth/token", json=body)
    assert job.last()["refusals"] == ["grant_type is required"]


def test_the_client_id_of_an_api_key_names_its_partner(job: Job) -> None:
    key = job.create().json()
    job.log_in(client_id=key["client_id"], client_secret="wrong")
    assert (job.last()["status"], job.last()["partner"]) == (401, job.id)


def test_an_expired_token_names_its_partner(job: Job) -> None:
    job.token = job.log_in().json()["access_token"]
    job.advance(3600)
    job.get()
    assert (job.last()["status"], job.last()["partner"]) == (401, job.id)


def test_an_unattributed_exchange_is_in_the_journal_of_none(
    client: Client, job: Job, other_job: Job
) -> None:
    for authorization in ("Bearer garbage", "Bearer", "Basic !", ""):
        client.get("/v3/auth/credentials", headers={"Authorization": authorization})
    client.get("/v3/nope")
    client.post("/v3/auth/token", json={"client_id": "nobody", "client_secret": "x"})
    client.post("/v3/auth/token", content=b"{", headers=JSON)
    assert len(urls(client)) == 7
    assert job.journal() == other_job.journal() == []


def test_the_body_of_a_refused_request_is_there(serving: Serving, a_job: JobFactory) -> None:
    def bodies(entries: list[dict[str, Any]]) -> list[tuple[int, str]]:
        return [(one["status"], json.loads(one["request_body"])["name"]) for one in entries]

    with serving(Settings(rate_limit="1/hour")) as client:
        job = a_job(client)
        job.get()
        job.create(name="limited")
        assert bodies(job.journal(operation="createCredential")) == [(429, "limited")]

        job = a_job(client)
        job.fault({"kind": "status", "status": 500})
        job.create(name="failed")
        job.fault("expire_token")
        job.control("DELETE", "/faults")
        job.fault("expire_token")
        job.create(name="expired")
        assert bodies(job.journal()) == [(500, "failed"), (401, "expired")]

        job.call("POST", "/auth/credential", json={"name": "astray"})
        assert bodies([job.last()]) == [(404, "astray")]

        job.token = "garbage"
        job.create(name="unknown")
        nobodys = client.get("/_mock/journal").json()["data"]
        assert bodies(nobodys) == [(401, "unknown")]


def test_a_body_in_chunks_of_a_refused_request_is_there(wired: WiredJob) -> None:
    wired.token, token = "garbage", wired.token
    wired.call("POST", "/auth/credentials", content=iter([b'{"name":', b' "in chunks"}']))
    nobodys = wired.http.get("/_mock/journal").json()["data"]
    assert nobodys[-1]["request_body"] == '{"name": "in chunks"}'
    wired.token = token
    assert wired.journal() == []


def test_entries_must_pass_every_filter(job: Job) -> None:
    job.create(key="a")
    job.create(key="a")
    job.get()
    job.call("POST", "/auth/credentials", json={})
    job.fault({"kind": "status", "status": 500}, name="bad day", fire={"times": 1})
    job.get()

    def numbers(**filters: Any) -> list[int]:
        return [one["number"] for one in job.journal(**filters)]

    assert numbers() == [1, 2, 3, 4, 5]
    assert numbers(operation="listCredentials") == [3, 5]
    assert numbers(operation="revokeCredential") == []
    assert numbers(status=201) == [1, 2]
    assert numbers(fault="bad day") == [5]
    assert numbers(refused="true") == [4]
    assert numbers(refused="false") == [1, 2, 3, 5]
    assert numbers(replayed="true") == [2]
    assert numbers(replayed="false") == [1, 3, 4, 5]
    assert numbers(operation="listCredentials", status=200) == [3]
    assert numbers(after=3) == [4, 5]
    assert numbers(after=3, operation="listCredentials") == [5]
    assert numbers(after=99) == []


def test_a_dropped_connection_is_found_by_status_0(job: Job) -> None:
    job.get()
    job.fault({"kind": "drop", "when": "before_operation"})
    with pytest.raises(Exception):  # noqa: B017, PT011 - it is told in test_faults
        job.get()
    assert [one["number"] for one in job.journal(status=0)] == [2]


def test_pages_follow_each_other_without_gap_or_overlap(job: Job) -> None:
    for _ in range(7):
        job.get()
        job.create()
    found: list[int] = []
    while True:
        after = found[-1] if found else 0
        parameters = {"limit": 2, "after": after, "operation": "listCredentials"}
        page = job.control("GET", "/journal", params=parameters).json()
        found += [one["number"] for one in page["data"]]
        if not page["has_more"]:
            break
        assert len(page["data"]) == 2
    assert found == [1, 3, 5, 7, 9, 11, 13]


def test_it_is_bounded_and_counts_what_it_dropped(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(1003):
        job.get()
    page = job.control("GET", "/journal").json()
    assert (len(page["data"]), page["dropped"]) == (1000, 3)
    assert [page["data"][0]["number"], page["data"][-1]["number"]] == [4, 1003]
    job.get()
    page = job.control("GET", "/journal", params={"limit": 1}).json()
    assert (page["dropped"], page["data"][0]["number"]) == (4, 5)
    assert job.control("GET").json()["exchanges"] == 1004


def test_a_long_body_is_cut(job: Job) -> None:
    job.create(name="x" * 100_000)
    [entry] = job.journal()
    for body in (entry["request_body"], entry["response_body"]):
        assert len(body) < 17_000
        assert "xxxx" in body
        assert "[cut: 1" in body
        assert "SHA-256 " in body


def test_a_secret_behind_the_cut_and_across_it_is_not_there(job: Job) -> None:
    for before in (16_330, 16_350, 16_384):
        body = {"name": "x" * before, "client_secret": "across-the-cut-is-a-secret"}
        job.call("POST", "/auth/credentials", json=body)
        shown = job.last()["request_body"]
        assert "across" not in shown
        assert "[cut: " in shown


def test_the_answer_to_head_has_no_body(job: Job) -> None:
    job.call("HEAD", "/auth/credentials")
    assert (job.last()["method"], job.last()["response_body"]) == ("HEAD", "")


def test_a_body_that_is_no_text_is_one_pseudonym(job: Job) -> None:
    job.call("POST", "/auth/credentials", content=b"\xff\xfe\x00", headers=JSON)
    assert job.last()["request_body"].startswith("redacted-")


def test_the_har_export_reads_back_as_the_journal(job: Job) -> None:
    job.create(key="a")
    job.create(key="a")
    job.call("POST", "/auth/credentials", json={})
    job.fault({"kind": "drop", "when": "before_operation"}, fire={"times": 1})
    with pytest.raises(Exception):  # noqa: B017, PT011 - it is told in test_faults
        job.get()
    response = job.control("GET", "/journal.har")
    assert response.headers["content-disposition"] == f'attachment; filename="{job.id}.har"'
    read = entries_of(response.json())
    assert [
        {
            **entry,
            "request_headers": tuple(map(tuple, entry["request_headers"])),
            "response_headers": tuple(map(tuple, entry["response_headers"])),
            "refusals": tuple(entry["refusals"]),
        }
        for entry in job.journal()
    ] == [{name: getattr(entry, name) for name in entry.__dataclass_fields__} for entry in read]


def test_the_har_export_takes_the_same_filters(job: Job) -> None:
    job.create()
    job.get()
    har = job.control("GET", "/journal.har", params={"operation": "listCredentials"}).json()
    assert [one["_number"] for one in har["log"]["entries"]] == [2]


def test_many_exchanges_without_a_reader_are_all_there_in_the_end(wired: WiredJob) -> None:
    for _ in range(700):
        wired.get()
    entries = wired.journal()
    assert [one["number"] for one in entries] == list(range(1, 701))


def test_a_client_that_closed_early_has_no_status(wired: WiredJob) -> None:
    wired.fault({"kind": "delay", "seconds": 0.5}, fire={"times": 1})
    with pytest.raises(httpx.ReadTimeout):
        wired.http.post(
            "/v3/auth/credentials",
            json={"name": "x"},
            headers={"Authorization": f"Bearer {wired.token}", "Idempotency-Key": "a"},
            timeout=0.1,
        )
    again = wired.create(key="a")
    while len(wired.journal()) < 2:
        time.sleep(0.02)
    first, second = sorted(wired.journal(), key=lambda one: one["started"])
    # The operation was done all the same, by whichever of the two came first.
    assert wired.listed() == ["x"]
    assert again.status_code == 201
    assert (first["status"], first["fault"]) == (None, "delay")
    assert second["status"] == 201
