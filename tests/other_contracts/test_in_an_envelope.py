"""Resources in envelopes are judged as others; where nobody can look into one, nothing is."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from conformance.probe.probe import Probe
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.envelopes import envelope_of
from openapi.resource import creates
from tests.fake_server import FakeRequest, Reply, fake_server, reply
from tests.other_contracts.judging import accused, judged
from tests.other_contracts.server import TOKENS, Item, serving
from tests.other_contracts.styles import (
    TEXT,
    accounts,
    answer,
    document,
    parameter,
    taken,
    thing,
)

ENVELOPE = thing(["outcome"], outcome=thing(["id"], id=TEXT), other=thing([], x=TEXT))
PAYMENT = thing(["id"], id=TEXT)


def nested() -> str:
    """A contract of payments in customers, which come in an envelope that nobody can look into."""
    body = {"requestBody": taken(thing([], name=TEXT))}
    listed = answer({"type": "array", "items": PAYMENT})
    return json.dumps(document("Envelopes", {
        "/customers": {"post": {**body, "responses": {"201": answer(ENVELOPE)}}},
        "/customers/{customer}/payments": {
            "parameters": [parameter("customer", "path", TEXT)],
            "post": {**body, "responses": {"201": answer(PAYMENT)}},
            "get": {"responses": {"200": listed}},
        },
    }))  # fmt: skip


def in_envelopes(request: FakeRequest) -> Reply:
    return reply(201, b'{"outcome": {"id": "c1"}}')


def never(request: FakeRequest) -> Reply:
    return reply(500, b"{}")


@pytest.mark.parametrize("answering", [in_envelopes, never])
def test_a_parent_that_cannot_be_named_is_no_fault_of_the_harness(
    answering: object, tmp_path: Path
) -> None:
    contract = tmp_path / "nested.json"
    contract.write_text(nested())
    with fake_server(answering) as url:  # type: ignore[arg-type]
        code, report = judged(
            "run", "--contract", str(contract), "--url", url, "--token", "token-of-one",
            "--second-token", "token-of-two", "--patience", "0", "--select", "created",
            folder=tmp_path,
        )  # fmt: skip
    assert code == 2
    assert report["summary"]["errors"] == 0
    assert report["complete"]


def run_on_accounts(
    wrong: Callable[[Item], object] | None, folder: Path, *options: str
) -> tuple[int, dict[str, Any]]:
    contract = folder / "accounts.json"
    contract.write_text(json.dumps(accounts()))
    with serving("accounts", wrong) as url:
        return judged(
            "run", "--contract", str(contract), "--url", url, "--token", TOKENS[0],
            "--second-token", TOKENS[1], "--patience", "0", *options, folder=folder,
        )  # fmt: skip


def test_a_resource_in_an_envelope_is_judged(tmp_path: Path) -> None:
    code, report = run_on_accounts(None, tmp_path, "--level", "should")

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {
        "created.name-is-unchanged", "created.is-in-the-list", "created.fields-have-their-types",
        "secrets.are-beyond-guessing", "secrets.never-in-the-list", "lists.created-is-listed",
        "revocation.revoked-key-is-listed-as-revoked", "idempotency.replay-is-identical",
        "sequences.model-holds", "generated.accepted-data-comes-back",
    }  # fmt: skip


WRONG: dict[str, Callable[[Item], object]] = {
    "created.name-is-unchanged": lambda item: item.update(name="another"),
    "created.fields-have-their-types": lambda item: item.update(state=7),
    "created.required-fields-are-there": lambda item: item.pop("state"),
    "secrets.are-beyond-guessing": lambda item: item.update(apiSecret="as_12345678"),
    "created.is-in-the-list": lambda item: item.update(accountId="another"),
}


@pytest.mark.parametrize("broken", WRONG)
def test_what_is_wrong_in_an_envelope_is_found(broken: str, tmp_path: Path) -> None:
    code, report = run_on_accounts(WRONG[broken], tmp_path, "--level", "should", "--select", broken)

    assert code == 1
    assert accused(report)


@pytest.mark.parametrize(
    ("path", "made", "expected"),
    [
        ("/pets", thing([], data=thing([], id=TEXT)), ("data",)),
        ("/pets", thing([], pet=thing([], petId=TEXT), requestId=TEXT), ("pet",)),
        ("/pets", thing([], result=thing([], pet=thing([], id=TEXT))), ("result", "pet")),
        ("/pets", thing([], id=TEXT, data=thing([], id=TEXT)), ()),
        ("/pets", thing([], owner=thing([], id=TEXT)), ()),
        ("/pets", thing([], data=thing([], name=TEXT)), ()),
        ("/pets", thing([], data={"type": "array", "items": thing([], id=TEXT)}), ()),
        ("/categories", thing([], category=thing([], id=TEXT)), ("category",)),
    ],
)
def test_an_envelope_is_read_from_the_contract(
    path: str, made: dict[str, Any], expected: tuple[str, ...]
) -> None:
    paths = {path: {"post": {"responses": {"201": answer(made)}}}}
    [operation] = Contract(document("Pets", paths)).operations.values()
    assert envelope_of(operation) == expected


def test_an_envelope_wraps_what_the_path_below_names() -> None:
    title = thing(["data"], data=thing(["isbn"], isbn=TEXT, name=TEXT))
    contract = Contract(document("Titles", {
        "/titles": {"post": {"requestBody": taken(thing([], name=TEXT)),
                             "responses": {"201": answer(title)}}},
        "/titles/{isbn}": {"parameters": [parameter("isbn", "path", TEXT)],
                           "get": {"responses": {"200": answer(title)}}},
    }))  # fmt: skip
    [resource] = contract.resources

    assert envelope_of(resource.create) == ("data",)
    assert (resource.handle, resource.name) == ("isbn", "name")


def test_an_item_that_moves_to_the_next_page_meanwhile_is_one() -> None:
    contract, made = Contract(accounts()), [{"accountId": f"a{at}"} for at in range(60)]
    [create] = [one for one in contract.operations.values() if creates(one)]

    def answer_to(request: Request, _: Forward) -> Answer:
        start = int(parse_qs(request.path.partition("?")[2]).get("offset", ["0"])[0])
        page = {"data": made[start : start + 50], "meta": {"total": len(made)}}
        made.insert(0, {"accountId": f"b{len(made)}"})
        return Answer(200, (("content-type", "application/json"),), json.dumps(page).encode())

    target = Target("http://target.invalid", ["token"], tamper=answer_to)
    listed = Probe(contract, create, target, random.Random(1)).listed()
    assert sorted(one["accountId"] for one in listed) == sorted(f"a{at}" for at in range(60))
