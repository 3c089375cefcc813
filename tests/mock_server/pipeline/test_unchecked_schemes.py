"""Schemes that the mock cannot check wholly: what it can check is, and the start tells the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mock_server.console.first_request.call import first_call
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from tests.mock_server.clients import Client, Serving

PARTNER = Partner("partner_one", "one", "secret", "token-one")
SCHEMES = {
    "jwt": {"type": "http", "scheme": "bearer"},
    "org": {"type": "apiKey", "in": "header", "name": "X-Organization"},
    "tls": {"type": "mutualTLS"},
    "digest": {"type": "http", "scheme": "digest"},
    "hoba": {"type": "http", "scheme": "HOBA"},
    "kerberos": {"type": "http", "scheme": "Negotiate"},
    "odd": {"type": "handshake"},
}
REQUIREMENTS = {
    "tls": [{"tls": []}],
    "tls-or-jwt": [{"tls": []}, {"jwt": []}],
    "tls-and-jwt": [{"tls": [], "jwt": []}],
    "tls-or-none": [{"tls": []}, {}],
    "digest": [{"digest": []}],
    "digest-or-jwt": [{"jwt": []}, {"digest": []}],
    "digest-and-jwt": [{"digest": [], "jwt": []}],
    "digest-and-org": [{"digest": [], "org": []}],
    "hoba": [{"hoba": []}],
    "kerberos": [{"kerberos": []}],
    "odd": [{"odd": []}],
    "odd-or-jwt": [{"odd": []}, {"jwt": []}],
    "odd-and-jwt": [{"odd": [], "jwt": []}],
}
JWT = {"Authorization": "Bearer token-one"}
WRONG = {"Authorization": "Bearer wrong"}
DIGEST = {"Authorization": 'DIGEST username="one", response="00"'}


def contract_of(folder: Path, requirements: dict[str, Any]) -> Path:
    path = folder / "contract.yaml"
    done = {"responses": {"200": {"description": "Done."}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Locks", "version": "1"},
        "paths": {
            f"/{name}": {"get": {**done, "security": one}} for name, one in requirements.items()
        },
        "components": {"securitySchemes": SCHEMES},
    }
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(scope="module")
def locked(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = contract_of(tmp_path_factory.mktemp("locked"), REQUIREMENTS)
    with serving(Settings(contract=path, partners=(PARTNER,))) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("tls", {}, 200),
        ("tls-or-jwt", {}, 401),
        ("tls-or-jwt", JWT, 200),
        ("tls-and-jwt", {}, 401),
        ("tls-and-jwt", JWT, 200),
        ("tls-or-none", {}, 200),
        ("digest", {}, 401),
        ("digest", JWT, 401),
        ("digest", {"Authorization": "Digest "}, 401),
        ("digest", DIGEST, 200),
        ("digest-or-jwt", {}, 401),
        ("digest-or-jwt", JWT, 200),
        ("digest-or-jwt", DIGEST, 200),
        ("digest-or-jwt", WRONG, 401),
        ("digest-and-jwt", DIGEST, 401),
        ("digest-and-jwt", JWT, 200),
        ("digest-and-org", DIGEST, 401),
        ("digest-and-org", {"X-Organization": "token-one"}, 401),
        ("digest-and-org", {**DIGEST, "X-Organization": "token-one"}, 200),
        ("digest-and-org", {**DIGEST, "X-Organization": "other"}, 401),
        ("hoba", {"Authorization": "HOBA result=x"}, 200),
        ("hoba", {"Authorization": "Basic eDp5"}, 401),
        ("kerberos", {"Authorization": "negotiate YII="}, 200),
        ("odd", JWT, 501),
        ("odd-or-jwt", {}, 401),
        ("odd-or-jwt", JWT, 200),
        ("odd-and-jwt", JWT, 501),
    ],
)
def test_what_can_be_checked_is_checked(
    locked: Client, name: str, headers: dict[str, str], status: int
) -> None:
    assert locked.get(f"/{name}", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("name", "headers", "challenge"),
    [
        ("tls-or-jwt", {}, 'Bearer realm="Locks"'),
        ("digest", {}, 'digest realm="Locks", qop="auth", nonce="'),
        ("hoba", {}, 'HOBA realm="Locks"'),
        ("kerberos", {}, "Negotiate"),
        ("digest-or-jwt", {}, 'Bearer realm="Locks"'),
        ("digest-or-jwt", WRONG, 'Bearer realm="Locks", error="invalid_token"'),
        ("digest-and-org", {"X-Organization": "token-one"}, 'digest realm="Locks"'),
    ],
)
def test_a_challenge_asks_for_what_is_missing(
    locked: Client, name: str, headers: dict[str, str], challenge: str
) -> None:
    found = locked.get(f"/{name}", headers=headers).headers["www-authenticate"]

    assert found.startswith(challenge)


def test_a_client_of_http_digest_gets_past_the_challenge(locked: Client) -> None:
    refused = locked.get("/digest")
    flow = httpx.DigestAuth("one", "secret").auth_flow(httpx.Request("GET", "http://mock/digest"))
    request = next(flow)
    refused.request = request
    authorization = flow.send(refused).headers["Authorization"]

    assert locked.get("/digest", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    ("security", "place", "reason"),
    [
        ([{"tls": []}, {"jwt": []}], "tls", "the mock sees no certificate of a client"),
        ([{"hoba": [], "jwt": []}], "hoba", "an Authorization header with HOBA must be there"),
        ([{"odd": []}, {"jwt": []}], "odd", "is handshake, which the mock does not know"),
        ([{"jwt": []}], None, ""),
    ],
)
def test_the_start_tells_once_what_is_not_checked(
    serving: Serving,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    security: Any,
    place: str | None,
    reason: str,
) -> None:
    with serving(Settings(contract=contract_of(tmp_path, {"a": security, "b": security}))):
        told = [one.getMessage() for one in caplog.records if "not checked" in one.getMessage()]

    assert len(told) == (1 if place else 0)
    for one in told:
        assert one.startswith(f"#/components/securitySchemes/{place} is not checked: {reason}")


@pytest.mark.parametrize(
    ("requirement", "schemes"),
    [
        ([{"tls": [], "jwt": []}], ["jwt"]),
        ([{"digest": []}, {"jwt": []}], ["jwt"]),
        ([{"tls": []}], []),
        ([{"digest": []}], None),
    ],
)
def test_a_first_request_has_a_login_that_is_taken(
    tmp_path: Path, requirement: Any, schemes: list[str] | None
) -> None:
    call = first_call(Contract.from_file(contract_of(tmp_path, {"a": requirement})))

    wanted = None if schemes is None else [SCHEMES[one] for one in schemes]
    assert (call and [*call.schemes]) == wanted
