"""A request to the target and its answer, as values that may be kept and shown."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from conformance.target.json_documents import parse
from conformance.target.members import JsonObject, identifier_in, number_in, objects_in, text_in
from openapi.envelopes import envelope_of
from openapi.file_bodies import file_of, holds_any_bytes, sent_type
from openapi.forms import form_of
from openapi.media_types import FORM, MULTIPART, essence, is_json, is_plain_text
from openapi.operation import (
    IDEMPOTENCY_KEY,
    PATH_PARAMETER,
    MediaType,
    Operation,
    is_greedy,
    is_key_header,
)
from openapi.parts import PARTS, members_of_parts, parts_of

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``path`` stands under the target's base URL and may carry a query.

    ``partner`` says whose token goes along: 0 the first, 1 the second, None none at all.
    ``token_form`` says in what form, one of :data:`conformance.target.token_forms.FORMS`. The token
    itself is put in only when the request is sent: a request never holds one. Where ``chunks`` are
    given, the body is sent in chunks of these sizes, and what is left in one more (RFC 9112 section
    7.1). After ``hang_up`` seconds the client closes the connection, whatever has come by then.
    """

    method: str
    path: str
    headers: Headers = ()
    body: bytes = b""
    partner: int | None = 0
    token_form: str = "as it is"  # noqa: S105 - the name of a form
    chunks: tuple[int, ...] = ()
    hang_up: float | None = None
    form: MediaType | None = field(default=None, compare=False, repr=False)
    """The documented form that the body is; None where it is none."""
    key_header: str = field(default=IDEMPOTENCY_KEY, compare=False, repr=False)
    """The header that an idempotency key goes in."""
    token_places: tuple[str, ...] | None = None
    """Where its operation has the token, and keys beside it, as in ``Contract.token_places``.

    None stands for the usual place.
    """

    def at(self, path: str) -> Self:
        """The same request to another path."""
        return replace(self, path=path)

    def with_header(self, name: str, value: str) -> Self:
        """The same request with one header set, or replaced where it was."""
        return replace(self, headers=(*self.without_header(name).headers, (name, value)))

    def without_header(self, name: str) -> Self:
        """The same request without a header."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept)

    def with_json(self, value: Any, *, ensure_ascii: bool = True) -> Self:
        """The same request with another JSON body, or with another form where it has one.

        It keeps the media type that it has, where that is one of JSON.
        """
        if self.form is not None and isinstance(value, dict):
            return self.with_form(value, self.form)
        body = json.dumps(value, ensure_ascii=ensure_ascii).encode()
        named = next((one for name, one in self.headers if name.lower() == "content-type"), "")
        media_type = named if is_json(named) else "application/json"
        return replace(self.with_header("Content-Type", media_type), body=body)

    def with_form(self, value: Mapping[str, Any], form: MediaType) -> Self:
        """The same request with a form as its body, its fields by their encoding.

        A text is the value of the one field that a form of plain text, or of any bytes, has. Any
        other file is of its type, whatever the value.
        """
        text = "".join(map(str, value.values())).encode(errors="replace")
        if is_plain_text(form.name):
            written, body = form.name.replace("*", "plain"), text
        elif file := sent_type(form.name):
            written, body = file, text if holds_any_bytes(file) else file_of(file)
        elif essence(form.name) == MULTIPART:
            written, body = PARTS, parts_of(value, form).encode(errors="replace")
        else:
            written, body = FORM, form_of(value, form.encoding).encode()
        return replace(self.with_header("Content-Type", written), body=body, form=form)

    @property
    def members(self) -> JsonObject:
        """The members of the JSON object, or of the form, in its body; none without any."""
        if ("Content-Type", PARTS) in self.headers:
            return members_of_parts(self.body.decode("utf-8", "replace"))
        if ("Content-Type", FORM) in self.headers:
            return dict(parse_qsl(self.body.decode("utf-8", "replace")))
        return Answer(0, body=self.body).json_object() or {}

    def with_key(self, key: str) -> Self:
        """The same request with an idempotency key."""
        return self.with_header(self.key_header, key)

    @property
    def key(self) -> str | None:
        """The idempotency key; None where it carries none."""
        return next((value for name, value in self.headers if is_key_header(name)), None)

    def is_for(self, operation: Operation) -> bool:
        """Whether the request's method and path are those of an operation.

        A path with fewer parameters goes before another one that it matches as well, as
        ``/keys/count`` before ``/keys/{id}`` (OpenAPI 3.1, section 4.8.8.2).
        """
        path = self.path.partition("?")[0]

        def has_path_of(one: Operation) -> bool:
            return self.method == one.method and bool(pattern_of(one.path).fullmatch(path))

        if not has_path_of(operation):
            return False
        parameters, contract = operation.path.count("{"), operation.contract
        others = contract.operations.values() if parameters and contract else ()
        return not any(one.path.count("{") < parameters and has_path_of(one) for one in others)


@cache
def pattern_of(path: str) -> re.Pattern[str]:
    """The pattern of an operation's path, with a group for each parameter."""
    # Every second part is the name of a parameter.
    pattern = "([^/]+)".join(map(re.escape, PATH_PARAMETER.split(path)[::2]))
    return re.compile(f"{pattern.removesuffix('([^/]+)')}(.+)" if is_greedy(path) else pattern)


class UnsendableRequest(ValueError):
    """HTTP cannot carry a request, for it repeats a value of the target; the message is a line."""


LONGEST_VALUE = 16_384
"""The most characters of a target's value in a path, a query or a header: servers take less."""


def path_to(template: str, identifier: str) -> str:
    """An operation's path with an identifier in the place of its parameters.

    Raises :class:`UnsendableRequest` for an identifier that cannot stand there.
    """
    # RFC 3986 section 5.2.4: a segment of dots names another path, and an empty one none.
    if identifier in {"", ".", ".."}:
        raise UnsendableRequest("the target's id can name nothing in a path: it is empty, or dots")
    return PATH_PARAMETER.sub(lambda _: quote(sendable(identifier), safe=""), template)


def with_value(template: str, path: str, number: int, value: str) -> str:
    """A path by a template with this value in the place of the parameter of a number, from 0 on.

    It is the path itself where it is none by the template.
    """
    found = pattern_of(template).fullmatch(path)
    if found is None or number >= len(found.groups()):
        return path
    start, end = found.span(number + 1)
    return f"{path[:start]}{quote(value, safe='')}{path[end:]}"


def names_in(path: str) -> list[str]:
    """The names in a path, decoded: ``things`` and ``5`` in ``/things/5`` and ``/things('5')``."""
    # In what is sent of a target, all but the slashes and parentheses of the contract is encoded.
    return [unquote(one) for one in re.split(r"[/()']", path) if one]


def path_of(template: str, values: Iterable[str]) -> str:
    """An operation's path with these values, as they are, in the places of its parameters."""
    left = iter(values)
    return PATH_PARAMETER.sub(lambda _: next(left), template)


def query_with(values: Mapping[str, object]) -> str:
    """A query with these values; raises :class:`UnsendableRequest` where it can have none."""
    return urlencode({name: sendable(str(value)) for name, value in values.items()})


def sendable(text: str) -> str:
    """The text; raises :class:`UnsendableRequest` for one that no path, query or header carries."""
    if len(text) > LONGEST_VALUE:
        raise UnsendableRequest(
            f"the target's value is too long to be sent: {len(text)} characters"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnsendableRequest("the target's value has half a character, and no bytes") from None
    return text


_UNREAD = object()


class _NoJson(str):
    """Why a body is no JSON."""

    __slots__ = ()


NO_ANSWER = 0
"""The status of what is no answer: the target closed the connection instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. Header names are in lower case. ``seconds`` is from sending to the end."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    seconds: float = 0.0
    sent_with: int = 0
    """The number of those that were sent at the same time; 0 where it was sent alone."""
    excess: str = ""
    """What was seen of an answer without a status that went past a bound of its time or size."""
    broken: str = ""
    """How an app in this process broke its answer off, where there is no status."""
    is_repeated: bool = False
    """Whether an earlier try had a transient answer, or none, and may have been carried out."""
    before: str = ""
    """The step before the request, as a line of shell: a wait, or a clock that was moved."""
    envelope: tuple[str, ...] = field(default=(), compare=False)
    """The members of the body that lead to the resource in it."""
    times: int = field(default=1, compare=False)
    """How often the request was sent, each time with another key; it stands for all of them."""
    located: tuple[str, str] | None = field(default=None, compare=False)
    """The member by which ``Location``, or a path, names what was made, where a body need not."""

    _document: object = field(default=_UNREAD, init=False, repr=False, compare=False)
    """The body as JSON, or why it is none, once it was read."""
    issued: tuple[str, ...] | None = field(default=None, repr=False, compare=False)
    """The secrets that are in it, once they were looked for."""

    def header(self, name: str) -> str | None:
        """The value of a header, repeated ones joined (RFC 9110 section 5.3)."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None

    @property
    def is_out_of_bounds(self) -> bool:
        """Whether no whole answer came within the bounds: another try may take as long."""
        return self.status == NO_ANSWER and bool(self.seconds or self.excess)

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx, the documented one or not."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_refusal(self) -> bool:
        """Whether the status is a 4xx: the request is said to be at fault."""
        return HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_not_there(self) -> bool:
        """Whether it says that nothing is there, or no longer: 404 or 410."""
        return self.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

    @property
    def is_server_error(self) -> bool:
        """Whether the status is a 5xx: the server is at fault."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_error(self) -> bool:
        """Whether the status is a 4xx or 5xx."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def content_type(self) -> str:
        """The media type with its parameters, as it was sent; empty where there is none."""
        return self.header("content-type") or ""

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()

    def json(self) -> object:
        """The body as JSON; raises ValueError where it is none, or beyond what is read.

        It is parsed once, and must not be changed.
        """
        if self._document is _UNREAD:
            try:
                document = parse(self.body)
            except ValueError as error:
                document = _NoJson(error)
            object.__setattr__(self, "_document", document)
        if isinstance(self._document, _NoJson):
            raise ValueError(self._document)  # noqa: TRY004 - of a text, whatever it is
        return self._document

    def to(self, operation: Operation) -> Self:
        """The same answer as that of an operation, whose success may have an envelope."""
        envelope = envelope_of(operation) if self.is_success else ()
        return replace(self, envelope=envelope) if envelope else self

    def located_at(self, handle: str, name: str) -> Self:
        """The same answer as that of a creation: ``Location`` names what its body does not."""
        return self if self.identifier(handle) is not None else self.named(handle, name)

    def named(self, handle: str, name: str) -> Self:
        """The same answer as that of a PUT, which names what it makes in its path."""
        return replace(self, located=(handle, name))

    def unread(self) -> Self:
        """The same answer, to be kept for long: with its body alone, and not what is in it."""
        return replace(self)

    @property
    def document(self) -> object:
        """The body as JSON; None where :meth:`json` raises."""
        with suppress(ValueError):
            return self.json()
        return None

    def json_object(self) -> JsonObject | None:
        """The JSON object that is the body, or that is in its envelope; else None.

        Of a creation that does not show it, it has the member that ``Location`` or a path tells.
        """
        value = self.document
        for name in self.envelope:
            value = value.get(name) if isinstance(value, dict) else None
        shown = value if isinstance(value, dict) else None
        return shown if self.located is None else {**dict([self.located]), **(shown or {})}

    def field(self, name: str) -> object:
        """A member of that JSON object, of any type; None without such a member."""
        return (self.json_object() or {}).get(name)

    def text(self, name: str) -> str | None:
        """A member that is a string; None for any other."""
        return text_in(self.json_object() or {}, name)

    def identifier(self, name: str) -> str | None:
        """A member that names something, as a text: a string or an integer; None for any other."""
        return identifier_in(self.json_object() or {}, name)

    def number(self, name: str) -> float | None:
        """A member that is a number, infinite where it is too large; None for any other."""
        return number_in(self.json_object() or {}, name)

    def objects(self, name: str) -> list[JsonObject]:
        """The objects in a member that is an array; none where it is anything else."""
        return objects_in(self.json_object() or {}, name)


Exchange = tuple[Request, Answer]
"""A request and its answer."""


@dataclass(slots=True)
class Recording:
    """The exchanges of one check, in order; what is shown of them is redacted."""

    exchanges: list[tuple[Request, Answer]] = field(default_factory=list)
    done_meanwhile: str = ""
    """The step before the next request, as a line of shell."""
    examples: dict[str, bytes] = field(default_factory=dict)
    """The smallest example that failed of each search, as Hypothesis encodes it."""
    searches: int = 0
    """The number of searches for an example so far."""
    on_exchange: Callable[[Sequence[tuple[Request, Answer]]], None] = lambda _: None
    """Called with all exchanges so far whenever there is one more."""

    def restart(self) -> None:
        """Forget the exchanges of a try that decided nothing."""
        self.exchanges.clear()
        self.examples.clear()
        self.done_meanwhile, self.searches = "", 0

    @property
    def body_bytes(self) -> int:
        """The bytes of all bodies of its answers."""
        return sum(len(answer.body) for _, answer in self.exchanges)

    def add(self, request: Request, answer: Answer) -> None:
        """Keep one exchange."""
        before, self.done_meanwhile = self.done_meanwhile or answer.before, ""
        self.exchanges.append((request, replace(answer, before=before)))
        self.on_exchange(self.exchanges)


Forward = Callable[[Request], Answer]
"""Passes a request on to the healthy target."""


Tamper = Callable[[Request, Forward], Answer]
"""Answers a request, mostly by forwarding it and changing something on the way."""
