"""What the control plane would ignore, it refuses, and says what was meant."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.mock_server.clients import Client, Job


def refused(job: Job, method: str, path: str, body: Any = None) -> tuple[str, str]:
    """The code and the detail of a refusal, which changed nothing."""
    before = job.control("GET").json()
    options = {} if body is None else {"json": body}
    response = job.control(method, path, **options)
    assert response.status_code == 422
    assert job.control("GET").json() == before
    problem = response.json()
    assert problem["param"] == problem["errors"][0]["param"]
    return problem["code"], problem["detail"]


@pytest.mark.parametrize(
    ("query", "code", "detail"),
    [
        ("operaton=x", "unknown_parameter", 'Unknown parameter "operaton": did you mean'),
        ("Status=201", "unknown_parameter", 'Unknown parameter "Status": did you mean "status"?'),
        ("st%61tus=201&x=1", "unknown_parameter", 'Unknown parameter "x": there is after, limit,'),
        ("st%61tuss=201", "unknown_parameter", '"statuss": did you mean "status"?'),
        ("status%20=201", "unknown_parameter", 'parameter "status": did you mean "status"?'),
        ("=1", "unknown_parameter", 'Unknown parameter "": there is after, limit,'),
        ("refused", "invalid_type", "refused must be true or false."),
        ("nothing", "unknown_parameter", 'Unknown parameter "nothing": there is'),
        ("status[]=201", "unknown_parameter", '"status[]": did you mean "status"?'),
        ("status=201&status=422", "repeated_parameter", '"status": send it once'),
        ("status=201&status=201", "repeated_parameter", '"status": send it once'),
        ("a=1&a=2", "unknown_parameter", 'Unknown parameter "a": there is'),
        ("a=1&b=2&c=3", "unknown_parameter", "refused, replayed (and 2 more)"),
        ("%ff=1", "unknown_parameter", 'Unknown parameter "�": there is'),
        ("a%22b%0a%1b%e2%80%ae=1", "unknown_parameter", r'"a\"b \x1b\u202e": there is'),
        (
            "operation=createCredentials",
            "invalid_value",
            'operation is no operation of the contract: did you mean "createCredential"?',
        ),
        ("operation=", "invalid_value", "of the contract: there is "),
    ],
)
def test_a_filter_that_nobody_would_read_is_refused(
    job: Job, query: str, code: str, detail: str
) -> None:
    job.create()
    for path in ("/journal", "/journal.har"):
        found_code, found = refused(job, "GET", f"{path}?{query}")
        assert (found_code, detail in found) == (code, True), found


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"preset": "slow", "preset": "slow"}', "preset"),
        ('{"action": {"kind": "delay", "seconds": 1, "seconds": 2}}', "seconds"),
        ('{"action": {"kind": "truncate"}, "match": {"body": {"x": 1, "\\u0078": 1}}}', "x"),
    ],
)
def test_a_member_that_stands_twice_is_refused(job: Job, body: str, name: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = job.control("POST", "/faults", content=body, headers=headers)

    assert response.status_code == 422
    assert response.json()["code"] == "repeated_field"
    assert response.json()["detail"] == f'Repeated member "{name}": send it once'
    assert job.control("GET", "/faults").json()["data"] == []


def test_the_operations_without_a_partner_refuse_the_same(client: Client) -> None:
    for path in ("journal?operaton=x", "journal?operation=x", "partners?x=1"):
        assert client.get(f"/_mock/{path}").status_code == 422
    assert client.post("/_mock/partners?name=x").status_code == 422
    assert client.post("/_mock/partners", json={"id": "x"}).status_code == 422


@pytest.mark.parametrize("value", ["mus", "MUST", ""])
def test_a_value_that_is_none_of_those_is_refused(job: Job, value: str) -> None:
    assert refused(job, "GET", f"/report?level={value}")[0] == "invalid_value"


def test_the_format_of_a_report_is_hinted_at(job: Job) -> None:
    detail = refused(job, "GET", "/report?format=junitt")[1]
    assert detail == 'format is no format of a report: did you mean "junit"?'


@pytest.mark.parametrize(
    ("body", "param", "detail"),
    [
        ({"prest": "slow"}, "prest", 'Unknown member "prest": did you mean "preset"?'),
        ({"preset": "lost-respons"}, "preset", 'of "preset": did you mean "lost-response"?'),
        ({"preset": "Slow"}, "preset", 'of "preset": did you mean "slow"?'),
        ({"preset": "lost_response"}, "preset", 'of "preset": did you mean "lost-response"?'),
        ({"preset": "slow", "fire": {"times": 1}}, "fire", '"fire": there is preset'),
        ({"action": {"kin": "drop"}}, "action.kin", '"action.kin": did you mean "kind"?'),
        ({"action": {"kind": "truncat"}}, "action.kind", 'did you mean "truncate"?'),
        (
            {"action": {"kind": "delay", "second": 1}},
            "action.second",
            'Unknown member "action.second": did you mean "seconds"?',
        ),
        (
            {"action": {"kind": "drop", "when": "after_commit", "seconds": 1}},
            "action.seconds",
            'Unknown member "action.seconds": there is kind, when',
        ),
        (
            {"action": {"kind": "drop", "when": "after-commit"}},
            "action.when",
            'Unknown value of "action.when": did you mean "after_commit"?',
        ),
        (
            {"action": {"kind": "truncate"}, "match": {"idempotnt": True}},
            "match.idempotnt",
            '"match.idempotnt": did you mean "idempotent"?',
        ),
        (
            {"action": {"kind": "truncate"}, "match": {"operation": "createCredentials"}},
            "match.operation",
            'match.operation is no operation of the contract: did you mean "createCredential"?',
        ),
        (
            {"action": {"kind": "truncate"}, "fire": {"time": 1}},
            "fire.time",
            'Unknown member "fire.time": did you mean "times"?',
        ),
        ({"action": {"kind": "truncate"}, "": 1}, "", 'Unknown member "": there is'),
        (
            {"action": {"kind": "truncate"}, "times": 1, "evry": 2},
            "times",
            "(and 1 more)",
        ),
    ],
)
def test_a_member_or_value_of_a_fault_that_is_misspelt_is_named(
    job: Job, body: Any, param: str, detail: str
) -> None:
    response = job.control("POST", "/faults", json=body)
    assert response.status_code == 422
    assert response.json()["param"] == param
    assert detail in response.json()["detail"], response.json()["detail"]
    assert job.control("GET", "/faults").json()["data"] == []


def test_what_a_client_sends_is_matched_whatever_its_names(job: Job) -> None:
    match = {"headers": {"X-Any": "1"}, "body": {"kind": 1, "": {"preset": [{"evry": 1}]}}}
    job.fault({"kind": "truncate"}, match=match, name="any name")
    assert job.journal(fault="any name") == []


def test_a_fault_that_there_is_not_is_no_filter(job: Job, client: Client) -> None:
    fault = job.fault({"kind": "delay", "seconds": 0}, name="bad day")
    job.get()
    job.control("DELETE", f"/faults/{fault}")
    assert [one["fault"] for one in job.journal(fault="bad day")] == ["bad day"]
    assert job.journal(fault="lost-response") == []
    for path in ("/journal", "/journal.har"):
        refused = job.control("GET", path, params={"fault": "bad dya"})
        assert (refused.status_code, refused.json()["param"]) == (422, "fault")
        assert 'did you mean "bad day"?' in refused.json()["detail"]
    assert client.get("/_mock/journal?fault=bad+day").status_code == 422
    job.control("POST", "/reset")
    assert job.control("GET", "/journal", params={"fault": "bad day"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/reset"), ("POST", "/tokens"), ("DELETE", "/clock"), ("DELETE", ""), ("GET", "")],
)
def test_a_body_that_no_one_reads_is_refused(job: Job, method: str, path: str) -> None:
    for body in ({"faults": False}, [], None, "", 0):
        response = job.control(method, path, content=json.dumps(body), headers=JSON)
        assert (response.status_code, response.json()["code"]) == (422, "unexpected_body")
    assert job.control("POST", "/reset", json={}).status_code == 204


@pytest.mark.parametrize("kind", ["a", '"', "\\", "\u202e", "\n", "💥", "%", "</script>"])
def test_the_refusal_of_a_long_name_is_one_short_line(job: Job, kind: str) -> None:
    name = (kind * 64_000)[:64_000]
    query = quote(name[: 20_000 // len(quote(kind))])
    path = f"/journal?{query}"
    for response in (
        job.control("GET", path),
        job.control("GET", "?" + "&".join(f"{query[:12]}{number}=1" for number in range(2000))),
        job.control("POST", "/faults", json={name: 1}),
        job.control("POST", "/faults", json={"action": {"kind": "truncate", name: {name: 1}}}),
        job.control("POST", "/faults", json={f"{name[:100]}{number}": 1 for number in range(1000)}),
        job.control("POST", "/faults", json={"preset": name}),
        job.control("POST", "/faults", json={"action": {"kind": name}}),
    ):
        assert response.status_code == 422
        problem = response.json()
        assert "\n" not in problem["detail"]
        assert len(problem["detail"]) < 1000
        assert len(response.content) < 20_000


def test_the_api_takes_unknown_parameters_as_its_contract_does(job: Job) -> None:
    assert job.call("GET", "/auth/credentials?limt=1&limt=2").status_code == 200


JSON = {"Content-Type": "application/json"}
