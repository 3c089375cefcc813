"""The forms in which a token may be sent: as it is, and damaged in ways that must be refused.

Each form can be made in Python and written in shell, so that a reproduction works with a token
that the reader exports and no report ever holds.
"""

import hashlib
import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Form:
    """A way to send a token, and its spelling in a shell script, where ``{0}`` names the token.

    ``scheme`` is what stands before it in its ``header``; without a header it stands in the
    query instead, as the value of ``parameter``, or ``in_body`` in each :data:`PLACE`.
    ``is_damage``: a token in this form is none.
    """

    apply: Callable[[str], str]
    shell: str
    scheme: str = "Bearer "
    header: str | None = "Authorization"
    is_damage: bool = True
    parameter: str = "access_token"
    in_body: bool = False

    @property
    def key_place(self) -> str:
        """Where the token stands as an API key would, as in ``Contract.key_places``; else empty."""
        if self.header is None:
            return "" if self.in_body else f"query {self.parameter}"
        if self.header == "Cookie":
            return f"cookie {self.scheme.rstrip('=')}"
        return "" if self.scheme else f"header {self.header.lower()}"

    def in_query(self, token: str) -> str:
        """The parameter of a query that holds a token in this form."""
        return f"{self.parameter}={quote(self.apply(token), safe='')}"


PLACE = "{token}"
"""What stands for a token in the body of a request."""

UNCHANGED = "as it is"
"""The name of the form that changes nothing."""

_JWT = re.compile(r"(?P<before>.*?)(?P<signed>eyJ[\w-]*\.(?P<claims>[\w-]+))\.[\w-]*", re.ASCII)
"""A JWT (RFC 7519), behind whatever a vendor puts before it."""


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


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


_PREFIX = re.compile(r"(?:[a-z]+_)+")
"""What a vendor puts before a token, to tell it from others."""


def _signed(header: str, key: bytes) -> Form:
    """A JWT signed anew with a key that everybody knows, under a header that may choose it."""
    encoded = _base64url(header.encode())

    def forged(token: str) -> str:
        found = _JWT.fullmatch(token)
        if found is None:
            return token
        signed = f"{encoded}.{found['claims']}"
        # HMAC fills a key up with zeros: this one is the empty key as well.
        signature = hmac.digest(key, signed.encode(), hashlib.sha256)
        return f"{found['before']}{signed}.{_base64url(signature)}"

    return Form(
        forged,
        f"$(c=${{{{{{0}}%.*}}}}; s={encoded}.${{{{c##*.}}}}; "
        'printf %s "${{{0}%%eyJ*}}$s."; printf %s "$s" '
        f"| openssl dgst -sha256 -mac HMAC -macopt hexkey:{key.hex()} -binary "
        "| openssl base64 -A | tr +/ -_ | tr -d =)",
    )


_NAMES = ("token", "api_key", "apikey", "key", "auth", "authorization", "bearer", "jwt")
"""Parameters in which APIs take tokens, beside that of RFC 6750 section 2.3."""


def _whole(scheme: str, header: str | None = "Authorization") -> Form:
    """The token itself, in another place or behind another scheme."""
    return Form(lambda token: token, "${0}", scheme, header)


UNKNOWN = ("dinie-conformance-foreign", "dinie:conformance", "undefined")
"""What no target has issued, as an API key or as user and password."""

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
    # No issuer spells it in this way.
    "signed with the key secret": _signed('{"alg": "HS256" }', b"secret"),
    "with a kid that names an empty file": _signed(
        '{"alg":"HS256","kid":"../../../../../../dev/null"}', b"\0"
    ),
    "with a kid that is SQL": _signed(
        """{"alg":"HS256","kid":"x' UNION SELECT 'secret' -- "}""", b"secret"
    ),
    "with a key of its own": _signed(
        f'{{"alg":"HS256","jwk":{{"kty":"oct","k":"{_base64url(b"secret")}"}}}}', b"secret"
    ),
    **{
        f"that is {one}": Form(lambda _, one=one: one, one, is_damage=False)  # type: ignore[misc]
        for one in UNKNOWN
    },
    "without its prefix": Form(
        lambda token: _PREFIX.sub("", token, count=1) if _PREFIX.match(token) else token,
        "$(printf %s \"${0}\" | sed -E 's/^([a-z]+_)+//')",
        is_damage=False,
    ),
    "with a scheme in lower case": _whole("bearer "),
    "without a scheme": _whole(""),
    "right behind its scheme": _whole("Bearer"),
    "with another scheme": _whole("Token "),
    "with a scheme that ends like its own": _whole("Not-Bearer "),
    "behind two schemes": _whole("Basic ZGluaWU6Y29uZm9ybWFuY2U= Bearer "),
    "in the query": _whole("", None),
    **{f"in the query as {name}": replace(_whole("", None), parameter=name) for name in _NAMES},
    "in a JSON body": replace(_whole("", None), in_body=True),
    # RFC 6750 section 2.2.
    "in a form": Form(lambda token: quote(token, safe=""), "${0}", "", None, in_body=True),
    "in a cookie": _whole("access_token=", "Cookie"),
    "in a header of its own": _whole("", "X-Access-Token"),
}
"""By name. A form that does not change a token proves nothing: see :func:`damaged_forms`."""


@cache
def form_at(name: str, place: str) -> Form:
    """The form of a name, where a token stands at the ``place`` that the contract has for API keys.

    See :attr:`openapi.contract.Contract.key_place`; a token without one is a bearer token.
    """
    form, (kind, _, key) = FORMS[name], place.partition(" ")
    if not place or (form.header, form.scheme) != ("Authorization", "Bearer "):
        return form
    if kind == "basic":
        encoded = f'$(printf %s "{form.shell}" | openssl base64 -A)'
        return replace(
            form, scheme="Basic ", shell=encoded, apply=lambda token: _basic(form.apply(token))
        )
    if kind == "query":
        return replace(form, scheme="", header=None, parameter=key)
    if kind == "cookie":
        return replace(form, scheme=f"{key}=", header="Cookie")
    return replace(form, scheme="", header=key)


def key_name(place: str) -> str:
    """What a key is called by its place, in the option that gives it; empty for a bearer token."""
    kind, _, name = place.partition(" ")
    return {"basic": kind, "header": name.lower()}.get(kind, name)


def _basic(token: str) -> str:
    """User and password as HTTP Basic has them (RFC 7617)."""
    return b64encode(token.encode()).decode()


def damaged_forms(token: str) -> list[str]:
    """The names of the forms that differ from the token itself, where a token belongs."""
    changing = [name for name, form in FORMS.items() if form.apply(token) != token]
    return [name for name in changing if FORMS[name].is_damage]


_VARIABLES = ("TOKEN", "SECOND_TOKEN")
_KEYS = ("DINIE_KEY", "DINIE_SECOND_KEY")
_NOT_OF_NAME = re.compile(r"[^0-9A-Za-z]")


def variable_of(partner: int, key: str = "") -> str:
    """The environment variable of a partner's token in a reproduction, or of its ``key``."""
    return f"{_KEYS[partner]}_{_NOT_OF_NAME.sub('_', key).upper()}" if key else _VARIABLES[partner]
