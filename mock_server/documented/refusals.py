"""Refusals in the form that a foreign contract documents for them."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import orjson

from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.error_places import filled
from mock_server.exchange.exchange import Exchange, Refusals
from mock_server.exchange.problems import (
    BUNDLED_STYLE,
    MEDIA_TYPE,
    TYPE_BASE,
    Problem,
    ProblemStyle,
    Response,
)
from openapi.contract import Contract
from openapi.document import ContractError
from openapi.operation import (
    DocumentedResponse,
    MediaType,
    Operation,
    RequestBody,
    essence,
    is_json,
)

_NOT_SERVED = 501
"""The status of what the mock cannot play, of which no contract knows."""


def refusals_of(contract: Contract, answers: DocumentedAnswers) -> Refusals:
    """How the mock of a contract refuses: as the bundled contract does, or by the contract's own.

    A contract is like the bundled one where its examples have the bundled ``type`` URIs.
    """
    if any(one.startswith(TYPE_BASE) for one in _types(contract)):
        return Refusals(BUNDLED_STYLE)
    return DocumentedRefusals(ProblemStyle(None, _realm(contract.title)), contract, answers)


def _types(contract: Contract) -> Iterator[str]:
    for operation in contract.operations.values():
        for answer in operation.responses.values():
            media_type = answer.content.get(MEDIA_TYPE)
            for example in media_type.examples if media_type else ():
                if isinstance(example, dict) and isinstance(example.get("type"), str):
                    yield example["type"]


def _realm(title: str) -> str:
    """A title as the quoted text of a header (RFC 9110 section 5.6.4)."""
    plain = "".join(
        one for one in title if one.isascii() and one.isprintable() and one not in '"\\'
    )
    return plain.strip() or "API"


class DocumentedRefusals(Refusals):
    """Answers a problem as the operation documents its status, else as a problem document.

    The answer is the documented example, or generated data, with the detail and the field of the
    problem at their places, as far as it still satisfies its schema.
    """

    def __init__(self, style: ProblemStyle, contract: Contract, answers: DocumentedAnswers) -> None:
        super().__init__(style)
        self._operations = contract.operations
        self._answers = answers

    def __call__(self, exchange: Exchange, problem: Problem) -> Response:
        """The response of a problem."""
        plain = problem.response(exchange.path, self.style)
        if problem.status == _NOT_SERVED:
            return plain
        operation = exchange.operation or self._usual.get(str(problem.status))
        documented = operation and _refusal(operation, problem.status)
        if not operation or not documented or not documented.content:
            return plain
        try:
            response = self._answers.response(operation, problem.status)
        except (Problem, ContractError):  # it cannot be made, which the start has told
            return plain
        name = response.media_type
        body = RequestBody(required=True, content=documented.content)
        media_type = body.accepts(essence(name)) if name else None
        if media_type is None:
            return plain
        response.headers |= plain.headers
        response.body = self._body(response, media_type, problem, exchange.path)
        return response

    def _body(
        self, response: Response, media_type: MediaType, problem: Problem, path: str
    ) -> bytes:
        name, schema = str(response.media_type), media_type.schema
        if not is_json(name):
            is_text = name.startswith("text/plain") and (
                not schema or schema.is_valid(problem.detail)
            )
            return problem.detail.encode() if is_text else response.body
        value = orjson.loads(response.body)
        examples = [one for one in media_type.examples if not schema or schema.is_valid(one)]
        # Of several examples the one that is of this very problem, where one is.
        value = next((one for one in examples if problem.code in _texts(one)), value)
        document = problem.document(path, self.style)
        if not examples and (not schema or name == MEDIA_TYPE):
            own = [document, {**value, **document} if isinstance(value, dict) else document]
            for one in own:
                if not schema or schema.is_valid(one):
                    return orjson.dumps(one)
        made = filled(value, schema, problem, path, is_example=bool(examples))
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def _usual(self) -> dict[str, Operation]:
        """By status, an operation with the refusal that more than half of the operations document.

        It is for requests to no operation.
        """
        usual = {}
        for status in (404, 405):
            documented = {one: _refusal(one, status) for one in self._operations.values()}
            forms = {one: _form(answer) for one, answer in documented.items() if answer}
            for form, count in Counter(forms.values()).most_common(1):
                if form and count * 2 > len(self._operations):
                    usual[str(status)] = next(one for one in forms if forms[one] == form)
        return usual


def _refusal(operation: Operation, status: int) -> DocumentedResponse | None:
    """The documented response for a refusal, which is never that of a success."""
    answer = operation.response(status)
    if answer and answer.key == "default":
        is_success = not any(key[0] in "23" for key in operation.responses)
        return None if is_success else answer
    return answer


def _form(answer: DocumentedResponse) -> tuple[tuple[str, str | None], ...]:
    """The media types and schemas of an answer, to be compared."""
    return tuple(
        (name, one.schema.pointer if one.schema else None) for name, one in answer.content.items()
    )


def _texts(value: Any) -> Iterator[str]:
    """The texts in an example."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
