"""Validation of requests by the contract.

A request that cannot be parsed is a 400; one that violates a schema is a 422 with one item for
every bad field (seed: responses 400 and 422).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, invalid_fields, no_item, not_served
from mock_server.pipeline.body import (
    content_type,
    infinite_numbers,
    parse_json,
    parse_other,
    read_body,
)
from openapi.errors import ContractError
from openapi.field_errors import FieldError
from openapi.media_types import is_json
from openapi.operation import Operation, RequestBody
from openapi.parameters import ABSENT, check_parameter


@dataclass(frozen=True, slots=True)
class Validation:
    """Fills ``exchange.body``, ``value`` and ``parameters``, or refuses with 400, 422 or 501."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        try:
            errors = _read_parameters(exchange, operation)
            if operation.request_body is not None:
                await read_body(exchange)
                errors += _read_body(exchange, operation.request_body)
        except ContractError as error:
            raise not_served(error) from error
        if errors:
            raise _refused(operation, errors)
        await self.app(scope, receive, send)


def _refused(operation: Operation, errors: Sequence[FieldError]) -> Problem:
    """The problem for invalid fields.

    It is that of an unknown item for a value in the path, where no other is documented.
    """
    in_path = next((one for one in errors if one.location == "path"), None)
    if (
        in_path
        and not any(map(operation.response, _INVALID))
        and any(map(operation.response, _UNKNOWN))
    ):
        return no_item(in_path.param)
    return invalid_fields(errors)


_INVALID, _UNKNOWN = (422, 400), (404, 410)


def _read_parameters(exchange: Exchange, operation: Operation) -> list[FieldError]:
    errors: list[FieldError] = []
    values: dict[str, Mapping[str, Sequence[str]]] = {}
    read: dict[str, Any] = {}
    for parameter in operation.checked_parameters:
        if parameter.location not in values:
            values[parameter.location] = _values(exchange, operation, parameter.location)
        value, found = check_parameter(parameter, values[parameter.location])
        errors += found
        if value is not ABSENT:
            read[parameter.name] = value
    exchange.parameters = read
    return errors


def _values(exchange: Exchange, operation: Operation, location: str) -> Mapping[str, Sequence[str]]:
    match location:
        case "header":
            return {
                name: [text]
                for name, wanted in operation.header_names.items()
                if (text := exchange.header(wanted)) is not None
            }
        case "query":
            return query_of(exchange)
        case "path":
            return {name: [str(value)] for name, value in exchange.parameters.items()}
        case _:
            return {name: [value] for name, value in exchange.cookies().items()}


def query_of(exchange: Exchange) -> Mapping[str, Sequence[str]]:
    """All texts of each query parameter, in order."""
    values: dict[str, list[str]] = defaultdict(list)
    query = exchange.scope["query_string"].decode("latin-1")
    for name, text in parse_qsl(query, keep_blank_values=True):
        values[name].append(text)
    return values


def _read_body(exchange: Exchange, request_body: RequestBody) -> list[FieldError]:
    if not exchange.body and not request_body.required and not exchange.header(b"content-type"):
        return []
    name, media_type = content_type(exchange, request_body)
    if not exchange.body and request_body.required:
        detail = "The request has no body."
        raise Problem(ProblemType.INVALID_REQUEST, "malformed_body", detail)
    if is_json(name):
        try:
            exchange.value = parse_json(exchange.body)
        except Problem:
            if errors := infinite_numbers(exchange.body, media_type):
                return errors
            raise
        return media_type.schema.errors(exchange.value) if media_type.schema else []
    exchange.value, errors = parse_other(exchange, name, media_type)
    return errors
