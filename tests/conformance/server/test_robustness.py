"""Servers that refuse absurd requests in other ways than the mock, and must not be accused."""

import json

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.errors import TargetError
from tests.conformance.server.answering import CONTRACT, outcomes

IDS = [one for one in catalogue() if one.startswith("robustness.")]


def strict(request: httpx.Request) -> httpx.Response:
    """Serves one operation, knows one method, and hangs up on what is absurd."""
    if len(request.content) > 20_000 or b"[" * 1000 in request.content:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    if request.method != "POST":
        return httpx.Response(501)
    if request.url.path != "/v3/auth/credentials":
        return httpx.Response(404)
    if len(request.headers.raw) > 100:
        raise httpx.ReadError("")
    if "Content-Encoding" in request.headers:
        return httpx.Response(415)
    if request.headers.get("Expect") == "unknown":
        return httpx.Response(417)
    return httpx.Response(422 if request.content else 400)


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_strict_server_of_one_operation_is_not_accused(requirement_id: str) -> None:
    found = outcomes(strict, requirement_id)

    assert set(found.values()) <= {Outcome.PASSED, Outcome.NOT_VERIFIED}
    if "createCredential" in found:
        assert found["createCredential"] is Outcome.PASSED


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_lenient_server_is_not_accused(requirement_id: str) -> None:
    def lenient(request: httpx.Request) -> httpx.Response:
        operation = {"POST": 201, "DELETE": 204}.get(request.method, 200)
        return httpx.Response(operation, json={} if operation != 204 else None)

    found = outcomes(lenient, requirement_id, Capability.LISTING, Capability.REVOCATION)

    # POST /auth/token has 200 and no 201.
    found.pop("createToken", None)
    assert set(found.values()) <= {Outcome.PASSED}


def test_what_is_not_served_is_not_passed() -> None:
    def nothing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404)

    for requirement_id in IDS:
        requirement = catalogue()[requirement_id]
        if all(
            one.request_body for one in CONTRACT.operations.values() if requirement.applies_to(one)
        ):
            found = outcomes(nothing, requirement_id)
            assert set(found.values()) == {Outcome.NOT_VERIFIED}, requirement_id


def test_a_target_that_died_ends_the_run() -> None:
    def dies(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with pytest.raises(TargetError):
        outcomes(dies, "robustness.deep-nesting")


def test_one_lost_connection_is_no_failure() -> None:
    lost = []

    def loses_one(request: httpx.Request) -> httpx.Response:
        if b"\\u0000" in request.content and not lost:
            lost.append(request)
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(422)

    found = outcomes(loses_one, "robustness.control-characters")

    assert lost
    assert set(found.values()) == {Outcome.PASSED}


def test_a_target_may_have_nothing_at_other_paths() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422 if request.url.path == "/v3/auth/credentials" else 501)

    found = outcomes(handler, "robustness.long-paths")
    assert found["createCredential"] is Outcome.PASSED


def test_content_is_announced_only_where_there_is_some() -> None:
    announced = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.headers.get("Expect") == "100-continue":
            announced.append(request.content)
        return httpx.Response(422)

    outcomes(handler, "robustness.strange-headers", Capability.LISTING, Capability.REVOCATION)

    # RFC 9110 section 10.1.1: a server may wait for the content of others for ever.
    assert announced
    assert all(announced)


def test_a_target_that_is_too_busy_once_has_not_failed() -> None:
    busy = [True]

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503 if busy and busy.pop() else 422)

    assert set(outcomes(handler, "robustness.broken-json").values()) == {Outcome.PASSED}


@pytest.mark.thorough
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
def test_each_server_error_is_found(status: int) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        try:
            json.loads(request.content)
        except ValueError:
            return httpx.Response(status)
        return httpx.Response(422)

    assert set(outcomes(handler, "robustness.broken-json").values()) == {Outcome.FAILED}
