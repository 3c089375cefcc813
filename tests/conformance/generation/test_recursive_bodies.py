"""Bodies of schemas that lead to themselves: a tree, an expression, two that have each other."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.generation.strategies import bodies_near, valid_bodies
from conformance.probe.bodies import schema_of
from conformance.probe.probe import Probe
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, document, taken, thing

NODE = {"$ref": "#/components/schemas/Node"}
OTHER = {"$ref": "#/components/schemas/Other"}

SCHEMAS: dict[str, dict[str, Any]] = {
    "a tree": {"Node": thing(["name"], name=TEXT, children={"type": "array", "items": NODE})},
    "a parent": {"Node": thing(["name"], name=TEXT, parent={"anyOf": [NODE, {"type": "null"}]})},
    "an expression": {"Node": {"oneOf": [
        thing(["and"], **{"and": {"type": "array", "items": NODE, "minItems": 1}}),
        thing(["not"], **{"not": NODE}),
        thing(["name"], name=TEXT),
    ]}},
    "two": {"Node": thing(["name"], name=TEXT, other=OTHER),
            "Other": {"allOf": [thing(["nodes"], nodes={"type": "array", "items": NODE}), NODE]}},
}  # fmt: skip


@pytest.mark.parametrize("kind", SCHEMAS)
def test_bodies_of_a_schema_that_leads_to_itself_are_made(kind: str) -> None:
    made = {"post": {"responses": {"201": answer(NODE), "422": answer(TEXT)},
                     "requestBody": {"required": True, **taken(NODE)}}}  # fmt: skip
    found = document("Trees", {"/nodes": made})
    found["components"]["schemas"] = SCHEMAS[kind]
    contract = Contract(found)
    [create] = contract.operations.values()
    schema, drawn = schema_of(create), []
    with Target("http://target", ["token_4c1e9a77d0b25f83"]) as target:
        probe = Probe(contract, create, target, random.Random(1))

        @settings(database=None, max_examples=40, suppress_health_check=list(HealthCheck))
        @given(valid_bodies(probe, schema) | bodies_near(probe, schema))
        def draw(body: Any) -> None:
            drawn.append(body)

        draw()

    assert all(map(schema.is_valid, drawn))
    assert any(isinstance(one, dict | list) for body in drawn for one in body.values())
