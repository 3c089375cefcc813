"""URLs hold no credentials, for URLs are logged, cached and sent on."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from conformance.catalogue.requirement import Level
from conformance.client.evidence import Evidence, Observation, observation
from conformance.client.registry import requirement
from conformance.client.sabotage import on_each
from conformance.journal.redaction import PSEUDONYM
from conformance.journal.secret_names import is_credential_parameter, is_secret_parameter


@requirement(
    id="urls.no-credentials",
    level=Level.MUST,
    source="safety: addresses are logged (RFC 6750, section 2.3); vendor: never in a URL",
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
    mend="Send tokens and secrets in headers or bodies, never in a URL.",
)
def no_credentials(evidence: Evidence) -> Iterator[Observation]:
    """No URL holds a token, a client secret or a password."""
    allowed = {one.name for one in evidence.operation.parameters if one.location == "query"}
    allowed |= evidence.traffic.keys_in_query
    for attempt in evidence.attempts:
        places = ", ".join(_places(attempt.entry.url, allowed))
        yield observation(not places, "no credential in a URL", f"one {places}", attempt)


def _places(url: str, allowed: set[str]) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.password:
        yield "before the host"
    if PSEUDONYM.search(parts.path):
        yield "in the path"
    for where, text in (("query", parts.query), ("fragment", parts.fragment)):
        for name, value in parse_qsl(text):
            # The name of a parameter shows a secret, or else its value does.
            is_secret = PSEUDONYM.fullmatch(value) and not is_secret_parameter(name)
            if name not in allowed and (is_credential_parameter(name) or is_secret):
                yield f"in the {where}, as {name}"
