"""Members that clients send and no answer shows (``writeOnly``), at all levels."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    Schema,
    answer,
    array,
    contract,
    obj,
    operation,
    ref,
    text,
)

SECRET = text(writeOnly=True)
CARD = obj("type", "number", type={"const": "card"}, number=SECRET, holder=text())
INVOICE = obj("type", "number", type={"const": "invoice"}, number=text())


def orders(**members: Schema) -> dict[str, Any]:
    """Orders with members that no answer shows; other members are allowed."""
    new = obj(**members, pin=SECRET)
    order = {**obj("id", **members, pin=SECRET, id=text(readOnly=True)), "additionalProperties": {}}
    one = {"200": answer(ref("Order")), "404": answer()}
    patched = operation(one, array({"type": "object"}), media_type="application/json-patch+json")
    patched["requestBody"]["content"]["application/merge-patch+json"] = {"schema": new}
    return contract(
        {
            "/orders": {
                "get": operation({"200": answer(array(ref("Order")))}),
                "post": operation({"201": answer(ref("Order"))}, new),
            },
            "/orders/{id}": {"get": operation(one), "put": operation(one, new), "patch": patched},
        },
        Order=order,
    )


@pytest.mark.parametrize(
    ("member", "sent", "shown"),
    [
        (obj(number=SECRET, last=text()), {"number": "4", "last": "x"}, {"last": "x"}),
        ({"oneOf": [CARD, INVOICE]}, {"type": "card", "number": "4"}, {"type": "card"}),
        (
            {"oneOf": [CARD, INVOICE]},
            {"type": "invoice", "number": "4"},
            {"type": "invoice", "number": "4"},
        ),
        (array(obj(number=SECRET, last=text())), [{"number": "4", "last": "x"}], [{"last": "x"}]),
        (
            {"type": "object", "additionalProperties": CARD},
            {"a": {"type": "card", "number": "4"}},
            {"a": {"type": "card"}},
        ),
    ],
)
def test_what_is_write_only_is_in_no_answer(
    start: Start, member: Schema, sent: Any, shown: Any
) -> None:
    client = start(orders(pay=member))
    made = client.post("/v1/orders", json={"pay": sent, "pin": "1234"})
    order = f"/v1/orders/{made.json()['id']}"
    whole = {"id": made.json()["id"], "pay": shown}
    patch = {"headers": {"Content-Type": "application/merge-patch+json"}}
    steps = {"headers": {"Content-Type": "application/json-patch+json"}}
    answers = [
        made.json(),
        client.get(order).json(),
        client.put(order, json={"pay": sent, "pin": "1"}).json(),
        client.request("PATCH", order, json={"pay": sent, "pin": "2"}, **patch).json(),
        client.request(
            "PATCH", order, json=[{"op": "add", "path": "/pay", "value": sent}], **steps
        ).json(),
        *client.get("/v1/orders").json(),
    ]
    assert answers == [whole] * 6
