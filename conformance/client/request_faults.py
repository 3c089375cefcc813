"""Faults of a recorded request by the contract."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

from conformance.client.attempts import CUT, Attempt, Ending
from conformance.journal.redaction import PSEUDONYM
from openapi.operation import MediaType, Operation, essence, is_json
from openapi.parameters import ABSENT, read_form, read_parameter
from openapi.schema import Schema


class Kind(Enum):
    """The part of a request that is at fault."""

    MEDIA_TYPE = "the media type"
    UNREADABLE = "a body that cannot be read"
    SCHEMA = "a body that does not satisfy its schema"
    PARAMETER = "a parameter"
    UNKNOWN_MEMBER = "a member that the contract does not have"
    UNKNOWN_PARAMETER = "a parameter that the contract does not have"
    MISSPELT_HEADER = "a header that the contract spells otherwise"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a request, without any value that the client sent."""

    kind: Kind
    text: str


def faults_of(attempt: Attempt, keys_in_query: Collection[str] = ()) -> list[Fault]:
    """All faults of a request. Missing and redacted parts are not judged.

    ``keys_in_query`` are the parameters in which the contract wants an API key.
    """
    return [*_of_body(attempt), *_of_parameters(attempt, keys_in_query), *_of_headers(attempt)]


def _of_body(attempt: Attempt) -> Iterator[Fault]:
    body = attempt.operation.request_body
    if body is None or not attempt.body_is_known:
        return
    text = attempt.entry.request_body
    # What the server has refused to read there was, or was not; recordings may leave bodies out
    # or hold them packed.
    was_refused = attempt.ending is Ending.REFUSED
    if not text:
        if body.required and was_refused:
            yield Fault(Kind.UNREADABLE, "the request has no body")
        return
    given = attempt.entry.request_header("content-type")
    media_type = body.accepts(essence(given)) if given else None
    if media_type is None:
        known = " or ".join(body.content)
        said = f"Content-Type {essence(given)}" if given else "no Content-Type"
        yield Fault(Kind.MEDIA_TYPE, f"{said}, where the contract has {known}")
        return
    if PSEUDONYM.fullmatch(text):
        if was_refused:
            yield Fault(Kind.UNREADABLE, "the body is no UTF-8 text")
        return
    if CUT.search(text):
        return
    try:
        value = _read(text, essence(given or ""), media_type)
    except (ValueError, RecursionError) as reason:
        yield Fault(Kind.UNREADABLE, f"the body is not JSON: {_reason(reason)}")
        return
    if value is not ABSENT and media_type.schema:
        yield from _of_value(value, media_type.schema)


def _of_value(value: Any, schema: Schema) -> Iterator[Fault]:
    redacted = set(_redacted(value, ""))
    for error in schema.errors(value):
        if error.param not in redacted:
            yield Fault(Kind.SCHEMA, f"{error.param} {error.detail}")
    for name in _unknown_members(value, schema.outline, ""):
        yield Fault(Kind.UNKNOWN_MEMBER, f"the member {name} is none of the contract's")


def _read(text: str, media_type: str, documented: MediaType) -> Any:
    """What a body says; ABSENT where that is not known. Raises ValueError for what is not JSON."""
    if is_json(media_type):
        return json.loads(text, parse_constant=_no_number)
    if media_type == "application/x-www-form-urlencoded":
        outline = documented.schema.outline if documented.schema else {}
        return read_form(parse_qsl(text, keep_blank_values=True), outline)
    return ABSENT


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number (RFC 8259, section 6)")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _redacted(value: Any, name: str) -> Iterator[str]:
    """The names, as errors have them, of all values that are pseudonyms."""
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
                near = get_close_matches(key, properties, 1)
                yield f"{place} (is {near[0]} meant?)" if near else place
            else:
                yield from _unknown_members(one, properties[key], place)
    elif isinstance(value, list) and "items" in outline:
        for index, one in enumerate(value):
            yield from _unknown_members(one, outline["items"], f"{name}[{index}]")


def _of_parameters(attempt: Attempt, keys_in_query: Collection[str]) -> Iterator[Fault]:
    operation = attempt.operation
    values = {
        "query": _query(attempt.address.query),
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
        value = read_parameter(parameter, values[parameter.location])
        if value is ABSENT:
            if parameter.required:
                text = f"the {parameter.location} parameter {parameter.name} is missing"
                yield Fault(Kind.PARAMETER, text)
            continue
        if set(_redacted(value, "")):
            continue
        for error in parameter.schema.errors(value, parameter.name):
            text = f"the {parameter.location} parameter {error.param} {error.detail}"
            yield Fault(Kind.PARAMETER, text)
    for name in _unknown_parameters(operation, values["query"]):
        if name in keys_in_query:
            continue
        text = f"the query parameter {name} is none of the contract's"
        yield Fault(Kind.UNKNOWN_PARAMETER, text)


def _query(query: str) -> Mapping[str, Sequence[str]]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in parse_qsl(query, keep_blank_values=True):
        values[name].append(text)
    return values


def _unknown_parameters(operation: Operation, given: Mapping[str, Any]) -> Iterator[str]:
    parameters = [one for one in operation.parameters if one.location == "query"]
    # The parts of an object stand in the query under names of their own.
    if any(not one.is_single and "object" in one.types for one in parameters):
        return
    known = {one.name for one in parameters}
    for name in given:
        if name.removesuffix("[]") not in known:
            near = get_close_matches(name, known, 1)
            yield f"{name} (is {near[0]} meant?)" if near else name


def _of_headers(attempt: Attempt) -> Iterator[Fault]:
    sent = {name for name, _ in attempt.entry.request_headers}
    for parameter in attempt.operation.parameters:
        if parameter.location != "header" or parameter.key in sent:
            continue
        for name in sent:
            if _is_meant(name, parameter.key):
                text = f"the header {name} is none of the contract's, which has {parameter.name}"
                yield Fault(Kind.MISSPELT_HEADER, text)


_CLOSE = 0.85


def _is_meant(name: str, key: str) -> bool:
    plain_name, plain_key = (
        one.replace("_", "-").removeprefix("x-").replace("-", "") for one in (name, key)
    )
    return plain_name == plain_key or bool(get_close_matches(plain_name, [plain_key], 1, _CLOSE))
