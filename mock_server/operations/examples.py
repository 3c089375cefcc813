"""The documented responses of any operation: their examples, or data true to their schemas."""

from collections.abc import Mapping
from typing import Any

import orjson

from mock_server.exchange import Response
from mock_server.operations.generation import generate
from openapi.contract import Contract
from openapi.operation import Answer, MediaType, Operation

_COMPUTED = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "idempotent-replayed",
)
"""Headers that the pipeline sets with their true values."""

_NO_BODY = (204, 304)


class DocumentedAnswers:
    """Every documented response of a contract, made once at the start.

    Raises :class:`~openapi.errors.ContractError` with the place of a schema that no value
    could be found for.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._bodies: dict[str, tuple[bytes, str | None]] = {}
        for operation in contract.operations.values():
            for answer in operation.answers.values():
                if answer.pointer not in self._bodies:
                    self._bodies[answer.pointer] = self._body(answer)

    def response(self, operation: Operation, status: int) -> Response:
        """The response that ``operation`` documents for ``status``."""
        answer = operation.answer(status)
        if answer is None:
            return Response(status)
        body, media_type = self._bodies[answer.pointer]
        if status in _NO_BODY:
            body, media_type = b"", None
        return Response(status, body, media_type, dict(self._headers(answer)))

    def _body(self, answer: Answer) -> tuple[bytes, str | None]:
        for name, media_type in answer.content.items():
            value = self._value(media_type)
            concrete = name.replace("*/*", "application/json").replace("/*", "/octet-stream")
            if concrete.endswith(("/json", "+json")):
                return orjson.dumps(value), concrete
            return (value if isinstance(value, str) else "").encode(), concrete
        return b"", None

    def _value(self, media_type: MediaType) -> Any:
        schema = media_type.schema
        if schema is None:
            return media_type.examples[0] if media_type.examples else None
        for example in media_type.examples:
            if schema.is_valid(example):
                return example
        return generate(self._contract, schema)

    @staticmethod
    def _headers(answer: Answer) -> Mapping[str, str]:
        return {
            header.name: str(header.example)
            for header in answer.headers
            if header.example is not None and header.name.lower() not in _COMPUTED
        }
