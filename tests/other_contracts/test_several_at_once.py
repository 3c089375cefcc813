"""A POST of a list, which is answered with a list: what its answers show of it is judged."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from openapi.resource import creates
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty, answered
from tests.other_contracts.judging import accused, judged_mock

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR}
SENT = obj("label", label=text(minLength=1))
NOTE = obj("id", "label", id=text(), label=text(minLength=1))

KINDS = {
    "lists": (array(SENT), array(NOTE)),
    "objects with a list": (
        obj("items", items=array(SENT)), obj("items", items=array(NOTE), total=number()),
    ),
    "a list, and an object with one": (array(SENT), obj("made", made=array(NOTE))),
}  # fmt: skip


def notes(sent: dict[str, Any], shown: dict[str, Any], item: str = "/notes/{id}") -> dict[str, Any]:
    """The contract of notes that are made several at once."""
    paged = {"limit": number(minimum=1, maximum=100), "offset": number(minimum=0)}
    document = contract({
        "/notes": {
            "post": operation({"201": answer(shown), **REFUSALS}, sent),
            "get": operation({"200": answer(array(NOTE)), **REFUSALS}, query=paged),
        },
        item: {"get": operation({"200": answer(NOTE), **REFUSALS})},
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_verdict(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(notes(*KINDS[kind])))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    found = {(one["id"], one["operation"]): one for one in report["results"]}
    for id_ in ("operations.answers-match-their-schemas", "authentication.no-token-is-refused"):
        assert found[id_, "POST /notes"]["outcome"] == "passed"
    unmade = found["authentication.token-in-body-is-refused", "POST /notes"]
    assert unmade["outcome"] == "not_verified"
    assert unmade["actual"] == "POST /notes makes several at once, and not one that could be found"


@pytest.mark.parametrize("kind", KINDS)
def test_what_makes_several_is_no_creation_of_one(kind: str) -> None:
    assert not creates(Contract(notes(*KINDS[kind])).operations["POST /notes"])


LINES = array(obj("product", product=text()))


@pytest.mark.parametrize(
    ("shown", "item"),
    [
        (obj("id", "lines", id=number(), lines=LINES), "/notes/{id}"),
        (obj("Key", "lines", Key=number(), lines=LINES), "/notes({Key})"),
        (obj("reference", "lines", reference=text(), lines=LINES), "/others/{id}"),
        (
            obj("note", "links", note=obj("id", id=text()), links=array(obj("href", href=text()))),
            "/notes/{id}",
        ),
        (obj("meta", warnings=LINES, meta=obj("id", id=text())), "/others/{id}"),
    ],
)
def test_one_that_has_a_list_is_still_one(shown: dict[str, Any], item: str) -> None:
    sent = obj("lines", lines=LINES)

    assert creates(Contract(notes(sent, shown, item)).operations["POST /notes"])


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, [{"id": "1", "label": "a"}], Outcome.PASSED),
        (201, [{"id": "1"}], Outcome.FAILED),
        (201, {"id": "1", "label": "a"}, Outcome.FAILED),
        (204, [], Outcome.FAILED),
        (500, {"message": "It broke."}, Outcome.FAILED),
    ],
)
def test_the_answer_is_that_of_the_contract(status: int, body: Any, outcome: Outcome) -> None:
    own = Contract(notes(*KINDS["lists"]))

    def server(_: Request, __: Forward) -> Answer:
        return answered(status, body)

    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        one, operation = catalogue()["operations.answers-match-their-schemas"], "POST /notes"
        found = Run(own, target, [], seed=1).check(one, own.operations[operation])

    assert found.outcome is outcome
