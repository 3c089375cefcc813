"""The fields of an operation's JSON body, read from the contract, and bodies that vary one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.probe import Probe
from openapi.operation import Operation
from openapi.schema import Schema


def fields_of(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    """What the contract says of each field."""
    schema = _schema_of(operation)
    found: Mapping[str, Mapping[str, Any]] = schema.outline.get("properties", {}) if schema else {}
    return found


def date_fields(operation: Operation) -> list[str]:
    """The fields that are documented as date-times."""
    schema = _schema_of(operation)
    properties = schema.definition.get("properties", {}) if schema else {}
    return [
        name
        for name, one in properties.items()
        if isinstance(one, dict) and one.get("format") == "date-time"
    ]


def _schema_of(operation: Operation) -> Schema | None:
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    return media_type.schema if media_type else None


def in_each_field(probe: Probe, *values: str) -> Iterator[bytes]:
    """Bodies that are valid but for one field, which holds each of these JSON texts in turn."""
    for name in fields_of(probe.operation) or ("name",):
        rest = {key: one for key, one in probe.plain_body().items() if key != name}
        begin = json.dumps(rest)[:-1] + (", " if rest else "")
        for value in values:
            yield f"{begin}{json.dumps(name)}: {value}}}".encode()
