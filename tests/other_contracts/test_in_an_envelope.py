"""Where nothing can be made that an operation is in, a run ends without a fault of its own."""

import json
from pathlib import Path

import pytest

from tests.fake_server import FakeRequest, Reply, fake_server, reply
from tests.other_contracts.judging import judged
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

ENVELOPE = thing(["data"], data=thing(["id"], id=TEXT))
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
    return reply(201, b'{"data": {"id": "c1"}}')


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
            "--patience", "0", "--select", "created", folder=tmp_path,
        )  # fmt: skip
    assert code == 2
    assert report["summary"]["errors"] == 0
    assert report["complete"]
