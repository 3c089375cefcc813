"""What a proxy says of a request, and what stands in its body, never stand in for a token."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit

from conformance.catalogue.mends import AUTHENTICATE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_requests
from conformance.probe.applicability import opens_with_token, takes_json
from conformance.probe.probe import Probe, without_token
from conformance.probe.rate_limits import answer_to
from conformance.probe.resources import request_on_new_resource
from conformance.server.authentication.requests import (
    an_unknown_token,
    authorised,
    with_fresh_body,
)
from conformance.server.authentication.unopened import (
    SAFETY,
    expect_unopened,
    request_to_be_refused,
)
from conformance.target.exchange import Headers, Request
from conformance.target.token_forms import PLACE

_OF_PROXIES: Headers = (
    *(
        (name, "127.0.0.1")
        for name in (
            "X-Forwarded-For",
            "X-Real-IP",
            "X-Client-IP",
            "X-Cluster-Client-IP",
            "True-Client-IP",
            "CF-Connecting-IP",
            "X-Originating-IP",
            "X-Remote-IP",
            "X-Remote-Addr",
        )
    ),
    ("Forwarded", "for=127.0.0.1"),
    ("X-Forwarded-Host", "localhost"),
    ("X-Host", "localhost"),
    ("X-Internal", "true"),
    ("X-Internal-Request", "true"),
    ("X-Admin", "true"),
    ("X-Authenticated", "true"),
    ("X-Authenticated-User", "admin"),
    ("X-Remote-User", "admin"),
    ("X-Forwarded-User", "admin"),
    ("X-User", "admin"),
    ("X-SSL-Client-Verify", "SUCCESS"),
    ("X-Client-Verify", "SUCCESS"),
    ("X-Forwarded-Client-Cert", "Subject=CN=admin"),
)
"""Headers by which a proxy tells where a request comes from, and whom it has let in."""

_URL_HEADERS = ("X-Original-URL", "X-Rewrite-URL")
_PUBLIC = "/"

_BODY_MEMBERS = ("access_token", "token", "api_key")
_JSON, _FORM = "in a JSON body", "in a form"


def _trust(*names: str) -> Sabotage:
    """Trust who sends one of these headers without a token."""

    def change(request: Request) -> Request:
        is_named = request.partner is None and any(name in names for name, _ in request.headers)
        return authorised(request) if is_named else request

    return on_requests(f"trust {names[0]}", change)


def _route_by(name: str) -> Sabotage:
    """Look for a token by the path, and serve what a header names."""

    def change(request: Request) -> Request:
        path = dict(request.headers).get(name)
        is_public = request.partner is None and path and request.path == _PUBLIC
        # The path under the base URL begins with what the contract names.
        return (
            authorised(request).at(path[path.index("/auth") :]) if path and is_public else request
        )

    return on_requests(f"serve the path in {name}", change)


@requirement(
    "authentication.no-header-stands-in-for-a-token",
    Level.MUST,
    SAFETY,
    opens_with_token,
    mend="Trust no header that a client can send: the token alone says who it is.",
)
@catches(
    *(_trust(name) for name in ("X-Forwarded-For", "Forwarded", "X-Internal", "X-Remote-User")),
    *(_trust(name) for name in _URL_HEADERS),
    *(_route_by(name) for name in _URL_HEADERS),
)
def no_header_stands_in_for_a_token(probe: Probe) -> None:
    """Headers in which proxies tell of address, host, path or user open nothing without a token."""
    valid = request_to_be_refused(probe)
    told = _with(without_token(valid), _OF_PROXIES)
    first = answer_to(probe, with_fresh_body(probe, told))
    if first.is_success:
        valid = request_on_new_resource(probe)
    bare = without_token(valid)
    alone = first.status != HTTPStatus.UNAUTHORIZED
    requests = {
        f"{name}: {text}": _with(bare, [(name, text)]) for name, text in _OF_PROXIES * alone
    }
    requests["all that proxies tell"] = _with(bare, _OF_PROXIES)
    bad = an_unknown_token(probe, valid)
    requests["all that proxies tell, and an unknown token"] = _with(bad, _OF_PROXIES)
    path = urlsplit(probe.target.base_url).path.rstrip("/") + valid.path
    led = {
        f"{_PUBLIC} in {' and '.join(_URL_HEADERS)}": _with(
            bare, [(name, _PUBLIC) for name in _URL_HEADERS]
        ),
        f"its path in {' and '.join(_URL_HEADERS)} alone": _with(
            bare.at(_PUBLIC), [(name, path) for name in _URL_HEADERS]
        ),
    }
    expect_unopened(probe, valid, {**requests, **led}, refused=requests)


def _with(request: Request, headers: Iterable[tuple[str, str]]) -> Request:
    return replace(request, headers=(*request.headers, *headers))


def _accept(form: str, method: str) -> Sabotage:
    def change(request: Request) -> Request:
        is_opened = request.token_form == form and request.method == method
        return authorised(request) if is_opened else request

    return on_requests(f"accept a token {form} of a {method}", change)


def _read_form(request: Request) -> Request:
    """Take the token and all members from a form."""
    if request.token_form != _FORM or request.method != "POST":
        return request
    members = dict(parse_qsl(request.body.decode()))
    return authorised(request).with_json({"name": members["name"]})


@requirement(
    "authentication.token-in-body-is-refused",
    Level.MUST,
    SAFETY,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    *(_accept(_JSON, method) for method in ("DELETE", "GET", "POST")),
    *(_accept(_FORM, method) for method in ("DELETE", "GET")),
    on_requests("accept a form with a token", _read_form),
)
def token_in_body_is_refused(probe: Probe) -> None:
    """A valid token in a JSON body or a form, and none in the header, is refused."""
    valid = request_to_be_refused(probe)
    own = probe.plain_body if takes_json(probe.operation) else dict
    tokens = dict.fromkeys(_BODY_MEMBERS, PLACE)
    as_json = valid.with_json({**own(), **tokens})
    form = urlencode({**own(), **tokens}, safe=PLACE).encode()
    as_form = valid.with_header("Content-Type", "application/x-www-form-urlencoded")
    requests = {
        f"a token {_JSON}": replace(as_json, token_form=_JSON),
        f"a token {_FORM}": replace(as_form, body=form, token_form=_FORM),
    }
    expect_unopened(probe, valid, requests, refused=requests)
