"""Which requests a fault is for, and for which of them it fires."""

from typing import Any

import pytest

from tests.mock_server.clients import Job

SPOIL = {"kind": "status", "status": 500}


def spoilt(job: Job, times: int) -> str:
    """One letter for each request: ``x`` for a fault that fired."""
    return "".join("x" if job.get().status_code == 500 else "." for _ in range(times))


@pytest.mark.parametrize(
    ("fire", "expected"),
    [
        (None, "xxxxxxx"),
        ({"times": 1}, "x......"),
        ({"times": 3}, "xxx...."),
        ({"every": 1}, "xxxxxxx"),
        ({"every": 3}, "x..x..x"),
        ({"every": 3, "skip": 1}, ".x..x.."),
        ({"every": 3, "skip": 4, "burst": 2}, "....xx."),
        ({"every": 1, "skip": 0}, "xxxxxxx"),
        ({"probability": 0}, "......."),
        ({"probability": 1}, "xxxxxxx"),
    ],
)
def test_each_way_of_firing(job: Job, fire: Any, expected: str) -> None:
    job.fault(SPOIL, **({"fire": fire} if fire else {}))
    assert spoilt(job, 7) == expected
    [fault] = job.control("GET", "/faults").json()["data"]
    assert fault["fired"] == expected.count("x")


def test_one_seed_makes_the_same_choices_and_another_others(job: Job, other_job: Job) -> None:
    seen = []
    for one, seed in ((job, 1), (other_job, 1), (job, 2)):
        one.control("DELETE", "/faults")
        one.fault(SPOIL, fire={"probability": 0.5, "seed": seed})
        seen.append(spoilt(one, 40))
    assert seen[0] == seen[1] != seen[2]
    assert 8 < seen[0].count("x") < 32


def test_only_requests_that_match_are_counted(job: Job) -> None:
    job.fault(SPOIL, fire={"every": 2}, match={"operation": "createCredential"})
    answers = [job.create().status_code if one == "c" else job.get().status_code for one in "cgcgc"]
    assert answers == [500, 200, 201, 200, 500]


def test_a_match_by_operation(job: Job) -> None:
    job.fault(SPOIL, match={"operation": "listCredentials"})
    assert (job.get().status_code, job.create().status_code) == (500, 201)


def test_a_match_by_whether_the_operation_takes_a_key(job: Job) -> None:
    job.fault(SPOIL, match={"idempotent": True})
    assert (job.get().status_code, job.create().status_code) == (200, 500)
    job.control("DELETE", "/faults")
    job.fault(SPOIL, match={"idempotent": False})
    assert (job.get().status_code, job.create().status_code) == (500, 201)


def test_a_match_by_whether_the_operation_wants_a_token(job: Job) -> None:
    job.fault(SPOIL, match={"authenticated": False})
    assert (job.get().status_code, job.log_in().status_code) == (200, 500)
    job.control("DELETE", "/faults")
    job.fault(SPOIL, match={"authenticated": True})
    assert (job.get().status_code, job.log_in().status_code) == (500, 200)


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_a_match_by_header_goes_by_the_value(job: Job, name: str) -> None:
    job.fault(SPOIL, match={"headers": {name: "this"}})
    assert job.create(key="this").status_code == 500
    assert job.create(key="that").status_code == 201
    assert job.create().status_code == 201


def test_all_headers_of_a_match_must_be_there(job: Job) -> None:
    job.fault(SPOIL, match={"headers": {"X-One": "1", "X-Two": "2"}})
    assert job.create(**{"X-One": "1"}).status_code == 201
    assert job.create(**{"X-One": "1", "X-Two": "2"}).status_code == 500


def test_a_header_that_nobody_can_send_matches_nothing(job: Job) -> None:
    job.fault(SPOIL, match={"headers": {"日本": "x", "X-One": "日本"}})
    assert job.create(**{"X-One": "1"}).status_code == 201


@pytest.mark.parametrize(
    ("wanted", "sent", "status"),
    [
        ({"name": "this"}, {"name": "this"}, 500),
        ({"name": "this"}, {"name": "this", "more": 1}, 500),
        ({"name": "this"}, {"name": "that"}, 201),
        ({"name": "this", "more": None}, {"name": "this"}, 201),
        ({"expires_at": None}, {"name": "x", "expires_at": None}, 500),
        ({"more": {"deep": [1]}}, {"name": "x", "more": {"deep": [1]}}, 500),
        ({"name": "this"}, ["this"], 422),
        ({"more": 1}, {"name": "x", "more": True}, 201),
        ({"more": [{"a": 1}]}, {"name": "x", "more": [{"a": True}]}, 201),
        ({"more": 1}, {"name": "x", "more": 1.0}, 500),
        ({"more": 10**30}, {"name": "x", "more": 10**30}, 500),
        ({"more": 10**30}, {"name": "x", "more": 10**30 + 1}, 201),
        ({}, {"name": "x"}, 500),
    ],
)
def test_a_match_by_members_of_the_body(job: Job, wanted: Any, sent: Any, status: int) -> None:
    job.fault(SPOIL, match={"body": wanted})
    assert job.call("POST", "/auth/credentials", json=sent).status_code == status


def test_a_body_that_is_no_json_matches_no_member(job: Job) -> None:
    job.fault(SPOIL, match={"body": {}})
    headers = {"Content-Type": "application/json"}
    response = job.call("POST", "/auth/credentials", content=b"{", headers=headers)
    assert response.status_code == 400


def test_a_request_that_is_refused_for_its_token_uses_no_fault_up(job: Job) -> None:
    job.fault(SPOIL, fire={"times": 1})
    token, job.token = job.token, "wrong"
    assert job.get().status_code == 401
    job.token = token
    assert job.get().status_code == 500


def test_a_fault_that_is_off_fires_for_no_request_and_counts_none(job: Job) -> None:
    fault = job.fault(SPOIL, name="bad day", match={"authenticated": True}, fire={"times": 2})
    switched = job.control("PATCH", f"/faults/{fault}", json={"enabled": False}).json()
    assert (switched["id"], switched["enabled"]) == (fault, False)
    assert spoilt(job, 3) == "..."
    assert job.control("PATCH", f"/faults/{fault}", json={"enabled": True}).json() == {
        **switched,
        "enabled": True,
    }
    assert spoilt(job, 3) == "xx."


def test_a_fault_that_is_switched_on_again_begins_anew(job: Job) -> None:
    fault = job.fault(SPOIL, fire={"times": 1})
    assert spoilt(job, 2) == "x."
    job.control("PATCH", f"/faults/{fault}", json={"enabled": True})
    assert spoilt(job, 2) == ".."
    for enabled in (False, True):
        job.control("PATCH", f"/faults/{fault}", json={"enabled": enabled})
    assert spoilt(job, 2) == "x."
    [listed] = job.control("GET", "/faults").json()["data"]
    assert (listed["enabled"], listed["fired"]) == (True, 2)


def test_a_fault_that_there_is_not_cannot_be_switched(job: Job) -> None:
    answer = job.control("PATCH", "/faults/fault_0", json={"enabled": True})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_fault")


def test_a_fault_says_of_which_preset_it_is(job: Job) -> None:
    job.preset("slow")
    job.fault(SPOIL, name="slow")
    listed = job.control("GET", "/faults").json()["data"]
    assert [one.get("preset") for one in listed] == ["slow", "slow", "slow", None]
