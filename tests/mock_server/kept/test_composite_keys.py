"""Items that several members name: ``/invoices/{series}/{number}``."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text

SERIES = text(enum=["A", "B"])


def invoices(envelope: str = "") -> dict[str, Any]:
    """Invoices whose number the server counts, and whose series clients choose."""
    new = obj("series", series=SERIES, memo=text())
    invoice = obj("series", "number", series=SERIES, number=number(minimum=1), memo=text())
    change = obj(memo=text())
    if envelope:
        change = obj(**{envelope: change})
        new, invoice = (
            obj(envelope, **{envelope: new}),
            obj("kind", envelope, kind=text(), **{envelope: invoice}),
        )
    one = {"201": answer(invoice, headers={"Location": {"schema": text()}})}
    whole = {"200": answer(invoice), "404": answer()}
    return contract(
        {
            "/customers": {"post": operation({"201": answer(obj("id", id=text()))}, obj())},
            "/customers/{customer}": {
                "get": operation({"200": answer(obj("id", id=text()))}),
                "delete": operation({"204": answer()}),
            },
            "/customers/{customer}/invoices": {
                "get": operation({"200": answer(array(invoice))}),
                "post": operation(one, new),
            },
            "/customers/{customer}/invoices/{series}/{number}": {
                "get": operation(whole),
                "patch": operation(whole, change),
                "delete": operation({"204": answer()}),
            },
            "/customers/{customer}/invoices/{series}/{number}/lines": {
                "get": operation({"200": answer(obj(count=number(example=3)))}),
            },
        }
    )  # fmt: skip


@pytest.mark.parametrize("envelope", ["", "attributes"])
def test_an_item_that_several_members_name(start: Start, envelope: str) -> None:
    client = start(invoices(envelope))

    def sent(**members: Any) -> dict[str, Any]:
        return {envelope: members} if envelope else members

    def inner(body: Any) -> Any:
        return body[envelope] if envelope else body

    path = f"/v1/customers/{client.post('/v1/customers', json={}).json()['id']}/invoices"
    first = client.post(path, json=sent(series="B"))
    number = inner(first.json())["number"]
    assert first.headers["location"] == f"{path}/B/{number}"
    assert client.get(f"{path}/B/{number}").json() == first.json()
    assert client.get(f"{path}/A/{number}").status_code == 404
    assert client.get(f"{path}/A/{number}/lines").status_code == 404
    assert client.get(f"{path}/B/{number}/lines").json() == {"count": 3}
    second = client.post(path, json=sent(series="A"))
    assert client.get(path).json() == [first.json(), second.json()]

    changed = client.request("PATCH", f"{path}/B/{number}", json=sent(memo="x", series="A"))
    assert inner(changed.json()) == {**inner(first.json()), "memo": "x"}
    assert client.get(f"{path}/B/{number}").json() == changed.json()
    assert client.delete(f"{path}/B/{number}").status_code == 204
    assert client.get(f"{path}/B/{number}").status_code == 404
    assert client.get(path).json() == [second.json()]
    assert client.delete(path.removesuffix("/invoices")).status_code == 204
    assert client.get(second.headers["location"]).status_code == 404


def test_a_name_that_clients_choose_is_there_once(start: Start) -> None:
    document = invoices()
    post = document["paths"]["/customers/{customer}/invoices"]["post"]
    asked = post["requestBody"]["content"]["application/json"]["schema"]
    asked["properties"]["number"] = number(minimum=1)
    post["responses"]["409"] = answer()
    client = start(document)
    path = f"/v1/customers/{client.post('/v1/customers', json={}).json()['id']}/invoices"
    for series in ("A", "B"):
        made = client.post(path, json={"series": series, "number": 7})
        assert made.headers["location"] == f"{path}/{series}/7"
        assert client.post(path, json={"series": series, "number": 7}).status_code == 409
