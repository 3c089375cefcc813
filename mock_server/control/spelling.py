"""Refuses what the control plane would ignore: a misspelt filter makes an assertion meaningless."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from dinie_contract.spelling import hint, quoted, short
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, invalid_fields
from mock_server.pipeline.body import parse_json, read_body
from mock_server.pipeline.validation import query_of
from openapi.contract import Contract
from openapi.field_errors import FieldError
from openapi.operation import Operation

_MOST_NAMED = 20
"""The names in one refusal."""


class _Fault(NamedTuple):
    """What is wrong with a name, and what to do about it."""

    name: str
    wrong: str
    code: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Spelling:
    """Refuses unknown and repeated parameters and members, and unknown values, with 422.

    It comes before the validation, whose errors for a misspelt member would be that another is
    missing. The other side of each name is the contract alone.
    """

    app: ASGIApp
    contract: Contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        body = await read_body(exchange)
        faults = [
            *islice(_of_parameters(exchange, operation), _MOST_NAMED),
            *islice(self._of_body(operation, body), _MOST_NAMED),
        ]
        if faults:
            raise _problem(faults[:_MOST_NAMED])
        await self.app(scope, receive, send)

    def _of_body(self, operation: Operation, body: bytes) -> Iterator[_Fault]:
        media_type = operation.json_body
        if not body:
            return
        value = parse_json(body)
        yield from _repeated_members(body)
        if media_type and media_type.schema:
            yield from self._of_value(value, media_type.schema.definition, "")
        elif value != {}:
            error = FieldError("body", f"is not taken by {operation.id}", "unexpected_body")
            raise invalid_fields([error])

    def _of_value(self, value: Any, definition: Mapping[str, Any], path: str) -> Iterator[_Fault]:
        forms = list(self._forms(definition, value))
        if isinstance(value, str):
            known = next((form["enum"] for form in forms if "enum" in form), None)
            if known and value not in known:
                remedy = hint(value, [one for one in known if isinstance(one, str)])
                yield _Fault(path, "unknown value", "invalid_value", remedy)
        members = _members(forms)
        if not isinstance(value, dict) or not members:  # any object may stand here
            return
        anywhere = _members(list(self._forms(definition, None)))
        for name, one in value.items():
            place = f"{path}.{short(name)}" if path else short(name)
            if name in members:
                yield from self._of_value(one, {"allOf": members[name]}, place)
            else:
                # A member of another form is not misspelt.
                known = members if name in anywhere else anywhere
                remedy = hint("" if name in anywhere else name, list(known))
                yield _Fault(place, "unknown member", "unknown_field", remedy)

    def _forms(self, definition: Any, value: Any) -> Iterator[Mapping[str, Any]]:
        """The schemas that describe a value together; all that may describe one for None."""
        definition = self.contract.resolve_schema(definition)
        yield definition
        parts = [*definition.get("allOf", ())]
        branches = [*definition.get("oneOf", ()), *definition.get("anyOf", ())]
        parts += [one for one in branches if self._is_for(one, value)] or branches
        if "if" in definition:
            # The control plane tells bodies apart by their members alone.
            holds = isinstance(value, dict) and value.keys() >= set(definition["if"]["required"])
            keywords = ("then", "else") if value is None else ("then",) if holds else ("else",)
            parts += [definition[one] for one in keywords if one in definition]
        for part in parts:
            yield from self._forms(part, value)

    def _is_for(self, branch: Any, value: Any) -> bool:
        """Whether no constant of an alternative differs from the value's."""
        members = self.contract.resolve_schema(branch).get("properties", {})
        return not isinstance(value, dict) or not any(
            "const" in one and name in value and value[name] != one["const"]
            for name, one in members.items()
        )


def _members(forms: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The schemas of each member that any of the forms has."""
    members: dict[str, list[Any]] = {}
    for form in forms:
        for name, one in form.get("properties", {}).items():
            members.setdefault(name, []).append(one)
    return members


def _repeated_members(body: bytes) -> Iterator[_Fault]:
    """The members that stand twice in one object (RFC 8259, section 4); ``body`` is JSON."""
    repeated: list[str] = []

    def count(pairs: list[tuple[str, Any]]) -> None:
        repeated.extend(
            name for name, times in Counter(one for one, _ in pairs).items() if times > 1
        )

    # Numbers stay texts: one of very many digits would take its time.
    json.loads(body.decode(), object_pairs_hook=count, parse_int=str, parse_float=str)
    for name in dict.fromkeys(repeated):
        yield _Fault(short(name), "repeated member", "repeated_field", "send it once")


def _of_parameters(exchange: Exchange, operation: Operation) -> Iterator[_Fault]:
    parameters = {one.name: one for one in operation.parameters if one.location == "query"}
    given = query_of(exchange)
    for name, count in Counter({name: len(texts) for name, texts in given.items()}).items():
        if name not in parameters:
            remedy = hint(name, parameters)
            yield _Fault(short(name), "unknown parameter", "unknown_parameter", remedy)
        elif count > 1:
            yield _Fault(name, "repeated parameter", "repeated_parameter", "send it once")
        elif "enum" in parameters[name].schema.definition:
            known = parameters[name].schema.definition["enum"]
            if given[name][0] not in known:
                remedy = hint(given[name][0], known)
                yield _Fault(name, "unknown value", "invalid_value", remedy)


def _problem(faults: list[_Fault]) -> Problem:
    one, others = faults[0], len(faults) - 1
    more = f" (and {others} more)" if others else ""
    of = " of" if one.wrong == "unknown value" else ""
    detail = f"{one.wrong.capitalize()}{of} {quoted(one.name)}: {one.remedy}{more}"
    errors = [
        FieldError(
            it.name,
            f"is {'a' if it.wrong.startswith('r') else 'an'} {it.wrong}: {it.remedy}",
            it.code,
        )
        for it in faults
    ]
    return Problem(ProblemType.VALIDATION_FAILED, one.code, detail, errors=errors)
