"""Judges of answers to generated requests: what the contract says of any answer.

A failure that Schemathesis reports counts only if one of these confirms it: the seed may leave
open what Schemathesis calls wrong. Each raises :class:`~conformance.probe.violation.Violation`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from conformance.catalogue.judge import (
    ANY_STATUS,
    GENERATED,
    Aspect,
    Judge,
    JudgedExchange,
    Look,
    Purpose,
    on,
)
from conformance.probe.applicability import reads_or_creates
from conformance.probe.bodies import properties, schema_of
from conformance.probe.values import Values, header
from conformance.probe.violation import Violation, expect
from conformance.server.created.answers import is_documented
from conformance.target.exchange import NO_ANSWER, Answer, Request
from conformance.target.json_documents import parse
from conformance.target.members import JsonObject
from conformance.target.timestamps import instant
from openapi.field_errors import FieldError
from openapi.kept_otherwise import kept_otherwise
from openapi.media_types import is_json
from openapi.operation import Operation
from openapi.reads import moves
from openapi.recognition import collections_of
from openapi.schema import Schema, is_read_only, types_of
from openapi.write_only import WriteOnly

SEED = "seed: request fields and responses"


def of_generated(
    look: Look, aspect: Aspect, applies_to: Callable[[Operation], bool] = reads_or_creates
) -> Judge:
    """A judge of every answer to a generated request, on any operation that is sent some."""
    return Judge(look, GENERATED, ANY_STATUS, applies_to=applies_to, aspect=aspect)


def of_observed(
    look: Look, aspect: Aspect, applies_to: Callable[[Operation], bool] | None = None
) -> Judge:
    """A judge of every answer to a usual request of any check."""
    return Judge(look, on(Purpose.OBSERVED), ANY_STATUS, applies_to=applies_to, aspect=aspect)


_OF_A_GATEWAY = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
"""What a gateway answers to requests that it takes for an attack."""


def expect_documented_status(exchange: JudgedExchange) -> None:
    """The status is one that the contract names, or a gateway's own."""
    status = exchange.answer.status
    known = is_documented(exchange.operation, exchange.answer)
    known = known or status in {NO_ANSWER, *_OF_A_GATEWAY}
    expect(known or not _is_json(exchange.request), "a documented status", f"{status}")


def _is_json(request: Request) -> bool:
    """Whether a request is plain JSON or a GET: a gateway may refuse other media types."""
    types = [value for name, value in request.headers if name.lower() == "content-type"]
    return (len(types) == 1 and is_json(types[0])) or request.method == "GET"


def expect_documented_media_type(exchange: JudgedExchange) -> None:
    """The media type is one that the contract names for the status."""
    answer, documented = exchange.answer, exchange.operation.response(exchange.answer.status)
    if documented and documented.content and _is_json(exchange.request):
        actual = f"{answer.media_type or 'none'} with {answer.status}"
        expect(documented.describes(answer.content_type), "a documented media type", actual)


def expect_documented_body(exchange: JudgedExchange) -> None:
    """The body is of the schema that the contract has for the status and media type."""
    answer, documented = exchange.answer, exchange.operation.response(exchange.answer.status)
    content = documented.describes(answer.content_type) if documented else None
    if content is None or content.schema is None or not _is_json(exchange.request):
        return
    if is_json(answer.media_type):
        expect_schema(content.schema, answer)


def expect_schema(schema: Schema, answer: Answer) -> None:
    """A JSON body is of a schema."""
    expected = "a body as documented"
    try:
        errors = schema.errors(answer.json())
    except ValueError:
        raise Violation(expected, f"{answer.status} with a body that is no JSON") from None
    for one in _certain(errors):
        is_rule = one.detail.startswith(("must", "is required"))
        detail = f"{one.detail} and is not" if is_rule else one.detail
        raise Violation(expected, f"{answer.status} where {one.param} {detail}")


def _certain(errors: Iterable[FieldError]) -> list[FieldError]:
    """Errors of a schema, but for those of formats and of what dialects of patterns differ in.

    How instants are spelt is judged elsewhere, with what RFC 3339 allows.
    """
    return [one for one in errors if one.is_certain]


def expect_documented_headers(exchange: JudgedExchange) -> None:
    """The headers that the contract documents as integers are such."""
    answer, documented = exchange.answer, exchange.operation.response(exchange.answer.status)
    for one in documented.headers if documented else ():
        name, value = one.name, answer.header(one.name)
        types = types_of(one.schema.outline) if one.schema else ()
        if value is not None and "integer" in types:
            holds = re.fullmatch(r"[+-]?\d+", value)
            expect(holds, "headers as documented", f"no integer in {name}", header(answer, name))


def expect_refusal(exchange: JudgedExchange) -> None:
    """A JSON body that is not of the documented schema is not accepted."""
    status, request = exchange.answer.status, exchange.request
    if not exchange.answer.is_success or not _is_json(request):
        return
    try:
        errors = schema_of(exchange.operation).errors(parse(request.body))
    except ValueError:
        return
    for one in _certain(errors):
        raise Violation("a refusal", f"{status} though {one.param} {one.detail}")


def expect_sent_data(exchange: JudgedExchange) -> None:
    """Data that was accepted comes back as it was sent."""
    answer = exchange.answer
    sent, found = Answer(0, body=exchange.request.body).json_object(), answer.json_object()
    if answer.status != exchange.operation.success_status or sent is None or found is None:
        return
    schema = exchange.operation.json_body.schema if exchange.operation.json_body else None
    known = properties(schema).items() if schema else ()
    ignored = {name for name, one in known if is_read_only(one)}
    ignored |= kept_otherwise(exchange.operation)
    # Others decide on a place among others: it is the last one where there are no more.
    ignored |= {name for name, value in sent.items() if moves(name, value)}
    resource = exchange.operation.resource
    if resource and resource.is_chosen:
        ignored |= {resource.id}  # which a server may spell so that it fits into a path
    contract = exchange.operation.contract
    kept = collections_of(contract, frozenset()).of(exchange.operation) if contract else None
    holder, _, own = kept.id.partition("/") if kept else ("", "", "")
    response = exchange.operation.response(answer.status)
    content = response.json_content if response else None
    back = _Back(
        _hidden_in(schema) if schema else None,
        _hidden_in(content.schema) if content and content.schema else None,
    )
    for name in sorted((sent.keys() & found.keys()) - ignored):
        seen = Values(f"/{name}", found[name], sent[name])
        # Where the id is held in it, a server may spell that in its own way, and add members.
        held = replace(back, id=own) if name == holder else back
        is_same = held.is_same(sent[name], found[name], back.inside(back.whole, name, sent))
        expect(is_same, "what was sent", f"another {name}", seen)


@lru_cache(maxsize=256)
def _hidden_in(schema: Schema) -> WriteOnly:
    """What is ``writeOnly`` in a body: its alternatives are compiled once for all answers."""
    return WriteOnly(schema)


_Schemas = tuple[Any, ...]
"""What the schemas of a request and of its answer say of one place; None where they say nothing."""


@dataclass(frozen=True, slots=True)
class _Back:
    """How data may come back: a server adds members that are documented, and hides ``writeOnly``.

    An object with an ``id`` may get any other members.
    """

    request: WriteOnly | None
    answer: WriteOnly | None
    id: str = ""

    @property
    def _sides(self) -> tuple[WriteOnly | None, ...]:
        return self.request, self.answer

    @property
    def whole(self) -> _Schemas:
        """The schemas of both bodies."""
        return tuple(one and one.definition for one in self._sides)

    def inside(self, schemas: _Schemas, name: str, value: JsonObject) -> _Schemas:
        """The schemas of a member."""
        request, answer = self._members(schemas, value)
        return request.get(name), answer.get(name)

    def is_same(self, sent: Any, found: Any, schemas: _Schemas) -> bool:
        """Whether data came back."""
        if isinstance(sent, dict) and isinstance(found, dict):
            return self._has_same_members(sent, found, schemas)
        if isinstance(sent, list) and isinstance(found, list):
            of_items = tuple(
                one.reader.items(its) if one else None
                for one, its in zip(self._sides, schemas, strict=True)
            )
            pairs = zip(sent, found, strict=False)
            return len(sent) == len(found) and all(self.is_same(*one, of_items) for one in pairs)
        first, second = instant(sent), instant(found)
        if first is not None and second is not None:
            # A server may keep whole seconds only.
            return abs(first - second) < 1
        # What becomes of half a character nobody says (RFC 8259 section 8.2).
        is_half = isinstance(sent, str) and _HALF.search(sent)
        return bool(sent == found or is_half or self._has_no_place(sent, schemas[1]))

    def _has_no_place(self, sent: Any, definition: Any) -> bool:
        """Whether an answer has no such scalar there: a number that it has as a text."""
        types = _TYPES.get(type(sent))
        if not self.answer or not types or not isinstance(definition, dict):
            return False
        reader = self.answer.reader
        ways = [types_of(one) for one in reader.alternatives(reader.merged(definition))]
        return all(ways) and all(types.isdisjoint(one) for one in ways)

    def _has_same_members(self, sent: JsonObject, found: JsonObject, schemas: _Schemas) -> bool:
        request, answer = self._members(schemas, sent)
        lost = sent.keys() - found.keys() - {self.id}
        if any(
            not (self.request and self.request.is_ever_hidden(request.get(one))) for one in lost
        ):
            return False
        if not self.id and found.keys() - sent.keys() - request.keys() - answer.keys():
            return False
        within = replace(self, id="")
        return all(
            within.is_same(one, found[name], (request.get(name), answer.get(name)))
            for name, one in sent.items()
            if name in found and name != self.id and not is_read_only(request.get(name))
        )

    def _members(self, schemas: _Schemas, value: JsonObject) -> tuple[Mapping[str, Any], ...]:
        of = zip(self._sides, schemas, strict=True)
        return tuple(one.members(its, value) if one and its else {} for one, its in of)


_TYPES: Mapping[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"integer", "number"}),
    str: frozenset({"string"}),
    type(None): frozenset({"null"}),
}
"""The types of a schema that a scalar may have."""

_HALF = re.compile("[\ud800-\udfff]")
