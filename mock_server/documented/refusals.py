"""Refusals in the form that a foreign contract documents for them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from html import escape
from typing import Any

from mock_server.documented.answers import DocumentedAnswers, Wish
from mock_server.documented.bodies import concrete_types, is_file, is_written, written
from mock_server.documented.error_codes import Fault, code_of
from mock_server.documented.error_places import filled
from mock_server.documented.error_texts import placed_texts, texts_in, told
from mock_server.documented.headers import merged
from mock_server.exchange.exact_json import write_json
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
from openapi.errors import ContractError
from openapi.generation import BudgetSpentError
from openapi.media_types import is_json, is_xml
from openapi.operation import DocumentedResponse, MediaType, Operation
from openapi.schema import Schema

_STANDARD = ("type", "title", "status", "detail", "instance")
"""The members of a problem document that RFC 9457 defines."""

_HTML = "text/html"

_OF_NO_OPERATION = (404, 405)
"""The statuses of requests to no operation."""

_NOT_SERVED = 501
"""The status of what the mock cannot play, of which no contract knows."""


def refusals_of(contract: Contract, answers: DocumentedAnswers) -> Refusals:
    """How the mock of a contract refuses: as the bundled contract does, or by the contract's own.

    The problems of a contract are like the bundled ones where its examples have the bundled
    ``type`` URIs.
    """
    if contract.is_bundled:
        return Refusals(BUNDLED_STYLE)
    is_like = any(one.startswith(TYPE_BASE) for one in _types(contract))
    style = BUNDLED_STYLE if is_like else ProblemStyle(None, _realm(contract.title))
    return DocumentedRefusals(style, contract, answers)


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
        self._resolve = contract.resolve_schema
        self._values: dict[int, Any] = {}
        self._branches: dict[str, list[dict[str, Any]]] = {}

    def __call__(self, exchange: Exchange, problem: Problem) -> Response:
        """The response of a problem."""
        plain = super().__call__(exchange, problem)
        if problem.status == _NOT_SERVED:
            return plain
        operation = exchange.operation or self._usual.get(str(problem.status))
        documented = operation and _refusal(operation, problem.status)
        if operation is None and problem.status in _OF_NO_OPERATION:
            documented = self._common
        if not documented or not documented.content:
            return plain
        if self.style.type_base and MEDIA_TYPE in documented.content:
            return plain
        try:
            return self._own(operation, documented, exchange, problem, plain.headers)
        except (Problem, ContractError, BudgetSpentError):  # the start has told of what is not made
            return plain

    def _own(
        self,
        operation: Operation | None,
        documented: DocumentedResponse,
        exchange: Exchange,
        problem: Problem,
        headers: Mapping[str, str],
    ) -> Response:
        """The documented response, in the media type that is accepted best.

        Without an operation that documents the status it is in JSON.
        """
        content = concrete_types(documented.content)
        if operation:
            response = self._answers.response(operation, problem.status)
        else:
            response = Response(problem.status, media_type=next(iter(content)))
        response.headers = merged(response.headers, headers)
        name = next((one for one in content if is_json(one)), response.media_type or "")
        media_type = content[name]
        if is_json(name):
            response.body = write_json(self._filled(name, media_type, problem, exchange))
            if operation is None:
                return response
            return self._answers.rewritten(operation, response, Wish(exchange.header(b"accept")))
        if media_type.schema is None and not media_type.examples:
            response.body = _as_element(name, problem.detail).encode()
        elif not is_file(name, media_type) and not (name == _HTML and media_type.examples):
            value = self._filled(name, media_type, problem, exchange)
            value = _as_element(name, value) if name == _HTML and isinstance(value, str) else value
            response.body = written(name, media_type, value, self._resolve)
        return response

    def _filled(
        self, name: str, media_type: MediaType, problem: Problem, exchange: Exchange
    ) -> Any:
        """The value of the body, with the problem in it."""
        schema, path = media_type.schema, exchange.path
        examples = [one for one in media_type.examples if not schema or schema.is_valid(one)]
        # Of several examples the one that is of this very problem, where one is.
        fitting = (one for one in examples if problem.code in texts_in(one))
        value = next(fitting, None) or self._value(media_type)
        document = problem.document(path, self.style)
        is_made = not examples and is_json(name)
        if is_made and schema:
            value = self._alternative(schema, value, Fault.of(problem, path))
        # What is made up for a schema that says nothing of an error says nothing of it either.
        is_free = name == MEDIA_TYPE or not value
        if is_made and (not schema or (is_free and schema.is_valid(document))):
            return document
        own = filled(value, schema, problem, path, exchange.now, is_example=bool(examples))
        if schema and not examples:
            own = told(own, schema, problem, path)
        if is_made and schema and name == MEDIA_TYPE and isinstance(own, dict):
            standard = {key: one for key, one in document.items() if key in _STANDARD}
            whole = ({**own, **document}, {**own, **standard})
            return next(filter(schema.is_valid, whole), own)
        return own

    def _value(self, media_type: MediaType) -> Any:
        """The value of a body, made once: what is generated costs a part of the budget of all."""
        # The contract keeps its media types, so that their ids stay their own.
        if id(media_type) not in self._values:
            pairs = zip(media_type.examples, media_type.example_places, strict=True)
            # An example that is a whole text of XML is no value.
            values = [one for one in pairs if not is_written(media_type.name, media_type, one[0])]
            examples, places = zip(*values, strict=True) if values else ((), ())
            found = replace(media_type, examples=examples, example_places=places)
            self._values[id(media_type)] = self._answers.value_of(found)
        return self._values[id(media_type)]

    def _alternative(self, schema: Schema, value: Any, fault: Fault) -> Any:
        """The value of the branch that is of a fault by its code; the usual one without such."""
        # Many operations have the same schema for their errors.
        if schema.pointer not in self._branches:
            self._branches[schema.pointer] = self._by_code(schema)
        for found in self._branches[schema.pointer]:
            code = code_of(found, fault)
            if code is not None:
                return found[code]
        return value

    def _by_code(self, schema: Schema) -> list[dict[str, Any]]:
        """A value of each branch, by the texts that they have at one place, for each such place."""
        by_code: dict[tuple[str, ...], dict[str, Any]] = defaultdict(dict)
        for one in self._answers.alternatives_of(schema):
            for place, text in placed_texts(one):
                by_code[place].setdefault(text, one)
        return [found for found in by_code.values() if len(found) > 1]

    @cached_property
    def _usual(self) -> dict[str, Operation]:
        """By status, an operation with the refusal that more than half of the operations document.

        It is for requests to no operation.
        """
        usual = {}
        for status in _OF_NO_OPERATION:
            documented = {one: _refusal(one, status) for one in self._operations.values()}
            forms = {one: _form(answer) for one, answer in documented.items() if answer}
            for form, count in Counter(forms.values()).most_common(1):
                if form and count * 2 > len(self._operations):
                    usual[str(status)] = next(one for one in forms if forms[one] == form)
        return usual

    @cached_property
    def _common(self) -> DocumentedResponse | None:
        """The form of refusals that more than half of the operations document for some status.

        It is for requests to no operation whose own status has no such form. It is in JSON and
        without examples, which are of other statuses.
        """
        found: dict[tuple[tuple[str, str | None], ...], dict[Operation, DocumentedResponse]] = {}
        for operation in self._operations.values():
            for one in map(_without_examples, operation.refusals):
                if one.content and not _is_success(operation, one):
                    found.setdefault(_form(one), {}).setdefault(operation, one)
        most = max(found.values(), key=len, default={})
        return next(iter(most.values())) if len(most) * 2 > len(self._operations) else None


def _without_examples(answer: DocumentedResponse) -> DocumentedResponse:
    """An answer with its bodies in JSON that a schema describes, and without their examples."""
    content = {
        name: replace(one, examples=(), example_places=(), named_examples={})
        for name, one in answer.content.items()
        if is_json(name) and one.schema
    }
    return replace(answer, content=content)


def _is_success(operation: Operation, answer: DocumentedResponse) -> bool:
    """Whether an answer is the ``default`` of an operation that has no other for a success."""
    return answer.key == "default" and not any(key[0] in "23" for key in operation.responses)


def _refusal(operation: Operation, status: int) -> DocumentedResponse | None:
    """The documented response for a refusal, which is never that of a success."""
    answer = operation.response(status)
    return None if answer and _is_success(operation, answer) else answer


def _as_element(name: str, text: str) -> str:
    """A text as one element, in a media type that has elements."""
    element = "p" if name == _HTML else "error" if is_xml(name) else None
    return f"<{element}>{escape(text)}</{element}>\n" if element else text


def _form(answer: DocumentedResponse) -> tuple[tuple[str, str | None], ...]:
    """The media types and schemas of an answer, to be compared."""
    return tuple(
        (name, json.dumps(one.schema.definition, default=str) if one.schema else None)
        for name, one in answer.content.items()
    )
