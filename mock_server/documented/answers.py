"""The documented responses of any operation: their examples, or data valid by their schemas."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from mock_server.documented.generation import BudgetSpentError, Generation
from mock_server.exchange.problems import Problem, ProblemType, Response
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

_CHARACTERS_OF_ALL = 64 << 20
"""Limit on the characters of all answers of a contract: its examples, and generated data."""

_NAMED = 3
"""How many of the answers that are left out the log names."""

logger = logging.getLogger("mock_server")


class DocumentedAnswers:
    """Every documented response of a contract, made once at the start.

    Answers beyond the budget are left out, and told in one line of the log. Raises
    :class:`~openapi.document.ContractError` with the pointer of a schema for which no value was
    found.
    """

    def __init__(self, contract: Contract) -> None:
        self._bodies: dict[str, tuple[bytes, str | None]] = {}
        self._headers: dict[str, Mapping[str, str]] = {}
        self._left_out: dict[str, str] = {}
        self._generation = Generation(contract)
        self._characters = _CHARACTERS_OF_ALL
        with closing(self._generation):
            for operation in contract.operations.values():
                for answer in operation.responses.values():
                    self._add(answer)
        if self._left_out:
            named = ", ".join(list(self._left_out)[:_NAMED])
            more = " and others" if len(self._left_out) > _NAMED else ""
            logger.warning(
                "%d documented answers are left out, and are a 501: %s%s (%s)",
                len(self._left_out),
                named,
                more,
                next(iter(self._left_out.values())),
            )

    def _add(self, answer: DocumentedResponse) -> None:
        if answer.pointer in self._bodies or answer.pointer in self._left_out:
            return
        try:
            body = self._body(answer)
            self._headers[answer.pointer] = dict(self._header_texts(answer))
            self._bodies[answer.pointer] = body
        except BudgetSpentError as error:
            self._left_out[answer.pointer] = str(error)

    def response(self, operation: Operation, status: int) -> Response:
        """The response that ``operation`` documents for ``status``.

        Raises a 501 for a response that was left out.
        """
        answer = operation.response(status)
        if answer is None:
            return Response(status)
        if answer.pointer in self._left_out:
            detail = (
                f"The mock makes no such answer, because {self._left_out[answer.pointer]}:"
                " give it an example in the contract."
            )
            raise Problem(ProblemType.NOT_IMPLEMENTED, "answer_left_out", detail)
        body, media_type = self._bodies[answer.pointer]
        if status in _NO_BODY:
            body, media_type = b"", None
        headers = dict(self._headers[answer.pointer])
        if media_type is not None and not is_json(media_type):
            # A page of the contract's must not be of the origin that the control plane trusts.
            headers["Content-Security-Policy"] = "sandbox"
        return Response(status, body, media_type, headers)

    def _body(self, answer: DocumentedResponse) -> tuple[bytes, str | None]:
        concrete = {_CONCRETE.get(name, name): one for name, one in answer.content.items()}
        for name in sorted(concrete, key=lambda name: not is_json(name)):
            value = self._value(concrete[name].examples, concrete[name].schema)
            text = _json(value) if is_json(name) else _text(value)
            self._spend(len(text))
            return text.encode(), name
        return b"", None

    def _spend(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise BudgetSpentError(
                f"all answers together have more than {_CHARACTERS_OF_ALL} characters"
            )

    def _header_texts(self, answer: DocumentedResponse) -> Iterator[tuple[str, str]]:
        for header in answer.headers:
            if header.name.lower() not in _COMPUTED and (header.examples or header.required):
                text = _text(self._value(header.examples, header.schema))
                self._spend(len(text))
                # One line, and UTF-8 where it is more than ASCII.
                yield header.name, " ".join(text.split()).encode().decode("latin-1")

    def _value(self, examples: Sequence[Any], schema: Schema | None) -> Any:
        """The first example that is valid by the schema, or else a generated value."""
        if schema is None:
            return examples[0] if examples else None
        for example in examples:
            if schema.is_valid(example):
                return example
        return self._generation.value(schema)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str:
    """A value outside of JSON: lists are joined with commas (OpenAPI's style ``simple``)."""
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)
