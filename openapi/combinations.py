"""The limit of parts that a value is checked by, at once and through all levels above it."""

import math
from collections.abc import Callable
from typing import Any

from openapi.document import MAX_DEPTH
from openapi.errors import ContractError
from openapi.references import COMBINING, combined
from openapi.subschemas import subschemas
from openapi.validation_work import ValidationWork

_MAX_PARTS = 20_000
"""The limit of parts that a value is checked by at once."""


class Combinations:
    """Checks that the schemas of one document can be merged and compiled in bounded work.

    ``resolve`` resolves a reference. What was found sound is not looked at again.
    """

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self._resolve = resolve
        self._counted: dict[int, int] = {}
        self._work = ValidationWork(resolve)
        self._sound: set[int] = set()

    def check(self, schema: Any, place: str) -> None:
        """Raise ContractError where a schema, or one that it leads to, is beyond the limit.

        So it does for a reference that leads nowhere.
        """
        if id(schema) in self._sound:
            return
        seen: set[int] = set()
        pending = [schema]
        while pending:
            one = pending.pop()
            if not isinstance(one, dict) or id(one) in seen or id(one) in self._sound:
                continue
            seen.add(id(one))
            # Parts are added up by these alone; a broken schema is refused when it is compiled.
            if not COMBINING.isdisjoint(one) and self._parts(one) > _MAX_PARTS:
                reason = f"a schema of more than {_MAX_PARTS} parts by allOf, anyOf, oneOf and $ref"
                raise ContractError(
                    place, f"holds {reason}, or of more than {MAX_DEPTH} levels of them"
                )
            pending += subschemas(one)
            if isinstance(one.get("$ref"), str):
                pending.append(self._target(one, place))
        if self._times(schema) > _MAX_PARTS:
            reason = f"checks one member of a value more than {_MAX_PARTS} times"
            raise ContractError(
                place, f"holds a schema that {reason}: lead to it from one part of a schema alone"
            )
        self._sound |= seen

    def can_be_merged(self, schema: Any) -> bool:
        """Whether the parts of a schema are within the limit."""
        return self._parts(schema) <= _MAX_PARTS

    def _target(self, schema: dict[str, Any], place: str) -> Any:
        try:
            return self._resolve({"$ref": schema["$ref"]})
        except ContractError as error:
            raise ContractError(place, error.reason) from error

    def _parts(self, schema: dict[str, Any]) -> float:
        try:
            return combined(self._resolve, schema, self._counted)
        except (ContractError, AttributeError, TypeError):
            return 0
        except RecursionError:
            return math.inf

    def _times(self, schema: Any) -> int:
        try:
            return self._work.of(schema)
        except (ContractError, AttributeError, TypeError):
            return 0
