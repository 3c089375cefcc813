from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openapi.contract import Contract
from openapi.errors import ContractError

Json = dict[str, Any]
Read = Callable[[str], Contract]

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
HEAD_30 = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
DONE = "responses: {'200': {description: x}}"
X, Y = (f"parameters: [{{name: {one}, in: path, required: true, schema: {{}}}}]" for one in "xy")


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def from_text(text: str) -> Contract:
        path = tmp_path / "contract.yaml"
        path.write_text(text, encoding="utf-8")
        return Contract.from_file(path, strict=True)

    return from_text


def paths(text: str, head: str = HEAD) -> str:
    return f"{head}paths: {{{text}}}\n"


def answering(schema: str, head: str = HEAD, components: str = "{}") -> str:
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    answer = f"responses: {{'200': {{description: x, {content}}}}}"
    return paths(f"/a: {{get: {{{answer}}}}}", head) + f"components: {components}\n"


def querying(parameter: str) -> str:
    return paths(f"/a: {{get: {{parameters: [{parameter}], {DONE}}}}}")


SCHEMA = "#/paths/~1a/get/responses/200/content/application~1json/schema"


def test_each_method_of_each_path_is_an_operation(read: Read) -> None:
    contract = read(
        paths(
            f"x-note: forget, /a: {{get: {{operationId: one, {DONE}}}, post: {{{DONE}}}}},"
            f" '/b/{{id}}': {{parameters: [{{name: id, in: path, required: true, schema: {{}}}}],"
            f" delete: {{{DONE}}}, trace: {{responses: {{4XX: {{description: x}}, x-note: get}}}}}}"
        )
    )

    assert list(contract.operations) == ["one", "POST /a", "DELETE /b/{id}", "TRACE /b/{id}"]
    assert contract.operations["one"].name == "one GET /a"
    assert contract.operations["POST /a"].pointer == "#/paths/~1a/post"
    assert list(contract.operations["TRACE /b/{id}"].responses) == ["4XX"]


@pytest.mark.parametrize(
    ("servers", "base_path"),
    [
        ("[]", ""),
        ("[{url: /}]", ""),
        ("[{url: ''}]", ""),
        ("[{url: /v1/}]", "/v1"),
        ("[{url: v1}]", "/v1"),
        ("[{url: 'https://a.example'}]", ""),
        ("[{url: 'https://a.example/v1'}, {url: /v2}]", "/v1"),
        ("[{url: '//a.example/v1'}]", "/v1"),
        ("[{url: 'https://a.example/my%20api'}]", "/my api"),
        ("[{url: 'https://{unknown}.example/v1'}]", "/v1"),
        (
            "[{url: '{s}://{h}:{p}/{b}/{b}', variables:"
            " {s: {default: http}, h: {default: a}, p: {default: '80'}, b: {default: v1}}}]",
            "/v1/v1",
        ),
        ("[{url: '{base}', variables: {base: {default: 'https://a.example/v3/'}}}]", "/v3"),
    ],
)
def test_the_base_path_is_that_of_the_first_server(
    read: Read, servers: str, base_path: str
) -> None:
    assert read(f"{paths(f'/a: {{get: {{{DONE}}}}}')}servers: {servers}").base_path == base_path


@pytest.mark.parametrize(
    ("root", "of_path", "of_operation", "base_path", "served"),
    [
        ("", "", "", "/v1", ["/a", "/b"]),
        ("", "[{url: /v1}]", "[]", "/v1", ["/a", "/b"]),
        ("", "[{url: 'https://up.example/v2'}]", "", "", ["/v2/a", "/v1/b"]),
        ("", "[{url: /v2}]", "[{url: /v3}, {url: /v4}]", "", ["/v3/a", "/v1/b"]),
        ("", "", "[{url: /}]", "", ["/a", "/v1/b"]),
        ("", "", "[{url: '/v1/{x}', variables: {x: {default: eu}}}]", "/v1", ["/eu/a", "/b"]),
        ("[{url: /api/one}]", "[{url: /api/on}]", "", "/api", ["/on/a", "/one/b"]),
    ],
)
def test_the_nearest_servers_of_an_operation_count(
    read: Read, root: str, of_path: str, of_operation: str, base_path: str, served: list[str]
) -> None:
    path = f"servers: {of_path}, " if of_path else ""
    own = f"servers: {of_operation}, " if of_operation else ""
    two = f"/a: {{{path}get: {{{own}{DONE}}}}}, /b: {{get: {{{DONE}}}}}"
    contract = read(f"{paths(two)}servers: {root or '[{url: /v1}]'}")

    assert contract.base_path == base_path
    assert [one.path for one in contract.operations.values()] == served
    pointers = [one.pointer for one in contract.operations.values()]
    assert pointers == ["#/paths/~1a/get", "#/paths/~1b/get"]


def test_paths_alike_under_other_servers_are_other_operations(read: Read) -> None:
    one = f"'/a/{{x}}': {{get: {{{X}, {DONE}}}}}"
    other = f"'/a/{{y}}': {{servers: [{{url: /v2}}], get: {{{Y}, {DONE}}}}}"

    found = read(paths(f"{one}, {other}")).operations.values()

    assert [one.path for one in found] == ["/a/{x}", "/v2/a/{y}"]


def test_parameters_of_an_operation_override_those_of_its_path(read: Read) -> None:
    contract = read(
        paths(
            "/a: {parameters: [{name: q, in: query, schema: {type: string}},"
            " {name: q, in: header, schema: {type: string}}, {$ref: '#/components/parameters/P'}],"
            " get: {parameters: [{name: q, in: query, required: true, schema: {type: integer}}],"
            f" {DONE}}}}}"
        )
        + "components: {parameters: {P: {$ref: '#/components/parameters/Q'},"
        " Q: {name: p, in: cookie, schema: {}}}}"
    )
    parameters = contract.operations["GET /a"].parameters

    assert [(one.location, one.name, one.required) for one in parameters] == [
        ("query", "q", True),
        ("header", "q", False),
        ("cookie", "p", False),
    ]
    assert parameters[0].schema.is_valid(7)


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_headers_that_openapi_excludes_are_no_parameters(read: Read, name: str) -> None:
    contract = read(querying(f"{{name: {name}, in: header, required: true, schema: {{}}}}"))

    assert contract.operations["GET /a"].parameters == ()


def test_references_to_references_are_resolved(read: Read) -> None:
    contract = read(
        paths("/a: {$ref: '#/components/pathItems/A'}, /b: {$ref: '#/paths/~1a'}")
        + """
components:
  pathItems: {A: {get: {responses: {'200': {$ref: '#/components/responses/One'}}}}}
  responses:
    One: {$ref: '#/components/responses/Two'}
    Two:
      description: x
      headers: {X-A: {$ref: '#/components/headers/A'}}
      content:
        application/json: {schema: {$ref: '#/components/schemas/All/$defs/A%20b~1c%7Bd%7D'}}
  headers:
    A:
      schema: {$ref: '#/components/schemas/Text'}
      examples: {e: {$ref: '#/components/examples/E'}}
  examples: {E: {value: {$ref: data}}}
  schemas:
    All: {$defs: {'A b/c{d}': {$ref: '#/components/schemas/Text'}}}
    Text: {type: string, examples: [shown]}
"""
    )
    answer = contract.operations["GET /b"].responses["200"]
    schema = answer.content["application/json"].schema

    assert schema is not None
    assert schema.pointer == "#/components/schemas/Text"
    assert answer.headers[0].examples == ({"$ref": "data"}, "shown")
    assert answer is contract.operations["GET /a"].responses["200"]  # read once for both


def test_keywords_beside_a_reference_apply_also_behind_another_reference(read: Read) -> None:
    contract = read(
        answering(
            "{$ref: '#/components/schemas/Short'}",
            components="{schemas: {Short: {$ref: '#/components/schemas/Text', maxLength: 2},"
            " Text: {type: string, minLength: 1}}}",
        )
    )
    schema = contract.operations["GET /a"].responses["200"].content["application/json"].schema

    assert schema is not None
    assert [schema.is_valid(value) for value in ("", "ab", "abc")] == [False, True, False]


def test_recursive_schemas_validate_every_level(read: Read) -> None:
    contract = read(
        answering(
            "{$ref: '#/components/schemas/Node'}",
            components="{schemas: {Node: {type: object, allOf: [{$ref: '#/components/schemas/Node'}"
            "], properties: {next: {$ref: '#/components/schemas/Node'}}}}}",
        )
    )
    schema = contract.operations["GET /a"].responses["200"].content["application/json"].schema

    assert schema is not None
    assert schema.is_valid({"next": {"next": {}}})
    assert not schema.is_valid({"next": {"next": 7}})


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ("'204', '200', '404'", 200),
        ("'201', default", 201),
        ("2XX", 200),
        ("default", 200),
        ("'302', 4XX", 302),
        ("'302', default", 302),
        ("'404'", 200),
    ],
)
def test_the_success_status_is_the_lowest_documented_one(
    read: Read, keys: str, status: int
) -> None:
    answers = ", ".join(f"{key}: {{description: x}}" for key in keys.split(", "))
    contract = read(paths(f"/a: {{get: {{responses: {{{answers}}}}}}}"))

    assert contract.operations["GET /a"].success_status == status


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("swagger: '2.0'", "#/openapi", "must be 3.0.x or 3.1.x, and is 2.0"),
        ("openapi: 3.2.0", "#/openapi", "and is 3.2.0"),
        ("openapi: 3.2", "#/openapi", "and is 3.2"),
        (HEAD.replace("3.1.0", "3.1"), "#/openapi", "what stands here"),
        ("openapi: [3]", "#/openapi", "must be 3.0.x or 3.1.x"),
        ("info: {title: t}", "#/openapi", "and is missing"),
        ("openapi: 3.1.0", "#", '"info" is a required property'),
        (HEAD, "#", '"paths" is a required property'),
        (HEAD_30, "#", '"paths" is a required property'),
        (paths(""), "#/paths", "holds no operation"),
        (paths("/a: null"), "#/paths/~1a", 'not of type "object"'),
        (paths("a: {}"), "#/paths", "'a' was unexpected"),
        (HEAD.replace("'1'", "1.0") + "paths: {}", "#/info/version", 'not of type "string"'),
        (
            paths(f"/a: {{get: {{operationId: q, {DONE}}}, put: {{operationId: q, {DONE}}}}}"),
            "#/paths/~1a/put/operationId",
            "is that of #/paths/~1a/get too",
        ),
        (
            paths(f"'/a/{{x}}': {{get: {{{DONE}}}}}"),
            "#/paths/~1a~1{x}/get",
            "declares no path parameter x",
        ),
        (
            paths(f"'/a/{{x}}': {{get: {{{X}, {DONE}}}}}, '/a/{{y}}': {{get: {{{Y}, {DONE}}}}}"),
            "#/paths/~1a~1{y}/get",
            "has the method and path of #/paths/~1a~1{x}/get",
        ),
        (
            paths(f"/a: {{get: {{security: [{{k: []}}], {DONE}}}}}"),
            "#/paths/~1a/get/security",
            "names k, which is not defined",
        ),
        (
            paths(f"/a: {{get: {{security: [{{k: []}}, {{}}], {DONE}}}}}"),
            "#/paths/~1a/get/security",
            "names k, which is not defined",
        ),
        (
            paths(f"/a: {{get: {{{X}, {DONE}}}}}"),
            "#/paths/~1a/get",
            "has a path parameter x, which is not in the path",
        ),
        (
            paths(f"/a: {{get: {{{DONE}}}}}") + "servers: [{url: '/{base}'}]",
            "#/servers/0",
            "variable without default",
        ),
        (
            paths(f"/a: {{get: {{{DONE}}}}}") + "servers: [{url: 'https://['}]",
            "#/servers/0/url",
            "is no URL",
        ),
        (
            paths(f"/a: {{get: {{servers: [{{url: '/{{base}}'}}], {DONE}}}}}"),
            "#/paths/~1a/get/servers/0",
            "variable without default",
        ),
        (querying("{name: q, in: mars, schema: {}}"), "#/paths/~1a/get/parameters/0/in", '"query"'),
        (
            querying("{$ref: '#/components/parameters/Q'}"),
            "#/paths/~1a/get/parameters/0",
            "refers to #/components/parameters/Q, which does not exist",
        ),
        (
            querying("{$ref: 'http://127.0.0.1:9/p.yaml'}"),
            "#/paths/~1a/get/parameters/0/$ref",
            "URLs are not followed",
        ),
        (answering("{$ref: 'other.yaml#/A'}"), f"{SCHEMA}/$ref", "refers to other.yaml#/A"),
        (answering("{$ref: '#/components/schemas/X'}"), SCHEMA, "#/components/schemas/X"),
        (answering("{$ref: '#/info/title'}"), SCHEMA, "refers to #/info/title, which is no object"),
        (answering("{$ref: '#/info/title/0'}"), SCHEMA, "#/info/title/0"),
        (answering("{$ref: '#/servers/x'}") + "servers: [{url: /}]", SCHEMA, "does not exist"),
        (
            answering("{properties: {a: {$ref: '#/components/schemas/X'}}}"),
            SCHEMA,
            "/components/schemas/X",
        ),
        (
            answering("{properties: {a: {$ref: 'http://127.0.0.1:9/x.yaml'}}}"),
            f"{SCHEMA}/properties/a/$ref",
            "http://127.0.0.1:9/x.yaml",
        ),
        (
            answering(
                "{$ref: '#/components/schemas/A'}",
                components="{schemas: {A: {$ref: '#/components/schemas/B'},"
                " B: {$ref: '#/components/schemas/A'}}}",
            ),
            "#/components/schemas/B",
            "refers to itself",
        ),
    ],
)  # fmt: skip
def test_an_unusable_document_is_refused_with_place_and_reason(
    read: Read, tmp_path: Path, text: str, place: str, reason: str
) -> None:
    with pytest.raises(ContractError) as caught:
        read(text)

    assert caught.value.place == f"{tmp_path / 'contract.yaml'} {place}"
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("head", [HEAD, HEAD_30])
@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ("{type: string, pattern: '['}", "/pattern"),
        ("{properties: {a: {items: {pattern: '(?<x'}}}}", "/properties/a/items/pattern"),
        ("{type: strin}", "/type"),
        ("{minimum: '5'}", "/minimum"),
        ("{properties: [a]}", "/properties"),
        ("{type: object, required: true}", "/required"),
    ],
)
def test_an_unusable_schema_is_refused_with_the_keyword(
    read: Read, head: str, schema: str, place: str
) -> None:
    with pytest.raises(ContractError) as caught:
        read(answering(schema, head))

    assert caught.value.place.endswith(f" {SCHEMA}{place}")


def test_a_refusal_does_not_quote_the_document(read: Read) -> None:
    with pytest.raises(ContractError) as caught:
        read(answering("{type: string, description: [a long and winding text]}", HEAD_30))

    assert "winding" not in str(caught.value)


def test_the_number_of_operations_has_a_bound(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openapi.reading.MAX_OPERATIONS", 2)
    operations = [f"get: {{{DONE}}}", f"post: {{{DONE}}}", f"put: {{{DONE}}}"]
    assert len(read(paths(f"/a: {{{', '.join(operations[:2])}}}")).operations) == 2

    with pytest.raises(ContractError) as caught:
        read(paths(f"/a: {{{', '.join(operations)}}}"))

    assert str(caught.value).endswith(
        "#/paths: holds more than 2 operations: copy the paths that you use to a file of their own"
    )


def of_one(operation: dict[str, Any]) -> Contract:
    return Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"get": {"responses": {"200": {"description": "x"}}, **operation}}},
            "components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}},
        }
    )


def test_an_alternative_that_is_not_defined_leaves_the_others() -> None:
    contract = of_one({"security": [{"k": []}, {"b": []}]})

    assert contract.operations["GET /a"].security == ({"b": ()},)
    assert [one.reason for one in contract.flaws] == ["names k, which is not defined"]


def test_a_path_parameter_that_is_not_in_the_path_is_asked_of_nobody() -> None:
    parameter = {"name": "x", "in": "path", "required": True, "schema": {"type": "string"}}
    contract = of_one({"parameters": [parameter]})

    assert contract.operations["GET /a"].parameters == ()
    assert [one.reason for one in contract.flaws] == [
        "has a path parameter x, which is not in the path"
    ]
