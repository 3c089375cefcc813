"""An error body of any form names the field: maps from fields to texts, lists, texts, and pages."""

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from tests.mock_server.documented.error_shapes import STRING, listed, members
from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import contract, operation

__all__ = ["start"]

TEXTS = {"type": "array", "items": STRING}


def by_field(entry: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": entry, **more}


def refused(
    start: Start,
    schema: Any,
    example: Any = None,
    media_type: str = "application/json",
    **request: Any,
) -> Any:
    media = {} if schema is None else {"schema": schema}
    media |= {} if example is None else {"example": example}
    refusal = {"description": "Refused.", "content": {media_type: media}}
    body = members("email", email=STRING, age={"type": "integer"})
    called = operation({"200": {"description": "Done."}, "422": refusal}, body)
    document = contract({"/things": {"post": called}}, Errors=by_field(TEXTS))
    found = start(document).post("/v1/things", **(request or {"json": {"age": "x"}}))
    assert found.status_code == 422
    assert found.headers["content-type"] == media_type
    return found


LISTS = {"email": ["is required"], "age": ["must be an integer"]}
SINGLE = {"email": "is required", "age": "must be an integer"}


@pytest.mark.parametrize(
    ("schema", "example", "expected"),
    [
        (by_field(TEXTS), None, LISTS),
        (by_field(TEXTS), {"name": ["is invalid"]}, LISTS),
        (by_field(TEXTS), {"message": ["is invalid"]}, LISTS),
        (by_field(TEXTS, minProperties=1), None, LISTS),
        (by_field(TEXTS, type=["object", "null"]), None, LISTS),
        (by_field(STRING), None, SINGLE),
        (by_field(STRING), {"name": "is invalid"}, SINGLE),
        (by_field({"oneOf": [STRING, TEXTS]}), None, LISTS),
        ({"$ref": "#/components/schemas/Errors"}, None, LISTS),
        ({"allOf": [{"$ref": "#/components/schemas/Errors"}]}, None, LISTS),
        ({"type": "object", "patternProperties": {"^[a-z]+$": TEXTS}}, None, LISTS),
        (members(data=by_field(TEXTS)), {"data": {"name": ["x"]}}, {"data": LISTS}),
        (by_field(TEXTS, properties={"non_field_errors": TEXTS}), None, LISTS),
        (members(email=TEXTS, age=TEXTS), {"age": ["is too low"]}, LISTS),
        (
            {**members(email=TEXTS, other=TEXTS), "additionalProperties": False},
            {"other": ["is taken"]},
            {"email": ["is required"]},
        ),
        (
            by_field(members("message", message=STRING)),
            {"name": {"message": "is invalid"}},
            {
                "email": {"message": "email is required"},
                "age": {"message": "age must be an integer"},
            },
        ),
        (
            by_field(listed(message=STRING, code=STRING)),
            None,
            {
                "email": [{"message": "email is required", "code": "missing_required_field"}],
                "age": [{"message": "age must be an integer", "code": "invalid_type"}],
            },
        ),
        (
            by_field(by_field(STRING)),
            {"name": {"blank": "can't be blank"}},
            {
                "email": {"missing_required_field": "is required"},
                "age": {"invalid_type": "must be an integer"},
            },
        ),
        (
            {"type": "array", "items": by_field(STRING)},
            [{"name": "is bad"}],
            [{"email": "is required"}, {"age": "must be an integer"}],
        ),
        (
            {**listed(where=STRING, says=STRING), "minItems": 1},
            None,
            [
                {"where": "email", "says": "is required"},
                {"where": "age", "says": "must be an integer"},
            ],
        ),
    ],
)
def test_fields_are_at_their_places(start: Start, schema: Any, example: Any, expected: Any) -> None:
    assert refused(start, schema, example).json() == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (by_field(TEXTS), {"error": ["The body is not valid JSON."]}),
        (
            by_field(TEXTS, properties={"non_field_errors": TEXTS}),
            {"non_field_errors": ["The body is not valid JSON."]},
        ),
    ],
)
def test_a_map_has_what_is_of_no_field(start: Start, schema: Any, expected: Any) -> None:
    bad = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    assert refused(start, schema, **bad).json() == expected


@pytest.mark.parametrize("schema", [True, {}, {"type": "object"}])
def test_a_schema_that_says_nothing_gets_a_problem_document(start: Start, schema: Any) -> None:
    found = refused(start, schema).json()
    assert (found["param"], found["status"]) == ("email", 422)


ALL = "2 fields are not valid: email, age."


@pytest.mark.parametrize(
    ("media_type", "schema", "expected"),
    [
        ("text/plain", None, ALL),
        ("text/plain", STRING, ALL),
        ("text/markdown", STRING, ALL),
        ("text/csv", STRING, ALL),
        ("text/html", STRING, f"<p>{ALL}</p>\n"),
        ("application/xml", None, f"<error>{ALL}</error>\n"),
        ("application/yaml", members("message", message=STRING), f'{{"message":"{ALL}"}}'),
    ],
)
def test_a_made_up_text_says_what_is_wrong(
    start: Start, media_type: str, schema: Any, expected: str
) -> None:
    assert refused(start, schema, media_type=media_type).text == expected


def test_a_map_in_xml_has_an_element_for_each_field(start: Start) -> None:
    found = fromstring(refused(start, by_field(TEXTS), media_type="application/xml").content)
    assert [(one.tag, one.text) for one in found] == [*SINGLE.items()]


def test_an_example_that_is_xml_is_no_flaw(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    example = "<error><message>bad</message></error>"
    found = refused(start, members("message", message=STRING), example, "application/xml")
    assert fromstring(found.content)[0].text == ALL
    assert caplog.text == ""


def issues(**more: Any) -> dict[str, Any]:
    return members(problems=listed(field=STRING, **more))


@pytest.mark.parametrize(
    ("schema", "example", "expected"),
    [
        (
            issues(problem=STRING),
            {"problems": [{"field": "name", "problem": "must be one of A, B"}]},
            [
                {"field": "email", "problem": "is required"},
                {"field": "age", "problem": "must be an integer"},
            ],
        ),
        (
            issues(rule=STRING, code=STRING, explained=STRING),
            {"problems": [{"field": "a", "rule": "one_of", "code": "E1", "explained": "is bad"}]},
            [
                {"field": "email", "rule": "one_of", "code": "E1", "explained": "is required"},
                {"field": "age", "rule": "one_of", "code": "E1", "explained": "must be an integer"},
            ],
        ),
        (
            issues(problem={"type": "string", "enum": ["bad", "worse"]}),
            {"problems": [{"field": "name", "problem": "worse"}]},
            [{"field": "email", "problem": "worse"}, {"field": "age", "problem": "worse"}],
        ),
        (
            issues(note=STRING, message=STRING),
            {"problems": [{"field": "name", "note": "as it is", "message": "is bad"}]},
            [
                {"field": "email", "note": "as it is", "message": "is required"},
                {"field": "age", "note": "as it is", "message": "must be an integer"},
            ],
        ),
        (
            members(problems=listed(problem=STRING)),
            {"problems": [{"problem": "name is bad"}]},
            [{"problem": "email is required"}, {"problem": "age must be an integer"}],
        ),
        (
            members(problems=by_field(members("problem", problem=STRING))),
            {"problems": {"name": {"problem": "is bad"}}},
            {
                "email": {"problem": "email is required"},
                "age": {"problem": "age must be an integer"},
            },
        ),
    ],
)
def test_an_example_keeps_no_reason_of_another_field(
    start: Start, schema: Any, example: Any, expected: Any
) -> None:
    assert refused(start, schema, example).json() == {"problems": expected}


def test_the_one_field_of_a_body_has_its_own_reason(start: Start) -> None:
    schema = members(error=members(param=STRING, problem=STRING))
    example = {"error": {"param": "name", "problem": "must be one of A, B"}}
    found = refused(start, schema, example, json={"email": "a", "age": "x"}).json()
    assert found == {"error": {"param": "age", "problem": "age must be an integer."}}


WORDS = members("lang", "value", lang=STRING, value=STRING)


@pytest.mark.parametrize("example", [None, {"message": {"lang": "en-US", "value": "No such key"}}])
def test_a_text_beside_its_language_is_the_detail(start: Start, example: Any) -> None:
    found = refused(
        start, members("message", message=WORDS), example, json={"email": "a", "age": ""}
    )
    lang = example["message"]["lang"] if example else "text"
    assert found.json() == {"message": {"lang": lang, "value": "age must be an integer."}}


def test_a_made_up_refusal_is_no_success(start: Start) -> None:
    status = {"type": "string", "enum": ["Success", "Failure"]}
    flag = {"type": "boolean"}
    own = {"status": status, "isSuccess": flag, "active": flag, "reason": STRING}
    found = refused(start, members(*own, **own, ok={"const": True})).json()
    assert (found["status"], found["isSuccess"], found["active"]) == ("Failure", False, True)
    assert found.get("ok", True)
