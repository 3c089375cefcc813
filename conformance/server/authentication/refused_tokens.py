"""Only a whole, valid bearer token opens an operation (seed: Security bearerAuth, Response 401).

Every operation whose contract asks for a bearer token is judged. An operation that a target does
not serve at all is not verified.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import AUTHENTICATE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers, on_requests, set_status
from conformance.probe.applicability import (
    opens_by_scheme,
    opens_with_bearer_token,
    opens_with_token,
)
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import expect_served, request_on_new_resource
from conformance.probe.violation import Violation
from conformance.server.authentication.requests import (
    OTHER_SCHEMES,
    SEED,
    UNKNOWN_TOKENS,
    authorised,
    each_authorization,
    expect_own_token,
    in_forms,
    with_damaged_tokens,
    with_fresh_body,
    with_unknown_tokens,
)
from conformance.target.exchange import Request
from conformance.target.token_forms import FORMS


def _expect_refused(
    probe: Probe,
    requests: Mapping[str, Request],
    allowed: Collection[int] = (HTTPStatus.UNAUTHORIZED,),
) -> None:
    expect_own_token(probe)
    if not probe.operation.documents(HTTPStatus.UNAUTHORIZED):
        allowed = {*allowed, HTTPStatus.FORBIDDEN}
    # A token that stands where an API key opens the operation may be one.
    places = probe.contract.key_places(probe.operation)
    refused = {
        what: one for what, one in requests.items() if FORMS[one.token_form].key_place not in places
    }
    if not refused:
        raise NotServed("the contract has API keys at the places that this is about")
    for what, request in refused.items():
        answer = probe.send(with_fresh_body(probe, request))
        if answer.status in allowed:
            continue
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotVerified("the target limits requests and does not say how long")
        expect_served(probe, answer)
        wanted = " or ".join(str(int(status)) for status in allowed)
        raise Violation(f"{wanted} to a request with {what}", f"{answer.status}")


def _accept(name: str, accepts: Callable[[Request], bool]) -> Sabotage:
    return on_requests(f"accept {name}", lambda one: authorised(one) if accepts(one) else one)


def _header_begins(begin: str) -> Callable[[Request], bool]:
    return lambda request: any(
        name == "Authorization" and value.startswith(begin) for name, value in request.headers
    )


def _accept_form(form: str) -> Sabotage:
    return _accept(f"a token {form}", lambda request: request.token_form == form)


FORBID = set_status(401, 403)

_NO_SCHEME = ("without a scheme", "right behind its scheme", "behind two schemes")
_NO_PAIR = ("Basic", "Basic ,", "Basic ====", "Basic ZGluaWU=")
"""HTTP Basic without user and password: the last one has no colon."""

_ELSEWHERE = ("in a cookie", "in a header of its own")


@requirement(
    "authentication.no-token-is-refused",
    Level.MUST,
    SEED,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _accept("everybody", lambda one: one.partner is None and not _header_begins("")(one)), FORBID
)
def no_token_is_refused(probe: Probe) -> None:
    """A request without an Authorization header gets 401."""
    _expect_refused(probe, {"no token": without_token(request_on_new_resource(probe))})


@requirement(
    "authentication.other-scheme-is-refused",
    Level.MUST,
    SEED,
    opens_by_scheme,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _accept("Basic", _header_begins("Basic")),
    _accept_form("with another scheme"),
    _accept_form("with a scheme that ends like its own"),
    FORBID,
)
def other_scheme_is_refused(probe: Probe) -> None:
    """A request with another authentication scheme than Bearer gets 401."""
    request = request_on_new_resource(probe)
    forms = ("with another scheme", "with a scheme that ends like its own")
    _expect_refused(
        probe,
        {
            **each_authorization(request, "the header", OTHER_SCHEMES),
            **in_forms(request, forms),
        },
    )


@requirement(
    "authentication.malformed-header-is-refused",
    Level.MUST,
    SEED,
    opens_by_scheme,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _accept("an empty token", lambda one: ("Authorization", "Bearer") in one.headers),
    *(_accept_form(form) for form in _NO_SCHEME),
    FORBID,
)
def malformed_header_is_refused(probe: Probe) -> None:
    """A request whose Authorization header holds no token gets 401, or 400."""
    # RFC 6750 section 3.1 has 400 for a request that is malformed; the seed documents both.
    allowed = (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST)
    request = request_on_new_resource(probe)
    is_basic = bool(probe.token_place)
    values = _NO_PAIR if is_basic else ("Bearer", "Bearer ,", "bearer=")
    requests = {
        **each_authorization(request, "the header", values),
        **in_forms(request, _NO_SCHEME),
    }
    _expect_refused(probe, requests, allowed)


@requirement(
    "authentication.token-in-query-is-refused",
    Level.MUST,
    SEED,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _accept_form("in the query"),
    _accept_form("in the query as token"),
    _accept(
        "a token in the query beside a bad one",
        lambda one: one.token_form == "in the query" and _header_begins("Bearer")(one),  # noqa: S105 - a form
    ),
    FORBID,
)
def token_in_query_is_refused(probe: Probe) -> None:
    """A valid token in the query, and none or a bad one in the header, gets 401."""
    bare = request_on_new_resource(probe)
    request = replace(bare, token_form="in the query")  # noqa: S106 - a form
    beside = {
        f"the token in the query beside {value}": request.with_header("Authorization", value)
        for value in (f"Bearer {UNKNOWN_TOKENS[0]}", OTHER_SCHEMES[0])
    }
    forms = [form for form in FORMS if form.startswith("in the query as ")]
    requests = {"the token in the query": request, **beside, **in_forms(bare, forms)}
    _expect_refused(probe, requests)


@requirement(
    "authentication.token-elsewhere-is-refused",
    Level.MUST,
    SEED,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(*(_accept_form(form) for form in _ELSEWHERE), FORBID)
def token_elsewhere_is_refused(probe: Probe) -> None:
    """A valid token in a cookie or in another header than Authorization gets 401."""
    _expect_refused(probe, in_forms(request_on_new_resource(probe), _ELSEWHERE))


@requirement(
    "authentication.token-without-its-prefix-is-refused",
    Level.SHOULD,
    "vendor facts: an access token is a JWT behind the prefix dinie_at_",
    opens_with_bearer_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(_accept_form("without its prefix"), FORBID)
def token_without_its_prefix_is_refused(probe: Probe) -> None:
    """A valid token without the prefix that it was issued with gets 401."""
    form = "without its prefix"
    token = probe.target.access[0].at(probe.token_place)
    if FORMS[form].apply(token) == token:
        raise NotServed("the target's tokens have no prefix")
    _expect_refused(probe, in_forms(request_on_new_resource(probe), (form,)))


@requirement(
    "authentication.scheme-is-case-insensitive",
    Level.SHOULD,
    "RFC 9110, section 11.1",
    opens_with_bearer_token,
    mend="Compare the authentication scheme without regard to case.",
)
@catches(
    on_answers(
        "know only Bearer",
        lambda request, answer: (
            replace(answer, status=HTTPStatus.UNAUTHORIZED)
            if request.token_form == "with a scheme in lower case"  # noqa: S105 - a form
            else answer
        ),
    )
)
def scheme_is_case_insensitive(probe: Probe) -> None:
    """The scheme may be written in lower case: bearer."""
    expect_own_token(probe)
    request = replace(request_on_new_resource(probe), token_form="with a scheme in lower case")  # noqa: S106 - a form
    answer = probe.send(request)
    expect_served(probe, answer)
    refused = answer.status == HTTPStatus.UNAUTHORIZED
    if refused and probe.control().status == HTTPStatus.UNAUTHORIZED:
        raise NotVerified("the target refuses the token in the usual form as well")
    probe.expect(not refused, "no 401 to bearer in lower case", "401")


@requirement(
    "authentication.unknown-token-is-refused",
    Level.MUST,
    SEED,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _accept("any token", _header_begins("Bearer ")),
    _accept("unsigned tokens", _header_begins("Bearer eyJ")),
    FORBID,
)
def unknown_token_is_refused(probe: Probe) -> None:
    """A token that the target never issued gets 401."""
    _expect_refused(probe, with_unknown_tokens(probe, request_on_new_resource(probe)))


@requirement(
    "authentication.damaged-token-is-refused",
    Level.MUST,
    SEED,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    *(_accept_form(form) for form in ("cut", "extended", "in the other case", "halved")), FORBID
)
def damaged_token_is_refused(probe: Probe) -> None:
    """A valid token that was cut, extended or changed in case, and a forged JWT, gets 401."""
    _expect_refused(probe, with_damaged_tokens(probe, request_on_new_resource(probe)))
