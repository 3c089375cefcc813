"""Requests as the contract allows them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from conformance.catalogue.requirement import Level
from conformance.client.attempts import Ending
from conformance.client.evidence import OK, Evidence, Observation, Violation, observation, violation
from conformance.client.mends import BY_CONTRACT, SEND_JSON
from conformance.client.registry import requirement
from conformance.client.request_faults import Kind
from conformance.client.sabotage import (
    Sabotage,
    on_each,
    refused_as,
    with_header,
    with_key_as,
    with_members,
)
from conformance.journal.journal import JournalEntry
from conformance.probe.applicability import needs_bearer_token
from openapi.operation import Operation
from openapi.resource import issues_tokens

_FIELDS = "seed: request fields (application/json)"
_NOT_SENT_BY_ITSELF = frozenset({"OPTIONS", "HEAD"})
"""Methods that browsers and proxies use of their own accord."""


def has_body(operation: Operation) -> bool:
    """The operation takes a body."""
    return operation.request_body is not None


def has_documented_members(operation: Operation) -> bool:
    """Every member of the operation's body is documented.

    A token request may have more: servers ignore what they do not know (RFC 6749, section 3.2).
    """
    return has_body(operation) and not issues_tokens(operation)


def _asking(name: str, query: str) -> Sabotage:
    """A client whose GET requests have another query."""
    return on_each(
        name,
        lambda one: replace(one, url=f"{one.url.partition('?')[0]}?{query}"),
        lambda one: one.method == "GET",
    )


def _unauthorized(entry: JournalEntry, authorization: str | None) -> JournalEntry:
    return refused_as(with_header(entry, "authorization", authorization), HTTPStatus.UNAUTHORIZED)


def _without(evidence: Evidence, kind: Kind, expected: str) -> Iterator[Observation]:
    for attempt in evidence.attempts:
        found = [one.text for one in evidence.traffic.faults(attempt) if one.kind is kind]
        yield observation(not found, expected, "; ".join(found), attempt)


@requirement(
    id="requests.media-type",
    level=Level.MUST,
    source=_FIELDS,
    applies_to=has_body,
    occasion="a request with a body",
    sabotage=(
        on_each("send text/plain", lambda one: with_header(one, "content-type", "text/plain")),
        on_each("send no Content-Type", lambda one: with_header(one, "content-type", None)),
    ),
    mend=SEND_JSON,
)
def media_type(evidence: Evidence) -> Iterator[Observation]:
    """A body is sent under a media type that the contract has for it."""
    yield from _without(evidence, Kind.MEDIA_TYPE, "a documented Content-Type")


@requirement(
    id="requests.body-can-be-read",
    level=Level.MUST,
    source=_FIELDS,
    applies_to=has_body,
    occasion="a request with a body",
    sabotage=(
        on_each("cut the body", lambda one: replace(one, request_body=one.request_body[:-1])),
        on_each(
            "send no body",
            lambda one: refused_as(
                with_header(replace(one, request_body=""), "content-length", "0"),
                HTTPStatus.BAD_REQUEST,
            ),
        ),
    ),
    mend=SEND_JSON,
)
def body_can_be_read(evidence: Evidence) -> Iterator[Observation]:
    """A body is there where one is required, and reads as its media type says."""
    yield from _without(evidence, Kind.UNREADABLE, "a body that can be read")


@requirement(
    id="requests.body-satisfies-schema",
    level=Level.MUST,
    source=_FIELDS,
    applies_to=has_body,
    occasion="a request with a body",
    sabotage=(
        on_each("send a number as the name", lambda one: with_members(one, name=7)),
        on_each("send a Unix time", lambda one: with_members(one, expires_at=1803945600)),
        on_each("leave out the name", lambda one: replace(one, request_body="{}")),
    ),
    mend=BY_CONTRACT,
)
def body_satisfies_schema(evidence: Evidence) -> Iterator[Observation]:
    """A body has every required member, and each of the documented type and form."""
    yield from _without(evidence, Kind.SCHEMA, "a body as the contract describes it")


@requirement(
    id="requests.no-undocumented-members",
    level=Level.SHOULD,
    source=_FIELDS,
    applies_to=has_documented_members,
    occasion="a request with a body",
    sabotage=(
        on_each("add a member", lambda one: with_members(one, call_id="x")),
        on_each("misspell a member", lambda one: with_members(one, expire_at=None)),
    ),
    mend=BY_CONTRACT,
)
def no_undocumented_members(evidence: Evidence) -> Iterator[Observation]:
    """A body has no member that the contract does not have."""
    yield from _without(evidence, Kind.UNKNOWN_MEMBER, "documented members only")


@requirement(
    id="requests.parameters",
    level=Level.MUST,
    source="seed: header parameters; vendor: query and path parameters",
    applies_to=lambda one: bool(one.parameters),
    occasion="a request for an operation with parameters",
    sabotage=(_asking("ask for too much", "limit=1000"),),
    mend=BY_CONTRACT,
)
def parameters(evidence: Evidence) -> Iterator[Observation]:
    """Every required parameter is there, and each of the documented type and form."""
    yield from _without(evidence, Kind.PARAMETER, "parameters as the contract describes them")


@requirement(
    id="requests.no-undocumented-parameters",
    level=Level.SHOULD,
    source="vendor: query parameters",
    occasion="a request for the operation",
    sabotage=(_asking("misspell a parameter", "limits=5"),),
    mend=BY_CONTRACT,
)
def no_undocumented_parameters(evidence: Evidence) -> Iterator[Observation]:
    """A query has no parameter that the contract does not have."""
    yield from _without(evidence, Kind.UNKNOWN_PARAMETER, "documented parameters only")


@requirement(
    id="requests.no-misspelt-headers",
    level=Level.SHOULD,
    source="seed: header parameters, Idempotency-Key",
    applies_to=lambda one: bool(one.header_names),
    occasion="a request for an operation with headers of its own",
    sabotage=tuple(
        on_each(f"send {name}", partial(with_key_as, name))
        for name in ("x-idempotency-key", "idempotence-key")
    ),
    mend=BY_CONTRACT,
)
def no_misspelt_headers(evidence: Evidence) -> Iterator[Observation]:
    """A documented header is sent under its documented name."""
    yield from _without(evidence, Kind.MISSPELT_HEADER, "the header as the contract spells it")


@requirement(
    id="requests.known-operation",
    level=Level.SHOULD,
    source="seed: endpoint; vendor: the operations around credentials",
    occasion="a request",
    sabotage=(
        on_each("use another method", lambda one: replace(one, method="PUT", operation=None)),
        on_each(
            "misspell the path",
            lambda one: replace(one, url=one.url.removesuffix("s"), operation=None),
        ),
    ),
    mend="Use the paths and methods of the contract, under the base URL.",
)
def known_operation(evidence: Evidence) -> Iterator[Observation]:
    """What is asked for is there: a path of the contract, with a method that it has."""
    traffic = evidence.traffic
    for entry, address in traffic.strays:
        elsewhere = evidence.operation not in traffic.near(address)
        if elsewhere or entry.method in _NOT_SENT_BY_ITSELF:
            continue
        known = ", ".join(sorted(address.methods))
        expected = f"{address.path} with {known}" if known else "a path of the contract"
        yield Violation(expected, f"{entry.method} {address.path}", (entry,))
    if evidence.attempts:
        yield OK


@requirement(
    id="requests.token",
    level=Level.MUST,
    source="seed: security, bearerAuth",
    applies_to=needs_bearer_token,
    occasion="a request that needs a token",
    sabotage=(
        on_each("send no token", lambda one: _unauthorized(one, None)),
        on_each(
            "send HTTP Basic",
            lambda one: _unauthorized(one, "Basic dinie_ci_1:redacted-000000000001"),
        ),
    ),
    mend="Send Authorization: Bearer with a token that was issued.",
)
def token(evidence: Evidence) -> Iterator[Observation]:
    """A request that needs a token carries one as Authorization: Bearer."""
    signed = any(one.entry.request_header("authorization") for one in evidence.traffic.attempts)
    for attempt in evidence.attempts:
        if attempt.token:
            yield OK
        # Browsers leave the header out of what they save.
        elif signed and attempt.ending is Ending.UNAUTHORIZED:
            scheme = (attempt.entry.request_header("authorization") or "").partition(" ")[0]
            actual = f"Authorization: {scheme}" if scheme else "no Authorization"
            yield violation("Authorization: Bearer and a token", actual, attempt)
