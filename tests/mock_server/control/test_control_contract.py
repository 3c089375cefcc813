"""The control plane does what its own contract says, in what it grants and in what it refuses."""

import re
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
import yaml

from mock_server.console.pages import Console
from mock_server.control.assets import Assets
from mock_server.control.clocks import Clocks
from mock_server.control.fault_plans import FaultOperations
from mock_server.control.health import Probes
from mock_server.control.journals import JournalReading
from mock_server.control.partners import Partners
from mock_server.control.rate_limits import RateLimits
from mock_server.control.reference.page import Reference
from mock_server.control.resources import Resources
from mock_server.faults.presets import ABOUT, PRESETS
from openapi.contract import Contract
from openapi.document import CONTROL, document_errors, read_document
from tests.mock_server.clients import Client, Job, Judge

CONTRACT = Contract.control()
PARTNER = "/partners/{id}"
DOCUMENTS = Path(__file__).parents[3] / "docs"
REFERENCE = "\n".join(
    (DOCUMENTS / name).read_text(encoding="utf-8")
    for name in ("control.md", "operating.md", "console.md")
)
JSON = {"Content-Type": "application/json"}


def test_the_document_is_true_to_the_openapi_specification() -> None:
    assert list(document_errors(read_document(CONTROL))) == []
    openapi_spec_validator.validate(yaml.safe_load(CONTROL.read_text(encoding="utf-8")))


def test_each_operation_is_handled_and_nothing_else() -> None:
    nothing: Any = None
    handlers = {
        **Partners(nothing, nothing).handlers(),
        **Clocks(nothing, nothing).handlers(),
        **RateLimits(nothing, nothing, nothing).handlers(),
        **Resources(nothing, nothing, nothing).handlers(),
        **FaultOperations(nothing, nothing, nothing).handlers(),
        **JournalReading(nothing, nothing, nothing, nothing).handlers(),
        **Reference(nothing, nothing, nothing).handlers(),
        **Assets(()).handlers(),
        **Console(nothing, nothing, nothing, nothing, nothing, nothing, nothing).handlers(),
        **Probes(nothing, nothing, nothing, nothing).handlers(),
    }
    documented = {operation.name for operation in CONTRACT.operations.values()}
    assert set(handlers) == documented


def test_the_reference_has_a_line_for_everything() -> None:
    components = yaml.safe_load(CONTROL.read_text(encoding="utf-8"))["components"]
    schemas = components["schemas"]
    for operation in CONTRACT.operations.values():
        assert f"| `{operation.method} /_mock{operation.path}` |" in REFERENCE
    for kind in schemas["Action"]["properties"]["kind"]["enum"]:
        assert f"| `{kind}` |" in REFERENCE
    for name in ("Match", "Fire", "Exchange"):
        for member in schemas[name]["properties"]:
            assert re.search(rf"^\| [^|]*`{member}`[^|]* \|", REFERENCE, re.MULTILINE), member
    for parameter in components["parameters"].values():
        if parameter["in"] == "query":
            assert f"`{parameter['name']}`" in REFERENCE


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_reference_and_the_console_say_the_same_of_each_preset(name: str) -> None:
    assert f"| {name} | {ABOUT[name]} |" in REFERENCE.replace("`", "")


def test_each_example_of_a_request_is_accepted(job: Job) -> None:
    sent, fault = 0, job.fault("truncate")
    for operation in CONTRACT.operations.values():
        for media_type in operation.request_body.content.values() if operation.request_body else ():
            for example in media_type.examples:
                path = operation.path.removeprefix("/partners/{partner_id}")
                path = path.replace("{fault_id}", fault)
                response = job.control(operation.method, path, json=example)
                assert response.status_code in {200, 201}, (operation.id, response.text)
                sent += 1
    assert sent >= 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 200),
        ("GET", "/clock", 200),
        ("GET", "/faults", 200),
        ("GET", "/rate-limit", 200),
        ("DELETE", "/rate-limit", 200),
        ("GET", "/resources", 200),
        ("POST", "/tokens", 201),
        ("GET", "/journal", 200),
        ("GET", "/journal.har", 200),
        ("DELETE", "/clock", 200),
        ("DELETE", "/faults", 204),
        ("POST", "/reset", 204),
        ("DELETE", "", 204),
    ],
)
def test_each_operation_answers_as_documented(
    job: Job, method: str, path: str, status: int
) -> None:
    job.create(key="a key")
    job.fault("truncate")
    assert job.control(method, path).status_code == status


def test_what_stands_above_the_partners_answers_as_documented(
    client: Client, judged: Judge
) -> None:
    client.get("/nope")
    assert judged(client.get("/_mock/partners")).status_code == 200
    page = judged(client.get("/_mock/journal")).json()
    assert [one["url"] for one in page["data"]] == ["http://mock/nope"]


@pytest.mark.parametrize(
    "name",
    [name for name, one in CONTRACT.operations.items() if one.path.startswith("/partners/{")],
)
def test_an_unknown_partner_is_a_404(client: Client, judged: Judge, name: str) -> None:
    operation = CONTRACT.operations[name]
    path = re.sub(r"\{\w+\}", "nobody", operation.path)
    options = {}
    if operation.request_body:
        [media_type] = operation.request_body.content.values()
        options["json"] = media_type.examples[0]
    response = judged(client.request(operation.method, f"/_mock{path}", **options))
    assert (response.status_code, response.json()["code"]) == (404, "unknown_partner")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("PUT", "/clock", b'{"now": "tomorrow"}', 422, "now"),
        ("PUT", "/clock", b"{}", 422, "now"),
        ("PUT", "/clock", b'{"now": "2026-01-01T00:00:00Z", "zone": 1}', 422, "zone"),
        ("PUT", "/clock", b"{", 400, None),
        ("PUT", "/clock", b"", 400, None),
        ("POST", "/clock/advance", b'{"seconds": "1"}', 422, "seconds"),
        ("POST", "/clock/advance", b'{"seconds": 1e10}', 422, "seconds"),
        ("POST", "/clock/advance", b'{"seconds": 1e400}', 400, None),
        ("POST", "/faults", b"[]", 422, "body"),
        ("POST", "/faults", b"{}", 422, "action"),
        ("POST", "/faults", b'{"preset": "earthquake"}', 422, "preset"),
        ("POST", "/faults", b'{"preset": "slow", "fire": {"times": 1}}', 422, "fire"),
        ("POST", "/faults", b'{"action": {"kind": "explode"}}', 422, "action.kind"),
        ("POST", "/faults", b'{"action": {"kind": "delay"}}', 422, "action.seconds"),
        ("POST", "/faults", b'{"action": {"kind": "delay", "seconds": -1}}', 422, "action.seconds"),
        (
            "POST",
            "/faults",
            b'{"action": {"kind": "delay", "seconds": 2, "upto": 1}}',
            422,
            "action.upto",
        ),
        ("POST", "/faults", b'{"action": {"kind": "drop", "when": "later"}}', 422, "action.when"),
        ("POST", "/faults", b'{"action": {"kind": "status", "status": 600}}', 422, "action.status"),
        (
            "POST",
            "/faults",
            b'{"action": {"kind": "media_type", "media_type": "a\\r\\nb: c"}}',
            422,
            "action.media_type",
        ),
        (
            "POST",
            "/faults",
            b'{"action": {"kind": "truncate"}, "fire": {"times": 1, "every": 2}}',
            422,
            "fire",
        ),
        ("POST", "/faults", b'{"action": {"kind": "truncate"}, "fire": {}}', 422, "fire"),
        (
            "POST",
            "/faults",
            b'{"action": {"kind": "truncate"}, "match": {"operation": "nope"}}',
            422,
            "match.operation",
        ),
        ("GET", "/journal?limit=0", None, 422, "limit"),
        ("GET", "/journal?after=x", None, 422, "after"),
        ("GET", "/journal?after=1e1", None, 422, "after"),
        ("GET", "/journal?refused=perhaps", None, 422, "refused"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    job: Job, method: str, path: str, body: bytes | None, status: int, field: str | None
) -> None:
    before = job.control("GET").json()
    response = job.control(method, path, content=body, headers=JSON if body is not None else {})
    assert response.status_code == status
    assert response.json().get("param") == field
    assert job.control("GET").json() == before


def test_a_refused_fault_names_what_there_is(job: Job) -> None:
    def detail(body: Any) -> str:
        return str(job.control("POST", "/faults", json=body).json()["detail"])

    assert (
        "lost-response, failed-response, brownout, outage, rate-limit-storm, slow, expired-token"
        in detail({"preset": "earthquake"})
    )
    status = {"kind": "status", "status": 409}
    assert detail({"action": status, "match": {"operation": "createToken"}}) == (
        "action takes a status that the operation documents: createToken has none."
    )
    truncated = {"action": {"kind": "truncate"}, "match": {"operation": "revokeCredential"}}
    assert detail(truncated) == "action takes an answer with a body: revokeCredential has none."
    expired = {"action": {"kind": "expire_token"}, "match": {"operation": "createToken"}}
    assert detail(expired) == "action takes a token: createToken has none."


@pytest.mark.parametrize(
    ("fire", "details"),
    [
        (
            {"times": 1, "every": 2},
            {
                "fire": "has times, every together,"
                " and must have just one of times, every, probability"
            },
        ),
        ({}, {"fire": "must have one of times, every, probability"}),
        (
            {"burst": 2},
            {
                "fire": "must have one of times, every, probability",
                "fire.every": "is required",
            },
        ),
        ({"times": 0}, {"fire.times": "is less than the minimum of 1"}),
        ({"every": "2"}, {"fire.every": "must be an integer"}),
    ],
)
def test_a_wrong_rule_names_the_member_and_what_is_allowed(
    job: Job, fire: Any, details: dict[str, str]
) -> None:
    refused = job.control("POST", "/faults", json={"action": {"kind": "truncate"}, "fire": fire})
    assert {one["param"]: one["detail"] for one in refused.json()["errors"]} == details
    assert all(name in refused.json()["detail"] for name in details)


@pytest.mark.parametrize("path", ["", "/", "/nope", "/partners/", "/partners/a/nope"])
def test_an_unknown_path_is_a_404(client: Client, path: str) -> None:
    response = client.get(f"/_mock{path}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/partners", "GET, HEAD, POST"),
        ("POST", PARTNER, "DELETE, GET, HEAD"),
        ("GET", f"{PARTNER}/reset", "POST"),
        ("POST", f"{PARTNER}/journal/events", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_a_405_with_the_right_ones(
    client: Client, job: Job, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, f"/_mock{path.format(id=job.id)}")
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["", "/clock", "/faults", "/journal", "/journal.har"])
def test_head_answers_with_the_headers_of_get(job: Job, path: str) -> None:
    head, get = job.control("HEAD", path), job.control("GET", path)
    assert head.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]


def test_head_of_the_events_does_not_wait_for_any(job: Job) -> None:
    head = job.control("HEAD", "/journal/events")
    assert head.headers["content-type"] == "text/event-stream"


def test_a_failure_in_a_handler_is_a_problem_and_in_the_log(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the roof is on fire")

    monkeypatch.setattr("mock_server.partners.clock.PartnerClocks.now", fail)
    response = job.control("GET", "/clock")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "the roof is on fire" in caplog.text
    assert "the roof" not in response.text


def test_the_api_has_no_journal_of_the_control_plane(job: Job) -> None:
    job.control("GET")
    job.http.get("/_mock/nope")
    assert job.journal() == []
    assert job.http.get("/_mock/journal").json()["data"] == []
