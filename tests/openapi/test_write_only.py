"""What is ``writeOnly`` in a body: looked for and checked no more often than there are schemas."""

from typing import Any

import pytest

from openapi.item_members import Members
from openapi.schema import Schema
from openapi.write_only import WriteOnly
from tests.openapi.test_sample import schema_of

Json = dict[str, Any]
HIDDEN: Json = {"type": "string", "writeOnly": True}


def in_itself(members: int, levels: int) -> Schema:
    """An object whose members are all like it, and one that leads to a hidden one below."""
    deep = HIDDEN
    for _ in range(levels):
        deep = {"type": "object", "properties": {"in": deep}}
    path = "#/paths/~1x/post/requestBody/content/application~1json/schema"
    alike = {f"m{one}": {"$ref": path} for one in range(members)}
    return schema_of({"type": "object", "properties": {**alike, "deep": deep}})


@pytest.mark.parametrize(("levels", "is_found"), [(0, True), (3, True), (9, False)])
def test_members_that_lead_to_each_other_are_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, levels: int, *, is_found: bool
) -> None:
    merged, asked = Members.merged, list[object]()

    def counted(self: Members, definition: object) -> Any:
        asked.append(definition)
        return merged(self, definition)

    monkeypatch.setattr(Members, "merged", counted)
    schema = in_itself(16, levels)

    assert WriteOnly(schema).hides_from(WriteOnly(schema)) is is_found
    assert len(asked) < 2_000


def test_an_alternative_is_compiled_once_for_all_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a member that several parts describe are put together anew for each value."""
    compiled_part, made = Schema.compiled_part, list[object]()

    def counted(self: Schema, definition: object) -> Any:
        made.append(definition)
        return compiled_part(self, definition)

    monkeypatch.setattr(Schema, "compiled_part", counted)
    kinds = [
        {"type": "object", "required": [one], "properties": {one: {}, "pin": HIDDEN}}
        for one in ("cat", "dog")
    ]
    either = [{"properties": {"pet": {"type": "object"}}}, {"properties": {"pet": {}}}]
    schema = schema_of({"type": "object", "properties": {"pet": {"anyOf": kinds}}, "anyOf": either})
    hiding = WriteOnly(schema)
    [*hiding.leaves({"pet": {"cat": "x", "pin": "1"}})]
    once = len(made)
    for _ in range(10):
        [*hiding.leaves({"pet": {"cat": "x", "pin": "1"}})]

    assert 0 < once == len(made)
