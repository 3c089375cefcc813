"""One value that satisfies a schema.

A value is put together from what the schema itself shows: constants, examples, enums, defaults, and
the simplest value of a type. Where that does not satisfy the schema, it is put together without the
examples, which may be wrong, from other branches of ``oneOf`` and ``anyOf``, and with members that
fit no other branch.

A contract may ask for more than any machine has. Each value, and all of them together, have a
budget.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice, product, repeat
from typing import Any

import jsonschema_rs

from openapi.errors import ContractError
from openapi.hierarchies import Hierarchies, name_of
from openapi.patterns import for_python
from openapi.references import merge_schemas, outline
from openapi.schema import Schema, types_of
from openapi.simple_values import distinct, number, other_names, unlike, varied
from openapi.texts import MOST_CHARACTERS, text_of

_DEPTH = 6
_VALUES = 2_000
"""From here on a value gets only what it must have: recursive schemas grow without end."""

_BRANCHES = 4
"""How many branches of each ``oneOf`` or ``anyOf`` are tried, and values beside a ``not``."""

_STEPS = (*range(1, 21), *range(-1, -21, -1))
"""How many steps of ``multipleOf`` away another number is looked for."""

_MOST_VALUES = 20_000
"""Limit on the values within one value."""

_VALUES_OF_ALL = 3_000_000
"""Limit on the values that are put together for one contract, failed attempts included."""

_NULL = {"type": "null"}

_CONDITION = frozenset({"if", "then", "else"})


class BudgetSpentError(Exception):
    """A value is too large, or takes too long to be found."""


class Generation:
    """The values generated for one document, and what is left to spend on them."""

    def __init__(
        self, document: Mapping[str, Any], resolve: Callable[[Any], Any], hidden: str = "writeOnly"
    ) -> None:
        self.resolve = resolve
        self.hierarchies = Hierarchies(document, resolve)
        self.hidden = hidden
        """The flag of members that are left out where they may be: those of requests alone."""
        self._values = _VALUES_OF_ALL
        self._parts: dict[int, tuple[Any, jsonschema_rs.Draft202012Validator]] = {}
        self.unused: dict[str, str] = {}
        """Why an example within a schema is not used, by the pointer of the schema."""

    def value(self, schema: Schema) -> Any:
        """A value that satisfies ``schema``.

        Raises ContractError where no value could be found, and BudgetSpentError where the budget
        did not suffice.
        """
        try:
            return self.plain(schema)
        except LookupError as error:
            reason = "no value was found that satisfies this schema: give it an example"
            raise ContractError(schema.pointer, reason) from error

    def plain(self, schema: Schema, *, is_lean: bool = False) -> Any:
        """A value that satisfies ``schema``; a lean one has no member that it need not have.

        Raises LookupError where none was found, and BudgetSpentError as :meth:`value` does.
        """
        spent: BudgetSpentError | None = None
        wrong = ""
        schema.check()
        ways = _TRIED[::-1] if is_lean else _TRIED
        tried = product(ways, range(_BRANCHES), _SHOWN)
        for (differs, lean), branch, shown in tried:
            with suppress(*_NO_VALUE):
                try:
                    assembly = _Assembly(self, schema, shown, branch, unlike=differs, lean=lean)
                    value = assembly.value(schema.definition, 0, schema.pointer)
                except BudgetSpentError as error:
                    spent = error
                else:
                    if schema.is_valid(value):
                        if assembly.has_wrong_example and wrong:
                            self.unused.setdefault(schema.pointer, wrong)
                        return value
                    wrong = wrong or schema.first_error(value)
        if spent:
            raise spent
        raise LookupError("no plain value satisfies the schema")

    def alternatives(self, schema: Schema) -> list[Any]:
        """A value of each branch that a schema has, at any level: only one where it has none.

        No more are made where values repeat after each branch had its turn, or a budget is spent.
        """
        made: list[Any] = []
        schema.check()
        with suppress(BudgetSpentError):
            for branch in range(_MOST_ALTERNATIVES):
                assembly = _Assembly(self, schema, _SHOWN[0], branch, unlike=False)
                with suppress(*_NO_VALUE):
                    value = assembly.value(schema.definition, 0, schema.pointer)
                    if value not in made:
                        made.append(value)
                    elif branch >= assembly.branches:
                        break
                if assembly.branches == 1:
                    break
        return [one for one in made if schema.is_valid(one)]

    def accepts(self, schema: Schema, definition: Any, value: Any) -> bool:
        """Whether a part of a schema accepts a value."""
        key = id(definition)
        if key not in self._parts:
            # With the definition, so that no other has its id.
            self._parts[key] = definition, schema.compiled_part(definition)
        return self._parts[key][1].is_valid(value)

    def spend(self) -> None:
        """Count one value; raises BudgetSpentError where there were too many."""
        self._values -= 1
        if self._values < 0:
            raise BudgetSpentError("the contract has more answers than the mock generates")


_MOST_ALTERNATIVES = 20
"""How many branches have a value of their own."""

_NO_VALUE = (ArithmeticError, AttributeError, TypeError, ValueError, RecursionError)
"""What is raised where no value is found: numbers beyond those of a float may fail anywhere."""

_ALL = ("const", "example", "default", "examples", "enum")
_SHOWN = ((_ALL, False), (_ALL, True), (("const", "enum"), True))
"""The keywords whose values are taken as they are, and whether only where their schema takes them:

first all of them, then those that are valid, then what is surely valid.
"""


_TRIED = ((False, False), (True, False), (False, True))
"""Whether a value gets members that fit no other branch, and whether none but what it must have."""


class _Assembly:
    """Puts one value together; ``shown`` are the keywords whose values are taken as they are.

    It says with them whether a value must be valid by the schema that shows it.

    ``branch`` is the number of the branch that each ``oneOf`` and ``anyOf`` takes, from 0 on; with
    ``unlike`` the value gets members that the other branches do not accept, and a ``lean`` one has
    only the members that it must have. Raises BudgetSpentError.
    """

    def __init__(
        self,
        generation: Generation,
        schema: Schema,
        shown: tuple[tuple[str, ...], bool],
        branch: int,
        *,
        unlike: bool,
        lean: bool = False,
    ) -> None:
        self._lean = lean
        self._generation = generation
        self._schema = schema
        self._resolve = generation.resolve
        self._hierarchies = generation.hierarchies
        self._hidden = generation.hidden
        self._spend_of_all = generation.spend
        self._shown, self._must_be_valid = shown
        self.has_wrong_example = False
        self.branches = 1
        """The most branches that there are anywhere in the value."""
        self._branch = branch
        self._unlike = unlike
        self._values = 0
        self._characters = 0

    def value(self, reference: Any, depth: int, pointer: str | None = None) -> Any:
        """A value of a schema, or of one that it refers to; ``pointer`` is where it stands."""
        definition = self._resolve(reference)
        reference = {"$ref": pointer} if pointer else reference
        self._spend_of_all()
        self._spend(values=1)
        if not isinstance(definition, dict) or self._is_beyond(depth, 2):
            return None
        name = name_of(reference)
        extending = self._hierarchies.extending(name, definition)
        if extending and not self._is_beyond(depth):
            self.branches = max(self.branches, len(extending))
            child = extending[self._branch % len(extending)]
            return self.value({"$ref": child}, depth + 1)
        if any(isinstance(part, dict) and "if" in part for part in definition.get("allOf", ())):
            return self._of_conditions(definition, depth)
        merged = merge_schemas(self._resolve, definition)
        made = self._made(merged, depth)
        if name:
            self._name(made, self._hierarchies.chooser_of(name, merged), [reference])
        return made

    def _made(self, definition: dict[str, Any], depth: int) -> Any:
        for value in self._shown_values(definition):
            return value
        if "if" in definition:
            return self._of_condition(definition, depth)
        for keyword in ("oneOf", "anyOf"):
            branches = definition.get(keyword)
            if branches:
                return self._of_branches(definition, keyword, depth)
        made = self._simplest(definition, depth)
        if "not" in definition:
            tried = (made, *(varied(made, by) for by in range(1, _BRANCHES)))
            differing = (one for one in tried if not self._accepts(definition["not"], one))
            others = (one for one in unlike(made, definition) if self._accepts(definition, one))
            return next(chain(differing, others), made)
        return made

    def _of_branches(self, definition: dict[str, Any], keyword: str, depth: int) -> Any:
        """A value of one branch.

        On a later try, of a ``oneOf``, it is the first value from that branch on that no other
        branch accepts: one of many may accept whatever the others do.
        """
        branches = definition[keyword]
        self.branches = max(self.branches, len(branches))
        first = self._branch % len(branches)
        made = self._of_branch(definition, keyword, first, depth)
        if keyword == "oneOf" and self._branch:
            for at in range(first + 1, first + len(branches)):
                if sum(self._accepts(one, made) for one in branches) == 1:
                    break
                made = self._of_branch(definition, keyword, at % len(branches), depth)
            if sum(self._accepts(one, made) for one in branches) != 1:
                others = self._others_of(definition, branches, made)
                made = next((one for one in others if self._accepts(definition, one)), made)
        return made

    def _others_of(
        self, definition: dict[str, Any], branches: list[Any], made: Any
    ) -> Iterator[Any]:
        """Other values than one that several branches take: a multiple of 3 that is none of 5."""
        if isinstance(made, int | float) and not isinstance(made, bool):
            steps = (self._merged(one).get("multipleOf", 1) for one in branches)
            yield from (made + step * by for step in steps for by in _STEPS)
        yield from unlike(made, definition)

    def _of_branch(self, definition: dict[str, Any], keyword: str, at: int, depth: int) -> Any:
        branches = definition[keyword]
        ends = self._is_beyond(depth) and _NULL in branches
        rest = {key: one for key, one in definition.items() if key != keyword}
        branch = _NULL if ends else branches[at]
        made = self.value({"allOf": [rest, branch]}, depth + 1)
        self._name(made, definition, branches, at)
        if "discriminator" not in definition and (name := name_of(branch)):
            chooser = self._hierarchies.chooser_of(name, self._merged(branch))
            self._name(made, chooser, [branch])
        if self._unlike and isinstance(made, dict):
            self._differ(made, branch, branches)
        return made

    def _shown_values(self, definition: dict[str, Any]) -> Iterator[Any]:
        """The values in a schema that are taken as they are, the best first."""
        for keyword in (one for one in self._shown if one in definition):
            is_list = keyword in {"examples", "enum"} and bool(definition[keyword])
            for value in definition[keyword] if is_list else [definition[keyword]]:
                if not self._must_be_valid or self._accepts(definition, value):
                    yield value
                self.has_wrong_example |= keyword != "enum"

    def _accepts(self, definition: Any, value: Any) -> bool:
        return self._generation.accepts(self._schema, definition, value)

    def _of_conditions(self, definition: dict[str, Any], depth: int) -> Any:
        """A value for the parts of an ``allOf`` that are conditions: those that it meets itself."""
        rest: list[Any] = []
        conditions: list[dict[str, Any]] = []
        for part in definition["allOf"]:
            is_condition = isinstance(part, dict) and "if" in part
            (conditions if is_condition else rest).append(part)
        rest += [
            {key: one for key, one in part.items() if key not in _CONDITION} for part in conditions
        ]
        base = self.value({**definition, "allOf": rest}, depth + 1)
        met = [
            part.get("then" if self._accepts(part["if"], base) else "else", True)
            for part in conditions
        ]
        return self.value({**definition, "allOf": [*rest, *met]}, depth + 1)

    def _of_condition(self, definition: dict[str, Any], depth: int) -> Any:
        """A value for the ``else`` of a condition, or on every second try for its ``then``."""
        rest = {key: one for key, one in definition.items() if key not in _CONDITION}
        parts = [definition.get("else", True)]
        self.branches = max(self.branches, 2)
        if self._branch % 2:
            parts = [definition["if"], definition.get("then", True)]
        return self.value({"allOf": [rest, *parts]}, depth + 1)

    def _differ(self, made: dict[str, Any], branch: Any, branches: list[Any]) -> None:
        """Give a value one member for each other branch that this branch does not accept."""
        own = self._properties(branch)
        for other in branches:
            for name, one in self._properties(other).items():
                if name not in own and name not in made:
                    types = types_of(outline(self._resolve, one))
                    made[name] = 0 if "string" in types or not types else "text"
                    break

    def _name(self, made: Any, schema: Mapping[str, Any], branches: list[Any], at: int = 0) -> None:
        """Give a value the member by which a discriminator tells that it is of a branch."""
        name, values = self._hierarchies.names(schema, branches, at)
        if isinstance(made, dict) and values and made.get(name) not in values:
            made[name] = values[0]

    def _properties(self, schema: Any) -> dict[str, Any]:
        properties: dict[str, Any] = self._merged(schema).get("properties", {})
        return properties

    def _is_shown(self, schema: Any) -> bool:
        """Whether a value has a member that it need not have."""
        return schema is not False and self._merged(schema).get(self._hidden) is not True

    def _merged(self, schema: Any) -> dict[str, Any]:
        schema = self._resolve(schema)
        return merge_schemas(self._resolve, schema) if isinstance(schema, dict) else {}

    def _spend(self, values: int = 0, characters: int = 0) -> None:
        self._values += values
        self._characters += characters
        if self._values > _MOST_VALUES:
            raise BudgetSpentError(f"a value has more than {_MOST_VALUES} values in it")
        if self._characters > MOST_CHARACTERS:
            raise BudgetSpentError(f"a value has more than {MOST_CHARACTERS} characters")

    def _is_beyond(self, depth: int, times: int = 1) -> bool:
        """Whether this is deep or large enough: no more than what is required from here on."""
        return depth > _DEPTH * times or (times == 1 and self._values > _VALUES)

    def _simplest(self, definition: dict[str, Any], depth: int) -> Any:
        declared = definition.get("type", "object" if "properties" in definition else None)
        kinds = [declared] if isinstance(declared, str) else declared or [None]
        ends = self._is_beyond(depth)
        match "null" if ends and "null" in kinds else kinds[0]:
            case "object":
                return self._object(definition, depth, ends=ends)
            case "array":
                return self._array(definition, depth, ends=ends)
            case "string":
                self._spend(characters=int(definition.get("minLength", 0)))
                text = text_of(definition)
                self._spend(characters=len(text))
                return text
            case "integer" | "number" as kind:
                return number(definition, kind)
            case "boolean":
                return True
            case _:
                return None

    def _array(self, definition: dict[str, Any], depth: int, *, ends: bool) -> list[Any]:
        first = definition.get("prefixItems", [])
        item = definition.get("items", True)
        contained = definition.get("minContains", 1) if "contains" in definition else 0
        wanted = 0 if ends else len(first) or 1
        least = max(contained, definition.get("minItems", 0))
        size = max(min(wanted, definition.get("maxItems", wanted)), least)
        containing = {"allOf": [item, definition.get("contains", True)]}
        schemas = chain(repeat(containing, int(contained)), first, repeat(item))
        made = [self.value(schema, depth + 1) for schema in islice(schemas, int(size))]
        if not definition.get("uniqueItems"):
            return made
        listed = self._merged(item).get("enum", ())
        return [*listed[: len(made)]] if len(listed) >= len(made) else distinct(made)

    def _object(self, definition: dict[str, Any], depth: int, *, ends: bool) -> dict[str, Any]:
        properties, required = definition.get("properties", {}), definition.get("required", ())
        shown = [
            name for name, one in properties.items() if name not in required and self._is_shown(one)
        ]
        most = definition.get("maxProperties", len(properties) + len(required)) - len(required)
        most = 0 if ends or self._lean else max(0, int(most))
        chosen = {*required, *shown[:most]}
        made = {
            name: self.value(child, depth + 1)
            for name, child in properties.items()
            if name in chosen
        }
        missing = [name for name in required if name not in made]
        needed = definition.get("dependentRequired", {})
        missing += [one for name in (*made, *missing) for one in needed.get(name, ())]
        for name in missing:
            if name not in made:
                self._add(made, name, definition, depth)
        allowed = definition.get("propertyNames", {})
        names = chain(
            shown[most:],
            other_names(definition, self._merged(allowed), lambda it: self._accepts(allowed, it)),
        )
        while len(made) < definition.get("minProperties", 0):
            self._add(made, next(names), definition, depth)
        depending = definition.get("dependentSchemas", {})
        parts = [depending[name] for name in made if name in depending]
        if not parts:
            return made
        rest = {key: one for key, one in definition.items() if key != "dependentSchemas"}
        whole: dict[str, Any] = self.value({"allOf": [rest, *parts]}, depth + 1)
        return whole

    def _add(
        self, made: dict[str, Any], name: str, definition: dict[str, Any], depth: int
    ) -> None:  # fmt: skip
        """Give an object a member by a name: a property, or one of any others."""
        named = definition.get("patternProperties", {})
        of_name = [one for pattern, one in named.items() if re.search(for_python(pattern), name)]
        other = {"allOf": of_name} if of_name else definition.get("additionalProperties", True)
        other = definition.get("properties", {}).get(name, other)
        made[name] = "text" if other is True else self.value(other, depth + 1)
        self._spend(values=1)
