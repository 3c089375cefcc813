"""A version of the contract with other paths and names: one file, played and judged."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.catalogue.sabotage import on_answers, with_body
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.exchange import Answer, Request, Tamper
from conformance.target.target import Target
from mock_server.cli.announcement import announcement
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from mock_server.testing.embedded import running_mock
from openapi.contract import Contract
from openapi.document import bundled_path, read_document

PARTNERS = (
    Partner.parse("first:secret-of-the-first:token-of-the-first"),
    Partner.parse("second:secret-of-the-second:token-of-the-second"),
)
NEEDS_MORE = (
    "rate_limits.limited-",
    "idempotency.key-is-free-after",
    "idempotency.key-is-kept",
    "tokens.expired-",
)
"""Ids that a run without a moving clock and a provoked 429 leaves out."""
NAMES = {
    "client_id": "key_id",
    "client_secret": "key_secret",
    "name": "label",
    "data": "items",
    "has_more": "more",
}
PATHS = {
    "/auth/token": "/oauth/token",
    "/auth/credentials": "/keys",
    "/auth/credentials/{client_id}": "/keys/{key_id}",
}


def renamed(value: Any) -> Any:
    """Members and required names as the other version has them; the id is ``key_id``."""
    if isinstance(value, list):
        return [renamed(one) for one in value if one != "id"]
    if isinstance(value, dict):
        return {NAMES.get(key, key): renamed(one) for key, one in value.items() if key != "id"}
    return NAMES.get(value, value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = read_document(bundled_path(None))
    document["info"]["version"] = "2026-09-01"
    document["paths"] = {PATHS[path]: item for path, item in document["paths"].items()}
    creating = document["paths"]["/keys"]["post"]
    listing = document["paths"]["/keys"]["get"]
    (in_path,) = document["paths"]["/keys/{key_id}"]["delete"]["parameters"]
    in_path["name"] = "key_id"
    listing["parameters"][0]["name"] = "after"
    del creating["responses"]["201"]["links"]
    for number, operation in enumerate(
        (creating, listing, document["paths"]["/oauth/token"]["post"])
    ):
        operation["operationId"] = f"operation{number}"
    contents = [creating["requestBody"], creating["responses"]["201"], listing["responses"]["200"]]
    for one in contents:
        examples = one["content"]["application/json"]["examples"]
        for example in examples.values():
            example["value"] = renamed(example["value"])
    schemas = document["components"]["schemas"]
    for name in ("CredentialRequest", "Credential", "CredentialWithSecret", "CredentialPage"):
        schemas[name] = renamed(schemas[name])
    path = tmp_path_factory.mktemp("contract") / "keys.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def contract(version: Path) -> Contract:
    return Contract.from_file(version)


@pytest.fixture(scope="module")
def url(version: Path) -> Iterator[str]:
    with running_mock(Settings(contract=version, partners=PARTNERS)) as mock:
        yield f"{mock.origin}/v3"


@pytest.mark.thorough
def test_the_mock_plays_it_and_conforms(url: str, contract: Contract) -> None:
    (first, second) = PARTNERS
    access = AccessSettings(
        client_id=first.client_id,
        client_secret=first.client_secret,
        second_client_id=second.client_id,
        second_client_secret=second.client_secret,
    )
    with Target(url, ()) as target:
        authenticate(target, access, contract)
        run = Run(contract, target, catalogue().values(), seed=1)
        results = list(run.results())
        run.clean_up()
    assert run.left_behind == []
    broken = [(one.requirement.id, one.actual) for one in results if one.outcome is Outcome.FAILED]
    unseen = [one.requirement.id for one in results if one.outcome is Outcome.NOT_VERIFIED]
    assert not broken
    assert [one for one in unseen if not one.startswith(NEEDS_MORE)] == []
    # What the bundled contract's own requirements say of a revocation, of wrong data and of the
    # query of a list, these say of others.
    of_others = {
        "operations.answers-match-their-schemas",
        "operations.creation-sets-each-member",
        "operations.ill-formed-text-is-refused",
        "operations.wrong-data-is-refused",
        "operations.wrong-query-is-refused",
    }
    assert {one.requirement.id for one in results} == _applying_to(Contract.bundled()) | of_others


def _applying_to(contract: Contract) -> set[str]:
    operations = contract.operations.values()
    known = catalogue().values()
    return {one.id for one in known if any(map(one.applies_to, operations))}


def changing(change: Callable[[dict[str, Any]], Any]) -> Tamper:
    def changed(_: Request, answer: Answer) -> Answer:
        value = answer.json_object()
        if value is None or change(value) is False:
            return answer
        return with_body(answer, value)

    return on_answers("change", changed).make()


FAULTS = {
    "created.name-is-unchanged": lambda one: "label" in one and one.update(label="x"),
    "secrets.are-unique": lambda one: "key_secret" in one and one.update(key_secret="x" * 40),
    "secrets.client-ids-are-unique": lambda one: "key_secret" in one and one.update(key_id="x"),
    "created.is-in-the-list": lambda one: "items" in one and one.update(items=[]),
    "lists.has-more-is-true": lambda one: "items" in one and one.update(more=True),
    "revocation.revoked-key-is-listed-as-revoked": lambda one: [
        x.update(status="active") for x in one.get("items", [])
    ],
    "tokens.answer-has-its-shape": lambda one: "access_token" in one and one.update(expires_in=0),
}


@pytest.mark.parametrize("id_", FAULTS)
def test_a_fault_is_caught_by_its_requirement(url: str, contract: Contract, id_: str) -> None:
    tokens = tuple(str(one.token) for one in PARTNERS)
    with Target(url, tokens, tamper=changing(FAULTS[id_])) as target:
        results = list(Run(contract, target, [catalogue()[id_]], seed=1).results())
    (result,) = results
    assert result.outcome in {Outcome.FAILED, Outcome.WARNING}


def test_the_announcement_shows_requests_of_this_version(contract: Contract) -> None:
    text = announcement(
        contract, "http://127.0.0.1:8080", Settings(partners=(Partner.parse("id:secret"),))
    )
    assert "http://127.0.0.1:8080/v3/oauth/token" in text
    assert "http://127.0.0.1:8080/v3/keys -H" in text
    assert '{"label": "Production Key"}' in text


def test_a_resource_that_wants_more_than_credentials_have_is_kept_as_an_item(
    tmp_path: Path, version: Path
) -> None:
    document = json.loads(version.read_text())
    schemas = document["components"]["schemas"]
    schemas["Credential"]["required"].append("region")
    schemas["Credential"]["properties"]["region"] = {"type": "string"}
    path = tmp_path / "more.json"
    path.write_text(json.dumps(document))
    with running_mock(Settings(contract=path, partners=PARTNERS)) as mock:
        headers = {"Authorization": f"Bearer {PARTNERS[0].token}"}
        send = partial(httpx.post, f"{mock.origin}/v3/keys", headers=headers)
        first, second = (send(json={"label": one}) for one in ("a", "b"))
    assert first.status_code == second.status_code == 201
    assert [one.json()["label"] for one in (first, second)] == ["a", "b"]
    assert first.json()["key_id"] != second.json()["key_id"]
    assert isinstance(first.json()["region"], str)


@pytest.mark.parametrize("signed", [True, False])
def test_a_secret_alone_is_kept_where_it_has_an_owner(tmp_path: Path, *, signed: bool) -> None:
    created = {"type": "object", "required": ["id", "secret"]}
    created["properties"] = {"id": {"type": "string"}, "secret": {"type": "string"}}
    answer = {"description": "Made.", "content": {"application/json": {"schema": created}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Keys", "version": "1"},
        "paths": {"/keys": {"post": {"responses": {"201": answer}}}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}] if signed else [],
    }
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(document))
    headers = {"Authorization": f"Bearer {PARTNERS[0].token}"}
    with running_mock(Settings(contract=path, partners=PARTNERS)) as mock:
        answers = [httpx.post(f"{mock.origin}/keys", headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    first, second = (one.json() for one in answers)
    assert first["id"] != second["id"]
    assert (first["secret"] != second["secret"]) is signed


def without_names(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas["CredentialRequest"] = {"type": "object", "properties": {}}
    del schemas["Credential"]["properties"]["label"]
    schemas["Credential"]["required"].remove("label")
    content = document["paths"]["/keys"]["post"]["requestBody"]["content"]
    content["application/json"]["examples"] = {"empty": {"value": {}}}


def without_revocation(document: dict[str, Any]) -> None:
    del document["paths"]["/keys/{key_id}"]


@pytest.mark.thorough
@pytest.mark.parametrize("change", [without_names, without_revocation])
def test_a_contract_with_less_accuses_nobody(
    tmp_path: Path, version: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    document = json.loads(version.read_text())
    change(document)
    path = tmp_path / "less.json"
    path.write_text(json.dumps(document))
    contract = Contract.from_file(path)
    tokens = tuple(str(one.token) for one in PARTNERS)
    chosen = [one for one in catalogue().values() if not one.generates]
    with (
        running_mock(Settings(contract=path, partners=PARTNERS)) as mock,
        Target(f"{mock.origin}/v3", tokens) as target,
    ):
        results = list(Run(contract, target, chosen, seed=1).results())
    kept = {Outcome.PASSED, Outcome.NOT_VERIFIED}
    assert not [(one.name, one.actual) for one in results if one.outcome not in kept]
    assert Outcome.PASSED in {one.outcome for one in results if one.requirement.section == "tokens"}
