"""What a header or a parameter says never stands in for the token, or for the method."""

from base64 import urlsafe_b64decode
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_requests
from conformance.probe.applicability import lists, opens_with_token
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed
from conformance.probe.pages import (
    expect_listed_for,
    items,
    largest_page,
    marks_of,
    page_of,
    query_for,
)
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.resources import request_on_new_resource
from conformance.probe.revocation import revokes
from conformance.probe.values import Values
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request, query_with
from conformance.target.json_documents import parse
from conformance.target.members import text_in
from openapi.item_paths import shape_of
from openapi.resource import creates

_METHOD_HEADERS = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
_METHOD_PARAMETER = "_method"

_PARTNER_HEADERS = (
    "X-Partner-Id",
    "X-Partner",
    "X-Tenant-Id",
    "X-Account-Id",
    "X-Organization-Id",
    "X-Client-Id",
    "X-User-Id",
    "X-Consumer-Custom-Id",
    "X-Authenticated-Userid",
    "X-Forwarded-User",
)
_PARTNER_CLAIMS = ("partner_id", "partner", "tenant", "account_id", "org", "client_id", "sub")
_MOST_NAMES = 3
"""The most names of another partner that are tried."""


def _by_header(name: str) -> Sabotage:
    def change(request: Request) -> Request:
        method = dict(request.headers).get(name)
        return replace(request, method=method) if method and request.method == "POST" else request

    return on_requests(f"take the method from {name}", change)


def _by_query(request: Request) -> Request:
    path, _, query = request.path.partition("?")
    method = parse_qs(query).get(_METHOD_PARAMETER)
    if not method or request.method != "POST":
        return request
    return replace(request, method=method[0], path=path)


@requirement(
    "authentication.method-is-not-overridden",
    Level.SHOULD,
    "RFC 9110, section 9.1: the method alone says what a request means",
    lambda one: lists(one) or (revokes(one) and one.method != "POST"),
    mend="Turn method overrides off: the method of the request line counts alone.",
)
@catches(
    *map(_by_header, _METHOD_HEADERS),
    on_requests("take the method from the query", _by_query),
)
def method_is_not_overridden(probe: Probe) -> None:
    """A POST neither lists nor ends anything because a header or its query names another method."""
    operation = probe.operation
    posted = (one for one in probe.contract.operations.values() if one.method == "POST")
    if revokes(operation) and any(shape_of(one.path) == shape_of(operation.path) for one in posted):
        raise NotServed("a POST on this path is an operation of its own")
    valid = request_on_new_resource(probe)
    other = replace(valid, method="POST")
    if lists(operation):
        other = other.with_json(probe.creating.plain_body())
    requests = {name: other.with_header(name, operation.method) for name in _METHOD_HEADERS}
    query = query_with({_METHOD_PARAMETER: operation.method})
    requests[f"{_METHOD_PARAMETER} in its query"] = other.at(f"{other.path}?{query}")
    for what, request in requests.items():
        answer = answer_to(probe, request)
        # What is made may have items of its own, and no page has an id.
        is_page = answer.is_success and bool(items(operation, answer))
        listed = is_page and probe.id_of(answer) is None
        done = listed if lists(operation) else answer.status == operation.success_status
        probe.expect(
            not done,
            f"no {operation.method} carried out for a POST with {what}",
            f"{answer.status}, as to a {operation.method}",
        )
    served = answer_to(probe, valid)
    if served.status in NOT_IMPLEMENTED_STATUSES:
        raise NotServed(f"the target does not serve {operation.name}")


def _act_for_another(request: Request) -> Request:
    is_named = any(name in _PARTNER_HEADERS for name, _ in request.headers)
    return replace(request, partner=1) if is_named and request.partner == 0 else request


def _list_for_another(request: Request) -> Request:
    return _act_for_another(request) if request.method == "GET" else request


@requirement(
    "authentication.no-header-names-the-partner",
    Level.MUST,
    "safety: a token acts for its partner, and for no other",
    lambda one: opens_with_token(one) and creates(one),
    needs=(Capability.LISTING, Capability.SECOND_PARTNER),
    mend="Take the partner from the token alone.",
)
@catches(
    on_requests("act for the partner that a header names", _act_for_another),
    on_requests("list for the partner that a header names", _list_for_another),
)
def no_header_names_the_partner(probe: Probe) -> None:
    """Headers that name another partner beside a valid token show nothing of that partner."""
    lister = probe.listing
    others = probe.make(partner=1)
    for name in _names_of_partner(probe.target.tokens[1]) or [probe.known_id_of(others)]:
        headers = tuple((header, name) for header in _PARTNER_HEADERS)
        request = probe.request()
        answer = answer_to(probe, replace(request, headers=request.headers + headers))
        if answer.status == probe.operation.success_status:
            made = probe.known_id_of(answer)
            expect_listed_for(lister, made, 0)
        page = replace(_page(lister), headers=headers)
        shown = items(lister.operation, answer_to(probe, page))
        of_others = page_of(lister, query_for(lister, largest_page(lister)), partner=1).items
        shared = marks_of(lister, shown) & marks_of(lister, of_others)
        probe.expect(
            not shared,
            "nothing of another partner, whatever headers name it",
            "what another partner has made",
            Values(f"/{probe.resource.id} of listed items", sorted(shared)),
        )


def _page(lister: Probe) -> Request:
    return lister.request(query=query_for(lister, largest_page(lister)))


def _names_of_partner(token: str) -> list[str]:
    """What a token that is a JWT (RFC 7519) may call its partner, the likeliest first."""
    claims: object = None
    with suppress(ValueError):
        payload = token.split(".")[1:2]
        claims = parse(urlsafe_b64decode(f"{''.join(payload)}===")) if payload else None
    known = claims if isinstance(claims, dict) else {}
    found = [text_in(known, name) for name in _PARTNER_CLAIMS]
    names = [one for one in found if one and one.isascii() and one.isprintable()]
    return list(dict.fromkeys(names))[:_MOST_NAMES]
