"""What the contract has against a recorded request, under the bundled contract and others."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.evidence import Traffic
from conformance.client.judging import judge
from conformance.client.request_faults import Kind, faults_of
from conformance.journal.journal import JournalEntry
from openapi.contract import Contract
from tests.conformance.client.journals import CONTRACT, INVALID, Answer, Recording, created

SECRET = "redacted-000000000001"


def entry(
    method: str = "POST", url: str = "http://h/v3/auth/credentials", **more: Any
) -> JournalEntry:
    body = more.pop("body", "")
    headers = more.pop("headers", {"content-type": "application/json"} if body else {})
    return JournalEntry(
        1, 0.0, 0.0, method, url, tuple(headers.items()), body, more.pop("status", 400), (), ""
    )


def faults(one: JournalEntry, contract: Contract = CONTRACT) -> list[tuple[Kind, str]]:
    [attempt] = Traffic(contract, [one]).attempts
    return [(fault.kind, fault.text) for fault in faults_of(attempt)]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"body": '{"name": "x"}'}, []),
        ({"body": '{"name": "x", "expires_at": null}', "status": 201}, []),
        ({"body": '{"name": 7}'}, [(Kind.SCHEMA, "name must be a string")]),
        ({"body": "{}"}, [(Kind.SCHEMA, "name is required")]),
        ({"body": "[]"}, [(Kind.SCHEMA, "body must be an object")]),
        ({"body": '{"name": "x", "nam": 1}'},
         [(Kind.UNKNOWN_MEMBER, "the member nam (is name meant?) is none of the contract's")]),
        ({"body": '{"name": "x"'},
         [(Kind.UNREADABLE, "the body is not JSON: Expecting ',' delimiter at line 1, column 13")]),
        ({"body": '{"name": NaN}'},
         [(Kind.UNREADABLE, "the body is not JSON: NaN is no number (RFC 8259, section 6)")]),
        ({"body": "[" * 100_000},
         [(Kind.UNREADABLE, "the body is not JSON: it is nested too deeply")]),
        ({"body": SECRET}, [(Kind.UNREADABLE, "the body is no UTF-8 text")]),
        ({"body": SECRET, "status": 201}, []),
        ({"headers": {"content-length": "0"}}, [(Kind.UNREADABLE, "the request has no body")]),
        ({"headers": {"content-length": "20"}}, []),
        ({"headers": {"content-type": "application/json"}}, []),
        ({"status": 201}, []),
        ({"body": '{"name": "x"}', "headers": {}},
         [(Kind.MEDIA_TYPE, "no Content-Type, where the contract has application/json")]),
        ({"body": "name=x", "headers": {"content-type": "application/x-www-form-urlencoded"}},
         [(Kind.MEDIA_TYPE, "Content-Type application/x-www-form-urlencoded, where the contract has"
           " application/json")]),
        ({"body": '{"name": "x"}',
          "headers": {"content-type": "Application/JSON; charset=utf-8", "x-idempotency-key": "k"}},
         [(Kind.MISSPELT_HEADER, "the header x-idempotency-key is none of the contract's, which"
           " has Idempotency-Key")]),
        ({"method": "GET", "url": "http://h/v3/auth/credentials?limit=5&starting_after=x"}, []),
        ({"method": "GET", "url": "http://h/v3/auth/credentials?limit=0"},
         [(Kind.PARAMETER, "the query parameter limit is less than the minimum of 1")]),
        ({"method": "GET", "url": "http://h/v3/auth/credentials?limit=many"},
         [(Kind.PARAMETER, "the query parameter limit must be an integer")]),
        ({"method": "GET", "url": "http://h/v3/auth/credentials?page=2&limits=5"},
         [(Kind.UNKNOWN_PARAMETER, "the query parameter page is none of the contract's"),
          (Kind.UNKNOWN_PARAMETER,
           "the query parameter limits (is limit meant?) is none of the contract's")]),
        ({"method": "DELETE", "url": "http://h/v3/auth/credentials/a%20b"}, []),
        ({"url": "http://h/v3/auth/token", "body": "grant_type=client_credentials&scope=all",
          "headers": {"content-type": "application/x-www-form-urlencoded"}},
         [(Kind.UNKNOWN_MEMBER, "the member scope is none of the contract's")]),
        ({"url": "http://h/v3/auth/token", "body": "grant_type=password",
          "headers": {"content-type": "application/x-www-form-urlencoded"}},
         [(Kind.SCHEMA, 'grant_type must be one of client_credentials')]),
    ],
)  # fmt: skip
def test_faults(request_: dict[str, Any], expected: list[tuple[Kind, str]]) -> None:
    assert faults(entry(**request_)) == expected


def other_contract(**path_item: Any) -> Contract:
    return Contract(
        {
            "components": {
                "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "auth"}}
            },
            "openapi": "3.1.0",
            "info": {"title": "x", "version": "1"},
            "servers": [{"url": "https://api.example/"}],
            "paths": {"/things/{id}": path_item},
        }
    )


def test_what_is_redacted_is_not_judged() -> None:
    secret = {"type": "string", "pattern": "^sk_"}
    operation = {
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "api_key", "in": "query", "schema": secret},
        ],
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"password": secret, "more": {"items": {"pattern": "^sk_"}}},
                    }
                }
            }
        },
        "responses": {"200": {"description": "x"}},
    }
    contract = other_contract(put=operation)
    one = entry("PUT", f"https://api.example/things/1?api_key={SECRET}",
                body=f'{{"password": "{SECRET}", "more": ["{SECRET}"]}}')  # fmt: skip

    assert faults(one, contract) == []
    assert judge([one], contract, Level.SHOULD).violations == ()
    wrong = replace(one, request_body='{"password": "x"}')
    assert [kind for kind, _ in faults(wrong, contract)] == [Kind.SCHEMA]


@pytest.mark.parametrize(
    "base",
    ["https://api.dinie.com.br/v3", "http://127.0.0.1:8080/v3", "http://localhost:9000",
     "https://gateway.example/partners/dinie/v3", "https://gateway.example/dinie"],
)  # fmt: skip
def test_the_api_is_found_wherever_it_is(base: str) -> None:
    traffic = Traffic(
        CONTRACT,
        [entry(url=f"{base}/auth/credentials", body='{"name": "x"}'),
         entry("DELETE", url=f"{base}/auth/credentials/x")],
    )  # fmt: skip

    assert [one.operation.id for one in traffic.attempts] == [
        "createCredential",
        "revokeCredential",
    ]
    assert traffic.bases == [base]


@pytest.mark.parametrize(
    ("method", "path", "actual"),
    [
        ("PUT", "/auth/credentials", "PUT /auth/credentials"),
        ("POST", "/auth/credential", "POST /auth/credential"),
    ],
)
def test_a_request_for_nothing_is_named(method: str, path: str, actual: str) -> None:
    one = Recording()
    one.sign_in()
    one.create("x", created("1"))
    one.send(method, path, Answer(404), "{}")
    [result] = judge(one.entries, CONTRACT, Level.SHOULD).violations

    assert result.requirement.id == "requests.known-operation"
    assert result.actual == actual


def test_a_client_that_only_misses_is_no_verdict() -> None:
    one = Recording()
    one.send("POST", "/auth/credential", INVALID, "{}")

    assert judge(one.entries, CONTRACT).exit_code == 2


def test_an_api_key_where_the_contract_wants_it_is_no_fault() -> None:
    operation = {
        "security": [{"key": []}],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        ],
        "responses": {"200": {"description": "x"}},
    }
    contract = other_contract(get=operation)
    one = entry("GET", f"https://api.example/things/1?auth={SECRET}", status=200)

    assert judge([one], contract, Level.SHOULD).violations == ()
    elsewhere = replace(one, url=f"https://api.example/things/1?token={SECRET}")
    assert {result.requirement.id for result in judge([elsewhere], contract).violations} == {
        "urls.no-credentials", "requests.no-undocumented-parameters"
    }  # fmt: skip
