"""One value that satisfies a schema.

First a plain value is put together from what the schema itself shows: constants, examples, enums,
defaults, and the simplest value of a type. Where that does not satisfy the schema, it is put
together without the examples, which may be wrong, and from other branches of ``oneOf`` and
``anyOf``. At last Hypothesis searches, where the extra ``conformance`` has installed it.

A contract may ask for more than any machine has. Each value, and all of them together, have a
budget; and the search runs in a process of its own, which ends with its time and its memory.
"""

import math
import random
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain, islice, repeat
from typing import Any

import jsonschema_rs
import rstr

from dinie_contract.extras import installing, is_installed
from mock_server.documented.search import Search, SearchEnded
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

_MOST_VALUES = 20_000
"""Limit on the values within one value."""

_MOST_CHARACTERS = 1_048_576
"""Limit on the characters of one value, and on the steps to texts that match a pattern."""

_VALUES_OF_ALL = 3_000_000
"""Limit on the values that are put together for one contract, failed attempts included."""

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


class BudgetSpentError(Exception):
    """A value is too large, or takes too long to be found."""


class Generation:
    """The values generated for one contract, and what is left to spend on them."""

    def __init__(self, contract: Contract) -> None:
        self.resolve = contract.resolve_schema
        self._components = contract.document.get("components", {})
        self._search = Search()
        self._values = _VALUES_OF_ALL

    def value(self, schema: Schema) -> Any:
        """A value that satisfies ``schema``.

        Raises ContractError where no value could be found, and BudgetSpentError where the budget
        did not suffice.
        """
        try:
            return self.plain(schema)
        except LookupError:
            return self._found(schema)

    def plain(self, schema: Schema) -> Any:
        """A value put together from what ``schema`` shows, without a search.

        Raises LookupError where none satisfies it, and BudgetSpentError as :meth:`value` does.
        """
        spent: BudgetSpentError | None = None
        for branch in range(_BRANCHES):
            for shown in (("const", "example", "default", "examples", "enum"), ("const", "enum")):
                # Numbers beyond those of a float may fail anywhere.
                with suppress(ArithmeticError, TypeError, ValueError, RecursionError):
                    try:
                        value = _Assembly(self, shown, branch).value(schema.definition, 0)
                    except BudgetSpentError as error:
                        spent = error
                    else:
                        if schema.is_valid(value):
                            return value
        if spent:
            raise spent
        raise LookupError("no plain value satisfies the schema")

    def spend(self) -> None:
        """Count one value; raises BudgetSpentError where there were too many."""
        self._values -= 1
        if self._values < 0:
            raise BudgetSpentError("the contract has more answers than the mock generates")

    def close(self) -> None:
        """End the search."""
        self._search.close()

    def _found(self, schema: Schema) -> Any:
        none = "no value was found that satisfies this schema"
        if not is_installed("conformance"):
            reason = f"{none}; to search further, {installing('conformance')}"
            raise ContractError(schema.pointer, reason)
        rooted = {**schema.definition, "components": self._components}
        try:
            value = self._search.find(rooted, _FORMATS)
        except SearchEnded as error:
            raise BudgetSpentError("no value was found in time") from error
        except LookupError as error:
            raise ContractError(schema.pointer, f"{none} ({error.args[0]})") from error
        if not schema.is_valid(value):
            raise ContractError(schema.pointer, none)
        return value


def generate(contract: Contract, schema: Schema) -> Any:
    """One value that satisfies ``schema``; raises as :meth:`Generation.value` does."""
    with closing(Generation(contract)) as generation:
        return generation.value(schema)


class _Assembly:
    """Puts one value together; ``shown`` are the keywords whose values are taken as they are.

    ``branch`` is the number of the branch that each ``oneOf`` and ``anyOf`` takes, from 0 on.
    Raises BudgetSpentError.
    """

    def __init__(self, generation: Generation, shown: tuple[str, ...], branch: int) -> None:
        self._resolve = generation.resolve
        self._spend_of_all = generation.spend
        self._shown = shown
        self._branch = branch
        self._values = 0
        self._characters = 0

    def value(self, definition: Any, depth: int) -> Any:
        definition = self._resolve(definition)
        self._spend_of_all()
        self._spend(values=1)
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

    def _spend(self, values: int = 0, characters: int = 0) -> None:
        self._values += values
        self._characters += characters
        if self._values > _MOST_VALUES:
            raise BudgetSpentError(f"a value has more than {_MOST_VALUES} values in it")
        if self._characters > _MOST_CHARACTERS:
            raise BudgetSpentError(f"a value has more than {_MOST_CHARACTERS} characters")

    def _is_beyond(self, depth: int, times: int = 1) -> bool:
        """Whether this is deep or large enough: no more than what is required from here on."""
        return depth > _DEPTH * times or (times == 1 and self._values > _VALUES)

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
                schemas = chain(first, repeat(definition.get("items", True)))
                return [self.value(schema, depth + 1) for schema in islice(schemas, int(count))]
            case "string":
                self._spend(characters=int(definition.get("minLength", 0)))
                text = _text(definition)
                self._spend(characters=len(text))
                return text
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
    longest = int(definition.get("maxLength", _MOST_CHARACTERS))
    return text.ljust(int(definition.get("minLength", 0)), "x")[:longest]


def _matches(pattern: str) -> Iterator[str]:
    """Texts made by a regular expression, the same ones each time; none where it is no pattern."""
    left = _MOST_CHARACTERS
    for seed in range(_TEXTS):
        maker = TextMaker(random.Random(seed), left)  # noqa: S311 - test data
        try:
            yield maker.xeger(pattern)
        except (re.error, ValueError, KeyError, RecursionError, OverflowError):
            return
        left = maker.left


class TextMaker(rstr.Rstr):
    """Makes texts by patterns; raises OverflowError once its steps and characters are ``left``."""

    def __init__(self, source: random.Random, left: int) -> None:
        super().__init__(source)
        self.left = left

    def _handle_state(self, state: Any) -> Any:
        made = super()._handle_state(state)
        self.left -= 1 + len(made)
        if self.left < 0:
            raise OverflowError
        return made


def _number(definition: dict[str, Any], kind: str) -> float:
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    accepts = jsonschema_rs.Draft202012Validator(_only(definition, kind, *bounds, "multipleOf"))
    ends = [definition[bound] for bound in bounds if bound in definition]
    step = definition.get("multipleOf", 1)
    near = []
    with suppress(OverflowError):  # of numbers beyond those of a float
        near = [math.floor(end / step + by) * step for end in ends for by in (0, 1, -1)]
        near.append(sum(ends) / max(1, len(ends)))
    candidates = [0, 1, *ends, *near]
    return next((one for one in candidates if accepts.is_valid(one)), 0)


def _only(definition: dict[str, Any], kind: str, *keywords: str) -> dict[str, Any]:
    return {"type": kind, **{key: definition[key] for key in keywords if key in definition}}
