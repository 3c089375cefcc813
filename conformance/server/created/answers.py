"""Answers to requests that create, and the contract's schema applied to their fields."""

from collections.abc import Iterator
from http import HTTPStatus

from conformance.probe.applicability import echoes, is_credential
from conformance.probe.bodies import FAR_FUTURE
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.values import member
from conformance.probe.violation import expect
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject
from conformance.target.timestamps import instant
from openapi.operation import Operation
from openapi.schema import Schema

SEED = "seed: Response 201 fields (application/json)"

NOT_SERVED = (401, 403, 404, 405, 429, 501)
"""Answers to a plain valid request that say nothing of how it would be served."""


def ends_when_asked(operation: Operation) -> bool:
    """The operation makes credentials whose end the client chooses."""
    return echoes("expires_at")(operation) and is_credential(operation)


def created_answers(probe: Probe) -> Iterator[Answer]:
    """The answers to the smallest request and, where a resource may end, to one with an end.

    A field that is null in one of them has a value in the other: some serializers leave null out.
    """
    yield probe.make()
    if ends_when_asked(probe.operation):
        body = {**probe.plain_body(), "expires_at": FAR_FUTURE}
        yield probe.succeed(probe.request().with_json(body))


def is_documented(operation: Operation, answer: Answer) -> bool:
    """Whether a contract names a status, or leaves it to its server.

    A contract that asks for a token has refusals of other tokens, and one that names no refusal
    that says what is wrong with a request has any.
    """
    status = answer.status
    is_of_access = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    is_implied = operation.needs_authentication and not operation.documents(HTTPStatus.UNAUTHORIZED)
    return operation.allows(status) or (is_of_access and is_implied)


def expect_documented(operation: Operation, answer: Answer) -> None:
    """The status of an answer is one that the contract names."""
    named = ", ".join(sorted(operation.responses))
    expect(is_documented(operation, answer), f"one of {named}", f"{answer.status}")


def json_type(value: object) -> str:
    """The name of a value's JSON type, with its article."""
    names = {str: "a string", bool: "a boolean", dict: "an object", list: "an array"}
    return "null" if value is None else names.get(type(value), "a number")


def json_object(answer: Answer) -> JsonObject:
    """The answer's JSON object; raises :class:`NotVerified` where the body is none."""
    value = answer.json_object()
    if value is None:
        raise NotVerified("the body is no JSON object")
    return value


def expect_no_fault(operation: Operation, answer: Answer, *codes: str) -> None:
    """Raise unless the contract's schema has no complaint of these kinds about an answer."""
    documented = operation.response(answer.status)
    media_type = documented.json_content if documented else None
    schema: Schema | None = media_type.schema if media_type else None
    value = json_object(answer)
    around = "".join(f"{one}." for one in answer.envelope)
    for error in schema.errors(answer.json()) if schema else ():
        name = error.param.removeprefix(around)
        kind = f"a value that {error.detail}"
        if error.code == "missing_required_field":
            kind = "no such field"
        elif error.code == "invalid_type":
            kind = json_type(value[name]) if name in value else "another type"
        seen = [member(answer, name)] if name in value else []
        expect(error.code not in codes, f"{_RULES[error.code]} {error.param}", kind, *seen)


_RULES = {
    "missing_required_field": "the required field",
    "invalid_type": "the documented type of",
    "invalid_format": "the documented format of",
    "invalid_value": "a documented value of",
    "unknown_field": "no undocumented field, such as",
}


def same_value(one: object, other: object) -> bool:
    """Whether two values are equal; instants are, however they are spelt, within a second."""
    first, second = instant(one), instant(other)
    if first is not None and second is not None:
        return abs(first - second) < 1
    return one == other
