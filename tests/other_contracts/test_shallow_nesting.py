"""Resources that are made in others, and read, changed and deleted on a path without these."""

import json
from pathlib import Path
from typing import Any

import pytest

from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

COMMENT = thing(["id", "text"], id=TEXT, text=TEXT)
WRONG = answer(thing([], title=TEXT), "application/problem+json")
REFUSED = dict.fromkeys(("400", "401", "404", "422"), WRONG)


def comments(doc: str, comment: str, *, has_both: bool) -> dict[str, Any]:
    """A contract of comments that are made in documents; with a path in those too, or without."""
    doc_made = answer(thing(["id", "title"], id=TEXT, title=TEXT))
    listed = thing(["data"], data={"type": "array", "items": COMMENT}, next_cursor=TEXT)
    new = {"requestBody": taken(thing(["text"], text=TEXT))}
    in_doc = parameter(doc, "path", TEXT)
    paging = {"parameters": [parameter("cursor", "query", TEXT),
                             parameter("limit", "query", {"type": "integer"})]}  # fmt: skip
    one = {
        "get": {"responses": {"200": answer(COMMENT), **REFUSED}},
        "delete": {"responses": {"204": {"description": "Gone."}, **REFUSED}},
    }
    both = {"parameters": [in_doc, parameter("cid", "path", TEXT)], **one}
    return document("Comments", {
        "/docs": {"post": {"requestBody": taken(thing(["title"], title=TEXT)),
                           "responses": {"201": doc_made, **REFUSED}}},
        f"/docs/{{{doc}}}": {"parameters": [in_doc],
                             "get": {"responses": {"200": doc_made, **REFUSED}}},
        f"/docs/{{{doc}}}/comments": {
            "parameters": [in_doc],
            "post": {**new, "responses": {"201": answer(COMMENT), **REFUSED}},
            "get": {**paging, "responses": {"200": answer(listed), **REFUSED}},
        },
        f"/comments/{{{comment}}}": {"parameters": [parameter(comment, "path", TEXT)], **one},
        **({f"/docs/{{{doc}}}/comments/{{cid}}": both} if has_both else {}),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("doc", "comment", "has_both"),
    [
        ("id", "id", False),
        pytest.param("docId", "commentId", False, marks=pytest.mark.thorough),
        ("id", "id", True),
    ],
)
def test_the_mock_conforms_and_each_operation_is_judged(
    tmp_path: Path, doc: str, comment: str, *, has_both: bool
) -> None:
    file = tmp_path / "comments.json"
    file.write_text(json.dumps(comments(doc, comment, has_both=has_both)))
    sections = [text for one in ("reads", "revocation", "lists", "authentication")
                for text in ("--select", one)]  # fmt: skip
    code, report = judged_mock(file, tmp_path, *sections)

    assert accused(report) == []
    assert code == 0
    passed = {(one["id"], one["operation"]) for one in report["results"]
              if one["outcome"] == "passed"}  # fmt: skip
    item = f"/comments/{{{comment}}}"
    for method in ("GET", "DELETE"):
        assert ("authentication.unknown-token-is-refused", f"{method} {item}") in passed
    own = f"/docs/{{{doc}}}/comments/{{cid}}" if has_both else item
    assert ("reads.shows-what-was-made", f"GET {own}") in passed
    assert ("reads.deleted-is-gone", f"GET {own}") in passed
    assert ("revocation.leaves-others-alone", f"DELETE {own}") in passed
    assert ("lists.created-is-listed", f"GET /docs/{{{doc}}}/comments") in passed


def test_a_path_with_a_post_of_its_own_is_another_resource() -> None:
    whole = comments("id", "id", has_both=False)
    whole["paths"]["/comments"] = {"post": whole["paths"]["/docs/{id}/comments"]["post"]}
    made = {one.create.path: one for one in Contract(whole).resources}

    assert made["/comments"].read is not None
    assert made["/docs/{id}/comments"].read is None
