"""What libraries and gateways get wrong about tokens, secrets and schemes."""

import base64
import hmac
import re
import time
from collections.abc import Callable

from flask import Request

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Document
from tests.flask_server.service.authentication import bearer, may_have_token
from tests.flask_server.service.tables import Credential
from tests.flask_server.service.tokens import PREFIX, Claims, past

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def also_from(parts: Parts, find: Callable[[Request], str | None]) -> None:
    """A second place where a token is looked for."""
    parts.authentication.token_of = lambda request: bearer(request) or find(request)


def _unsigned_if(parts: Parts, names: Callable[[object], bool]) -> None:
    parts.tokens.algorithm_allowed = lambda name: name == "HS256" or names(name)
    parts.tokens.signed = lambda given, expected: (
        given == "" or hmac.compare_digest(given, expected)
    )


@fault(MUST, "github.com/auth0/node-jsonwebtoken/issues/13")
def algorithm_none_taken(parts: Parts) -> None:
    """A token with the algorithm `none` and no signature is taken."""
    _unsigned_if(parts, lambda name: name == "none")


@fault(MUST, "filters of `none` that look for one spelling")
def algorithm_none_taken_in_other_spellings(parts: Parts) -> None:
    """A token with the algorithm `nOnE` is taken, but not one with `none`."""
    _unsigned_if(
        parts, lambda name: isinstance(name, str) and name != "none" and name.lower() == "none"
    )


@fault(MUST, "decode called in the place of verify: github.com/auth0/nginx-jwt/issues/30")
def signature_not_checked(parts: Parts) -> None:
    """Any signature is taken."""
    parts.tokens.signed = lambda given, expected: True


@fault(MUST, "github.com/jwtk/jjwt/issues/331")
def empty_signature_taken(parts: Parts) -> None:
    """A token whose signature is left out is taken, with the algorithm it was issued with."""
    parts.tokens.signed = lambda given, expected: (
        given == "" or hmac.compare_digest(given, expected)
    )


@fault(MUST, "comparisons of as many bytes as were given")
def signature_compared_in_part(parts: Parts) -> None:
    """The first half of the signature is enough."""
    parts.tokens.signed = lambda given, expected: (
        len(given) >= 16 and expected.startswith(given[: len(expected) // 2])
    )


@fault(
    MUST, "base64 decoders that skip what they do not know: github.com/jpadilla/pyjwt/issues/676"
)
def signature_compared_in_any_case(parts: Parts) -> None:
    """Capitals in a signature make no difference."""
    parts.tokens.signed = lambda given, expected: given.lower() == expected.lower()


@fault(MUST, "github.com/auth0/nginx-jwt/issues/30")
def expired_tokens_taken(parts: Parts) -> None:
    """Tokens do not expire."""
    parts.tokens.expired = lambda expiry, now: False


@fault(MUST, "leeway in minutes where seconds were meant")
def leeway_of_a_day(parts: Parts) -> None:
    """A token is taken for a day after it expired."""
    parts.tokens.expired = lambda expiry, now: past(expiry + 86_400, now)


@fault(MUST, "kid that names a file: /dev/null is an empty key")
def kid_chooses_an_empty_key(parts: Parts) -> None:
    """A token with an unknown `kid` is checked with an empty key."""

    def key_for(header: Claims, key: bytes) -> bytes:
        return b"" if "kid" in header else key

    parts.tokens.key_for = key_for


@fault(MUST, "embedded keys: CVE-2018-0114 of node-jose")
def key_taken_from_the_token(parts: Parts) -> None:
    """A token with a `jwk` in its header is checked with that key."""

    def key_for(header: Claims, key: bytes) -> bytes:
        jwk = header.get("jwk")
        if not isinstance(jwk, dict) or not isinstance(jwk.get("k"), str):
            return key
        return base64.urlsafe_b64decode(jwk["k"] + "==")

    parts.tokens.key_for = key_for


@fault(MUST, "signing keys from a tutorial")
def signed_with_a_known_key(parts: Parts) -> None:
    """Tokens are signed with the key `secret`."""
    parts.tokens.key = b"secret"


@fault(SHOULD, "RFC 6750 section 2.3 and its warning")
def token_taken_from_the_query(parts: Parts) -> None:
    """A token in the query is taken."""
    also_from(parts, lambda request: request.args.get("access_token"))


@fault(SHOULD, "RFC 6750 section 2.2")
def token_taken_from_a_cookie(parts: Parts) -> None:
    """A token in a cookie is taken."""
    also_from(parts, lambda request: request.cookies.get("access_token"))


@fault(SHOULD, "github.com/kubestellar/console/issues/7374")
def scheme_compared_with_case(parts: Parts) -> None:
    """The scheme `bearer` is refused, and `BEARER`."""
    parts.authentication.token_of = lambda request: (
        bearer(request) if request.headers.get("Authorization", "").startswith("Bearer ") else None
    )


@fault(MUST, "authorization.split(' ')[1]")
def any_scheme_taken(parts: Parts) -> None:
    """A token is taken with whatever scheme is before it: Basic, Token, Digest."""

    def find(request: Request) -> str | None:
        words = request.headers.get("Authorization", "").split()
        return words[1] if len(words) == 2 else None

    also_from(parts, find)


@fault(SHOULD, "header.replace('Bearer ', '')")
def no_scheme_needed(parts: Parts) -> None:
    """A token alone, with no scheme, is taken."""

    def find(request: Request) -> str | None:
        header = request.headers.get("Authorization", "")
        return header if header.startswith(PREFIX) else None

    also_from(parts, find)


@fault(RARE, "header.replace('Bearer', '')")
def scheme_found_anywhere(parts: Parts) -> None:
    """The word Bearer may be anywhere before the token, as in `Not-Bearer TOKEN`."""

    def find(request: Request) -> str | None:
        match = re.search(r"Bearer\s+(\S+)", request.headers.get("Authorization", ""))
        return match[1] if match else None

    also_from(parts, find)


@fault(SHOULD, "prefixes that are stripped where they are")
def prefix_not_needed(parts: Parts) -> None:
    """A token without its prefix is taken."""
    parts.tokens.unprefixed = lambda token: token.removeprefix(PREFIX)


@fault(MUST, "identity headers of a mesh that clients can send too")
def partner_taken_from_a_header(parts: Parts) -> None:
    """X-Partner-Id names the partner that a request acts for."""

    def partner_of(claims: Claims, request: Request) -> str:
        return request.headers.get("X-Partner-Id", str(claims["partner"]))

    parts.authentication.partner_of = partner_of


@fault(MUST, "github.com/fastapi/fastapi/issues/2026")
def missing_token_is_forbidden(parts: Parts) -> None:
    """A request without a token gets 403."""
    parts.authentication.status_without_token = 403


@fault(MUST, "unset headers that are dereferenced")
def malformed_token_fails(parts: Parts) -> None:
    """A token that is no JWT gets 500."""

    def unprefixed(token: str) -> str:
        token = token.removeprefix(PREFIX)
        if token.count(".") != 2:
            raise RuntimeError(token)
        return token

    parts.tokens.unprefixed = unprefixed


@fault(SHOULD, "RFC 9110 section 15.5.2")
def no_challenge(parts: Parts) -> None:
    """A 401 has no WWW-Authenticate."""
    parts.authentication.challenge = lambda code: None


@fault(SHOULD, "RFC 6750 section 3.1")
def challenge_without_an_error(parts: Parts) -> None:
    """The challenge does not say that a token is invalid."""
    parts.authentication.challenge = lambda code: "Bearer"


@fault(MUST, "MySQL collations that ignore case")
def secret_compared_without_case(parts: Parts) -> None:
    """Capitals in a secret make no difference."""
    check = parts.authentication.secret_matches
    parts.authentication.secret_matches = lambda credential, secret: check(
        credential, secret.lower()
    )


@fault(MUST, "bcrypt: 72 bytes and no more")
def secret_compared_in_part(parts: Parts) -> None:
    """What follows the length of a secret is ignored."""
    check = parts.authentication.secret_matches
    parts.authentication.secret_matches = lambda credential, secret: check(credential, secret[:46])


@fault(MUST, "github.com/TykTechnologies/tyk/issues/2293")
def revoked_for_later(parts: Parts) -> None:
    """A revoked credential gets tokens for another minute."""

    def may(credential: Credential, now: float) -> bool:
        cached = credential.status == "revoked" and now - credential.updated < 60
        return cached or may_have_token(credential, now)

    parts.authentication.may_have_token = may


@fault(MUST, "github.com/wso2/product-apim/issues/9641")
def revoked_gets_tokens(parts: Parts) -> None:
    """A revoked credential gets tokens as before."""

    def may(credential: Credential, now: float) -> bool:
        ends = credential.expires_seconds
        return ends is None or now < ends

    parts.authentication.may_have_token = may


@fault(MUST, "expiry that is stored and never read")
def expired_credential_gets_tokens(parts: Parts) -> None:
    """A credential past its end gets tokens."""
    parts.authentication.may_have_token = lambda credential, now: credential.status == "active"


@fault(SHOULD, "last-used columns that a cache swallows")
def last_use_is_not_kept(parts: Parts) -> None:
    """last_used_at stays null."""

    def shown(document: Document) -> Document:
        return {**document, "last_used_at": None}

    parts.storing.shown = shown


@fault(RARE, "comparisons that end at the first difference: Keyczar in 2009")
def signature_compared_slowly(parts: Parts) -> None:
    """The check of a token takes longer the more of its signature is right."""

    def slowly(given: str, expected: str) -> bool:
        for one, other in zip(given, expected, strict=False):
            if one != other:
                return False
            time.sleep(0.0005)
        return given == expected

    parts.tokens.signed = slowly
