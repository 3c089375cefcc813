"""The ids and timestamps of new items."""

import re
from typing import Any

import pytest

from mock_server.documented.made_values import new_ids, timestamps

NOW = 1_772_366_400.25


@pytest.mark.parametrize(
    ("definition", "example", "form"),
    [
        ({"type": "integer"}, None, "7"),
        ({"type": ["integer", "null"]}, 3, "7"),
        ({"type": "integer", "minimum": 1000}, None, "1007"),
        ({"type": "integer", "multipleOf": 10}, None, "70"),
        ({"type": "number"}, None, "7"),
        ({}, 12, "7"),
        ({"type": "string", "format": "uuid"}, None, "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
        (
            {"type": "string"},
            "efdbb9d1-02c2-4bc3-afb7-6788d8782b1e",
            "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
        ),
        ({"type": "string"}, "pay_000000000042", "pay_[0-9]{12}"),
        (
            {"type": "string"},
            "cus_9s6XKzkNRiz8i3",
            "cus_[0-9][a-z][0-9][A-Z]{2}[a-z]{2}[A-Z]{2}[a-z]{2}[0-9][a-z][0-9]",
        ),
        ({"type": "string"}, "ORD-0001", "ORD-0007"),
        ({"type": "string"}, "INV2024001", "INV[0-9]{7}"),
        ({"type": "string"}, "12", "07"),
        ({"type": "string"}, "507f1f77bcf86cd799439011", "[0-9a-f]{24}"),
        ({"type": "string"}, "projects/a-b/items/x1y2", "projects/a-b/items/[a-z][0-9][a-z][0-9]"),
        ({"type": "string", "pattern": "^[A-Z]{3}[0-9]{3}$"}, None, "[A-Z]{3}[0-9]{3}"),
        ({"type": "string"}, None, "[0-9a-f]{16}"),
        ({"type": "string", "maxLength": 5}, None, "[0-9a-f]{5}"),
        ({"type": "string", "minLength": 40}, None, "[0-9a-f]{40}"),
    ],
)
def test_an_id_has_the_form_that_the_contract_shows(
    definition: dict[str, Any], example: object, form: str
) -> None:
    first = next(iter(new_ids(definition, example, 7)))
    assert re.fullmatch(form, str(first))
    kinds = definition.get("type", "integer")
    assert isinstance(first, str) == (kinds == "string")


def test_two_ids_differ() -> None:
    for example in ("pay_000000000042", "cus_9s6XKzkNRiz8i3", None):
        one, other = (next(iter(new_ids({"type": "string"}, example, n))) for n in (1, 2))
        assert one != other


def test_times_are_those_of_now_in_the_form_of_the_contract() -> None:
    members = {
        "created_at": {"type": "string", "format": "date-time"},
        "updatedAt": {"type": ["string", "null"], "format": "date-time"},
        "created": {"type": "integer"},
        "modified_ms": {"type": "integer"},
        "registered_on": {"type": "string", "format": "date"},
        "createdTime": {"type": "string"},
        "created_by": {"type": "string"},
        "expires_at": {"type": "string", "format": "date-time"},
    }
    example = {
        "created": 1_700_000_000,
        "modified_ms": 1_700_000_000_000,
        "createdTime": "2020-01-01T00:00:00Z",
        "created_by": "somebody",
    }
    text = "2026-03-01T12:00:00.250Z"
    assert timestamps(members, example, NOW, new=True) == {
        "created_at": text,
        "updatedAt": text,
        "created": 1_772_366_400,
        "modified_ms": 1_772_366_400_250,
        "registered_on": "2026-03-01",
        "createdTime": text,
    }
    changed = timestamps(members, example, NOW, new=False)
    assert changed == {"updatedAt": text, "modified_ms": 1_772_366_400_250}


@pytest.mark.parametrize(
    ("name", "definition", "example", "expected"),
    [
        ("created_at", {"type": "integer", "format": "unixtime"}, 0, 1_772_366_400),
        ("created_at", {"type": "integer"}, 0, 1_772_366_400),
        ("createdAt", {"type": "integer", "minimum": 5}, 5, 1_772_366_400),
        ("created", {"type": "integer", "format": "int64"}, None, 1_772_366_400),
        ("creation", {"type": "integer", "format": "timestamp-millis"}, 0, 1_772_366_400_250),
        ("created_at", {"type": "integer"}, 20_260_301, None),
        ("created_pages", {"type": "integer"}, 0, None),
        ("created_by", {"type": "string"}, "text", None),
    ],
)
def test_an_integer_is_a_time_by_its_format_or_its_name(
    name: str, definition: dict[str, Any], example: object, expected: int | None
) -> None:
    found = timestamps({name: definition}, {name: example}, NOW, new=True)
    assert found.get(name) == expected
