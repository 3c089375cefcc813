"""A schema that others extend, told apart by a discriminator, is one of these in new data too."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    ref,
    text,
)

__all__ = ["start"]


def base(*required: str, **more: Any) -> dict[str, Any]:
    found = obj(*required, "name", kind=text(**more), name=text())
    return {**found, "discriminator": {"propertyName": "kind"}}


CAT = {"allOf": [ref("Pet"), obj("lives", lives=number())]}
DOG = {"allOf": [ref("Pet"), obj("bark", bark=text())]}
BOTH = {("Cat", "lives"), ("Dog", "bark")}


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        ({"Pet": base("kind"), "Cat": CAT, "Dog": DOG}, BOTH),
        ({"Pet": base(), "Cat": CAT, "Dog": DOG}, BOTH),
        ({"Pet": base("kind", enum=["Cat", "Dog"]), "Cat": CAT, "Dog": DOG}, BOTH),
        ({"Pet": base("kind", pattern="^[A-Z][a-z]+$"), "Cat": CAT, "Dog": DOG}, BOTH),
        ({"Pet": base("kind", default="Cat"), "Cat": CAT, "Dog": DOG}, BOTH),
        ({"Pet": base("kind")}, {("Pet", "")}),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_new_data_is_of_a_schema_that_its_discriminator_names(
    start: Start, version: str, schemas: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    pets = operation({"200": answer({**array(ref("Pet")), "minItems": 3})})
    document = contract({"/pets": {"get": pets}}, **schemas) | {"openapi": version}
    client = start(document, stateless=True)
    found = [
        pet
        for _ in range(20)
        for pet in client.get("/v1/pets", headers={"Prefer": "dynamic=true"}).json()
    ]
    own = {"lives", "bark"}
    assert {(one["kind"], "".join(own & one.keys())) for one in found} == expected
