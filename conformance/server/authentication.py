"""Only a whole, valid bearer token opens an operation (seed: Security bearerAuth, Response 401).

Every operation whose contract asks for a bearer token is judged. Where a path names a resource,
one is made first, so that a refusal can never be mistaken for "there is no such thing". An
operation that a target does not serve at all is not verified.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from conformance.applicability import creates, needs_bearer_token, takes_json
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.probe import NotVerified, Probe, Violation, without_token
from conformance.registry import requirement
from conformance.sabotage import (
    Forward,
    Sabotage,
    Tamper,
    on_answers,
    on_requests,
    set_header,
    set_status,
)
from conformance.tokens import damaged_forms
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation

SEED = "safety: nobody gets in without a token; seed: Security bearerAuth, Response 401"

UNSERVED = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
"""What a target answers where it has no such operation; it need not have all of them."""

OTHER_SCHEMES = ("Basic ZGluaWU6Y29uZm9ybWFuY2U=", 'Digest username="dinie"', "Token dinie")
UNKNOWN_TOKENS = (
    "dinie-conformance-unknown",
    "null",
    # A JWT that says itself that nobody signed it (RFC 7519 section 6).
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkaW5pZSJ9.",
)

_ERROR_CODE = re.compile(r'\berror\s*=\s*"?([^",\s]*)', re.IGNORECASE)
_BEARER = re.compile(r"(^|,)\s*bearer(\s|,|$)", re.IGNORECASE)
_SECRET_MEMBERS = {"client_secret", "access_token"}
_TELLING_MEMBERS = 2


def own_request(probe: Probe) -> Request:
    """A valid request for the operation, on a resource made for it where the path names one."""
    operation, request = probe.operation, probe.request()
    names = PATH_PARAMETER.findall(operation.path)
    if not names:
        return request
    maker = _maker(probe)
    made = maker.succeed(maker.request())
    identity = quote(str(made.field(names[-1]) or made.field("id")), safe="")
    return replace(request, path=PATH_PARAMETER.sub(lambda _: identity, operation.path))


def _maker(probe: Probe) -> Probe:
    """A probe for the operation that makes what the path names; both keep one record."""
    parent, _, _ = probe.operation.path.rpartition("/{")
    for creator in probe.contract.operations.values():
        if creates(creator) and creator.path == parent:
            maker = Probe(probe.contract, creator, probe.target, probe.random)
            maker.recording = probe.recording
            return maker
    raise NotVerified(f"the contract has no operation that makes what {parent} holds")


def is_served(probe: Probe) -> bool:
    """Whether the target has the operation, as a valid request shows."""
    return probe.send(own_request(probe)).status not in UNSERVED


def _fresh(probe: Probe, request: Request) -> Request:
    return request.with_json(probe.plain_body()) if takes_json(probe.operation) else request


def _with_header(request: Request, value: str) -> Request:
    return without_token(request).with_header("Authorization", value)


def _refusable(probe: Probe) -> Mapping[str, Request]:
    """Requests that must all be refused, by what is wrong with each."""
    request = own_request(probe)
    return {
        what: _fresh(probe, one)
        for what, one in {
            "no token": without_token(request),
            **_each(request, "the header", OTHER_SCHEMES),
            **_each(request, "an unknown token,", [f"Bearer {one}" for one in UNKNOWN_TOKENS]),
            **_damaged(probe, request),
        }.items()
    }


def _each(request: Request, what: str, values: Collection[str]) -> Mapping[str, Request]:
    return {f"{what} {value}": _with_header(request, value) for value in values}


def _damaged(probe: Probe, request: Request) -> Mapping[str, Request]:
    forms = damaged_forms(probe.target.tokens[0])
    return {f"a token {form}": replace(request, token_form=form) for form in forms}


def _refusals(probe: Probe) -> Mapping[str, Answer]:
    """The answers to all of them, by what is wrong with each request."""
    answers = {what: probe.send(request) for what, request in _refusable(probe).items()}
    if all(answer.status in UNSERVED for answer in answers.values()):
        raise NotVerified(f"the target does not serve {probe.operation.name}")
    return answers


def _expect_refused(
    probe: Probe,
    requests: Mapping[str, Request],
    allowed: Collection[int] = (HTTPStatus.UNAUTHORIZED,),
) -> None:
    for what, request in requests.items():
        answer = probe.send(_fresh(probe, request))
        if answer.status in allowed:
            continue
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotVerified("the target limits requests and does not say how long")
        if answer.status in UNSERVED and not is_served(probe):
            raise NotVerified(f"the target does not serve {probe.operation.name}")
        wanted = " or ".join(str(int(status)) for status in allowed)
        raise Violation(f"{wanted} to a request with {what}", f"{answer.status}")


def _is_authorised(request: Request) -> bool:
    return request.partner is not None and request.token_form == "as it is"  # noqa: S105 - a form


def _authorised(request: Request) -> Request:
    trusted = request.without_header("Authorization")
    return replace(trusted, partner=request.partner or 0, token_form="as it is")  # noqa: S106 - a form


def _accept(name: str, accepts: Callable[[Request], bool]) -> Sabotage:
    return on_requests(f"accept {name}", lambda one: _authorised(one) if accepts(one) else one)


def _header_begins(begin: str) -> Callable[[Request], bool]:
    return lambda request: any(
        name == "Authorization" and value.startswith(begin) for name, value in request.headers
    )


def _accept_form(form: str) -> Sabotage:
    return _accept(f"a token {form}", lambda request: request.token_form == form)


def _carry_out_and_refuse() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method != "GET" and not _is_authorised(request):
            forward(_authorised(request))
        return forward(request)

    return tamper


def _refuse_with_the_goods() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if _is_authorised(request):
            return forward(request)
        return replace(forward(_authorised(request)), status=HTTPStatus.UNAUTHORIZED)

    return tamper


def _validate_first() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        trusted = forward(_authorised(request))
        refused = trusted.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
        return trusted if refused else forward(request)

    return tamper


def _challenge_with(value: str) -> Sabotage:
    return replace(set_header(401, "WWW-Authenticate", value), name=f"challenge with {value}")


CARRY_OUT_AND_REFUSE = Sabotage("carry out and answer 401", _carry_out_and_refuse)
FORBID = set_status(401, 403)


@requirement(
    id="authentication.no-token-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(
        _accept("everybody", lambda one: one.partner is None and not _header_begins("")(one)),
        FORBID,
    ),
)
def no_token_is_refused(probe: Probe) -> None:
    """A request without an Authorization header gets 401."""
    _expect_refused(probe, {"no token": without_token(own_request(probe))})


@requirement(
    id="authentication.other-scheme-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(
        _accept("Basic", _header_begins("Basic")),
        _accept_form("with another scheme"),
        FORBID,
    ),
)
def other_scheme_is_refused(probe: Probe) -> None:
    """A request with another authentication scheme than Bearer gets 401."""
    request = own_request(probe)
    _expect_refused(
        probe,
        {
            **_each(request, "the header", OTHER_SCHEMES),
            "a token behind another scheme": replace(request, token_form="with another scheme"),  # noqa: S106 - a form
        },
    )


@requirement(
    id="authentication.malformed-header-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(
        _accept("an empty token", lambda one: ("Authorization", "Bearer") in one.headers),
        _accept_form("without a scheme"),
        FORBID,
    ),
)
def malformed_header_is_refused(probe: Probe) -> None:
    """A request whose Authorization header holds no token gets 401, or 400."""
    # RFC 6750 section 3.1 has 400 for a request that is malformed; the seed documents both.
    allowed = (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST)
    request, values = own_request(probe), ("Bearer", "Bearer ,", "bearer=")
    bare = replace(request, token_form="without a scheme")  # noqa: S106 - a form
    requests = {**_each(request, "the header", values), "a token without a scheme": bare}
    _expect_refused(probe, requests, allowed)


@requirement(
    id="authentication.token-in-query-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(_accept_form("in the query"), FORBID),
)
def token_in_query_is_refused(probe: Probe) -> None:
    """A valid token in the query, and none in the header, gets 401."""
    request = replace(own_request(probe), token_form="in the query")  # noqa: S106 - a form
    _expect_refused(probe, {"the token in the query": request})


@requirement(
    id="authentication.scheme-is-case-insensitive",
    level=Level.SHOULD,
    source="RFC 9110, section 11.1",
    applies_to=needs_bearer_token,
    sabotage=(
        on_answers(
            "know only Bearer",
            lambda request, answer: (
                replace(answer, status=HTTPStatus.UNAUTHORIZED)
                if request.token_form == "with a scheme in lower case"  # noqa: S105 - a form
                else answer
            ),
        ),
    ),
)
def scheme_is_case_insensitive(probe: Probe) -> None:
    """The scheme may be written in lower case: bearer."""
    request = replace(own_request(probe), token_form="with a scheme in lower case")  # noqa: S106 - a form
    answer = probe.send(request)
    if answer.status in UNSERVED and not is_served(probe):
        raise NotVerified(f"the target does not serve {probe.operation.name}")
    refused = answer.status == HTTPStatus.UNAUTHORIZED
    probe.expect(not refused, "no 401 to bearer in lower case", "401")


@requirement(
    id="authentication.unknown-token-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(
        _accept("any token", _header_begins("Bearer ")),
        _accept("unsigned tokens", _header_begins("Bearer eyJ")),
        FORBID,
    ),
)
def unknown_token_is_refused(probe: Probe) -> None:
    """A token that the target never issued gets 401."""
    values = [f"Bearer {one}" for one in UNKNOWN_TOKENS]
    _expect_refused(probe, _each(own_request(probe), "the header", values))


@requirement(
    id="authentication.damaged-token-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=needs_bearer_token,
    sabotage=(
        *(_accept_form(form) for form in ("cut", "extended", "in the other case", "halved")),
        FORBID,
    ),
)
def damaged_token_is_refused(probe: Probe) -> None:
    """A valid token that was cut, extended or changed in case gets 401."""
    _expect_refused(probe, _damaged(probe, own_request(probe)))


@requirement(
    id="authentication.refusal-gives-nothing-away",
    level=Level.MUST,
    source="safety: a refused request yields nothing",
    applies_to=needs_bearer_token,
    sabotage=(Sabotage("refuse with the goods", _refuse_with_the_goods),),
)
def refusal_gives_nothing_away(probe: Probe) -> None:
    """A refused request yields neither a secret nor what it asked for."""
    own = _success_members(probe.operation)
    for what, answer in _refusals(probe).items():
        found = own & _members(answer)
        # A problem may have members of its own (RFC 9457 section 3.2): one alone says nothing.
        leaked = found & _SECRET_MEMBERS or len(found) >= _TELLING_MEMBERS
        actual = f"{answer.status} with {', '.join(sorted(found))}"
        probe.expect(not leaked, f"no such data in the answer to a request with {what}", actual)


def _success_members(operation: Operation) -> set[str]:
    """What only a success has: its members without those of the refusal."""
    members: list[set[str]] = []
    for status in (operation.success_status, HTTPStatus.UNAUTHORIZED):
        answer = operation.answer(status)
        schemas = [one.schema for one in (answer.content.values() if answer else ()) if one.schema]
        outlines: list[Mapping[str, Any]] = [one.outline for one in schemas]
        members.append({name for one in outlines for name in one.get("properties", {})})
    return members[0] - members[1]


def _members(answer: Answer) -> set[str]:
    try:
        value = answer.json()
    except ValueError:
        return set()
    return set(value) if isinstance(value, dict) else set()


@requirement(
    id="authentication.refused-request-creates-nothing",
    level=Level.MUST,
    source=SEED,
    applies_to=lambda one: needs_bearer_token(one) and creates(one) and takes_json(one),
    needs=(Capability.LISTING,),
    sabotage=(CARRY_OUT_AND_REFUSE,),
)
def refused_request_creates_nothing(probe: Probe) -> None:
    """A request that is refused for its token creates nothing, as the list shows."""
    requests = _refusable(probe)
    for request in requests.values():
        probe.send(request)
    listed = {item.get("name") for item in probe.listed()}
    for what, request in requests.items():
        name = Answer(0, body=request.body).field("name")
        probe.expect(name not in listed, f"nothing made by a request with {what}", "a resource")


@requirement(
    id="authentication.refused-request-revokes-nothing",
    level=Level.MUST,
    source=SEED,
    applies_to=lambda one: needs_bearer_token(one) and one.method == "DELETE",
    needs=(Capability.REVOCATION,),
    sabotage=(CARRY_OUT_AND_REFUSE,),
)
def refused_request_revokes_nothing(probe: Probe) -> None:
    """A request that is refused for its token leaves the resource as it was."""
    requests = _refusable(probe)
    for request in requests.values():
        probe.send(request)
    if Capability.LISTING in probe.target.capabilities:
        # A target may answer 204 to a second revocation as well: the list tells more.
        identity = unquote(requests["no token"].path.rpartition("/")[2])
        states = {one.get("status") for one in _maker(probe).listed() if one.get("id") == identity}
        probe.expect("revoked" not in states, "a key that is still active", "a revoked one")
    answer = probe.send(_authorised(requests["no token"]))
    success = probe.operation.success_status
    probe.expect(
        answer.status == success, f"{success} to the first one with a token", f"{answer.status}"
    )


@requirement(
    id="authentication.refusal-has-challenge",
    level=Level.SHOULD,
    source="RFC 9110, section 11.6.1",
    applies_to=needs_bearer_token,
    sabotage=(set_header(401, "WWW-Authenticate", None),),
)
def refusal_has_challenge(probe: Probe) -> None:
    """Every 401 says how to authenticate, in WWW-Authenticate."""
    for what, answer in _refusals(probe).items():
        challenged = answer.status != HTTPStatus.UNAUTHORIZED or answer.header("www-authenticate")
        expected = f"WWW-Authenticate in the answer to a request with {what}"
        probe.expect(challenged, expected, "no such header")


@requirement(
    id="authentication.challenge-names-bearer",
    level=Level.SHOULD,
    source="RFC 6750, section 3",
    applies_to=needs_bearer_token,
    sabotage=(
        _challenge_with('Basic realm="dinie"'),
        _challenge_with('Basic realm="bearer"'),
    ),
)
def challenge_names_bearer(probe: Probe) -> None:
    """The challenge of a 401 offers the Bearer scheme."""
    challenge = _challenge(probe, without_token(own_request(probe)))
    probe.expect(_BEARER.search(challenge), "the scheme Bearer", "a challenge without it")


@requirement(
    id="authentication.challenge-explains-bad-token",
    level=Level.SHOULD,
    source="RFC 6750, section 3.1",
    applies_to=needs_bearer_token,
    sabotage=(
        _challenge_with("Bearer"),
        _challenge_with('Bearer error="invalid_request"'),
    ),
)
def challenge_explains_bad_token(probe: Probe) -> None:
    """The challenge to a bad token says error="invalid_token"."""
    request = _with_header(own_request(probe), f"Bearer {UNKNOWN_TOKENS[0]}")
    codes = _ERROR_CODE.findall(_challenge(probe, request))
    probe.expect("invalid_token" in codes, 'error="invalid_token"', "a challenge without it")


@requirement(
    id="authentication.challenge-without-token-has-no-error",
    level=Level.SHOULD,
    source="RFC 6750, section 3.1",
    applies_to=needs_bearer_token,
    sabotage=(_challenge_with('Bearer error="invalid_token"'),),
)
def challenge_without_token_has_no_error(probe: Probe) -> None:
    """The challenge to a request without any token carries no error code."""
    challenge = _challenge(probe, without_token(own_request(probe)))
    probe.expect(not _ERROR_CODE.search(challenge), "a challenge without error", "one with error")


def _challenge(probe: Probe, request: Request) -> str:
    answer = probe.send(_fresh(probe, request))
    challenge = answer.header("www-authenticate")
    if answer.status != HTTPStatus.UNAUTHORIZED or challenge is None:
        raise NotVerified(f"the target answered {answer.status} and no challenge")
    return challenge


@requirement(
    id="authentication.comes-before-validation",
    level=Level.SHOULD,
    source="RFC 9110, section 15.5.2",
    applies_to=lambda one: needs_bearer_token(one) and takes_json(one),
    sabotage=(Sabotage("validate first", _validate_first),),
)
def comes_before_validation(probe: Probe) -> None:
    """Without a token, a request gets 401 whatever its body is like."""
    request = without_token(own_request(probe))
    for body in (b"{", b"", b"[]", b"{}"):
        answer = probe.send(replace(request, body=body))
        if answer.status in UNSERVED and not is_served(probe):
            raise NotVerified(f"the target does not serve {probe.operation.name}")
        probe.expect(
            answer.status == HTTPStatus.UNAUTHORIZED,
            "401 to a bad body without a token",
            f"{answer.status}",
        )
