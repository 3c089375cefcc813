"""Lists whose items are held by edges are read page by page, as others are."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.probe.paging import items_of, page_in
from conformance.target.exchange import Answer
from openapi.contract import Contract
from openapi.paging import page_members
from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import (
    FLAG,
    TEXT,
    WHOLE,
    answer,
    document,
    parameter,
    taken,
    thing,
)


def edges(holder: str) -> dict[str, Any]:
    """Things in edges, with the cursor of each and of the page."""
    one = thing(["id", "name"], id=TEXT, name=TEXT)
    edge = thing([holder, "cursor"], **{holder: one}, cursor=TEXT)
    info = thing(["hasNextPage"], hasNextPage=FLAG, endCursor={"type": ["string", "null"]})
    page = thing(["edges", "pageInfo"], edges={"type": "array", "items": edge}, pageInfo=info)
    wrong = dict.fromkeys(("400", "401", "404"), answer(thing(["message"], message=TEXT)))
    return document("Edges", {
        "/things": {
            "post": {"requestBody": {"required": True, **taken(thing(["name"], name=TEXT))},
                     "responses": {"201": answer(one), **wrong}},
            "get": {"parameters": [
                parameter("first", "query", {**WHOLE, "minimum": 1, "maximum": 50}),
                parameter("after", "query", TEXT),
            ], "responses": {"200": answer(page), **wrong}},
        },
        "/things/{id}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"responses": {"200": answer(one), **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        },
    })  # fmt: skip


@pytest.mark.parametrize("holder", ["node", "item"])
def test_the_items_are_those_in_the_edges(holder: str) -> None:
    members = page_members(Contract(edges(holder)).operations["GET /things"])
    assert members is not None
    listed = [{holder: {"id": f"t{at}", "name": "n"}, "cursor": f"c{at}"} for at in range(2)]
    whole = {"edges": listed, "pageInfo": {"hasNextPage": True, "endCursor": "c1"}}
    found = Answer(200, body=json.dumps(whole).encode())

    assert [one["id"] for one in items_of(members, found)] == ["t0", "t1"]
    page = page_in(members, "id", found, {})
    assert page is not None
    assert (page.ids, page.next) == (["t0", "t1"], "c1")


def test_a_server_with_edges_is_judged_and_not_accused(tmp_path: Path) -> None:
    contract = tmp_path / "edges.json"
    contract.write_text(json.dumps(edges("node")))
    code, report = judged_mock(contract, tmp_path, "--select", "lists.*", "--select", "reads.*")

    assert (code, accused(report)) == (0, [])
    outcomes = {one["id"]: one["outcome"] for one in report["results"]}
    assert outcomes["lists.pagination-is-complete"] == "passed"
