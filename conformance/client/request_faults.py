"""Faults of recorded requests: where they differ from the contract."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from conformance.client.attempts import CUT, Attempt, Ending
from conformance.journal.redaction import PSEUDONYM
from dinie_contract.spelling import nearest
from openapi.field_errors import FieldError
from openapi.forms import Part, read_form
from openapi.media_types import essence, is_json
from openapi.operation import MediaType, Operation
from openapi.parameters import ABSENT, check_parameter
from openapi.schema import Schema


class Kind(Enum):
    """The kind of a fault, by the part of the request."""

    MEDIA_TYPE = "the media type"
    UNREADABLE = "a body that cannot be read"
    SCHEMA = "a body that does not satisfy its schema"
    PARAMETER = "a parameter"
    UNKNOWN_MEMBER = "a member that the contract does not have"
    UNKNOWN_PARAMETER = "a parameter that the contract does not have"
    MISSPELT_HEADER = "a header that the contract spells otherwise"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a request; its text repeats no value of the request."""

    kind: Kind
    text: str


def faults_of(attempt: Attempt, keys_in_query: Collection[str] = ()) -> list[Fault]:
    """All faults of a request; missing and redacted parts have none.

    ``keys_in_query`` are the query parameters in which the contract takes an API key.
    """
    return [*_of_body(attempt), *_of_parameters(attempt, keys_in_query), *_of_headers(attempt)]


def _of_body(attempt: Attempt) -> Iterator[Fault]:
    body = attempt.operation.request_body
    if body is None or not attempt.body_is_known:
        return
    text = attempt.entry.request_body
    # Recordings may leave bodies out, or hold them compressed: then the server's refusal decides.
    was_refused = attempt.ending is Ending.REFUSED
    if not text:
        if body.required and was_refused:
            yield Fault(Kind.UNREADABLE, "the request has no body")
        return
    given = attempt.entry.request_header("content-type")
    media_type = body.accepts(given) if given else None
    if media_type is None:
        sent = f"Content-Type {essence(given)}" if given else "no Content-Type"
        known = " or ".join(body.content)
        yield Fault(Kind.MEDIA_TYPE, f"{sent}, where the contract has {known}")
        return
    if PSEUDONYM.fullmatch(text) and was_refused:
        yield Fault(Kind.UNREADABLE, "the body is no UTF-8 text")
    if PSEUDONYM.fullmatch(text) or CUT.search(text):
        return
    try:
        value, unreadable = _read(text, essence(given or ""), media_type)
    except (ValueError, RecursionError) as reason:
        yield Fault(Kind.UNREADABLE, f"the body is not JSON: {_reason(reason)}")
        return
    for error in unreadable:
        yield Fault(Kind.SCHEMA, f"{error.param} {error.detail}")
    if value is not ABSENT and media_type.schema:
        yield from _of_value(value, media_type.schema)


def _of_value(value: Any, schema: Schema) -> Iterator[Fault]:
    redacted = set(_redacted(value, ""))
    for error in schema.errors(value):
        if error.param not in redacted:
            yield Fault(Kind.SCHEMA, f"{error.param} {error.detail}")
    for name in _unknown_members(value, schema.outline, ""):
        yield Fault(Kind.UNKNOWN_MEMBER, f"the member {name} is none of the contract's")


def _read(text: str, media_type: str, documented: MediaType) -> tuple[Any, list[FieldError]]:
    """The value of a body, ABSENT for other media types, and its fields that cannot be read.

    Raises ValueError for malformed JSON.
    """
    if is_json(media_type):
        return json.loads(text, parse_constant=_no_number), []
    if media_type == "application/x-www-form-urlencoded":
        outline = documented.schema.outline if documented.schema else {}
        parts = [Part(name, one) for name, one in parse_qsl(text, keep_blank_values=True)]
        form = read_form(parts, outline, documented.encoding)
        return form.value, form.errors
    return ABSENT, []


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number (RFC 8259, section 6)")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _redacted(value: Any, name: str) -> Iterator[str]:
    """The names of all values that are pseudonyms, in the form of schema errors."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _redacted(one, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _redacted(one, f"{name}[{index}]")
    elif isinstance(value, str) and PSEUDONYM.fullmatch(value):
        yield name


def _unknown_members(value: Any, outline: Mapping[str, Any], name: str) -> Iterator[str]:
    properties = outline.get("properties")
    if isinstance(value, dict) and properties:
        for key, one in value.items():
            place = f"{name}.{key}" if name else key
            if key not in properties:
                yield place + _hint(key, properties)
            else:
                yield from _unknown_members(one, properties[key], place)
    elif isinstance(value, list) and "items" in outline:
        for index, one in enumerate(value):
            yield from _unknown_members(one, outline["items"], f"{name}[{index}]")


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (is {near} meant?)" if near else ""


def _of_parameters(attempt: Attempt, keys_in_query: Collection[str]) -> Iterator[Fault]:
    operation = attempt.operation
    values = {
        "query": parse_qs(attempt.address.query, keep_blank_values=True),
        "path": {name: [text] for name, text in attempt.address.values.items()},
        "header": {
            name: [text]
            for name in operation.header_names
            if (text := attempt.entry.request_header(name)) is not None
        },
    }
    for parameter in operation.parameters:
        if parameter.location not in values:
            continue
        value, errors = check_parameter(parameter, values[parameter.location])
        found = [f"{one.param} {one.detail}" for one in errors]
        if value is ABSENT:
            found = [f"{parameter.name} is missing"] if parameter.required else []
        elif list(_redacted(value, "")):
            found = []
        for text in found:
            yield Fault(Kind.PARAMETER, f"the {parameter.location} parameter {text}")
    for name in _unknown_parameters(operation, values["query"]):
        if name not in keys_in_query:
            text = f"the query parameter {name} is none of the contract's"
            yield Fault(Kind.UNKNOWN_PARAMETER, text)


def _unknown_parameters(operation: Operation, given: Mapping[str, Any]) -> Iterator[str]:
    parameters = [one for one in operation.parameters if one.location == "query"]
    # The members of an object are query parameters of their own.
    if any(not one.is_single and "object" in one.types for one in parameters):
        return
    known = {one.name for one in parameters}
    for name in given:
        if name.removesuffix("[]") not in known:
            yield name + _hint(name, known)


def _of_headers(attempt: Attempt) -> Iterator[Fault]:
    sent = {name for name, _ in attempt.entry.request_headers}
    for parameter in attempt.operation.parameters:
        if parameter.location != "header" or parameter.key in sent:
            continue
        for name in sent:
            if get_close_matches(_plain(name), [_plain(parameter.key)], 1, _CLOSE):
                text = f"the header {name} is none of the contract's, which has {parameter.name}"
                yield Fault(Kind.MISSPELT_HEADER, text)


_CLOSE = 0.85


def _plain(header: str) -> str:
    return header.replace("_", "-").removeprefix("x-").replace("-", "")
