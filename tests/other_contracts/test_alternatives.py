"""An operation that a bearer token opens is judged with it, whatever else opens it."""

import json
from pathlib import Path
from typing import Any

import pytest

from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, obj, operation, text
from tests.other_contracts.judging import accused, judged_mock

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "openIdConnect", "openIdConnectUrl": "https://example.com/"},
    "certificate": {"type": "mutualTLS"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Access-Token"},
    "plain": {"type": "apiKey", "in": "header", "name": "Authorization"},
    "query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
}


def things(*security: list[str]) -> dict[str, Any]:
    opened = {"security": [{name: [] for name in one} for one in security]}
    error, thing = answer(obj("message", message=text())), obj("id", "name", id=text(), name=text())
    made = operation({"201": answer(thing), "401": error, "422": error}, obj("name", name=text()))
    listed = operation({"200": answer(array(thing)), "401": error})
    document = contract({"/things": {"post": made | opened, "get": listed | opened}})
    document["components"]["securitySchemes"] = SCHEMES
    return document


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ([["certificate"], ["bearer"]], True),
        ([["bearer"], ["oauth"]], True),
        ([["basic"], ["bearer"]], True),
        ([["header"], ["bearer"]], True),
        ([["header", "bearer"]], True),
        ([["header"], ["header", "bearer"]], False),
        ([["certificate"]], False),
        ([["header"]], False),
        ([[], ["bearer"]], False),
    ],
)
def test_a_bearer_token_opens_it(security: list[list[str]], *, expected: bool) -> None:
    found = Contract(things(*security))
    takes = {found.takes_bearer_token(one) for one in found.operations.values()}
    assert takes == {expected}


@pytest.mark.parametrize(
    "other",
    [
        "certificate",
        "header",
        *(pytest.param(one, marks=pytest.mark.thorough)
          for one in ("basic", "plain", "query", "cookie")),
    ],
)  # fmt: skip
def test_the_mock_is_judged_and_accused_of_nothing(tmp_path: Path, other: str) -> None:
    path = tmp_path / "things.json"
    path.write_text(json.dumps(things([other], ["bearer"])))
    chosen = ("no-token-is-refused", "token-in-query-is-refused", "token-elsewhere-is-refused",
              "malformed-header-is-refused", "challenge-names-bearer")  # fmt: skip
    options = [text for one in chosen for text in ("--select", f"authentication.{one}")]
    code, report = judged_mock(path, tmp_path, *options)
    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {
        "authentication.no-token-is-refused",
        "authentication.token-in-query-is-refused",
    }
    has_challenge = other == "certificate"
    assert ("authentication.challenge-names-bearer" in passed) == has_challenge
