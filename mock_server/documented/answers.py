"""The documented responses of any operation: their examples, or data valid by their schemas."""

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson

from mock_server.documented.bodies import (
    concrete_types,
    file_body,
    is_file,
    is_written,
    text_of,
    written,
)
from mock_server.documented.dynamic import dynamic_value
from mock_server.documented.generation import BudgetSpentError, Generation
from mock_server.documented.negotiation import best_accepted
from mock_server.exchange.problems import Problem, ProblemType, Response
from openapi.contract import Contract
from openapi.document import ContractError
from openapi.operation import DocumentedResponse, MediaType, Operation, is_json
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

_SANDBOX = {"Content-Security-Policy": "sandbox"}
"""A page of the contract's must not be of the origin that the control plane trusts."""

_NO_BODY = (204, 304)

_CHARACTERS_OF_ALL = 64 << 20
"""Limit on the characters of all answers of a contract: its examples, and generated data."""

_NAMED = 3
"""How many of the answers that are left out the log names."""

logger = logging.getLogger("mock_server")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request wishes of an answer."""

    accept: str | None = None
    """Its ``Accept`` header."""
    example: str | None = None
    """The name of an example, which the answer has."""
    is_dynamic: bool = False
    """Whether the data is to be new each time."""
    may_be_refused: bool = False
    """Whether it is refused where no media type is accepted and the contract has a 406."""


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
        self._others: dict[tuple[str, str, str | None], bytes] = {}
        self._resolve = contract.resolve_schema
        self._random = random.Random()  # noqa: S311 - test data
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

    def response(self, operation: Operation, status: int, wish: "Wish | None" = None) -> Response:
        """The response that ``operation`` documents for ``status``, in the media type wished for.

        Raises a 501 for a response that was left out, and a 406 as :class:`Wish` says.
        """
        answer = operation.response(status)
        if answer is None:
            return Response(status)
        if answer.pointer in self._left_out:
            raise _left_out(self._left_out[answer.pointer])
        if wish is None or not answer.content:
            body, media_type = self._bodies[answer.pointer]
        else:
            try:
                body, media_type = self._wished(operation, answer, wish)
            except (BudgetSpentError, ContractError) as error:
                raise _left_out(str(error)) from error
        if status in _NO_BODY:
            body, media_type = b"", None
        headers = dict(self._headers[answer.pointer])
        if media_type is not None and not is_json(media_type):
            headers |= _SANDBOX
        return Response(status, body, media_type, headers)

    def rewritten(self, operation: Operation, response: Response, wish: "Wish") -> Response:
        """A response in JSON, in the documented media type wished for; any other as it is.

        Raises a 406 as :class:`Wish` says.
        """
        answer = operation.response(response.status)
        if answer is None or not response.body or not is_json(response.media_type or ""):
            return response
        content = concrete_types(answer.content)
        name = _accepted(operation, content, wish) if content else "application/json"
        if is_json(name) or is_file(name, content[name]):
            return response
        value = orjson.loads(response.body)
        body = written(name, content[name], value, self._resolve)
        return Response(response.status, body, name, {**response.headers, **_SANDBOX})

    def _body(self, answer: DocumentedResponse) -> tuple[bytes, str | None]:
        for name, media_type in concrete_types(answer.content).items():
            return self._written(name, media_type), name
        return b"", None

    def _wished(
        self, operation: Operation, answer: DocumentedResponse, wish: "Wish"
    ) -> tuple[bytes, str]:
        """The body that a request wishes for, and its media type."""
        content = concrete_types(answer.content)
        if wish.example is not None:
            content = {
                name: one for name, one in content.items() if wish.example in one.named_examples
            }
        name = _accepted(operation, content, wish)
        usual = self._bodies[answer.pointer]
        if wish.is_dynamic and not is_file(name, content[name]):
            return written(name, content[name], self._drawn(content[name]), self._resolve), name
        if name == usual[1] and wish.example is None:
            return usual[0], name
        key = answer.pointer, name, wish.example
        if key not in self._others:
            with closing(self._generation):
                self._others[key] = self._written(name, content[name], wish.example)
        return self._others[key], name

    def _written(self, name: str, media_type: MediaType, example: str | None = None) -> bytes:
        """The body of a media type: with one of its examples, or made up."""
        if is_file(name, media_type):
            body = file_body(name, media_type)
        else:
            examples = media_type.examples
            if example is not None:
                examples = (media_type.named_examples[example],)
            texts = [one for one in examples if is_written(name, media_type, one)]
            value = texts[0] if texts else self._value(examples, media_type.schema)
            body = written(name, media_type, value, self._resolve)
        self._spend(len(body))
        return body

    def value_of(self, media_type: MediaType) -> Any:
        """The value of a body: an example that is valid by the schema, or a generated one."""
        with closing(self._generation):
            return self._value(media_type.examples, media_type.schema)

    def _drawn(self, media_type: MediaType) -> Any:
        """A new value for a media type."""
        if media_type.schema is None:
            return self._value(media_type.examples, None)
        try:
            return dynamic_value(media_type.schema, self._resolve, self._random)
        except LookupError:
            with closing(self._generation):
                return self._generation.value(media_type.schema)

    def _spend(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise BudgetSpentError(
                f"all answers together have more than {_CHARACTERS_OF_ALL} characters"
            )

    def _header_texts(self, answer: DocumentedResponse) -> Iterator[tuple[str, str]]:
        for header in answer.headers:
            if header.name.lower() not in _COMPUTED and (header.examples or header.required):
                text = text_of(self._value(header.examples, header.schema))
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


def _accepted(operation: Operation, content: Mapping[str, MediaType], wish: Wish) -> str:
    """The media type that is accepted best; the first where none is, or a 406."""
    name = best_accepted([*content], wish.accept)
    if name is None:
        if wish.may_be_refused and not operation.responses.keys().isdisjoint({"406", "4XX"}):
            raise Problem(
                ProblemType.NOT_ACCEPTABLE,
                "not_acceptable",
                f"The answer is {' or '.join(content)}, which Accept excludes.",
                param="Accept",
            )
        name = next(iter(content))
    return name


def _left_out(reason: str) -> Problem:
    detail = f"The mock makes no such answer, because {reason}: give it an example in the contract."
    return Problem(ProblemType.NOT_IMPLEMENTED, "answer_left_out", detail)


def example_names(answer: DocumentedResponse) -> list[str]:
    """The names of the examples of an answer that are true to their schema, or are texts of it."""
    return [
        label
        for name, one in concrete_types(answer.content).items()
        for label, example in one.named_examples.items()
        if one.schema is None or is_written(name, one, example) or one.schema.is_valid(example)
    ]
