"""One value that satisfies a schema.

First a plain value is put together from what the schema itself shows: constants, examples, enums,
defaults, and the simplest value of a type. Where that does not satisfy the schema, it is put
together without the examples, which may be wrong, and from other branches of ``oneOf`` and
``anyOf``. At last Hypothesis searches, where the extra ``conformance`` has installed it.
"""

import importlib
import math
import random
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import jsonschema_rs
import rstr

from openapi.contract import Contract
from openapi.document import ContractError
from openapi.references import merge_schemas
from openapi.schema import Schema

_DEPTH = 6
_VALUES = 2_000
"""From here on a value gets only what it must have: recursive schemas grow without end."""

_BRANCHES = 4
"""How many branches of each ``oneOf`` or ``anyOf`` are tried."""

_TEXTS = 100
"""How many texts are made by a pattern until one satisfies the other keywords."""

_NULL = {"type": "null"}

_FORMATS = {
    "date-time": "2027-03-04T00:00:00Z",
    "date": "2027-03-04",
    "time": "00:00:00Z",
    "duration": "P1D",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def generate(contract: Contract, schema: Schema) -> Any:
    """A value that satisfies ``schema``; raises ContractError where none could be found."""
    for branch in range(_BRANCHES):
        for shown in (("const", "example", "default", "examples", "enum"), ("const", "enum")):
            value = _Assembly(contract, shown, branch).value(schema.definition, 0)
            if schema.is_valid(value):
                return value
    if find_spec("schemathesis") is None:
        reason = (
            "no value was found that satisfies this schema;"
            " pip install 'dinie-contract[conformance]' searches further"
        )
        raise ContractError(schema.pointer, reason)
    rooted = {**schema.definition, "components": contract.document.get("components", {})}
    try:
        return _search(rooted, schema.is_valid)
    except Exception as error:
        reason = f"no value was found that satisfies this schema ({type(error).__name__})"
        raise ContractError(schema.pointer, reason) from error


class _Assembly:
    """Puts one value together; ``shown`` are the keywords whose values are taken as they are.

    ``branch`` is the number of the branch that each ``oneOf`` and ``anyOf`` takes, from 0 on.
    """

    def __init__(self, contract: Contract, shown: tuple[str, ...], branch: int) -> None:
        self._resolve = contract.resolve_schema
        self._shown = shown
        self._branch = branch
        self._values = 0

    def value(self, definition: Any, depth: int) -> Any:
        definition = self._resolve(definition)
        self._values += 1
        if not isinstance(definition, dict) or self._is_beyond(depth, 2):
            return None
        definition = merge_schemas(self._resolve, definition)
        for keyword in self._shown:
            if keyword in definition:
                listed = keyword in {"examples", "enum"} and definition[keyword]
                return listed[0] if listed else definition[keyword]
        for keyword in ("oneOf", "anyOf"):
            branches = definition.get(keyword, [])
            if branches:
                ends = self._is_beyond(depth) and _NULL in branches
                rest = {key: value for key, value in definition.items() if key != keyword}
                branch = _NULL if ends else branches[self._branch % len(branches)]
                return self.value({"allOf": [rest, branch]}, depth + 1)
        return self._simplest(definition, depth)

    def _is_beyond(self, depth: int, times: int = 1) -> bool:
        """Whether this is deep or large enough: no more than what is required from here on."""
        return depth > _DEPTH * times or self._values > _VALUES * times

    def _simplest(self, definition: dict[str, Any], depth: int) -> Any:
        declared = definition.get("type", "object" if "properties" in definition else None)
        kinds = [declared] if isinstance(declared, str) else declared or [None]
        ends = self._is_beyond(depth)
        match "null" if ends and "null" in kinds else kinds[0]:
            case "object":
                return {
                    name: self.value(child, depth + 1)
                    for name, child in definition.get("properties", {}).items()
                    if not ends or name in definition.get("required", ())
                }
            case "array":
                first = definition.get("prefixItems", [])
                wanted = 0 if ends else len(first) or 1
                count = max(
                    min(wanted, definition.get("maxItems", wanted)), definition.get("minItems", 0)
                )
                schemas = [*first, *[definition.get("items", True)] * count][:count]
                return [self.value(schema, depth + 1) for schema in schemas]
            case "string":
                return _text(definition)
            case "integer" | "number" as kind:
                return _number(definition, kind)
            case "boolean":
                return True
            case _:
                return None


def _text(definition: dict[str, Any]) -> str:
    if "pattern" in definition:
        wanted = _only(definition, "string", "pattern", "minLength", "maxLength", "format")
        accepts = jsonschema_rs.Draft202012Validator(wanted, validate_formats=True)
        return next(filter(accepts.is_valid, _matches(definition["pattern"])), "")
    text = str(_FORMATS.get(definition.get("format", ""), "text"))
    return text.ljust(definition.get("minLength", 0), "x")[: definition.get("maxLength")]


def _matches(pattern: str) -> Iterator[str]:
    """Texts made by a regular expression, the same ones each time; none where it is no pattern."""
    for seed in range(_TEXTS):
        try:
            yield rstr.Rstr(random.Random(seed)).xeger(pattern)  # noqa: S311 - test data
        except (re.error, ValueError, KeyError, RecursionError, OverflowError):
            return


def _number(definition: dict[str, Any], kind: str) -> float:
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    accepts = jsonschema_rs.Draft202012Validator(_only(definition, kind, *bounds, "multipleOf"))
    ends = [definition[bound] for bound in bounds if bound in definition]
    step = definition.get("multipleOf", 1)
    near = [math.floor(end / step + by) * step for end in ends for by in (0, 1, -1)]
    candidates = [0, 1, *ends, *near, sum(ends) / max(1, len(ends))]
    return next((one for one in candidates if accepts.is_valid(one)), 0)


def _only(definition: dict[str, Any], kind: str, *keywords: str) -> dict[str, Any]:
    return {"type": kind, **{key: definition[key] for key in keywords if key in definition}}


def _search(definition: dict[str, Any], accepts: Callable[[Any], bool]) -> Any:
    # Half a second and thirty megabytes that no start with documented examples should pay.
    hypothesis = importlib.import_module("hypothesis")
    build = importlib.import_module("schemathesis.generation.jsonschema.builder").build
    just = hypothesis.strategies.just
    values = build(
        definition,
        draft=jsonschema_rs.Draft202012,
        formats={name: just(text) for name, text in _FORMATS.items()},
    )
    settings = hypothesis.settings(
        max_examples=500,
        phases=[hypothesis.Phase.generate],  # the first is good enough: no search for a smaller
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    return hypothesis.find(values, accepts, settings=settings)
