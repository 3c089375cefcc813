"""Each operation gets its token by its own schemes, where one contract has several."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from conformance.fuzz.findings.recording import steps_of
from conformance.results.curl import reproduction
from conformance.results.result import Outcome
from conformance.run.judging import never_succeeded
from conformance.target.exchange import Answer, Request
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged_mock
from tests.plain_servers.contracts import BASIC, BEARER, mixed
from tests.plain_servers.serving import TOKENS
from tests.plain_servers.test_plain_servers import contract_file, judged_server
from tests.plain_servers.test_schemes import JUDGED, anybody, results


def test_each_operation_is_judged_with_its_own_scheme() -> None:
    found = results("bearer", *JUDGED, name="mixed")

    assert {one.outcome for one in found} == {Outcome.PASSED}
    judged = {(one.requirement.id, one.operation) for one in found}
    others = ("GET /orders", "POST /orders", "GET /orders/{id}", "GET /rates", "POST /products")
    assert judged >= {(JUDGED[0], one) for one in others}


def anybody_in_the_rates(request: BaseHTTPRequestHandler) -> str | None:
    return anybody(request) if request.path.startswith("/rates") else None


@pytest.mark.parametrize(
    ("accepts", "caught"),
    [
        (anybody, {"GET /orders", "GET /rates", "GET /products"}),
        (anybody_in_the_rates, {"GET /rates"}),
    ],
)
def test_who_needs_no_token_of_any_scheme_is_caught(accepts: Any, caught: set[str]) -> None:
    found = results("bearer", JUDGED[0], name="mixed", accepts=accepts)
    failed = {one.operation for one in found if one.outcome is Outcome.FAILED}

    assert {one for one in failed if one.startswith("GET") and "{" not in one} == caught


def test_a_token_that_is_missing_leaves_its_operations_unverified(tmp_path: Path) -> None:
    report = judged_server("mixed", tmp_path, "--select", "authentication", "--select", "created",
                           "--select", "operations", own_keys=True)  # fmt: skip
    outcomes: dict[str, set[str]] = {}
    for one in report["results"]:
        outcomes.setdefault(one["operation"], set()).add(one["outcome"])
    reasons = {one["actual"] for one in report["results"] if one.get("class") == "option"}

    assert outcomes["POST /orders"] == outcomes["GET /rates"] == {"not_verified"}
    assert "passed" in outcomes["POST /products"]
    assert (
        "the token was refused (401) by POST /orders: it takes the API key in header X-Api-Key:"
        " give --key X-Api-Key:VALUE"
    ) in reasons


def test_a_key_as_a_header_is_of_one_partner(tmp_path: Path) -> None:
    report = judged_server(
        "mixed", tmp_path, "--header", f"X-Api-Key: {TOKENS[0]}-key", "--select", "created",
        "--select", "lists", "--select", "revocation", "--select", "reads", own_keys=True,
    )  # fmt: skip
    outcomes = {(one["id"], one["operation"]): one["outcome"] for one in report["results"]}

    assert outcomes["created.plain-request-succeeds", "POST /orders"] == "passed"
    assert outcomes["lists.only-ones-own", "GET /products"] == "passed"
    assert outcomes["lists.only-ones-own", "GET /orders"] == "not_verified"
    assert outcomes["reads.belongs-to-its-partner", "GET /orders/{id}"] == "not_verified"


@pytest.mark.thorough
def test_the_mock_of_mixed_schemes_conforms(tmp_path: Path) -> None:
    code, report = judged_mock(contract_file(mixed(BEARER), tmp_path), tmp_path)

    assert accused(report) == []
    assert code == 0
    assert report["summary"]["passed"] > 350


def test_an_operation_refused_for_its_token_alone_costs_no_verdict() -> None:
    contract, served = Contract(mixed(BEARER)), {"POST /products": {201}}

    assert never_succeeded(contract, {**served, "POST /orders": {401}}) == ""
    assert never_succeeded(contract, {**served, "POST /orders": {422}}) != ""
    assert never_succeeded(contract, {"POST /products": {401}}) != ""


def test_scripts_and_findings_have_each_token_in_its_place() -> None:
    settings = TargetSettings(token_place="")
    exchanges = [
        (Request("GET", "/products", token_places=("",)), Answer(200)),
        (Request("GET", "/orders", token_places=("header X-Api-Key",)), Answer(200)),
        (Request("GET", "/rates", token_places=("query rates_key",)), Answer(200)),
    ]
    script = reproduction("http://target.test", exchanges, settings).splitlines()
    places = [one.get("token_place") for one in steps_of(exchanges, settings)]

    assert '-H "Authorization: Bearer $TOKEN"' in script[-3]
    assert '-H "X-Api-Key: $TOKEN"' in script[-2]
    assert '"?rates_key=$TOKEN"' in script[-1]
    assert places == [None, "header X-Api-Key", "query rates_key"]


def test_each_alternative_that_opens_alone_goes_first_and_a_token_operation_has_none() -> None:
    document = mixed(BEARER)
    document["components"]["securitySchemes"]["pair"] = BASIC
    orders, rates = document["paths"]["/orders"], document["paths"]["/rates"]
    orders["get"]["security"] = [{"pair": [], "key": []}, {"rates": []}]
    orders["post"]["security"] = [{"key": []}, {"credential": []}]
    rates["get"]["security"] = [{}, {"pair": []}]
    token = {"type": "object", "required": ["access_token"],
             "properties": {"access_token": {"type": "string"}}}  # fmt: skip
    document["paths"]["/token"] = {
        "post": {
            "security": [{"pair": []}],
            "responses": {
                "200": {
                    "description": "A token.",
                    "content": {"application/json": {"schema": token}},
                }
            },
        }
    }
    contract = Contract(document)
    places = {name: contract.token_place(one) for name, one in contract.operations.items()}

    assert places["GET /orders"] == "query rates_key"
    assert places["POST /orders"] == places["POST /token"] == places["GET /products"] == ""
    assert places["GET /rates"] == "basic Authorization"
