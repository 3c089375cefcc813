"""Items in a parent that no operation makes: its name is a valid one, and always the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mock_server.kept.contracts import answer, contract, obj, operation, text
from tests.other_contracts.judging import accused, judged_mock


def parcels(depot: dict[str, Any]) -> dict[str, Any]:
    """Parcels of a depot, with numbers that may begin with 1 in each."""
    number = {"type": "integer"}
    parcel = answer(obj("id", "label", id=number, label=text()))
    refusal = answer(obj("message", message=text()))
    refusals = {"400": refusal, "401": refusal, "404": refusal}
    made = operation({"201": parcel, **refusals}, obj("label", label=text(maxLength=80)))
    read = operation({"200": parcel, **refusals})
    document = contract({
        "/depots/{depot}/parcels": {"post": made}, "/depots/{depot}/parcels/{id}": {"get": read},
    }, ids=number)  # fmt: skip
    for path in document["paths"].values():
        path["parameters"][0]["schema"] = depot
    return document


@pytest.mark.parametrize(
    "depot",
    [
        {"type": "string", "pattern": "^[a-z][a-z0-9-]{2,20}$"},
        {"type": "integer"},
        pytest.param({"type": "string", "enum": ["north", "south"]}, marks=pytest.mark.thorough),
        pytest.param({"type": "string", "format": "uuid"}, marks=pytest.mark.thorough),
        pytest.param({"type": "string", "maxLength": 8}, marks=pytest.mark.thorough),
    ],
    ids=lambda one: " ".join(map(str, one)),
)
def test_the_mock_conforms(depot: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "parcels.json"
    file.write_text(json.dumps(parcels(depot)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
