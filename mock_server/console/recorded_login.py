"""How a recorded request proved who sent it, so that a page can prove it anew."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM
from mock_server.console.first_request.call import TokenPlace, is_basic
from openapi.contract import Contract
from openapi.security import usable_requirements

_OF_HEADER = ({"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"})
"""The schemes of the header ``Authorization`` that any client may try."""

_BASIC = re.compile(rf"basic [^:]+:({PSEUDONYM.pattern})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RecordedLogin:
    """The tokens and the HTTP Basic of a request, by the security schemes of its operation.

    ``variables`` are the variables of the shell for the pseudonyms that stand in their place.
    """

    places: tuple[TokenPlace, ...]
    has_basic: bool
    variables: Mapping[str, str]

    @classmethod
    def of(cls, entry: JournalEntry, contract: Contract) -> "RecordedLogin":
        """The login of an exchange: by the first requirement of which it has all schemes."""
        operation = contract.operations.get(entry.operation or "")
        known = contract.security_schemes
        usable = usable_requirements(operation.security, known) if operation else None
        requirements = [[known[name] for name in one] for one in usable or ()]
        carried = (one for one in requirements if one and all(_carried(it, entry) for it in one))
        schemes = next(carried, [])
        if "authorization" not in map(_header_of, schemes):
            schemes = [*schemes, *(one for one in _OF_HEADER if _carried(one, entry))]
        variables = {
            str(_carried(one, entry)): "CLIENT_SECRET" if is_basic(one) else "TOKEN"
            for one in schemes
        }
        return cls(
            tuple(TokenPlace.of(one) for one in schemes if not is_basic(one)),
            any(map(is_basic, schemes)),
            variables,
        )

    def is_header(self, name: str) -> bool:
        """Whether a request header, in lower case, is a part of the login."""
        headers = {one.name.lower() for one in self.places if one.location == "header"}
        return name in headers or (self.has_basic and name == "authorization")

    def without(self, target: str) -> str:
        """A path with a query, without the parameters that are a part of the login."""
        names = {one.name for one in self.places if one.location == "query"}
        if not names:
            return target
        path, _, query = target.partition("?")
        kept = "&".join(one for one in query.split("&") if _name_of(one) not in names)
        return f"{path}?{kept}" if kept else path


def _header_of(scheme: Mapping[str, Any]) -> str | None:
    if is_basic(scheme):
        return "authorization"
    place = TokenPlace.of(scheme)
    return place.name.lower() if place.location == "header" else None


def _carried(scheme: Mapping[str, Any], entry: JournalEntry) -> str | None:
    """The pseudonym that a request has at the place of a scheme; None without one."""
    if is_basic(scheme):
        found = _BASIC.fullmatch(entry.request_header("authorization") or "")
        return found[1] if found else None
    place = TokenPlace.of(scheme)
    return next(filter(PSEUDONYM.fullmatch, _values(place, entry)), None)


def _values(place: TokenPlace, entry: JournalEntry) -> Iterator[str]:
    match place.location:
        case "query":
            for one in entry.url.partition("?")[2].split("&"):
                if _name_of(one) == place.name:
                    yield one.partition("=")[2]
        case "cookie":
            for one in (entry.request_header("cookie") or "").split(";"):
                name, _, value = one.strip().partition("=")
                if name == place.name:
                    yield value
        case _:
            value = entry.request_header(place.name.lower()) or ""
            if value.lower().startswith(place.prefix.lower()):
                yield value[len(place.prefix) :]


def _name_of(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
