"""Resources whose id stands in their metadata, as Kubernetes has it."""

import json
from pathlib import Path

from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

WRONG = answer(thing([], title=TEXT), "application/problem+json")
REFUSED = dict.fromkeys(("400", "401", "404", "422"), WRONG)
TIME = {"type": "string", "format": "date-time"}
HELD = thing(["name"], name=TEXT, uid=TEXT, creationTimestamp=TIME)
POD = thing([], kind=TEXT, metadata=HELD, spec=thing([], image=TEXT))


def test_what_a_server_adds_to_metadata_is_no_other_metadata(tmp_path: Path) -> None:
    one = {"responses": {"200": answer(POD), **REFUSED}}
    contract = document("Pods", {
        "/pods": {"post": {"requestBody": taken(POD),
                           "responses": {"201": answer(POD), **REFUSED}}},
        "/pods/{name}": {"parameters": [parameter("name", "path", TEXT)],
                         "get": one, "put": {"requestBody": taken(POD), **one}, "delete": one},
    })  # fmt: skip
    file = tmp_path / "pods.json"
    file.write_text(json.dumps(contract))
    sections = [text for one in ("generated", "created", "validation", "authentication")
                for text in ("--select", one)]  # fmt: skip
    code, report = judged_mock(file, tmp_path, *sections)

    assert accused(report) == []
    assert code == 0
    passed = {(one["id"], one["operation"]) for one in report["results"]
              if one["outcome"] == "passed"}  # fmt: skip
    assert ("authentication.unknown-token-is-refused", "GET /pods/{name}") in passed
