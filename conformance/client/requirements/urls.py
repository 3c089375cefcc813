"""No secret stands in an address: addresses are logged, cached and sent on."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from conformance.catalogue.requirement import Level
from conformance.client.evidence import OK, Evidence, Observation, breach
from conformance.client.registry import requirement
from conformance.client.sabotage import on_each
from conformance.journal.redaction import PSEUDONYM
from conformance.journal.secret_names import is_credential, is_secret_parameter
from conformance.probe.applicability import every

_SOURCE = "safety: addresses are logged (RFC 6750, section 2.3); vendor: never in a URL"


@requirement(
    id="urls.no-credentials",
    level=Level.MUST,
    source=_SOURCE,
    applies_to=every,
    occasion="a request",
    sabotage=(
        on_each(
            "send the token in the query",
            lambda one: replace(one, url=f"{one.url}?access_token=redacted-000000000001"),
        ),
        on_each(
            "send the pair in the address",
            lambda one: replace(
                one, url=one.url.replace("://", "://dinie_ci_1:redacted-000000000001@")
            ),
        ),
    ),
)
def no_credentials(evidence: Evidence) -> Iterator[Observation]:
    """No URL holds a token, a client secret or a password."""
    allowed = _documented(evidence)
    for attempt in evidence.attempts:
        places = list(_places(attempt.entry.url, allowed))
        if places:
            yield breach("no credential in a URL", f"one {', '.join(places)}", attempt)
        else:
            yield OK


def _documented(evidence: Evidence) -> set[str]:
    """The names that the contract itself has in the query."""
    declared = {one.name for one in evidence.operation.parameters if one.location == "query"}
    return declared | evidence.traffic.keys_in_query


def _places(url: str, allowed: set[str]) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.password:
        yield "before the host"
    if PSEUDONYM.search(parts.path):
        yield "in the path"
    for where, text in (("query", parts.query), ("fragment", parts.fragment)):
        for name, value in parse_qsl(text):
            # A secret is told by the name that it has here, or by what it is.
            told_by_value = PSEUDONYM.fullmatch(value) and not is_secret_parameter(name)
            if name not in allowed and (is_credential(name) or told_by_value):
                yield f"in the {where}, as {name}"
