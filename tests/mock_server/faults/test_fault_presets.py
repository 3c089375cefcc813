"""The named presets: from the control plane, from the command line, and for one request."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from demo.mock_process import mock_process
from mock_server.connection import ConnectionDropped
from mock_server.faults.presets import ABOUT, PRESETS
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.document import CONTROL
from tests.mock_server.clients import Job, JobFactory, Serving

REFERENCE = (Path(__file__).parents[3] / "docs" / "control.md").read_text(encoding="utf-8")


def outcome(send: Callable[[], httpx.Response]) -> int | None:
    try:
        return send().status_code
    except (ConnectionDropped, httpx.RemoteProtocolError):
        return None


def lost_response(job: Job) -> None:
    assert [outcome(lambda: job.create(key="a")) for _ in range(4)] == [None, 201, None, 201]
    assert job.listed() == ["x"]


def failed_response(job: Job) -> None:
    answers = [job.create(key="a") for _ in range(2)]
    assert [one.status_code for one in answers] == [500, 201]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert job.listed() == ["x"]
    assert [one["executed"] for one in job.journal()][:2] == [True, False]


def outage(job: Job) -> None:
    assert [outcome(lambda: job.create(key="a")) for _ in range(5)] == [500] * 5
    assert job.get().status_code == 200
    assert job.listed() == []


def brownout(job: Job) -> None:
    statuses = [outcome(lambda: job.create(key="a")) for _ in range(6)]
    assert statuses == [500, 500, 201, 500, 500, 201]
    assert job.get().status_code == 200
    assert all(one["seconds"] >= 0.05 for one in job.journal())


def rate_limit_storm(job: Job) -> None:
    answers = [job.get() for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 200]
    assert [one.headers.get("retry-after") for one in answers] == ["1", "1", None]
    assert job.log_in().status_code == 200


def slow(job: Job) -> None:
    assert [job.create(key="a").status_code for _ in range(5)] == [201] * 5
    seconds = [one["seconds"] for one in job.journal()]
    assert [one >= 1.7 for one in seconds] == [True, True, False, False, True]
    assert min(seconds) >= 0.2


def expired_token(job: Job) -> None:
    assert job.create(key="a").json()["code"] == "token_expired"
    assert job.create(key="a").json()["code"] == "token_expired"
    job.token = job.log_in().json()["access_token"]
    assert job.create(key="a").status_code == 201


def gateway(job: Job) -> None:
    answers = [job.create(key=f"key {number // 2}") for number in range(10)]
    statuses = [502, 201, 503, 201, 504, 201, 408, 201, 502, 201]
    assert [one.status_code for one in answers] == statuses
    assert "<h1>502 Bad Gateway</h1>" in answers[0].text
    assert (answers[2].content, answers[2].headers["retry-after"]) == (b"", "1")
    assert answers[5].headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in answers[7].headers
    assert answers[6].json()["status"] == 408
    assert job.get().status_code == 200


def connection_reset(job: Job) -> None:
    answers = [outcome(lambda: job.create(key="a")) for _ in range(4)]
    assert answers == [None, 201, None, 201]
    assert job.listed() == ["x"]


def refusal(job: Job) -> None:
    answers = [job.create(key="a") for _ in range(3)]
    assert [one.status_code for one in answers] == [403, 403, 201]
    assert "idempotent-replayed" not in answers[2].headers
    assert job.get().status_code == 200


NIGHTS = {
    "lost-response": lost_response,
    "failed-response": failed_response,
    "brownout": brownout,
    "outage": outage,
    "rate-limit-storm": rate_limit_storm,
    "slow": slow,
    "expired-token": expired_token,
    "gateway": gateway,
    "connection-reset": connection_reset,
    "refusal": refusal,
}


def test_every_preset_has_its_test_its_name_in_the_contract_and_its_line_in_the_reference() -> None:
    document = yaml.safe_load(CONTROL.read_text(encoding="utf-8"))
    documented = document["components"]["schemas"]["Preset"]["properties"]["preset"]["enum"]
    assert list(PRESETS) == list(NIGHTS) == documented
    shown = REFERENCE.replace("`Retry-After: 1`", "Retry-After: 1")
    for name in PRESETS:
        assert f"| `{name}` | {ABOUT[name]} |" in shown


def test_every_preset_is_made_of_faults_as_the_control_plane_takes_them() -> None:
    body = Contract.control().operations["addFault"].request_body
    assert body is not None
    schema = body.content["application/json"].schema
    assert schema is not None
    for faults in PRESETS.values():
        for one in faults:
            assert schema.errors(one) == []


@pytest.mark.parametrize("name", NIGHTS)
def test_a_preset_is_set_for_one_partner(job: Job, other_job: Job, name: str) -> None:
    job.preset(name)
    assert {one["name"] for one in job.control("GET", "/faults").json()["data"]} == {name}
    NIGHTS[name](job)
    assert {one["fault"] for one in job.journal()} <= {name, None}
    assert other_job.create().status_code == 201
    assert other_job.last()["fault"] is None


@pytest.mark.parametrize("name", NIGHTS)
def test_a_preset_of_the_start_is_each_partners_own(
    serving: Serving, a_job: JobFactory, name: str
) -> None:
    with serving(Settings(faults=(name,))) as client:
        for _ in range(2):
            NIGHTS[name](a_job(client))


def test_a_preset_of_the_command_line_is_announced_and_fires() -> None:
    options = ("lost-response", "expired-token", "502:html")
    with mock_process(*(word for one in options for word in ("--fault", one))) as mock:
        assert re.search(r"Faults +lost-response, expired-token, 502:html", mock.announcement)
        headers = {"Authorization": f"Bearer {mock.token}", "Idempotency-Key": "a key"}
        with httpx.Client(base_url=mock.base_url, headers=headers) as http:

            def create() -> httpx.Response:
                return http.post("/auth/credentials", json={"name": "x"})

            assert [outcome(create) for _ in range(2)] == [None, 401]
            body = {"grant_type": "client_credentials", "client_id": mock.client_id}
            assert "<h1>502" in http.post("/auth/token", data=body).text
        assert mock.log() == ""


def test_a_request_asks_for_a_preset_of_its_own(job: Job) -> None:
    asked = {"Prefer": "fault=lost-response"}
    for _ in range(2):
        assert outcome(lambda: job.create(key="a", **asked)) is None
    assert job.create(key="a").headers["idempotent-replayed"] == "true"
    assert [one["fault"] for one in job.journal()] == ["lost-response", "lost-response", None]
    assert job.control("GET", "/faults").json()["data"] == []


@pytest.mark.parametrize(
    "text",
    [
        "fault=rate-limit-storm",
        'Fault = "rate-limit-storm"',
        "wait=1, fault=rate-limit-storm",
        "x; fault=rate-limit-storm",
    ],
)
def test_the_preference_is_read_as_rfc_7240_writes_it(job: Job, text: str) -> None:
    response = job.create(Prefer=text)
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")


@pytest.mark.parametrize("text", ["default=slow", "respond-async", ""])
def test_other_preferences_are_ignored(job: Job, text: str) -> None:
    assert job.create(Prefer=text).status_code == 201
    assert job.last()["fault"] is None


@pytest.mark.parametrize("name", ["earthquake", "", "lost-respons", "LOST-RESPONSE"])
def test_an_unknown_preset_is_refused_with_the_known_ones(job: Job, name: str) -> None:
    response = job.create(Prefer=f"fault={name}")
    assert (response.status_code, response.json()["code"]) == (400, "unknown_fault")
    assert all(known in response.json()["detail"] for known in PRESETS)
    assert job.listed() == []


def test_a_preset_that_the_operation_cannot_have_is_refused(job: Job) -> None:
    body = {"grant_type": "client_credentials"}
    headers = {"Prefer": "fault=expired-token"}
    response = job.http.post("/v3/auth/token", json=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "unsuitable_fault")


def test_a_request_without_a_valid_token_gets_no_fault(job: Job) -> None:
    job.token = "wrong"
    assert job.create(Prefer="fault=lost-response").status_code == 401
    assert job.create(Prefer="fault=earthquake").status_code == 401


def test_a_preset_for_one_request_works_where_no_token_is_needed(job: Job) -> None:
    def ask() -> httpx.Response:
        body = {"grant_type": "client_credentials", "client_id": job.client_id}
        secret = {"client_secret": job.client_secret}
        headers = {"Prefer": "fault=lost-response"}
        response: httpx.Response = job.http.post(
            "/v3/auth/token", json=body | secret, headers=headers
        )
        return response

    assert outcome(ask) is None
    assert (job.last()["status"], job.last()["fault"]) == (None, "lost-response")
