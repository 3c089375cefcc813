"""Ids in parentheses, as OData has them: their items are judged as those of other paths are."""

import json
from pathlib import Path

import pytest

from conformance.target.exchange import names_in, with_value
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.judging import accused, judged_mock

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR}
ITEM = obj("Key", "Name", Key=text(readOnly=True), Name=text())
PART = obj("PartKey", "Label", PartKey=text(readOnly=True), Label=text())


def products(one: str, *, has_parts: bool = False) -> dict[str, object]:
    """The contract of products whose paths end as ``one`` does."""
    made = operation({"201": answer(ITEM), **REFUSALS}, obj("Name", Name=text()))
    listed = answer(obj("value", "@odata.count", value=array(ITEM), **{"@odata.count": number()}))
    paged = {"$top": number(minimum=1, maximum=100), "$skip": number(minimum=0)}
    paths = {
        "/Products": {"post": made, "get": operation({"200": listed, **REFUSALS}, query=paged)},
        f"/Products{one}": {
            "get": operation({"200": answer(ITEM), **REFUSALS}),
            "patch": operation({"200": answer(ITEM), **REFUSALS}, obj(Name=text())),
            "delete": operation({"204": answer(), **REFUSALS}),
        },
    }
    if has_parts:
        within = operation({"201": answer(PART), **REFUSALS}, obj("Label", Label=text()))
        paths[f"/Products{one}/Parts"] = {"post": within}
        shown = operation({"200": answer(PART), **REFUSALS})
        paths[f"/Products{one}/Parts{one.replace('Key', 'PartKey')}"] = {"get": shown}
    document = contract(paths)
    document["security"] = [{"bearer": []}]
    return document


@pytest.mark.parametrize(("one", "has_parts"), [("({Key})", True), ("('{Key}')", False)])
def test_the_mock_is_judged_by_all_that_it_has(
    one: str, *, has_parts: bool, tmp_path: Path
) -> None:
    file = tmp_path / "products.json"
    file.write_text(json.dumps(products(one, has_parts=has_parts)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {(one["id"], one["operation"]) for one in report["results"]
              if one["outcome"] == "passed"}  # fmt: skip
    item = f"/Products{one}"
    assert {
        ("reads.shows-what-was-made", f"GET {item}"),
        ("reads.deleted-is-gone", f"GET {item}"),
        ("lists.created-is-listed", "GET /Products"),
        ("lists.pagination-is-complete", "GET /Products"),
        ("operations.change-is-shown", f"PATCH {item}"),
        ("authentication.other-spellings-open-nothing", f"DELETE {item}"),
        ("revocation.unknown-id-is-404", f"DELETE {item}"),
    } <= passed
    if has_parts:
        read = f"GET {item}/Parts({{PartKey}})"
        assert ("reads.belongs-to-its-parent", read) in passed


@pytest.mark.parametrize("one", ["({Key})", "('{Key}')", "/{Key}"])
def test_a_resource_has_the_operations_on_its_items(one: str) -> None:
    document = products(one)
    known = Contract(document).operations["POST /Products"].resource

    assert known is not None
    assert known.read is not None
    assert known.revoke is not None
    assert (known.id, known.handle) == ("Key", "Key")
    assert known.place_of(known.read, "/Products") == ("/Products", one)
    assert known.is_in_parentheses is (one != "/{Key}")


@pytest.mark.parametrize("path", ["/things/a%20b", "/things(a%20b)", "/things('a%20b')"])
def test_the_names_in_a_path(path: str) -> None:
    assert names_in(path) == ["things", "a b"]


def test_one_value_of_a_path_is_another() -> None:
    template = "/things({id})/parts('{part}')"

    assert with_value(template, "/things(5)/parts('7')", 0, "a/b") == "/things(a%2Fb)/parts('7')"
    assert with_value(template, "/things(5)/parts('7')", 1, "8") == "/things(5)/parts('8')"
    assert with_value(template, "/others", 0, "8") == "/others"
