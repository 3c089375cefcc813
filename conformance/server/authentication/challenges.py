"""A 401 says how to authenticate, in WWW-Authenticate (RFC 9110; RFC 6750; RFC 7617).

Nothing is asked of an operation with an API key: no scheme of challenges is registered for keys
(RFC 9110 section 16.4.1), so a server has none to send that a client could answer.
"""

import re
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import CHALLENGE
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, set_header
from conformance.probe.applicability import (
    both,
    challenges_for_bearer,
    opens_by_scheme,
    opens_with_bearer_token,
)
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import request_on_new_resource
from conformance.probe.values import Values
from conformance.server.authentication.requests import (
    UNKNOWN_TOKENS,
    expect_own_token,
    refusals,
    with_authorization,
    with_fresh_body,
)
from conformance.target.exchange import Request
from openapi.operation import Operation

_ERROR_CODE = re.compile(r'\berror\s*=\s*"?([^",\s]*)', re.IGNORECASE)
_BEARER = re.compile(r"(^|,)\s*bearer(\s|,|$)", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_BASIC = re.compile(
    r'(^|,)\s*basic\s+(?:[^\s=,]+\s*=\s*[^\s,]+\s*,\s*)*realm\s*=\s*"', re.IGNORECASE
)
"""A challenge of Basic with the realm that it must have (RFC 7617 section 2), its texts empty."""


def _is_challenged(operation: Operation) -> bool:
    """Whether the operation refuses other tokens with 401, as far as the contract says."""
    is_forbidding = operation.documents(HTTPStatus.FORBIDDEN)
    is_challenging = operation.documents(HTTPStatus.UNAUTHORIZED) or not is_forbidding
    return opens_by_scheme(operation) and is_challenging


def _is_challenged_for_basic(operation: Operation) -> bool:
    return _is_challenged(operation) and not opens_with_bearer_token(operation)


def _challenge_with(value: str) -> Sabotage:
    return replace(set_header(401, "WWW-Authenticate", value), name=f"challenge with {value}")


@requirement(
    "authentication.refusal-has-challenge",
    Level.SHOULD,
    "RFC 9110, section 11.6.1",
    _is_challenged,
    mend=CHALLENGE,
)
@catches(set_header(401, "WWW-Authenticate", None))
def refusal_has_challenge(probe: Probe) -> None:
    """Every 401 says how to authenticate, in WWW-Authenticate."""
    for what, answer in refusals(probe).items():
        challenged = answer.status != HTTPStatus.UNAUTHORIZED or answer.header("www-authenticate")
        expected = f"WWW-Authenticate in the answer to a request with {what}"
        probe.expect(challenged, expected, "no such header")


@requirement(
    "authentication.challenge-names-bearer",
    Level.SHOULD,
    "RFC 6750, section 3",
    both(_is_challenged, challenges_for_bearer),
    mend=CHALLENGE,
)
@catches(_challenge_with('Basic realm="dinie"'), _challenge_with('Basic realm="bearer"'))
def challenge_names_bearer(probe: Probe) -> None:
    """The challenge of a 401 offers the Bearer scheme."""
    challenge = _challenge(probe, without_token(request_on_new_resource(probe)))
    probe.expect(
        _BEARER.search(challenge), "the scheme Bearer", "a challenge without it", _seen(challenge)
    )


@requirement(
    "authentication.challenge-names-basic",
    Level.SHOULD,
    "RFC 7617, section 2",
    _is_challenged_for_basic,
    mend=CHALLENGE,
)
@catches(
    _challenge_with("Basic"),
    _challenge_with('Bearer realm="shop"'),
    _challenge_with('Basic charset="UTF-8", Bearer realm="shop"'),
    _challenge_with('Digest realm="shop, Basic realm="'),
)
def challenge_names_basic(probe: Probe) -> None:
    """The challenge of a 401 offers the Basic scheme, with a realm."""
    challenge = _challenge(probe, without_token(request_on_new_resource(probe)))
    texts_left_out = _QUOTED.sub('""', challenge)
    probe.expect(
        _BASIC.search(texts_left_out),
        "the scheme Basic with a realm",
        "a challenge without it",
        _seen(challenge),
    )


@requirement(
    "authentication.challenge-explains-bad-token",
    Level.SHOULD,
    "RFC 6750, section 3.1",
    both(_is_challenged, opens_with_bearer_token),
    mend=CHALLENGE,
)
@catches(_challenge_with("Bearer"), _challenge_with('Bearer error="invalid_request"'))
def challenge_explains_bad_token(probe: Probe) -> None:
    """The challenge to a bad token says error="invalid_token"."""
    request = with_authorization(request_on_new_resource(probe), f"Bearer {UNKNOWN_TOKENS[0]}")
    challenge = _challenge(probe, request)
    probe.expect(
        "invalid_token" in _ERROR_CODE.findall(challenge),
        'error="invalid_token"',
        "a challenge without it",
        _seen(challenge),
    )


@requirement(
    "authentication.challenge-without-token-has-no-error",
    Level.SHOULD,
    "RFC 6750, section 3.1",
    both(_is_challenged, opens_with_bearer_token),
    mend=CHALLENGE,
)
@catches(_challenge_with('Bearer error="invalid_token"'))
def challenge_without_token_has_no_error(probe: Probe) -> None:
    """The challenge to a request without any token carries no error code."""
    challenge = _challenge(probe, without_token(request_on_new_resource(probe)))
    probe.expect(
        not _ERROR_CODE.search(challenge),
        "a challenge without error",
        "one with error",
        _seen(challenge),
    )


def _seen(challenge: str) -> Values:
    return Values("WWW-Authenticate", challenge)


def _challenge(probe: Probe, request: Request) -> str:
    expect_own_token(probe)
    answer = probe.send(with_fresh_body(probe, request))
    challenge = answer.header("www-authenticate")
    if answer.status != HTTPStatus.UNAUTHORIZED or challenge is None:
        raise NotVerified(f"the target answered {answer.status} and no challenge")
    return challenge
