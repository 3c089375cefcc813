"""Provoked errors: requests that get documented refusals, and the refusals.

Only those answers are judged that the contract documents for the operation: what stands in front
of a target may answer others in its own way. An operation that a target does not serve at all is
not verified.
"""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.sabotage import Sabotage, set_field
from conformance.probe.applicability import needs_bearer_token, takes_json
from conformance.probe.bodies import fields_of
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, NotVerified
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import request_on_new_resource
from conformance.target.exchange import Answer, Request
from openapi.field_errors import FieldError
from openapi.operation import PATH_PARAMETER, Operation
from openapi.schema import types_of

SEED = "seed: Responses 400, 401, 422 (application/problem+json)"

_UNKNOWN_TOKEN = "dinie-conformance-unknown"  # noqa: S105 - nobody's token


def provocations(probe: Probe) -> Iterator[Request]:
    """Requests with faults that the contract documents an error for, with and without a token."""
    operation, request = probe.operation, probe.request()
    if takes_json(operation):
        yield replace(request, body=b"{")
        yield replace(request.with_header("Content-Type", "text/plain"), body=b"name")
        yield request.with_json([])
        yield request.with_json({})
        yield request.with_json(wrong_everywhere(operation))
    if PATH_PARAMETER.search(operation.path):
        own = request_on_new_resource(probe)
        # An instance that repeats the last path must still be written as a URI.
        yield from (own, own, request, replace(request, path=f"{request.path}%20%C3%BC%3C%22%7B"))
    for parameter in operation.parameters:
        if parameter.location == "query":
            yield replace(request, path=f"{request.path}?{parameter.name}=-1")
    if not needs_bearer_token(operation) or not operation.request_body:
        yield request
    if needs_bearer_token(operation):
        yield without_token(request)
        yield without_token(request).with_header("Authorization", f"Bearer {_UNKNOWN_TOKEN}")


def documented_errors(probe: Probe) -> Iterator[Answer]:
    """Refusals that the contract documents; raises :class:`NotVerified` without any."""
    served, found, sent = False, False, 0
    for request in provocations(probe):
        sent += 1
        answer = probe.send_or_share(request)
        documented = probe.operation.response(answer.status)
        # "Not found" can also mean that there is no such operation, until it answered otherwise.
        is_its_own = documented and answer.status not in {
            *NOT_IMPLEMENTED_STATUSES,
            HTTPStatus.TOO_MANY_REQUESTS,
        }
        served = served or bool(request.partner == 0 and is_its_own)
        if served and documented and documented.content and answer.is_refusal:
            found = True
            yield answer
    if not found and sent == 1:
        raise NotServed(f"no wrong request is known for {probe.operation.name}")
    if not found:
        reason = f"{probe.operation.name} gave no error that is documented for it"
        raise NotVerified(reason) if served else NotServed(reason)


def problem_documents(probe: Probe) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """Those :func:`documented_errors` whose body is a JSON object, each with that object."""
    for answer in documented_errors(probe):
        problem = answer.json_object()
        if problem is not None:
            yield answer, problem


def complaints_about(operation: Operation, answer: Answer, value: object) -> list[FieldError]:
    """Errors of the contract's schema in an error's body, without those of formats."""
    documented = operation.response(answer.status)
    schemas = documented.content.values() if documented else ()
    schema = next((one.schema for one in schemas if one.schema), None)
    found = schema.errors(value) if schema else []
    return [one for one in found if one.is_certain]


def wrong_everywhere(operation: Operation) -> dict[str, Any]:
    """A body in which every field that has a type is of another type."""
    return {
        name: [] if "array" not in types_of(outline) else {}
        for name, outline in fields_of(operation).items()
        if types_of(outline)
    }


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                yield name
                yield from _texts(member)
        case list():
            for member in value:
                yield from _texts(member)


def all_texts(answer: Answer) -> str:
    """All texts of an answer: header values, and the body with its JSON escapes decoded."""
    try:
        body = list(_texts(answer.json()))
    except (ValueError, RecursionError):
        body = [answer.body.decode("utf-8", "replace")]
    return "\n".join([*body, *(value for _, value in answer.headers)])


def set_detail(detail: str) -> Sabotage:
    """Sabotage: every 4xx has this ``detail``."""
    return set_field(4, "detail", detail)
