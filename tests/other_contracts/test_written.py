"""The mock is accused of nothing where a PUT makes items, or no operation by id is there."""

import json
from pathlib import Path

from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

WRONG = answer(thing([], title=TEXT), "application/problem+json")
REFUSED = dict.fromkeys(("400", "401", "404", "422"), WRONG)
SETTINGS = thing(["theme"], theme=TEXT, tag=TEXT)
BOX = thing(["name", "size"], name=TEXT, size=TEXT, color=TEXT)
NOTE = thing(["id", "text"], id=TEXT, text=TEXT)
GONE = {"responses": {"204": {"description": "Gone."}, **REFUSED}}
PAGING = [parameter("cursor", "query", TEXT), parameter("limit", "query", {"type": "integer"})]


def _listed(item: object) -> dict[str, object]:
    page = thing(["data"], data={"type": "array", "items": item}, next_cursor=TEXT)
    return {"parameters": PAGING, "responses": {"200": answer(page), **REFUSED}}


def _written(item: object, sent: object, *statuses: str) -> dict[str, object]:
    made = dict.fromkeys(statuses, answer(item))
    return {"requestBody": taken(sent), "responses": {**made, **REFUSED}}


def test_what_is_written_is_judged(tmp_path: Path) -> None:
    shown = {"responses": {"200": answer(NOTE), **REFUSED}}
    contract = document("Written", {
        "/settings": {
            "get": {"responses": {"200": answer(SETTINGS), **REFUSED}},
            "put": _written(SETTINGS, SETTINGS, "200"),
            "patch": _written(SETTINGS, thing([], tag=TEXT), "200"),
        },
        "/boxes": {"get": _listed(BOX)},
        "/boxes/{name}": {
            "parameters": [parameter("name", "path", TEXT)],
            "put": _written(BOX, thing(["size"], size=TEXT, color=TEXT), "200", "201"),
            "get": {"responses": {"200": answer(BOX), **REFUSED}},
            "delete": GONE,
        },
        "/notes": {"get": _listed(NOTE),
                   "post": _written(NOTE, thing(["text"], text=TEXT), "201")},
        "/memos/create": {"post": _written(NOTE, thing(["text"], text=TEXT), "201")},
        "/memos/search": {"post": _written({"type": "array", "items": NOTE},
                                           thing([], text=TEXT), "200")},
        "/memos/{id}": {"parameters": [parameter("id", "path", TEXT)], "get": shown,
                        "delete": GONE},
    })  # fmt: skip
    file = tmp_path / "written.json"
    file.write_text(json.dumps(contract))
    sections = [text for one in ("lists", "reads", "operations", "created")
                for text in ("--select", one)]  # fmt: skip
    code, report = judged_mock(file, tmp_path, *sections)

    assert accused(report) == []
    assert code == 0
    passed = {(one["id"], one["operation"]) for one in report["results"]
              if one["outcome"] == "passed"}  # fmt: skip
    assert ("lists.created-is-listed", "GET /notes") in passed
