"""Small contracts of several styles, each made of its paths."""

import re
from typing import Any

Schema = dict[str, Any]


def text(**more: Any) -> Schema:
    return {"type": "string", **more}


def number(**more: Any) -> Schema:
    return {"type": "integer", **more}


def obj(*required: str, **members: Any) -> Schema:
    return {
        "type": "object",
        "properties": members,
        **({"required": list(required)} if required else {}),
    }


def array(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: Schema | None = None, example: Any = None, headers: Any = None) -> Schema:
    found: Schema = {"description": "As it says."}
    if schema is not None:
        found["content"] = {"application/json": {"schema": schema}}
        if example is not None:
            found["content"]["application/json"]["example"] = example
    if headers is not None:
        found["headers"] = headers
    return found


def operation(
    responses: dict[str, Schema],
    sent: Schema | None = None,
    query: dict[str, Schema] | None = None,
    media_type: str = "application/json",
    **more: Any,
) -> Schema:
    found: Schema = {"responses": responses, **more}
    if sent is not None:
        found["requestBody"] = {"required": True, "content": {media_type: {"schema": sent}}}
    found["parameters"] = [
        *more.get("parameters", []),
        *({"name": name, "in": "query", "schema": one} for name, one in (query or {}).items()),
    ]
    return found


def contract(
    paths: dict[str, dict[str, Schema]], ids: Schema | None = None, **schemas: Schema
) -> dict[str, Any]:
    """A contract; path parameters have the type of ``ids``, text by default."""
    whole: dict[str, Any] = {}
    for path, methods in paths.items():
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": ids or text()}
            for name in re.findall(r"\{([^{}]+)\}", path)
        ]
        whole[path] = {**methods, **({"parameters": parameters} if parameters else {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Items", "version": "1"},
        "servers": [{"url": "/v1"}],
        "paths": whole,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


THING = obj("id", id=number(), name=text())
"""The shortest item."""


def pets(**list_parameters: Schema) -> dict[str, Any]:
    """Numbers as ids, plain arrays, bodies without an envelope."""
    new = obj("name", name=text(), tag=text())
    pet = obj(
        "id", "name", id=number(), name=text(), tag=text(), created_at=text(format="date-time")
    )
    one = answer(ref("Pet"))
    return contract(
        {
            "/pets": {
                "get": operation({"200": answer(array(ref("Pet")))}, query=list_parameters),
                "post": operation({"201": one}, new),
            },
            "/pets/{petId}": {
                "get": operation({"200": one, "404": answer()}),
                "put": operation({"200": one}, new),
                "patch": operation({"200": one}, obj(name=text(), tag=text())),
                "delete": operation({"204": answer()}),
            },
            "/pets/{petId}/vaccinate": {"post": operation({"200": answer(obj(done=text()))})},
        },
        ids=number(),
        Pet=pet,
    )


def payments() -> dict[str, Any]:
    """Texts with a prefix as ids, an envelope, an idempotency key, and customers above."""
    key = {"name": "Idempotency-Key", "in": "header", "schema": text()}
    bearer = {"security": [{"bearer": []}]}
    customer = obj("id", id=text(example="cus_8s6XKzk2"), email=text(format="email"))
    payment = obj(
        "id", "amount", "state",
        id=text(pattern="^pay_[0-9]{12}$", example="pay_000000000042"), amount=number(minimum=1),
        state=text(enum=["open", "done"]), customer_id=text(), created=number(example=1700000000),
    )  # fmt: skip

    mailed = obj(email=text())
    refund = answer(obj(refunded=number()), {"refunded": 5})

    def wrapped(name: str) -> Schema:
        return answer(obj("data", data=ref(name)))

    paged = {"cursor": text(), "limit": number(maximum=50)}
    page = obj("data", data=array(ref("Payment")), next_cursor={"type": ["string", "null"]})
    return contract(
        {
            "/customers": {"post": operation({"201": wrapped("Customer")}, mailed, **bearer)},
            "/customers/{customer_id}": {
                "get": operation({"200": wrapped("Customer")}, **bearer),
                "delete": operation({"204": answer()}, **bearer),
            },
            "/customers/{customer_id}/payments": {
                "get": operation({"200": answer(page)}, query=paged, **bearer),
                "post": operation(
                    {"201": wrapped("Payment")}, obj("amount", amount=number(minimum=1)),
                    parameters=[key], **bearer,
                ),
            },
            "/customers/{customer_id}/payments/{payment_id}": {
                "get": operation({"200": wrapped("Payment")}, **bearer),
                "delete": operation({"200": wrapped("Payment")}, **bearer),
            },
            "/customers/{customer_id}/payments/{payment_id}/refund": {
                "post": operation({"200": refund}, **bearer)
            },
        },
        Customer=customer,
        Payment=payment,
    )  # fmt: skip
