"""An error without an example says what the refusal says, whatever its members are called."""

from typing import Any

import pytest

from openapi.generation import Generation
from openapi.schema import Schema
from tests.mock_server.documented.error_shapes import STRING, listed, members
from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, operation, ref

__all__ = ["start"]

A = {"Authorization": "Bearer token-a"}


def enumeration(*codes: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(codes)}


def refused(start: Start, schema: dict[str, Any], **request: Any) -> tuple[int, Any]:
    """The refusal of a call by a contract that has one form for all of its errors."""
    error = answer(schema)
    key = {"name": "X-Retry-Idempotency", "in": "header", "schema": STRING}
    size = {"name": "size", "in": "query", "schema": {"type": "integer"}}
    body = members("name", name=STRING, size={"type": "integer"})
    responses = {"200": answer(), **dict.fromkeys(("400", "401", "404", "409", "422"), error)}
    called = operation(responses, body, parameters=[key, size], security=[{"bearer": []}])
    client = start(contract({"/things": {"post": called}}))
    options = {"json": {"name": "x"}, "headers": A, **request}
    if "X-Retry-Idempotency" in options["headers"]:
        client.post("/v1/things", **{**options, "json": {"name": "first"}})
    found = client.post("/v1/things", **options)
    return found.status_code, found.json()


CALLS: dict[str, dict[str, Any]] = {
    "token": {"headers": {"Authorization": "Bearer other"}},
    "field": {"json": {}},
    "type": {"content": "x", "headers": {**A, "Content-Type": "text/plain"}},
    "key": {"headers": {**A, "X-Retry-Idempotency": "k"}},
    "query": {"params": {"size": "x"}},
}
OWN = members(
    "oops",
    oops=members(
        "kind", "says", "ref",
        kind=enumeration("bad_request", "no_token", "nothing_here", "unfit_values", "key_reused"),
        ref=STRING, says=STRING, where=listed(spot=STRING, trouble=STRING),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "kind", "says", "where"),
    [
        ("token", "no_token", "The access token is not valid.", []),
        ("field", "unfit_values", "name is required.", [("name", "is required")]),
        ("type", "bad_request", "Send the body as application/json.", []),
        (
            "key",
            "key_reused",
            "This idempotency key was sent before with another body.",
            [("X-Retry-Idempotency", "Use a new key for a new request.")],
        ),
    ],
)
def test_names_of_its_own(
    start: Start, call: str, kind: str, says: str, where: list[tuple[str, str]]
) -> None:
    _, found = refused(start, OWN, **CALLS[call])
    items = [{"spot": spot, "trouble": trouble} for spot, trouble in where]
    assert found == {"oops": {"kind": kind, "ref": "text", "says": says, "where": items}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (members(says=STRING, more=STRING), {"says": "name is required.", "more": "text"}),
        (members(says=STRING, message=STRING), {"says": "text", "message": "name is required."}),
        (
            members(why=listed(says=STRING)),
            {"why": [{"says": "name is required"}]},
        ),
        (
            members(errors=listed(code=enumeration("token", "valid"), says=STRING)),
            {"errors": [{"code": "valid", "says": "name is required"}]},
        ),
        (
            members(says={**STRING, "pattern": "^text$"}, why={**STRING, "example": "so"}),
            {"says": "text", "why": "so"},
        ),
        (members(says={**STRING, "maxLength": 4}), {"says": "text"}),
    ],
)
def test_the_first_free_text_has_the_detail(start: Start, schema: Any, expected: Any) -> None:
    assert refused(start, schema, **CALLS["field"]) == (422, expected)


BOX = ("created", "bad_request", "unauthorized", "not_found", "item_name_invalid")


@pytest.mark.parametrize(
    ("codes", "call", "expected"),
    [
        (BOX, "token", "unauthorized"),
        (("INVALID_ARGUMENT", "UNAUTHENTICATED"), "token", "UNAUTHENTICATED"),
        (("UNAUTHENTICATED", "INVALID_ARGUMENT"), "field", "INVALID_ARGUMENT"),
        (("invalid_grant", "invalid_client", "invalid_request"), "type", "invalid_request"),
        (("x", "missing_required_field"), "field", "missing_required_field"),
        (("one", "other"), "token", "one"),
        (("AUTH", "LIMIT", "other"), "field", "other"),
        (("api_error", "invalid_request_error"), "token", "invalid_request_error"),
        (("SERVER", "CLIENT"), "token", "CLIENT"),
        (("server_fault", "client_fault"), "key", "client_fault"),
        (("access_denied", "invalid_client", "invalid_request"), "key", "invalid_request"),
        (("server_error", "invalid_client"), "token", "invalid_client"),
        (("not_found", "unsupported_media_type", "invalid"), "query", "invalid"),
        (("unsupported_media_type", "bad_request", "not_found"), "query", "bad_request"),
    ],
)
def test_a_code_fits_the_status(
    start: Start, codes: tuple[str, ...], call: str, expected: str
) -> None:
    member = {**enumeration(*codes), "example": codes[0]}
    _, found = refused(start, members("code", code=member), **CALLS[call])
    assert found == {"code": expected}


def test_each_item_has_the_code_of_its_field(start: Start) -> None:
    codes = enumeration("missing", "missing_field", "invalid", "already_exists")
    schema = members("errors", errors=listed(code=codes, field=STRING))
    _, found = refused(start, schema, json={"size": "x"})
    assert found["errors"] == [
        {"code": "missing_field", "field": "name"},
        {"code": "invalid", "field": "size"},
    ]


@pytest.mark.parametrize(
    ("call", "more", "expected"),
    [
        ("field", {}, {"pointer": "/name"}),
        ("query", {}, {"parameter": "size"}),
        ("key", {}, {"parameter": "X-Retry-Idempotency"}),
        ("key", {"header": STRING}, {"header": "X-Retry-Idempotency"}),
        ("token", {"header": STRING}, {}),
    ],
)
@pytest.mark.parametrize("has_example", [False, True])
def test_a_source_has_the_part_of_the_request(
    start: Start, call: str, more: Any, expected: Any, *, has_example: bool
) -> None:
    source = members(pointer=STRING, parameter=STRING, **more)
    schema = members("errors", errors=listed(detail=STRING, source=source))
    if has_example:
        schema["example"] = {"errors": [{"detail": "bad", "source": {"pointer": "/data/title"}}]}
    _, found = refused(start, schema, **CALLS[call])
    assert [one["source"] for one in found["errors"]] == [expected]


def test_what_lies_deep_in_an_error_is_of_something_else(start: Start) -> None:
    order = members(state=enumeration("open", "invalid"), note=STRING)
    schema = members(error=members(cause=members(order=order)))
    _, found = refused(start, schema, **CALLS["field"])
    assert found == {"error": {"cause": {"order": {"state": "open", "note": "text"}}}}


TEXTS = {"type": "array", "items": STRING}
SPRING = members(
    *("timestamp", "path"),
    timestamp={**STRING, "format": "date-time"},
    status={"type": "integer"},
    message=STRING,
    path=STRING,
)
LOCATED = {
    **listed(
        loc={"type": "array", "items": {"type": ["string", "integer"]}}, msg=STRING, type=STRING
    ),
    "minItems": 1,
}
LOCATED["items"]["required"] = ["loc", "msg", "type"]
UNKNOWN = "The access token is not valid."


@pytest.mark.parametrize(
    ("schema", "call", "expected"),
    [
        (
            SPRING,
            "token",
            {
                "timestamp": "2026-03-01T12:00:00.250Z",
                "status": 401,
                "message": UNKNOWN,
                "path": "/v1/things",
            },
        ),
        (
            members("fields", message=STRING, fields=TEXTS),
            "field",
            {"message": "name is required.", "fields": ["name"]},
        ),
        (
            members("fields", message=STRING, fields=TEXTS),
            "token",
            {"message": UNKNOWN, "fields": []},
        ),
        (
            LOCATED,
            "field",
            [{"loc": ["name"], "msg": "is required", "type": "missing_required_field"}],
        ),
        (LOCATED, "token", [{"loc": [], "msg": UNKNOWN, "type": "invalid_token"}]),
    ],
)
def test_what_names_and_times_an_error(start: Start, schema: Any, call: str, expected: Any) -> None:
    assert refused(start, schema, **CALLS[call])[1] == expected


def test_a_list_of_names_leads_to_a_field(start: Start) -> None:
    body = members(lines=listed(sku=STRING))
    called = operation({"200": answer(), "422": answer(LOCATED)}, body)
    client = start(contract({"/things": {"post": called}}))
    found = client.post("/v1/things", json={"lines": [{"sku": "x"}, {"sku": 1}]})
    assert [one["loc"] for one in found.json()] == [["lines", 1, "sku"]]


MALFORMED = {"content": "{", "headers": {**A, "Content-Type": "application/json"}}
NO_JSON = "The body is not valid JSON."
FAULTY = listed(field=STRING, why=STRING)
AT_LEAST_ONE = {**FAULTY, "minItems": 1}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (members(message=STRING, fields=FAULTY), {"message": NO_JSON, "fields": []}),
        (members("errors", message=STRING, errors=FAULTY), {"message": NO_JSON, "errors": []}),
        (members(message=STRING, errors=AT_LEAST_ONE), {"message": NO_JSON}),
        (
            members("errors", message=STRING, errors=AT_LEAST_ONE),
            {"message": NO_JSON, "errors": [{"field": "request", "why": NO_JSON}]},
        ),
        (
            members("errors", errors=listed(field=STRING, message=STRING)),
            {"errors": [{"field": "request", "message": NO_JSON}]},
        ),
        (
            members(error=members(message=STRING, details=listed(target=STRING))),
            {"error": {"message": NO_JSON, "details": []}},
        ),
        (
            members(message=STRING, errors={"type": "array", "items": members(field=STRING)}),
            {"message": NO_JSON, "errors": []},
        ),
        (
            members(message=STRING, errors={"type": "array", "items": {"type": "object"}}),
            {"message": NO_JSON, "errors": []},
        ),
        (
            members(message=STRING, errors=listed(spot=STRING, why=STRING)),
            {"message": NO_JSON, "errors": []},
        ),
        (
            members(errors=listed(spot=STRING, why=STRING)),
            {"errors": [{"spot": "request", "why": NO_JSON}]},
        ),
        (
            members("errors", errors=listed(detail=STRING, pointer=STRING)),
            {"errors": [{"detail": NO_JSON, "pointer": ""}]},
        ),
        (
            members("fields", message=STRING, fields={**TEXTS, "minItems": 1}),
            {"message": NO_JSON, "fields": ["request"]},
        ),
        (members("field", message=STRING, field=STRING), {"message": NO_JSON, "field": "request"}),
        (
            members("field", message=STRING, field={"type": ["string", "null"]}),
            {"message": NO_JSON, "field": None},
        ),
    ],
)
def test_no_item_is_of_no_field(start: Start, schema: Any, expected: Any) -> None:
    assert refused(start, schema, **MALFORMED)[1] == expected


def kind(name: str, *required: str, **more: Any) -> dict[str, Any]:
    return members("type", *required, type={"const": name}, **more)


BRANCHES = {
    "oneOf": [
        kind("authentication_error", "message", message=STRING),
        kind("invalid_request_error", "errors", errors={**FAULTY, "minItems": 1}),
        kind("not_found_error", "message", message=STRING),
    ]
}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (CALLS["token"], {"type": "authentication_error", "message": UNKNOWN}),
        (
            CALLS["field"],
            {"type": "invalid_request_error", "errors": [{"field": "name", "why": "is required"}]},
        ),
        (
            MALFORMED,
            {"type": "invalid_request_error", "errors": [{"field": "request", "why": NO_JSON}]},
        ),
    ],
)
@pytest.mark.parametrize("is_within", [False, True])
def test_of_several_errors_the_one_of_the_fault(
    start: Start, call: Any, expected: Any, *, is_within: bool
) -> None:
    schema = members("error", error=BRANCHES) if is_within else BRANCHES
    _, found = refused(start, schema, **call)
    found = found["error"] if is_within else found
    assert {name: one for name, one in found.items() if name in expected} == expected


def test_the_branches_of_an_error_are_made_once(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    alternatives = Generation.alternatives

    def counted(self: Generation, schema: Schema) -> list[Any]:
        made.append(schema.pointer)
        return alternatives(self, schema)

    monkeypatch.setattr(Generation, "alternatives", counted)
    called = operation({"200": answer(), "422": answer(ref("Oops"))}, members("name", name=STRING))
    client = start(contract({f"/{one}": {"post": called} for one in "abc"}, Oops=BRANCHES))
    for path in ("a", "a", "b", "c"):
        assert client.post(f"/v1/{path}", json={}).json()["type"] == "invalid_request_error"
    assert made == ["#/components/schemas/Oops"]


@pytest.mark.parametrize(
    ("call", "expected"), [("token", "auth"), ("field", "validation"), ("query", "validation")]
)
def test_a_mapping_tells_the_error_of_the_fault(start: Start, call: str, expected: str) -> None:
    named = "#/components/schemas/"
    mapping = {"auth": f"{named}A", "validation": f"{named}V"}
    error = answer(
        {
            "oneOf": [{"$ref": one} for one in mapping.values()],
            "discriminator": {"propertyName": "type", "mapping": mapping},
        }
    )
    size = {"name": "size", "in": "query", "schema": {"type": "integer"}}
    responses = {"200": answer(), "401": error, "422": error}
    body = members("name", name=STRING)
    called = operation(responses, body, parameters=[size], security=[{"bearer": []}])
    whole = contract({"/things": {"post": called}})
    whole.setdefault("components", {})["schemas"] = {
        "A": members("type", "detail", type=STRING, detail=STRING),
        "V": members("type", "errors", type=STRING, errors=FAULTY),
    }
    options = {"json": {"name": "x"}, "headers": A, **CALLS[call]}
    assert start(whole).post("/v1/things", **options).json()["type"] == expected


REASONS = enumeration("missing", "wrong_type", "too_long", "unknown")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            members("detail", detail=STRING, invalid_params=listed(name=STRING, reason=REASONS)),
            {
                "detail": "name is required.",
                "invalid_params": [{"name": "name", "reason": "missing"}],
            },
        ),
        (
            members(errors=listed(defaultMessage=STRING, objectName=STRING, field=STRING)),
            {"errors": [{"defaultMessage": "is required", "objectName": "text", "field": "name"}]},
        ),
        (
            members(errors=listed(trouble=STRING, objectName=STRING, field=STRING)),
            {"errors": [{"trouble": "is required", "objectName": "text", "field": "name"}]},
        ),
        (
            members(code={**STRING, "pattern": "^[A-Z_]+$"}),
            {"code": "MISSING_REQUIRED_FIELD"},
        ),
        (members(code={**STRING, "pattern": "^[a-z-]+$"}), {"code": "missing-required-field"}),
    ],
)
def test_what_the_schema_says_of_a_place_is_kept(start: Start, schema: Any, expected: Any) -> None:
    assert refused(start, schema, **CALLS["field"]) == (422, expected)
