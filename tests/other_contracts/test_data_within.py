"""Data within objects and lists comes back as it was sent, with what the contract adds to it."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.probe.violation import Violation
from conformance.server.generated.judges import expect_sent_data
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from openapi.schema import Schema
from openapi.write_only import WriteOnly
from tests.other_contracts.styles import FLAG, TEXT, answer, document, taken, thing

GUEST = thing(
    ["email"], email=TEXT, optional={**FLAG, "default": False}, pin={**TEXT, "writeOnly": True},
    state={**TEXT, "readOnly": True},
)  # fmt: skip
SHOWN = thing(["email"], email=TEXT, optional=FLAG, state=TEXT, replied=FLAG)
LABELS = {"type": "object", "additionalProperties": TEXT}
NAME = {"oneOf": [TEXT, {"type": "integer"}]}
BODY = {
    "name": NAME,
    "title": NAME,
    "guests": {"type": "array", "items": GUEST},
    "host": GUEST,
    "labels": LABELS,
}
CONTRACT = Contract(
    document("Events", {
        "/events": {
            "post": {
                "requestBody": {"required": True, **taken(thing([], **BODY))},
                "responses": {"201": answer(thing(
                    ["id"], id=TEXT, guests={"type": "array", "items": SHOWN}, host=SHOWN,
                    labels=LABELS, name=TEXT, title=NAME,
                ))},
            },
        },
    })
)  # fmt: skip
SENT = {
    "name": 7,
    "title": 7,
    "guests": [{"email": "a", "pin": "1", "state": "x"}],
    "host": {"email": "b"},
    "labels": {},
}


@pytest.mark.parametrize(
    ("found", "is_same"),
    [
        (SENT, True),
        ({"guests": [{"email": "a", "optional": False, "state": "new", "replied": False}]}, True),
        ({"host": {"email": "b", "replied": True}}, True),
        ({"name": "7"}, True),
        ({"title": "7"}, False),
        ({"labels": {"more": "x"}}, False),
        ({"host": {"email": "b", "other": 1}}, False),
        ({"host": {"email": "c"}}, False),
        ({"host": {}}, False),
        ({"host": "b"}, False),
        ({"guests": []}, False),
        ({"guests": [{"email": "A"}]}, False),
        ({"guests": [{"email": "a"}, {"email": "a"}]}, False),
    ],
)  # fmt: skip
def test_data_comes_back_at_all_levels(found: dict[str, Any], *, is_same: bool) -> None:
    with nullcontext() if is_same else pytest.raises(Violation, match="another"):
        expect_sent_data(exchange(found))


def exchange(found: dict[str, Any]) -> JudgedExchange:
    operation = CONTRACT.operations["POST /events"]
    request = Request("POST", "/events").with_json(SENT)
    made = Answer(201, (("content-type", "application/json"),), json.dumps(found).encode())
    return JudgedExchange(operation, request, made, Purpose.GENERATED)


def test_a_schema_is_read_once_for_all_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    expect_sent_data(exchange(SENT))
    read, made = WriteOnly.__init__, list[Schema]()

    def counted(self: WriteOnly, schema: Schema) -> None:
        made.append(schema)
        read(self, schema)

    monkeypatch.setattr(WriteOnly, "__init__", counted)
    for _ in range(3):
        expect_sent_data(exchange(SENT))

    assert made == []
