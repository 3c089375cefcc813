"""Errors that look otherwise than the mock's and conform, and some that only seem to."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from tests.conformance.server import answering
from tests.conformance.server.answering import CONTRACT, TOKEN, Handler

IDS = [one for one in catalogue() if one.startswith("problems.")]

outcomes = partial(answering.outcomes, url="http://target.test/srv/api/v3")


def problem(request: httpx.Request, status: int, **members: Any) -> httpx.Response:
    """The least that the contract asks for, with another spelling of the media type."""
    body = {"type": "about:blank", "title": "", "status": status, "detail": "", **members}
    return httpx.Response(
        status,
        headers={"Content-Type": "Application/Problem+JSON;charset=UTF-8"},
        content=json.dumps({**body, "instance": request.url.raw_path.decode()}),
    )


def created(request: httpx.Request, members: Mapping[str, Any]) -> httpx.Response:
    try:
        value = json.loads(request.content)
    except (ValueError, RecursionError):
        return problem(request, 400, **members)
    if not isinstance(value, Mapping):
        return problem(request, 400, **members)
    errors = [
        {"param": f"/{name}", "detail": "Expected a string at line 1, column 10:20"}
        for name in ("name", "expires_at")
        if not isinstance(value.get(name, "x"), str | None)
    ]
    if errors or not value.get("name"):
        return problem(request, 422, **({"errors": errors} if errors else {}), **members)
    return httpx.Response(201, json={"id": "7", "client_id": "7"})


def different(**members: Any) -> Handler:
    """Only ``POST /auth/credentials`` is served, with pages of a proxy for all else."""

    def handler(request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) != ("POST", "/srv/api/v3/auth/credentials"):
            return httpx.Response(404, html="<html><h1>Not Found</h1>nginx</html>")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(request, 401, **members)
        if request.headers.get("Content-Type") != "application/json":
            # The contract does not document it, so nothing says what it looks like.
            return httpx.Response(415, html="<html><body>Unsupported</body></html>")
        return created(request, members)

    return handler


@pytest.mark.parametrize("requirement_id", IDS)
def test_other_errors_that_conform_are_not_accused(requirement_id: str) -> None:
    found = outcomes(different(), requirement_id)

    assert set(found.values()) <= {Outcome.PASSED, Outcome.NOT_VERIFIED}
    if requirement_id != "problems.method-not-allowed-names-methods":
        assert found["createCredential"] is Outcome.PASSED


@pytest.mark.parametrize(
    "detail",
    [
        "Unexpected token at line 3, column 12:30",
        "The token expired at 12/03/2026 10:20:30.",
        "Missing fields:\nname:\nexpires_at a:\nb",
        "See https://example.test/home/keys/help.html",
        "Look at the name (it is empty)",
        "The file keys.py is fine",
        "System.String is not expected. Path: $.name | LineNumber: 0 | BytePositionInLine: 5.",
        "Send it to /srv/api/v3/auth/credentials",
    ],
)
def test_ordinary_words_are_no_internals(detail: str) -> None:
    found = outcomes(different(detail=detail), "problems.no-internals")

    assert found["createCredential"] is Outcome.PASSED


@pytest.mark.parametrize(
    "detail",
    [
        'File "/app/keys.py", line 3, in create',
        "boom\n    at create (/app/keys.js:10:5)",
        "boom\n   at Dinie.Keys.Create(Request request)",
        "java.lang.NullPointerException: name",
        "panic\n\t/app/keys.go:17 +0x1d",
        "keys.rb:12:in `create'",
        "SQLSTATE[22021]: invalid byte sequence",
        "open C:\\inetpub\\api\\web.config",
        "No such file: /home/api/secrets.yml /home/api/x/y",
    ],
)
def test_internals_are_found(detail: str) -> None:
    found = outcomes(different(detail=detail), "problems.no-internals")

    assert found["createCredential"] is Outcome.FAILED


@pytest.mark.parametrize(
    "uri",
    ["about:blank", "errors/x", "/errors/x?y=%20#z", "urn:dinie:x", "tag:dinie,2026:x", "//h/[x]"],
)
def test_any_uri_reference_is_a_type(uri: str) -> None:
    found = outcomes(different(type=uri), "problems.type-is-uri")

    assert found["createCredential"] is Outcome.PASSED


@pytest.mark.parametrize("text", ["", "not found", "/é", "/%zz", "<x>", 'a"b', "a\\b"])
def test_other_texts_are_no_type(text: str) -> None:
    found = outcomes(different(type=text), "problems.type-is-uri")

    assert found["createCredential"] is Outcome.FAILED


@pytest.mark.parametrize(
    "spelling", ["name", "/name", "$.name", "body.name", "key[name]", "#/name"]
)
def test_a_field_may_be_named_in_several_ways(spelling: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        params = [spelling, spelling.replace("name", "expires_at")]
        return problem(request, 422, errors=[{"param": one, "detail": ""} for one in params])

    found = outcomes(handler, "problems.every-bad-field-is-named")

    assert found["createCredential"] is Outcome.PASSED


def test_a_short_token_may_stand_in_a_text_by_chance() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return problem(request, 401, detail="Get a token first.")

    with Target(
        "http://target.test/v3", ["token"], transport=httpx.MockTransport(handler)
    ) as target:
        requirement = catalogue()["problems.no-secret-comes-back"]
        operation = CONTRACT.operations["createCredential"]
        result = Run(CONTRACT, target, [requirement], seed=1).check(requirement, operation)

    assert result.outcome is Outcome.PASSED


def test_the_token_itself_must_not_come_back() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return (
            problem(request, 422, debug={"given": [token]})
            if token == TOKEN
            else problem(request, 401)
        )

    found = outcomes(handler, "problems.no-secret-comes-back")

    assert found["createCredential"] is Outcome.FAILED
