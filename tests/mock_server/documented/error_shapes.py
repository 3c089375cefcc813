"""Error bodies as contracts have them, and what the mock makes of each."""

from typing import Any

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def members(*required: str, **properties: Any) -> dict[str, Any]:
    found = {"type": "object", "properties": properties}
    return found | ({"required": list(required)} if required else {})


def listed(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": members(*properties, **properties)}


SHAPES: dict[str, tuple[dict[str, Any] | bool, Any, Any]] = {
    # A schema, its example if it has one, and the answer to a body without a name.
    "message": (members("message", message=STRING), None, {"message": "name is required."}),
    "camel_case": (
        members("errorMessage", errorMessage=STRING, errorCode=STRING),
        {"errorMessage": "What is wrong", "errorCode": "E17"},
        {"errorMessage": "name is required.", "errorCode": "E17"},
    ),
    "oauth": (
        members("error", error=STRING, error_description=STRING),
        {"error": "invalid_request", "error_description": "Something is wrong."},
        {"error": "invalid_request", "error_description": "name is required."},
    ),
    "made_up_oauth": (
        members("error", error=STRING, error_description=STRING),
        None,
        {"error": "missing_required_field", "error_description": "name is required."},
    ),
    "error_alone": (
        members("error", error=STRING),
        {"error": "bad"},
        {"error": "name is required."},
    ),
    "closed_codes": (
        members(
            "code", "message", code={"type": "string", "enum": ["bad", "worse"]}, message=STRING
        ),
        None,
        {"code": "bad", "message": "name is required."},
    ),
    "nested": (
        members("error", error=members("message", message=STRING, param=STRING, code=INTEGER)),
        {"error": {"message": "No such card", "param": "card", "code": 1001}},
        {"error": {"message": "name is required.", "param": "name", "code": 1001}},
    ),
    "status_too": (
        members("statusCode", "error", "message", statusCode=INTEGER, error=STRING, message=STRING),
        {"statusCode": 400, "error": "Bad Request", "message": "x"},
        {"statusCode": 422, "error": "Bad Request", "message": "name is required."},
    ),
    "status_as_text": (
        members("errors", errors=listed(status=STRING, title=STRING)),
        None,
        {"errors": [{"status": "422", "title": "name is required"}]},
    ),
    "items": (
        members("errors", errors=listed(field=STRING, message=STRING)),
        {"errors": [{"field": "email", "message": "is taken"}]},
        {"errors": [{"field": "name", "message": "is required"}]},
    ),
    "json_api": (
        members(
            "errors",
            errors=listed(
                status=STRING, title=STRING, detail=STRING, source=members(pointer=STRING)
            ),
        ),
        {"errors": [{"status": "400", "title": "T", "detail": "D", "source": {"pointer": "/a"}}]},
        {
            "errors": [
                {
                    "status": "422",
                    "title": "T",
                    "detail": "is required",
                    "source": {"pointer": "/name"},
                }
            ]
        },
    ),
    "in_an_item": (
        members(
            "error",
            error=members(
                "code",
                "details",
                code=INTEGER,
                details=listed(why=listed(field=STRING, description=STRING)),
            ),
        ),
        {"error": {"code": 400, "details": [{"why": [{"field": "a", "description": "b"}]}]}},
        {"error": {"code": 422, "details": [{"why": [{"field": "a", "description": "b"}]}]}},
    ),
    "violations_in_an_item": (
        members(
            "error",
            error=members(
                "code",
                code=INTEGER,
                details=listed(violations=listed(field=STRING, description=STRING)),
            ),
        ),
        {"error": {"code": 400, "details": [{"violations": [{"field": "a", "description": "b"}]}]}},
        {
            "error": {
                "code": 422,
                "details": [{"violations": [{"field": "name", "description": "name is required"}]}],
            }
        },
    ),
    "target": (
        members(
            "error", error=members("code", "message", code=STRING, message=STRING, target=STRING)
        ),
        {"error": {"code": "BadArgument", "message": "x", "target": "other"}},
        {"error": {"code": "BadArgument", "message": "name is required.", "target": "name"}},
    ),
    "locations": (
        members(
            "detail", detail=listed(loc={"type": "array", "items": STRING}, msg=STRING, type=STRING)
        ),
        None,
        {"detail": [{"loc": ["name"], "msg": "is required", "type": "missing_required_field"}]},
    ),
    "texts": (
        members("errors", errors={"type": "array", "items": STRING}),
        {"errors": ["email is taken"]},
        {"errors": ["name is required"]},
    ),
    "by_field": (
        members(
            "message",
            message=STRING,
            errors={"type": "object", "additionalProperties": {"type": "array", "items": STRING}},
        ),
        {"message": "Invalid", "errors": {"email": ["is taken"]}},
        {"message": "name is required.", "errors": {"name": ["is required"]}},
    ),
    "root_list": (
        listed(name=STRING, reason=STRING),
        [{"name": "email", "reason": "is taken"}],
        [{"name": "name", "reason": "is required"}],
    ),
    "root_text": (STRING, "bad", "name is required."),
    "short_text": (
        members("message", message={"type": "string", "maxLength": 5}),
        {"message": "bad"},
        {"message": "bad"},
    ),
    "left_out": (
        members("message", message=STRING, field=STRING, errors=listed(field=STRING, text=STRING)),
        {"message": "bad"},
        {
            "message": "name is required.",
            "field": "name",
            "errors": [{"field": "name", "text": "is required"}],
        },
    ),
    "nothing_of_it": (
        members("oops", oops={"const": True}) | {"additionalProperties": False},
        None,
        {"oops": True},
    ),
    "any": (True, {"message": "bad"}, {"message": "name is required."}),
}
"""Error bodies by their names."""
