"""Generated answers satisfy their schema, and are of the branch that their discriminator names."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi import generation as generation_module
from openapi.contract import Contract
from openapi.generation import Generation
from openapi.schema import Schema
from tests.mock_server.clients import Serving

HEAD = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
ANIMALS = """
    Cat: {type: object, required: [kind],
          properties: {kind: {type: string}, lives: {type: integer}}}
    Dog: {type: object, required: [kind],
          properties: {kind: {type: string}, good: {type: boolean}}}
"""
BRANCHES = "{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}"
MAPPING = "mapping: {c: '#/components/schemas/Cat', d: Dog}"
BASE = """
    Pet: {type: object, required: [kind], discriminator: {propertyName: kind%s},
          properties: {kind: {type: string}, name: {type: string}}}
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {lives: {type: integer}}}]}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(schema: str, components: str = " {}") -> Path:
        content = f"content: {{application/json: {{schema: {schema}}}}}"
        responses = f"{{'200': {{description: d, {content}}}}}"
        path = tmp_path / "contract.yaml"
        path.write_text(
            f"{HEAD}paths: {{/a: {{get: {{responses: {responses}}}}}}}\n"
            f"components:\n  schemas:{components}"
        )
        return path

    return to


def generated(path: Path) -> Any:
    generation, schema = read(path)
    return generation.value(schema)


def read(path: Path) -> tuple[Generation, Schema]:
    contract = Contract.from_file(path, strict=True)
    schema = contract.operations["GET /a"].responses["200"].content["application/json"].schema
    assert schema
    return Generation(contract.document, contract.resolve_schema), schema


NEVER = "{type: integer, minimum: 2, maximum: 1}"
LONG = "{type: array, items: {type: string}, minItems: 30000}"


@pytest.mark.parametrize(
    ("schema", "values", "tries"),
    [
        ("{type: object, properties: {code: {type: string}}}", [{"code": "text"}], 1),
        ("{oneOf: [{enum: [a]}, {enum: [b]}, {enum: [c]}]}", ["a", "b", "c"], 4),
        ("{oneOf: [{enum: [a]}, {enum: [a]}, {enum: [b]}, {enum: [c]}]}", ["b", "c"], 5),
        (f"{{oneOf: [{NEVER}, {NEVER}]}}", [], 3),
        (f"{{oneOf: [{{enum: [a]}}, {LONG}, {{enum: [c]}}]}}", ["a"], 2),
    ],
)
def test_each_branch_has_its_turn_once(
    write: Write, monkeypatch: pytest.MonkeyPatch, schema: str, values: list[Any], tries: int
) -> None:
    assembly, made = generation_module._Assembly, []

    def counted(*args: Any, **options: Any) -> Any:
        made.append(args)
        return assembly(*args, **options)

    monkeypatch.setattr(generation_module, "_Assembly", counted)
    own, found = read(write(schema))
    assert own.alternatives(found) == values
    assert len(made) == tries


@pytest.mark.parametrize(
    ("schema", "components", "kinds"),
    [
        (
            f"{{oneOf: [{BRANCHES}], discriminator: {{propertyName: kind, {MAPPING}}}}}",
            ANIMALS,
            {"c", "d"},
        ),
        (
            f"{{anyOf: [{BRANCHES}], discriminator: {{propertyName: kind, {MAPPING}}}}}",
            ANIMALS,
            {"c", "d"},
        ),
        (
            f"{{nullable: true, oneOf: [{BRANCHES}],"
            f" discriminator: {{propertyName: kind, {MAPPING}}}}}",
            ANIMALS,
            {"c", "d"},
        ),
        (
            f"{{anyOf: [{BRANCHES}], discriminator: {{propertyName: kind}}}}",
            ANIMALS,
            {"Cat", "Dog"},
        ),
        ("{$ref: '#/components/schemas/Pet'}", BASE % "", {"Cat"}),
        ("{$ref: '#/components/schemas/Cat'}", BASE % "", {"Cat"}),
        (
            "{$ref: '#/components/schemas/Pet'}",
            BASE % ", mapping: {felis: '#/components/schemas/Cat'}",
            {"felis"},
        ),
        (
            "{$ref: '#/components/schemas/Cat'}",
            BASE % ", mapping: {felis: '#/components/schemas/Cat'}",
            {"felis"},
        ),
    ],
)
def test_a_discriminator_has_the_value_of_the_branch(
    write: Write, schema: str, components: str, kinds: set[str]
) -> None:
    value = generated(write(schema, components))

    assert value["kind"] in kinds
    assert ("lives" in value) != ("good" in value)


def test_a_discriminator_is_kept_in_lists_and_members(write: Write) -> None:
    pet = f"{{oneOf: [{BRANCHES}], discriminator: {{propertyName: kind, {MAPPING}}}}}"
    schema = f"{{type: array, items: {{type: object, properties: {{pet: {pet}}}}}}}"
    [item] = generated(write(schema, ANIMALS))

    assert item["pet"]["kind"] in {"c", "d"}


MESSAGE = "{type: object, properties: {m: {type: string}, %s}}"


@pytest.mark.parametrize(
    "schema",
    [
        f"{{oneOf: [{MESSAGE % 's: {type: string}'}, {MESSAGE % 'n: {type: object}'}]}}",
        f"{{oneOf: [{MESSAGE % 's: {type: string}'}, {MESSAGE % 'n: {type: integer}'},"
        f" {MESSAGE % 'b: {type: boolean}'}]}}",
        "{oneOf: [{type: number}, {type: string}]}",
        f"{{type: array, items: {{oneOf: [{MESSAGE % 'a: {type: array}'}, {MESSAGE % 'n: {}'},"
        f" {MESSAGE % 'c: {type: string}'}]}}}}",
        "{type: string, minLength: 3000, pattern: '^[a-z]+$'}",
        "{type: string, minLength: 500, maxLength: 600, pattern: '^[a-z]+-[0-9]+$'}",
        "{type: string, minLength: 40, pattern: '[A-F0-9]*'}",
        "{type: string, minLength: 2000}",
        "{type: object, required: [a, b], additionalProperties: {type: integer}}",
        "{type: object, minProperties: 3, additionalProperties: {type: integer}}",
        "{type: array, minItems: 3, uniqueItems: true, items: {type: string}}",
        "{type: array, minItems: 3, uniqueItems: true, items: {type: integer, minimum: 4}}",
        "{type: array, minItems: 2, uniqueItems: true,"
        " items: {type: object, properties: {id: {type: integer}}}}",
        "{type: object, example: {a: 1}, properties: {a: {type: string}}}",
        "{type: integer, format: int32, minimum: 5, maximum: 7, multipleOf: 3}",
        # names of members
        "{type: object, minProperties: 30, propertyNames: {pattern: '^[a-z]{3}$'}}",
        "{type: object, minProperties: 30, propertyNames: {pattern: '^x-'}}",
        "{type: object, minProperties: 30, propertyNames: {minLength: 20}}",
        "{type: object, minProperties: 30, propertyNames: {maxLength: 2}}",
        "{type: object, minProperties: 30, propertyNames: {format: uuid}}",
        "{type: object, minProperties: 30, propertyNames: {allOf: [{maxLength: 2}]}}",
        "{type: object, minProperties: 30, patternProperties: {'^[A-Z]{2}$': {type: integer}},"
        " additionalProperties: false}",
        # a format with a pattern
        "{type: string, format: uuid, pattern: '^[1-9a-f].*[a-f]$'}",
        "{type: string, format: uuid, pattern: '^[0-9A-F-]*[A-F][0-9A-F-]*$'}",
        r"{type: string, format: date-time, pattern: '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$'}",
        r"{type: string, format: date-time, pattern: '[+-]\d\d:\d\d$'}",
        r"{type: string, format: time, pattern: '\.\d{6}'}",
        r"{type: string, format: date, pattern: '^\d{4}-05-'}",
        r"{type: string, format: email, pattern: '@example\.org$'}",
        r"{type: string, pattern: '^(?<a>[ab])\k<a>(?<n>\d)-\k<n>$'}",
        # what is excluded
        "{not: {anyOf: [{type: string}, {type: 'null'}, {type: boolean}]}}",
        "{allOf: [{not: {type: boolean}}, {not: {enum: [null]}}]}",
        "{type: string, not: {anyOf: [{pattern: '^t'}, {maxLength: 3}]}}",
        "{type: string, not: {enum: [text, text1, text2, text3]}}",
        "{type: string, format: uuid, not: {pattern: '^0'}}",
        "{type: string, pattern: '^[a-z]{3}$', not: {pattern: '^[^a-e]'}}",
        "{type: integer, minimum: 1, not: {enum: [1, 2, 3, 4, 5]}}",
        "{type: integer, not: {anyOf: [{maximum: 10}, {multipleOf: 2}]}}",
        "{type: array, items: {type: integer}, not: {maxItems: 3}}",
    ],
)
def test_an_answer_satisfies_its_schema_and_starts_at_once(
    write: Write, serving: Serving, schema: str
) -> None:
    path, started = write(schema), time.process_time()
    partner = Partner("partner", "id", "secret", "token")
    with serving(Settings(contract=path, partners=(partner,))) as client:
        assert time.process_time() - started < 5
        answer = client.get("/a")

    assert answer.status_code == 200, answer.text
    contract = Contract.from_file(path)
    documented = contract.operations["GET /a"].responses["200"].content["application/json"].schema
    assert documented
    assert documented.errors(answer.json()) == []


def test_no_answer_shows_what_clients_only_send(write: Write) -> None:
    members = "name: {type: string}, pin: {type: string, writeOnly: true}"
    password = "password: {$ref: '#/components/schemas/Password'}"
    schema = f"{{type: object, required: [name, password], properties: {{{members}, {password}}}}}"
    path = write(schema, "\n    Password: {type: string, writeOnly: true}\n")

    assert generated(path) == {"name": "text"}
