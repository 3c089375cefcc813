"""What each fault does to a request, and what it leaves alone."""

import base64
import json
from typing import Any

import httpx
import pytest

from mock_server.connection import ConnectionDropped, delivery
from openapi.contract import Contract
from tests.mock_server.clients import Job

CREATE = Contract.bundled().operations["createCredential"]
ONCE = {"times": 1}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each fault would have waited; none does."""
    waited: list[float] = []

    async def wait(_: object, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(delivery, "wait", wait)
    monkeypatch.setattr("mock_server.faults.actions.wait", wait)
    return waited


def test_a_fixed_delay_comes_before_the_answer(job: Job, waits: list[float]) -> None:
    job.fault({"kind": "delay", "seconds": 1.5})
    assert job.create().status_code == 201
    assert job.get().status_code == 200
    assert waits == [1.5, 1.5]
    assert [one["fault"] for one in job.journal()] == ["delay", "delay"]


def test_a_delay_between_bounds_differs_and_is_the_same_each_time(
    job: Job, other_job: Job, waits: list[float]
) -> None:
    for one in (job, other_job):
        one.fault({"kind": "delay", "seconds": 1, "upto": 3})
        for _ in range(20):
            one.get()
    assert all(1 <= seconds <= 3 for seconds in waits)
    assert len(set(waits[:20])) > 10
    assert waits[:20] == waits[20:]


@pytest.mark.parametrize("status", [201, 400, 401, 422, 429, 500])
def test_a_documented_status_is_answered_and_nothing_is_made(job: Job, status: int) -> None:
    job.fault({"kind": "status", "status": status, "retry_after": 7}, fire=ONCE)
    response = job.create(key="a key")
    assert (response.status_code, response.headers["retry-after"]) == (status, "7")
    answer = CREATE.response(status)
    assert answer is not None
    schema = answer.content[response.headers["content-type"].split(";")[0]].schema
    assert schema is not None
    assert schema.errors(response.json()) == []
    assert job.listed() == []

    after = job.create(key="a key")
    assert (after.status_code, "idempotent-replayed" in after.headers) == (201, False)


def test_a_whole_number_may_be_written_as_json_likes(job: Job) -> None:
    job.fault({"kind": "status", "status": 429.0, "retry_after": 2.0}, fire={"times": 1.0})
    assert job.get().headers["retry-after"] == "2"
    assert job.get().status_code == 200


def test_a_status_without_retry_after_has_the_documented_one(job: Job) -> None:
    job.fault({"kind": "status", "status": 429})
    assert int(job.create().headers["retry-after"]) >= 1


def test_a_status_touches_only_operations_that_document_it(job: Job) -> None:
    job.fault({"kind": "status", "status": 409})
    assert job.create().status_code == 201
    assert job.call("DELETE", "/auth/credentials/nope").status_code == 409


@pytest.mark.parametrize("status", [408, 418, 502, 503, 504, 599])
def test_a_status_that_no_operation_documents_touches_them_all(job: Job, status: int) -> None:
    job.fault({"kind": "status", "status": status, "retry_after": 3}, fire={"times": 3})
    answers = [job.create(), job.get(), job.call("DELETE", "/auth/credentials/nope")]
    assert [one.status_code for one in answers] == [status] * 3
    assert {one.headers["retry-after"] for one in answers} == {"3"}
    assert job.listed() == []


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("html", "text/html; charset=utf-8"),
        ("problem", "application/problem+json"),
        ("empty", None),
    ],
)
@pytest.mark.parametrize("status", [409, 500, 502])
def test_a_fault_says_which_body_a_gateway_answers(
    job: Job, status: int, body: str, media_type: str | None
) -> None:
    job.fault({"kind": "status", "status": status, "body": body}, fire=ONCE)
    answer = job.create()
    assert (answer.status_code, answer.headers.get("content-type")) == (status, media_type)
    assert bool(answer.content) == (body != "empty")


def test_a_gateway_may_give_up_after_the_commit(job: Job) -> None:
    action = {"kind": "status", "status": 504, "body": "html", "when": "after_commit"}
    job.fault(action, fire=ONCE)
    assert job.create(key="a key").status_code == 504
    assert job.create(key="a key").headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("when", [None, "before_operation", "after_commit"])
def test_a_reset_loses_the_answer(job: Job, when: str | None) -> None:
    job.fault({"kind": "reset"} | ({"when": when} if when else {}), fire=ONCE)
    with pytest.raises(ConnectionDropped):
        job.create(key="a key")
    assert (job.last()["status"], job.last()["fault"]) == (None, "reset")
    replayed = "idempotent-replayed" in job.create(key="a key").headers
    assert replayed == (when == "after_commit")


def test_a_drop_before_the_operation_makes_nothing(job: Job) -> None:
    job.fault({"kind": "drop", "when": "before_operation"}, fire=ONCE)
    with pytest.raises(ConnectionDropped):
        job.create(key="a key")
    assert job.last()["status"] is None
    assert job.listed() == []
    assert "idempotent-replayed" not in job.create(key="a key").headers
    assert job.listed() == ["x"]


def test_a_drop_after_the_commit_made_one_and_the_retry_is_a_replay(job: Job) -> None:
    job.fault({"kind": "drop", "when": "after_commit"}, fire=ONCE)
    with pytest.raises(ConnectionDropped):
        job.create(key="a key")
    again = job.create(key="a key")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert job.listed() == ["x"]
    dropped, replayed, _ = job.journal()
    assert (dropped["status"], dropped["fault"], dropped["replayed"]) == (None, "drop", False)
    assert dropped["response_body"] == ""
    assert (replayed["status"], replayed["fault"], replayed["replayed"]) == (201, None, True)


def test_a_drop_after_the_commit_of_a_refused_request_is_a_drop_all_the_same(job: Job) -> None:
    job.fault({"kind": "drop", "when": "after_commit"})
    with pytest.raises(ConnectionDropped):
        job.call("POST", "/auth/credentials", json={})
    assert job.last()["status"] is None
    assert job.last()["refusals"] == ["name is required"]


def test_a_drop_in_process_is_no_failure_of_the_mock(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    job.fault({"kind": "drop", "when": "before_operation"})
    with pytest.raises(ConnectionDropped):
        job.get()
    assert caplog.text == ""


def test_a_wrong_media_type_leaves_the_body_as_it_is(job: Job) -> None:
    job.fault({"kind": "media_type", "media_type": "text/html; charset=utf-8"}, fire=ONCE)
    response = job.create(key="a key")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.json()["name"] == "x"
    # What is stored for the key is not spoilt.
    again = job.create(key="a key")
    assert again.headers["content-type"] == "application/json"
    assert again.content == response.content


def test_malformed_json_is_as_long_as_it_says_and_cannot_be_read(job: Job) -> None:
    job.fault("malformed_json", fire=ONCE)
    response = job.create(key="a key")
    assert len(response.content) == int(response.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert job.create(key="a key").json()["name"] == "x"


def test_a_slow_body_comes_in_pieces_over_the_time(job: Job, waits: list[float]) -> None:
    job.fault({"kind": "slow", "seconds": 3})
    assert job.create().json()["name"] == "x"
    assert len(waits) == 10
    assert sum(waits) == pytest.approx(3)


def test_a_late_answer_comes_whole_after_the_time(job: Job, waits: list[float]) -> None:
    job.fault({"kind": "late", "seconds": 3})
    assert job.create().json()["name"] == "x"
    assert waits == [3]


@pytest.mark.parametrize(
    "action",
    [
        "truncate",
        "malformed_json",
        {"kind": "late", "seconds": 1},
        {"kind": "slow", "seconds": 1},
        {"kind": "media_type", "media_type": "text/html"},
    ],
)
def test_an_answer_without_a_body_is_not_spoilt_and_no_fault_is_named(
    job: Job, action: Any, waits: list[float]
) -> None:
    created = job.create().json()["id"]
    job.fault(action)
    response = job.call("DELETE", f"/auth/credentials/{created}")
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    assert job.last()["fault"] is None
    assert waits == []


def test_an_expired_token_is_refused_from_then_on_and_a_new_one_works(job: Job) -> None:
    old = job.token
    job.fault("expire_token", fire=ONCE)
    for response in (job.create(key="a key"), job.create(key="a key"), job.get()):
        assert (response.status_code, response.json()["code"]) == (401, "token_expired")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
    job.token = job.log_in().json()["access_token"]
    assert job.create(key="a key").status_code == 201
    job.token, new = old, job.token
    assert job.get().status_code == 401
    job.token = new
    assert job.listed() == ["x"]
    assert [one["fault"] for one in job.journal()][:2] == ["expire_token", None]


def test_a_delay_and_a_drop_are_both_done(job: Job, waits: list[float]) -> None:
    job.fault({"kind": "drop", "when": "after_commit"}, name="gone")
    job.fault({"kind": "delay", "seconds": 2}, name="late")
    with pytest.raises(ConnectionDropped):
        job.create()
    assert waits == [2]
    assert job.last()["fault"] == "gone"
    job.control("DELETE", "/faults")
    assert job.listed() == ["x"]


def test_of_two_that_spoil_the_answer_the_first_wins_and_the_second_waits(job: Job) -> None:
    job.fault({"kind": "status", "status": 500}, fire=ONCE)
    job.fault({"kind": "status", "status": 429}, fire=ONCE)
    assert [job.get().status_code for _ in range(3)] == [500, 429, 200]


def test_a_fault_is_listed_with_how_often_it_fired_and_can_be_removed(job: Job) -> None:
    first = job.fault({"kind": "status", "status": 500}, name="bad day")
    second = job.fault({"kind": "status", "status": 429}, match={"operation": "createCredential"})
    job.get()
    listed = job.control("GET", "/faults").json()["data"]
    assert [(one["id"], one["name"], one["fired"]) for one in listed] == [
        (first, "bad day", 1),
        (second, "status", 0),
    ]
    assert job.control("DELETE", f"/faults/{first}").status_code == 204
    assert job.control("DELETE", f"/faults/{first}").json()["code"] == "unknown_fault"
    assert job.get().status_code == 200
    assert job.create().status_code == 429
    assert job.control("DELETE", "/faults").status_code == 204
    assert job.create().status_code == 201


def basic(job: Job, secret: str) -> dict[str, str]:
    text = base64.b64encode(f"{job.client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


@pytest.mark.parametrize("way", ["basic", "json", "form"])
def test_a_fault_of_a_partner_fires_when_it_asks_for_a_token(
    job: Job, other_job: Job, way: str
) -> None:
    def ask(one: Job) -> httpx.Response:
        if way == "json":
            return one.log_in()
        form = {"grant_type": "client_credentials"}
        if way == "basic":
            headers = basic(one, one.client_secret)
            return one.http.post("/v3/auth/token", data=form, headers=headers)
        form |= {"client_id": one.client_id, "client_secret": one.client_secret}
        return one.http.post("/v3/auth/token", data=form)

    job.fault({"kind": "status", "status": 500}, fire=ONCE)
    assert [ask(one).status_code for one in (other_job, job, job)] == [200, 500, 200]
    assert [one["status"] for one in job.journal()] == [500, 200]
    assert [one["status"] for one in other_job.journal()] == [200]


def test_what_a_match_holds_is_shown_without_secrets(job: Job) -> None:
    key = "8d5f6a1e-0c2b-4f3d-9e7a-1b2c3d4e5f60"
    match = {
        "headers": {"Authorization": f"Bearer {job.token}", "Idempotency-Key": key},
        "body": {"client_secret": job.client_secret, "name": "x", "limit": 5},
    }
    shown = job.control(
        "POST",
        "/faults",
        json={"name": job.client_secret, "match": match, "action": {"kind": "truncate"}},
    )
    assert shown.status_code == 201
    for text in (shown.text, job.control("GET", "/faults").text):
        for secret in (job.token, job.client_secret, key):
            assert secret not in text
        assert '"limit":5' in text
        assert '"name":"x"' in text
