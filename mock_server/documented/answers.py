"""The documented responses of any operation: their examples, or data valid by their schemas."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.journal.secret_names import is_credential
from mock_server.documented.bodies import (
    concrete_types,
    file_body,
    is_file,
    is_written,
    written,
)
from mock_server.documented.dynamic import dynamic_value
from mock_server.documented.headers import header_text, is_sent, wait, with_values
from mock_server.documented.looking_through import LookingThrough, unanswered
from mock_server.documented.negotiation import best_accepted
from mock_server.documented.told_flaws import ToldFlaws
from mock_server.exchange.exact_json import read_json
from mock_server.exchange.problems import Problem, ProblemType, Response, not_served
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.generation import BudgetSpentError, Generation
from openapi.media_types import is_json
from openapi.operation import DocumentedResponse, Header, MediaType, Operation, Unserved
from openapi.schema import Schema, types_of

_UNCACHED = {"Cache-Control": "no-store"}
"""The caching of an answer with a secret or a token (RFC 6749 section 5.1)."""

_LEVELS = 4
"""How many levels of an answer are looked into for a secret."""

SANDBOX = {"Content-Security-Policy": "sandbox"}
"""A page of the contract's must not be of the origin that the control plane trusts."""

_NO_BODY = (204, 205, 304)

_CHARACTERS_OF_ALL = 64 << 20
"""Limit on the characters of all answers of a contract: its examples, and generated data."""


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
    """The documented responses of a contract, each made once, on first use.

    It looks through the contract, and logs one warning for each part that is not served or not
    checked, and for each example that is not used: for a short time when it is made, and for the
    rest in :meth:`look_on`. With ``strict`` it makes all responses at once, and raises
    :class:`~openapi.errors.ContractError` for the first that cannot be made.
    """

    def __init__(
        self,
        contract: Contract,
        unserved: Sequence[Unserved] = (),
        *,
        unchecked: Sequence[ContractError] = (),
        strict: bool = False,
    ) -> None:
        self._made: dict[str, _Answer | ContractError] = {}
        self._contents: dict[str, Mapping[str, MediaType]] = {}
        self._others: dict[tuple[str, str, str | None], bytes] = {}
        self._cachings: dict[str, Mapping[str, str]] = {}
        self._told = ToldFlaws(strict=strict)
        self._resolve = contract.resolve_schema
        self._random = random.Random()  # noqa: S311 - test data
        self._generation = Generation(contract.document, contract.resolve_schema)
        self._characters = _CHARACTERS_OF_ALL
        for flaw in (*contract.flaws, *(one.flaw for one in unserved)):
            self._told.tell(flaw, "is not served")
        for flaw in unchecked:
            self._told.tell(flaw, "is not checked")
        self._looking = LookingThrough(contract, self._told, self._answer)
        self._looking.begin(whole=strict)

    async def look_on(self) -> None:
        """Look through the rest of the contract, with pauses for requests."""
        await self._looking.go_on()

    def _answer(self, documented: DocumentedResponse) -> "_Answer | ContractError":
        place = documented.pointer
        if place not in self._made:
            try:
                if documented.flaw:
                    raise documented.flaw
                body, media_type = self._body(documented)
                headers = dict(self._header_texts(documented))
                self._made[place] = _Answer(body, media_type, headers)
            except (BudgetSpentError, ContractError) as error:
                flaw = _flaw(place, error)
                self._made[place] = flaw
                self._told.tell_unless_known(flaw, "is not served")
        return self._made[place]

    def usual(self, operation: Operation, wish: "Wish | None" = None) -> Response:
        """The documented response of a success, else of the lowest documented status.

        Raises what :meth:`response` raises, and a 501 where the operation documents none.
        """
        return self.response(operation, usual_status(operation), wish)

    def response(self, operation: Operation, status: int, wish: "Wish | None" = None) -> Response:
        """The response that ``operation`` documents for ``status``, in the media type wished for.

        Raises a 501 for a response that cannot be made, and a 406 as :class:`Wish` says.
        """
        answer = operation.response(status)
        if answer is None:
            return Response(status)
        made = self._answer(answer)
        if isinstance(made, ContractError):
            raise not_served(made)
        body, media_type = made.body, made.media_type
        if wish is not None and answer.content:
            try:
                body, media_type = self._wished(operation, answer, wish, made)
            except (BudgetSpentError, ContractError) as error:
                raise not_served(_flaw(answer.pointer, error)) from error
        if status in _NO_BODY:
            body, media_type = b"", None
        headers = {**self._caching(answer), **made.headers}
        if media_type is not None and not is_json(media_type):
            headers |= SANDBOX
        return Response(status, body, media_type, headers)

    def _caching(self, answer: DocumentedResponse) -> Mapping[str, str]:
        """The header of an answer that no cache may keep; none of any other."""
        if answer.pointer not in self._cachings:
            is_said = any(one.name.lower() == "cache-control" for one in answer.headers)
            is_private = not is_said and _has_credential(answer)
            self._cachings[answer.pointer] = _UNCACHED if is_private else {}
        return self._cachings[answer.pointer]

    def rewritten(self, operation: Operation, response: Response, wish: "Wish") -> Response:
        """A response in JSON, in the documented media type wished for; any other as it is.

        Raises a 406 as :class:`Wish` says.
        """
        answer = operation.response(response.status)
        if answer is None or not response.body or not is_json(response.media_type or ""):
            return response
        content = self._content(answer)
        name = _accepted(operation, content, wish) if content else "application/json"
        if is_json(name) or is_file(name, content[name]):
            return response
        value = read_json(response.body)
        body = written(name, content[name], value, self._resolve)
        return Response(response.status, body, name, {**response.headers, **SANDBOX})

    def _content(self, answer: DocumentedResponse) -> Mapping[str, MediaType]:
        """The media types of an answer in which it can be written."""
        if answer.pointer not in self._contents:
            self._contents[answer.pointer] = concrete_types(answer.content)
        return self._contents[answer.pointer]

    def _body(self, answer: DocumentedResponse) -> tuple[bytes, str | None]:
        for name, media_type in self._content(answer).items():
            return self._written(name, media_type), name
        return b"", None

    def _wished(
        self, operation: Operation, answer: DocumentedResponse, wish: "Wish", usual: "_Answer"
    ) -> tuple[bytes, str]:
        """The body that a request wishes for, and its media type."""
        content = self._content(answer)
        if wish.example is not None:
            content = {
                name: one for name, one in content.items() if wish.example in one.named_examples
            }
        name = _accepted(operation, content, wish)
        if wish.is_dynamic and not is_file(name, content[name]):
            return written(name, content[name], self._drawn(content[name]), self._resolve), name
        if name == usual.media_type and wish.example is None:
            return usual.body, name
        key = answer.pointer, name, wish.example
        if key not in self._others:
            self._others[key] = self._written(name, content[name], wish.example)
        return self._others[key], name

    def _written(self, name: str, media_type: MediaType, example: str | None = None) -> bytes:
        """The body of a media type: with one of its examples, or made up."""
        if is_file(name, media_type):
            body = file_body(name, media_type)
        else:
            if example is not None:
                given = media_type.named_examples[example]
                media_type = replace(media_type, examples=(given,), example_places=(example,))
            texts = [one for one in media_type.examples if is_written(name, media_type, one)]
            value = texts[0] if texts else self._value(media_type)
            body = written(name, media_type, value, self._resolve)
        self._spend(len(body))
        return body

    def value_of(self, media_type: MediaType) -> Any:
        """The value of a body: an example that is valid by the schema, or a generated one."""
        return self._value(media_type)

    def alternatives_of(self, schema: Schema) -> list[Any]:
        """A generated value of each branch of a schema."""
        return self._generation.alternatives(schema)

    def _drawn(self, media_type: MediaType) -> Any:
        """A new value for a media type."""
        if media_type.schema is None:
            return self._value(media_type)
        try:
            hierarchies = self._generation.hierarchies
            return dynamic_value(media_type.schema, self._resolve, self._random, hierarchies)
        except LookupError:
            return self._generation.value(media_type.schema)

    def _spend(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise BudgetSpentError(
                f"all answers together have more than {_CHARACTERS_OF_ALL} characters"
            )

    def _header_texts(self, answer: DocumentedResponse) -> Iterator[tuple[str, str]]:
        for header in filter(is_sent, answer.headers):
            value = wait(header) or self._value(with_values(header))
            text = header_text(header, value)
            quoted = f'"{text}"'
            if header.name.lower() == "etag" and not header.examples:
                # RFC 9110 section 8.8.3: an entity tag has quotes.
                is_tag = text.removeprefix("W/").startswith('"')
                is_allowed = header.schema is None or header.schema.is_valid(quoted)
                text = quoted if is_allowed and not is_tag else text
            self._spend(len(text))
            yield header.name, text

    def _value(self, documented: MediaType | Header) -> Any:
        """The first example that is valid by the schema, or else a generated value."""
        schema, examples = documented.schema, documented.examples
        if schema is None:
            return examples[0] if examples else None
        valid = []
        for example, place in zip(examples, documented.example_places, strict=True):
            if schema.is_valid(example):
                valid.append(example)
            else:
                self._told.tell(ContractError(place, schema.first_error(example)), "is not used")
        if valid:
            return valid[0]
        value = self._generation.value(schema)
        if reason := self._generation.unused.pop(schema.pointer, None):
            self._told.tell(
                ContractError(schema.pointer, reason), "has an example that is not used"
            )
        return value


def usual_status(operation: Operation) -> int:
    """The status that an operation answers with on its own; raises a 501 where it has none."""
    if operation.usual_status is None:
        raise not_served(unanswered(operation))
    return operation.usual_status


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response as it is sent, except for what depends on the request."""

    body: bytes
    media_type: str | None
    headers: Mapping[str, str]


def _has_credential(answer: DocumentedResponse) -> bool:
    """Whether the bodies of an answer have a secret or a token."""
    schemas = (one.schema for one in answer.content.values() if one.schema)
    return any(_names_credential(one.outline) for one in schemas)


def _names_credential(outline: Mapping[str, Any], level: int = _LEVELS) -> bool:
    inner = outline.get("items")
    members = outline.get("properties", {}).items()
    return level > 0 and (
        any(
            (is_credential(name) and "string" in types_of(one)) or _names_credential(one, level - 1)
            for name, one in members
        )
        or (isinstance(inner, dict) and _names_credential(inner, level - 1))
    )


def _flaw(place: str, error: Exception) -> ContractError:
    """Why what is at a place cannot be made: an error of the contract, or a budget."""
    if isinstance(error, ContractError):
        return error
    return ContractError(place, f"{error}: give it an example in the contract")


def _accepted(operation: Operation, content: Mapping[str, MediaType], wish: Wish) -> str:
    """The media type that is accepted best; the first where none is, or a 406."""
    is_refusable = wish.may_be_refused and not _NOT_ACCEPTABLE.isdisjoint(operation.responses)
    first = next(iter(content))
    if len(content) == 1 and not is_refusable:
        return first
    name = best_accepted([*content], wish.accept)
    if name is None and is_refusable:
        raise Problem(
            ProblemType.NOT_ACCEPTABLE,
            "not_acceptable",
            f"The answer is {' or '.join(content)}, which Accept excludes.",
            param="Accept",
        )
    return name or first


_NOT_ACCEPTABLE = frozenset({"406", "4XX"})
"""The keys of a documented 406."""


def example_names(answer: DocumentedResponse) -> list[str]:
    """The names of the examples of an answer that are true to their schema, or are texts of it."""
    return [
        label
        for name, one in concrete_types(answer.content).items()
        for label, example in one.named_examples.items()
        if one.schema is None or is_written(name, one, example) or one.schema.is_valid(example)
    ]
