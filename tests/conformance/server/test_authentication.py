"""Servers that refuse in other ways than the mock, and must not be accused for it."""

import json

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from tests.conformance.server.answering import TOKEN, outcomes

# That on Basic applies to no operation of this contract.
IDS = [one for one in catalogue() if one.startswith("authentication.") and "basic" not in one]
FOR_ONE_PARTNER = [one for one in IDS if Capability.SECOND_PARTNER not in catalogue()[one].needs]


def refused(status: int = 401, challenge: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/problem+json; charset=utf-8"}
    if challenge is not None:
        headers["WWW-Authenticate"] = challenge
    # A problem may have members of its own, such as the id of the request.
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "No", "id": "r-1"}
    return httpx.Response(status, headers=headers, content=json.dumps(body))


def only_create(request: httpx.Request) -> httpx.Response:
    """Serves ``POST /auth/credentials`` and nothing else; other challenges, other ids."""
    if (request.method, request.url.path) != ("POST", "/v3/auth/credentials"):
        return httpx.Response(404, html="<html>Nothing here</html>")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return refused(challenge='Basic realm="a", bearer realm="b, c"')
    if scheme.lower() == "bearer" and not token:
        return refused(400, challenge='Bearer error="invalid_request"')
    if scheme.lower() != "bearer" or token != TOKEN:
        return refused(challenge="Bearer realm=x, ERROR=invalid_token")
    return httpx.Response(201, json={"id": "7", "client_id": "7", "client_secret": "s"})


def everything(request: httpx.Request) -> httpx.Response:
    """Serves all operations; a second revocation is answered like the first."""
    if request.url.path == "/v3/auth/token":
        return httpx.Response(404)
    answer = only_create(
        httpx.Request("POST", "http://target.test/v3/auth/credentials", headers=request.headers)
    )
    if answer.status_code != 201 or request.method == "POST":
        return answer
    if request.method == "GET":
        return httpx.Response(200, json={"data": [], "has_more": False})
    return httpx.Response(204)


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_server_of_one_operation_is_not_accused(requirement_id: str) -> None:
    found = outcomes(only_create, requirement_id)

    assert set(found.values()) <= {Outcome.PASSED, Outcome.NOT_VERIFIED}
    if "createCredential" in found and not catalogue()[requirement_id].needs:
        assert found.pop("createCredential") is Outcome.PASSED
    assert set(found.values()) <= {Outcome.NOT_VERIFIED}, "what is not served is not passed"


@pytest.mark.parametrize("requirement_id", FOR_ONE_PARTNER)
def test_other_challenges_and_members_are_not_accused(requirement_id: str) -> None:
    found = outcomes(everything, requirement_id, Capability.LISTING, Capability.REVOCATION)

    assert set(found.values()) == {Outcome.PASSED}


def test_a_refusal_that_revokes_is_found_in_the_list() -> None:
    revoked = []

    def revokes_at_once(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            revoked.append("7")
        if request.method == "GET":
            data = [{"id": one, "client_id": one, "status": "revoked"} for one in revoked]
            return httpx.Response(200, json={"data": data, "has_more": False})
        return everything(request)

    found = outcomes(
        revokes_at_once,
        "authentication.refused-request-revokes-nothing",
        Capability.LISTING,
        Capability.REVOCATION,
    )

    assert found == {"revokeCredential": Outcome.FAILED}


@pytest.mark.parametrize("given", ["", "x", "Bearer", "Basic bearer", 'Digest realm="Bearer x"'])
def test_a_challenge_without_the_scheme_is_found(given: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return refused(challenge=given)

    found = outcomes(handler, "authentication.challenge-names-bearer")["createCredential"]

    assert found is (Outcome.PASSED if given == "Bearer" else Outcome.WARNING)


@pytest.mark.thorough
def test_a_target_that_limits_without_end_is_not_accused() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return refused(429)

    found = outcomes(handler, "authentication.no-token-is-refused")

    assert set(found.values()) == {Outcome.NOT_VERIFIED}
