"""The credentials of a request: the partner's token, or keys of its own, each in its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.target.access import Access
from conformance.target.token_forms import PLACE, Form, key_name
from dinie_contract.output import SECRETS

TOKENS = ("the token", "the second token")
"""What the tokens of the partners are called."""

_PREFIXES = ("--", "--second-")
_SCHEMES = {"basic": "HTTP Basic"}


@dataclass(frozen=True, slots=True)
class Credential:
    """A token or a key, in the form that it is sent in."""

    form: Form
    token: str

    def put_into(
        self, path: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[str, list[tuple[bytes, bytes]], bytes]:
        """The path, the headers and the body of a request, with it."""
        form, token = self.form, self.token
        # It stays known, however many secrets are issued meanwhile.
        SECRETS.add([token], used=True)
        if form.scheme == "Basic ":
            SECRETS.add([form.apply(token)], used=True)
        if form.in_body:
            return path, headers, body.replace(PLACE.encode(), form.apply(token).encode())
        if form.header is None:
            return f"{path}{'&' if '?' in path else '?'}{form.in_query(token)}", headers, body
        name, value = form.header.encode(), f"{form.scheme}{form.apply(token)}".encode()
        if form.header == "Cookie":  # one header has all (RFC 6265 section 5.4)
            cookies = [one for one in headers if one[0].lower() == b"cookie"]
            headers = [one for one in headers if one not in cookies]
            value = b"; ".join((*(given for _, given in cookies), value))
        return path, [*headers, (name, value)], body


def refusal(
    operation: str,
    places: Sequence[str],
    access: Access,
    partner: int,
    usual: str,
    *,
    is_given: bool = False,
) -> str:
    """What is said of an operation that answered 401 to a partner, and the option that it wants.

    ``places`` are where it has its token, and keys beside it; ``usual`` is where others have it.
    With ``is_given`` a header of the user's goes where the token is.
    """
    prefix, (place, *beside) = _PREFIXES[partner], places
    missing = [one for one in beside if key_name(one) not in access.keys]
    mend = ""
    if missing:
        options = " and ".join(f"{prefix}key {_value(one)}" for one in missing)
        mend = f"it needs {' and '.join(map(_scheme, missing))} beside it: give {options}"
    elif is_given:
        mend = f"{_scheme(place)} is that of --header: give another there"
    elif key_name(place) in access.keys:
        mend = "" if _is_well_formed(place, access) else f"it takes {_scheme(place)}"
    elif place != usual:
        mend = f"it takes {_scheme(place)}: give {prefix}key {_value(place)}"
    elif not _is_well_formed(place, access):
        mend = f"it takes {_scheme(place)}: give {prefix}token USER:PASSWORD"
    return f"{TOKENS[partner]} was refused (401)" + (f" by {operation}: {mend}" if mend else "")


def _is_well_formed(place: str, access: Access) -> bool:
    """Whether what goes to a place looks like it: HTTP Basic has a colon (RFC 7617 section 2)."""
    return key_name(place) != "basic" or ":" in access.at(place)


def _scheme(place: str) -> str:
    return _SCHEMES.get(key_name(place), f"the API key in {place}")


def _value(place: str) -> str:
    """The value of the option that gives a key."""
    kind, _, name = place.partition(" ")
    return "basic:USER:PASSWORD" if kind == "basic" else f"{name}:VALUE"
