"""The forms in which a token may be sent: as it is, and damaged in ways that must be refused.

Each form can be made in Python and written in shell, so that a reproduction works with a token
that the reader exports and no report ever holds.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A way to send a token, and its spelling in a shell script, where ``{0}`` names the token.

    ``scheme`` is what stands before it in the ``Authorization`` header; None puts it in the
    query instead, as :data:`QUERY_PARAMETER`.
    """

    apply: Callable[[str], str]
    shell: str
    scheme: str | None = "Bearer "


QUERY_PARAMETER = "access_token"
"""The query parameter of a token (RFC 6750 section 2.3)."""

UNCHANGED = "as it is"
"""The name of the form that changes nothing."""

_JWT = re.compile(r"(?P<before>.*?)(?P<signed>eyJ[\w-]*\.(?P<claims>[\w-]+))\.[\w-]*", re.ASCII)
"""A JWT (RFC 7519), behind whatever a vendor puts before it."""


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


_HS256 = _base64url(b'{"alg": "HS256" }')
"""The header of a JWT that is signed anew: no issuer spells it in this way."""


def _without_signature(token: str) -> str:
    found = _JWT.fullmatch(token)
    return f"{found['before']}{found['signed']}." if found else token


def _with_swapped_signature(token: str) -> str:
    """A JWT whose signature has the other case: what is signed is as it was."""
    signed, dot, signature = token.rpartition(".")
    return f"{signed}{dot}{signature.swapcase()}" if _JWT.fullmatch(token) else token


def _unsigned(algorithm: str) -> Form:
    """A JWT that says itself that nobody signed it (RFC 8725 section 2.1)."""
    header = _base64url(f'{{"alg":"{algorithm}"}}'.encode())

    def forged(token: str) -> str:
        found = _JWT.fullmatch(token)
        return f"{found['before']}{header}.{found['claims']}." if found else token

    claims = 'c=${{{0}%.*}}; printf %s "${{{0}%%eyJ*}}' + header + '.${{c##*.}}."'
    return Form(forged, f"$({claims})")


def _signed_by_anybody(token: str) -> str:
    """A JWT signed with the key of many a tutorial."""
    found = _JWT.fullmatch(token)
    if found is None:
        return token
    signed = f"{_HS256}.{found['claims']}"
    signature = hmac.digest(b"secret", signed.encode(), hashlib.sha256)
    return f"{found['before']}{signed}.{_base64url(signature)}"


FORMS = {
    UNCHANGED: Form(lambda token: token, "${0}"),
    "cut": Form(lambda token: token[:-1], "${{{0}%?}}"),
    "extended": Form(lambda token: f"{token}x", "${{{0}}}x"),
    "in the other case": Form(str.swapcase, '$(printf %s "${0}" | tr a-zA-Z A-Za-z)'),
    "halved": Form(
        lambda token: token[: len(token) // 2], '$(printf %s "${0}" | head -c $((${{#{0}}} / 2)))'
    ),
    "with its signature in the other case": Form(
        _with_swapped_signature,
        '${{{0}%.*}}.$(printf %s "${{{0}##*.}}" | tr a-zA-Z A-Za-z)',
    ),
    "without its signature": Form(_without_signature, "${{{0}%.*}}."),
    "with the algorithm none": _unsigned("none"),
    "with the algorithm nOnE": _unsigned("nOnE"),
    "signed with the key secret": Form(
        _signed_by_anybody,
        f"$(c=${{{{{{0}}%.*}}}}; s={_HS256}.${{{{c##*.}}}}; "
        'printf %s "${{{0}%%eyJ*}}$s."; printf %s "$s" '
        "| openssl dgst -sha256 -hmac secret -binary | openssl base64 -A | tr +/ -_ | tr -d =)",
    ),
    "with a scheme in lower case": Form(lambda token: token, "${0}", scheme="bearer "),
    "without a scheme": Form(lambda token: token, "${0}", scheme=""),
    "with another scheme": Form(lambda token: token, "${0}", scheme="Token "),
    "in the query": Form(lambda token: token, "${0}", scheme=None),
}
"""By name. A form that does not change a token proves nothing: see :func:`damaged_forms`."""


def damaged_forms(token: str) -> list[str]:
    """The names of the forms that differ from the token itself, where a token belongs."""
    return [name for name, form in FORMS.items() if form.apply(token) != token]


VARIABLES = ("TOKEN", "SECOND_TOKEN")
"""The environment variables of the two partners' tokens in a reproduction."""
