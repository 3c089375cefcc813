"""URLs hold no credentials, for URLs are logged, cached and sent on."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from conformance.catalogue.requirement import Level
from conformance.client.evidence import OK, Evidence, Observation, Traffic, Violation
from conformance.client.registry import requirement
from conformance.client.sabotage import on_each
from conformance.journal.journal import JournalEntry
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
        on_each(
            "send the token in the path of no operation",
            lambda one: replace(one, url=f"{one.url}/redacted-000000000001", operation=None),
        ),
    ),
    mend="Send tokens and secrets in headers or bodies, never in a URL.",
)
def no_credentials(evidence: Evidence) -> Iterator[Observation]:
    """No URL holds a token, a client secret or a password."""
    traffic, operation = evidence.traffic, evidence.operation
    documented = {one.name for one in operation.parameters if one.location == "query"}
    for attempt in evidence.attempts:
        yield _look(attempt.entry, _places(attempt.entry.url, traffic, documented))
    looks = [
        _look(entry, _places(entry.url, traffic, set()))
        for entry, address in traffic.strays
        if operation in traffic.near(address)
    ]
    if operation in traffic.operations[:1]:
        looks += [_look(one, _in_another(one.url, traffic)) for one in traffic.others]
    # A request for no operation verifies nothing of one, but it can break the rule.
    yield from (one for one in looks if one is not OK)


def _look(entry: JournalEntry, places: Iterator[str]) -> Observation:
    found = ", ".join(places)
    return Violation("no credential in a URL", f"one {found}", (entry,)) if found else OK


def _in_another(url: str, traffic: Traffic) -> Iterator[str]:
    """Whether the URL of a request to anybody else has a credential of the API."""
    if not traffic.credentials.isdisjoint(PSEUDONYM.findall(url)):
        yield "of this API in a request for another"


def _places(url: str, traffic: Traffic, documented: set[str]) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.password:
        yield "before the host"
    if PSEUDONYM.search(parts.path):
        yield "in the path"
    for where, text in (("query", parts.query), ("fragment", parts.fragment)):
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name in traffic.keys_in_query:
                continue
            if not traffic.credentials.isdisjoint(PSEUDONYM.findall(f"{name}={value}")):
                yield f"in the {where}, as {name}"
            elif value and name not in documented:
                # The name of a parameter shows a secret, or else its value does.
                is_secret = PSEUDONYM.fullmatch(value) and not is_secret_parameter(name)
                if is_credential_parameter(name) or is_secret:
                    yield f"in the {where}, as {name}"
