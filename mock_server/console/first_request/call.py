"""The call that a newcomer begins with: it creates an API key, or is the simplest that there is."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

from openapi.contract import Contract
from openapi.generation import BudgetSpentError, Generation
from openapi.media_types import is_json
from openapi.operation import IDEMPOTENCY_KEY, PATH_PARAMETER, Operation, Parameter
from openapi.resource import creates, issues_tokens
from openapi.schema import validatable
from openapi.security import CHECKED, kind_of, usable_requirements

_JSON = "application/json"
_UNRESERVED = "/!$&'()*+,;=:@~%"
"""What a path may hold as it is (RFC 3986, section 3.3); what is encoded already stays so."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")

_LONGEST_BODY = 4000
"""A body beyond this length is no first example of anything."""

_MOST_TRIED = 20
"""The operations that are looked at: a start must not wait for a contract that has many."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a partner proves its identity with."""

    client_id: str
    client_secret: str | None
    token: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request, complete but for the login and the idempotency key of whoever sends it."""

    operation: Operation
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    media_type: str | None
    value: Any
    """The JSON value of the body, where there is a media type."""
    schemes: tuple[Mapping[str, Any], ...]
    """The security schemes that it satisfies."""

    @property
    def body(self) -> str | None:
        """The body as JSON, in which every character can be seen."""
        return (
            None
            if self.media_type is None
            else _visible(json.dumps(self.value, ensure_ascii=False))
        )

    @property
    def places(self) -> tuple["TokenPlace", ...]:
        """The places of the token, by the security schemes; none for HTTP Basic, which has none."""
        return tuple(TokenPlace.of(one) for one in self.schemes if not is_basic(one))

    @property
    def needs_secret(self) -> bool:
        """Whether a client id and a secret prove who sends it."""
        return any(map(is_basic, self.schemes))


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """A header, a query parameter or a cookie that holds a token, after ``prefix``."""

    location: str
    name: str
    prefix: str = ""

    @classmethod
    def of(cls, scheme: Mapping[str, Any]) -> "TokenPlace":
        """The place that a security scheme names."""
        if scheme["type"] == "apiKey":
            return cls(scheme["in"], scheme["name"])
        return cls("header", "Authorization", "Bearer ")


def is_basic(scheme: Mapping[str, Any]) -> bool:
    """Whether a security scheme is HTTP Basic, which takes no token."""
    return bool(scheme["type"] == "http" and scheme["scheme"].lower() == "basic")


@dataclass(frozen=True, slots=True)
class Request:
    """A call as one partner sends it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    media_type: str | None
    body: str | None
    value: Any


def request_of(call: Call, base_url: str, login: Login | None, key: str) -> Request:
    """The request that sends a call; ``key`` is the idempotency key, if it takes one.

    Without a ``login`` whoever sends it adds the token, at the places of the call.
    """
    headers, query = list(call.headers), list(call.query)
    if login is not None:
        for place in call.places:
            text = place.prefix + login.token
            match place.location:
                case "query":
                    query.append((place.name, text))
                case "cookie":
                    headers.append(("Cookie", f"{place.name}={text}"))
                case _:
                    headers.append((place.name, text))
    if login is not None and call.needs_secret:
        pair = f"{login.client_id}:{login.client_secret or 'SECRET'}".encode()
        headers.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
    if call.media_type is not None:
        headers.append(("Content-Type", call.media_type))
    if call.operation.accepts_idempotency_key:
        headers.append((IDEMPOTENCY_KEY, key))
    encoded = f"?{urlencode(query)}" if query else ""
    return Request(
        method=call.operation.method,
        url=f"{quote(base_url, safe=_UNRESERVED)}{call.path}{encoded}",
        headers=tuple(headers),
        media_type=call.media_type,
        body=call.body,
        value=call.value,
    )


@cache
def first_call(contract: Contract) -> Call | None:
    """The call to begin with; None for a contract with none that can be made without thought."""
    generation = Generation(contract.document, contract.resolve_schema)
    calls = (
        _call(contract, operation, generation)
        for operation in list(_by_sense(contract))[:_MOST_TRIED]
    )
    return next((one for one in calls if one), None)


def creates_key(contract: Contract, call: Call) -> bool:
    """Whether a call creates an API key, and is called so by the contract."""
    operation = call.operation
    words = f"{operation.path} {operation.id} {operation.summary}"
    is_create = contract.credentials is not None and operation is contract.credentials.create
    return is_create and _KEY.search(words) is not None


_KEY = re.compile(r"key|credential|client", re.IGNORECASE)
"""What an API key is called."""


def _by_sense(contract: Contract) -> Iterable[Operation]:
    """The operations, those first that a newcomer sees most by."""
    operations = [
        one
        for one in contract.operations.values()
        if one.method not in {"HEAD", "OPTIONS", "TRACE", "CONNECT"} and not issues_tokens(one)
    ]
    plain = [one for one in operations if not PATH_PARAMETER.search(one.path)]
    # What a parameter of the path names is made up: nothing is there.
    created = [one for one in plain if contract.credentials and one is contract.credentials.create]
    making = [one for one in plain if creates(one)]
    reading = [one for one in plain if one.method == "GET"]
    return dict.fromkeys(chain(created, making, reading, plain, operations))


def _call(contract: Contract, operation: Operation, generation: Generation) -> Call | None:
    schemes = _schemes(contract, operation)
    try:
        media_type, value = _body(contract, operation, generation)
        path, query, headers = _parameters(operation, generation)
    except (LookupError, BudgetSpentError):
        return None
    if schemes is None:
        return None
    call = Call(operation, path, query, headers, media_type, value, schemes)
    return call if len(call.body or "") <= _LONGEST_BODY else None


def _schemes(contract: Contract, operation: Operation) -> tuple[Mapping[str, Any], ...] | None:
    """The schemes of the first security requirement that a partner's login satisfies.

    None without any, and where a scheme has no usable name.
    """
    known = contract.security_schemes
    usable = usable_requirements(operation.security, known) or ([] if operation.security else [[]])
    checked = ([known[name] for name in one] for one in usable)
    first = next((one for one in checked if all(kind_of(it) in CHECKED for it in one)), None)
    if first is None:
        return None
    schemes = tuple(first)
    names = [one["name"] for one in schemes if one["type"] == "apiKey" and one["in"] != "query"]
    return schemes if all(map(_HEADER_NAME.fullmatch, names)) else None


def _body(contract: Contract, operation: Operation, generation: Generation) -> tuple[Any, Any]:
    """The media type and the value of the body, None without one; raises LookupError."""
    if operation.request_body is None:
        return None, None
    content = operation.request_body.content
    name = next((one for one in content if is_json(one) and "*" not in one), None)
    if name is None:
        if operation.request_body.required:
            raise LookupError("no JSON")
        return None, None
    media_type, candidates = content[name], list(content[name].examples)
    if contract.credentials and operation is contract.credentials.create:
        candidates.insert(0, {contract.credentials.name: "Production Key"})
    schema = media_type.schema
    if schema is None:
        return name, candidates[0] if candidates else {}
    valid = (one for one in candidates if schema.is_valid(one))
    value = next(valid, None)
    value = generation.plain(schema) if value is None else value
    if not validatable(value) == value:
        raise LookupError("half a character")
    return name, value


_Pairs = tuple[tuple[str, str], ...]


def _parameters(operation: Operation, generation: Generation) -> tuple[str, _Pairs, _Pairs]:
    """The path, query and headers with all that is required; raises LookupError."""
    path, query, headers = operation.path, [], []
    for parameter in operation.parameters:
        if not parameter.required or _is_sent_anyway(parameter):
            continue
        text = _text(parameter, generation)
        match parameter.location:
            case "path":
                if text in {"", ".", ".."}:
                    raise LookupError("no segment of a path")
                path = _with_value(path, parameter.name, quote(text, safe=""))
            case "query":
                query.append((parameter.name, text))
            case "header" if _HEADER_NAME.fullmatch(parameter.name) and _HEADER_VALUE.fullmatch(
                text
            ):
                headers.append((parameter.name, text))
            case _:
                raise LookupError("a cookie, or no header")
    return quote(path, safe=_UNRESERVED), tuple(query), tuple(headers)


def _with_value(path: str, name: str, text: str) -> str:
    return PATH_PARAMETER.sub(lambda found: text if found[1] == name else found[0], path)


def _is_sent_anyway(parameter: Parameter) -> bool:
    return parameter.location == "header" and parameter.key in {
        IDEMPOTENCY_KEY.lower(),
        "authorization",
        "content-type",
        "accept",
    }


def _text(parameter: Parameter, generation: Generation) -> str:
    if not parameter.is_single:
        raise LookupError("a parameter of several parts")
    value = generation.plain(parameter.schema)
    return value if isinstance(value, str) else json.dumps(value)


def _visible(text: str) -> str:
    """JSON with an escape for each character that cannot be seen."""
    return _BEYOND_ASCII.sub(
        lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text
    )


_BEYOND_ASCII = re.compile(r"[^ -~]")
