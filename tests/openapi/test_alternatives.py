"""Alternatives (``oneOf``, ``anyOf``) in alternatives, and values as deep as they allow."""

import subprocess
import sys
import time
from typing import Any

import pytest

from openapi.schema import Schema, Schemas

Json = dict[str, Any]

FILTER = "#/components/schemas/Filter"


def joined(operator: str, filters: str = FILTER) -> Json:
    args = {"type": "array", "items": {"$ref": filters}}
    properties = {"op": {"const": operator}, "args": args}
    return {"type": "object", "required": ["op", "args"], "properties": properties}


def compiled(keyword: str = "oneOf", filters: str = FILTER, **others: Any) -> Schema:
    comparison = {"type": "object", "required": ["field", "value"]}
    comparison["properties"] = {"field": {"type": "string"}}
    operators = [joined(one, filters) for one in ("and", "or", "not")]
    schema = {keyword: [*operators, comparison]}
    return Schemas({"components": {"schemas": {"Filter": schema, **others}}}).at(FILTER)


def nested(depth: int, leaf: Json) -> Json:
    for _ in range(depth):
        leaf = {"op": "and", "args": [leaf]}
    return leaf


INVALID, VALID = {"field": 1}, {"field": "a", "value": 1}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_the_time_is_not_exponential_in_the_depth(keyword: str) -> None:
    schema = compiled(keyword)
    schema.errors(INVALID)  # compiles what the measured calls use

    def seconds(depth: int) -> float:
        value = nested(depth, INVALID)
        times = []
        for _ in range(5):
            started = time.thread_time()
            assert len(schema.errors(value)) == 1
            times.append(time.thread_time() - started)
        return min(times)

    # Three branches with three each: of 6 levels more, 729 times as many.
    assert seconds(7) < 30 * seconds(1)
    assert seconds(60) < 60 * seconds(6)


def test_a_reference_into_an_alternative_is_no_way_round() -> None:
    through = f"{FILTER}/oneOf/0"
    schema = compiled(filters=through, Filter={"oneOf": [joined("and", through), joined("or")]})
    assert schema.is_valid(nested(100, {"op": "and", "args": []}))
    [error] = schema.errors(nested(3, {"op": "and"}))
    assert error.param == "args[0].args[0].args[0].args"
    assert schema.errors(nested(100, {"op": "and"}))


def test_valid_values_are_accepted_at_any_depth() -> None:
    assert compiled().errors(nested(100, VALID)) == []


def test_the_fields_of_a_deep_value_are_named_where_one_form_matches() -> None:
    leaf = {"type": "object", "required": ["leaf"], "properties": {"op": {"const": "leaf"}}}
    schema = compiled(Filter={"oneOf": [joined("and"), leaf]})
    [error] = schema.errors(nested(5, {"op": "and", "args": 1}))
    assert (error.param, error.code) == (".".join(["args[0]"] * 5) + ".args", "invalid_type")
    # From some depth on it is the alternative that is named.
    [error] = schema.errors(nested(50, {"op": "and", "args": 1}))
    assert error.param.startswith("args[0].args[0]")
    forms = "an object with op and args, an object with leaf"
    assert error.detail == f"has none of the documented forms: {forms}"


def test_properties_may_have_the_names_of_keywords() -> None:
    names = ("oneOf", "not", "if", "properties", "const", "allOf")
    kinds = {"anyOf": [{"type": "string", "minLength": 2}, {"type": "integer"}]}
    properties = {"type": "object", "properties": dict.fromkeys(names, kinds)}
    schema = compiled(Filter={"allOf": [properties], **properties})
    found = schema.errors(dict.fromkeys(names, "x"))
    assert {error.param for error in found} == set(names)
    assert {error.detail for error in found} == {"is shorter than 2 characters"}


def test_constants_may_look_like_alternatives() -> None:
    constant = {"oneOf": [1], "$ref": "#/nothing"}
    schema = compiled(Filter={"anyOf": [{"const": constant}, {"enum": [[constant]]}]})
    assert schema.errors(constant) == schema.errors([constant]) == []
    assert schema.errors(1)


_CHILD = """
import resource
from tests.openapi.test_alternatives import INVALID, compiled, nested

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
schema = compiled()
schema.errors(INVALID)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert len(schema.errors(nested(12, INVALID))) == 1
assert len(schema.errors(nested(100, INVALID))) == 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_deep_value_takes_little_memory() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _CHILD], capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == 0, child.stderr
    kibibytes = int(child.stdout)
    assert kibibytes < 50_000


@pytest.mark.parametrize("options", [list(range(200_000)), [f"v{one}" for one in range(200_000)]])
def test_a_detail_lists_the_first_of_many_options(options: list[Any]) -> None:
    [error] = compiled(Filter={"enum": options}).errors("?")
    assert error.detail.startswith(f"must be one of {options[0]}, {options[1]}, ")
    assert error.detail.endswith(", 199900 more")
    assert len(error.detail) < 5000


def test_a_detail_lists_no_options_that_are_long() -> None:
    schema = compiled(Filter={"enum": ["x" * 100_000, "y"]})
    assert [one.detail for one in schema.errors("?")] == ["must be one of 2 values"]
    [error] = compiled(Filter={"enum": ["a", "x" * 100_000, "y"]}).errors("?")
    assert error.detail == "must be one of a, 2 more"
