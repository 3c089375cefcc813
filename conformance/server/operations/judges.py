"""Judges of answers that succeed, and of the headers of any, by what the contract documents."""

from conformance.catalogue.judge import JudgedExchange
from conformance.probe.values import header
from conformance.probe.violation import expect
from conformance.server.generated.judges import expect_schema
from conformance.target.exchange import Answer
from openapi.media_types import is_json
from openapi.operation import Header, Operation


def expect_documented_success(exchange: JudgedExchange) -> None:
    """An answer that succeeds has a documented status, media type and schema."""
    answer = exchange.answer
    if not answer.is_success:
        return
    documented = exchange.operation.response(answer.status)
    expect(documented, "a documented status", f"{answer.status}")
    if documented is None or not documented.content:
        return
    content = documented.describes(answer.content_type)
    seen = f"{answer.media_type or 'none'} with {answer.status}"
    expect(content, "a documented media type", seen, header(answer, "content-type"))
    if content and content.schema and is_json(answer.media_type):
        expect_schema(content.schema, answer)


def required_headers(operation: Operation, answer: Answer) -> list[Header]:
    """The headers that the contract requires of an answer with this status."""
    documented = operation.response(answer.status)
    # A header of this name is ignored (OpenAPI, Response Object).
    found = (one for one in (documented.headers if documented else ()) if one.required)
    return [one for one in found if one.name.lower() != "content-type"]


def expect_required_headers(exchange: JudgedExchange) -> None:
    """An answer has each header that the contract requires of it."""
    answer = exchange.answer
    for one in required_headers(exchange.operation, answer):
        holds = answer.header(one.name) is not None
        expect(holds, f"the header {one.name}", f"none with {answer.status}",
               header(answer, one.name))  # fmt: skip
