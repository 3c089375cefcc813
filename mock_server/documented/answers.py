"""The documented responses of any operation: their examples, or data valid by their schemas."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mock_server.documented.generation import generate
from mock_server.exchange.problems import Response
from openapi.contract import Contract
from openapi.operation import DocumentedResponse, Operation, is_json
from openapi.schema import Schema

_COMPUTED = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "idempotent-replayed",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
)
"""Headers that the pipeline or the server computes."""

_CONCRETE = {
    "*/*": "application/json",
    "application/*": "application/json",
    "text/*": "text/plain",
    "image/*": "image/png",
}
"""Concrete media types for ranges, as a response must name one."""

_NO_BODY = (204, 304)


class DocumentedAnswers:
    """Every documented response of a contract, made once at the start.

    Raises :class:`~openapi.document.ContractError` with the pointer of a schema for which no value
    was found.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._bodies: dict[str, tuple[bytes, str | None]] = {}
        self._headers: dict[str, Mapping[str, str]] = {}
        for operation in contract.operations.values():
            for answer in operation.responses.values():
                if answer.pointer not in self._bodies:
                    self._bodies[answer.pointer] = self._body(answer)
                    self._headers[answer.pointer] = dict(self._header_texts(answer))

    def response(self, operation: Operation, status: int) -> Response:
        """The response that ``operation`` documents for ``status``."""
        answer = operation.response(status)
        if answer is None:
            return Response(status)
        body, media_type = self._bodies[answer.pointer]
        if status in _NO_BODY:
            body, media_type = b"", None
        return Response(status, body, media_type, dict(self._headers[answer.pointer]))

    def _body(self, answer: DocumentedResponse) -> tuple[bytes, str | None]:
        concrete = {_CONCRETE.get(name, name): one for name, one in answer.content.items()}
        for name in sorted(concrete, key=lambda name: not is_json(name)):
            value = self._value(concrete[name].examples, concrete[name].schema)
            return (_json(value) if is_json(name) else _text(value)).encode(), name
        return b"", None

    def _header_texts(self, answer: DocumentedResponse) -> Iterator[tuple[str, str]]:
        for header in answer.headers:
            if header.name.lower() not in _COMPUTED and (header.examples or header.required):
                text = _text(self._value(header.examples, header.schema))
                # One line, and UTF-8 where it is more than ASCII.
                yield header.name, " ".join(text.split()).encode().decode("latin-1")

    def _value(self, examples: Sequence[Any], schema: Schema | None) -> Any:
        """The first example that is valid by the schema, or else a generated value."""
        if schema is None:
            return examples[0] if examples else None
        for example in examples:
            if schema.is_valid(example):
                return example
        return generate(self._contract, schema)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str:
    """A value outside of JSON: lists are joined with commas (OpenAPI's style ``simple``)."""
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)
