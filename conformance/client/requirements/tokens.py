"""Access tokens are fetched once, used until they expire, and then renewed."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from conformance.catalogue.requirement import Level
from conformance.client.attempts import Attempt, Ending
from conformance.client.evidence import OK, Evidence, Observation, Traffic, observation, violation
from conformance.client.mends import RENEW
from conformance.client.registry import requirement
from conformance.client.sabotage import (
    Entries,
    Sabotage,
    is_create,
    on_each,
    one_token_for_all,
    with_header,
)
from conformance.journal.journal import JournalEntry
from openapi.resource import issues_tokens

_FEWEST_TOKENS = 4
"""The number of tokens, each for one call, that is no coincidence."""
_USED = 1.5


def _token_per_call(entries: Entries) -> Iterator[JournalEntry]:
    """The journal of a client that signs in anew for each call."""
    numbers = count(max(one.number for one in entries) + 1)
    asked = next(one for one in entries if '"access_token"' in one.response_body)
    old = asked.response_body.partition('"access_token": "')[2].partition('"')[0]
    seen: dict[str, str] = {}
    for one in entries:
        call = one.request_header("idempotency-key") or str(one.number)
        if is_create(one) or one.method == "GET":
            if call not in seen:
                number = next(numbers)
                seen[call] = f"redacted-{number:012x}"
                body = asked.response_body.replace(old, seen[call])
                started = one.started - 0.1
                yield replace(asked, number=number, started=started, response_body=body)
            yield with_header(one, "authorization", f"Bearer {seen[call]}")
        elif one is not asked:
            yield one


def _gone_after_401(entries: Entries) -> Iterator[JournalEntry]:
    """The journal of a client that ends when its token has expired."""
    for one in entries:
        yield one
        if one.status == 401:  # noqa: PLR2004 - the status itself
            return


@requirement(
    id="tokens.reused",
    level=Level.SHOULD,
    source="vendor: fetches a token once and caches it until shortly before it expires",
    applies_to=issues_tokens,
    occasion="a token request, and two calls with its token",
    sabotage=(Sabotage("sign in for each call", _token_per_call),),
    mend="Keep a token until shortly before its end, for all calls.",
)
def reused(evidence: Evidence) -> Iterator[Observation]:
    """A token is used for more than one call."""
    calls, refused = _uses(evidence.traffic)
    renewals = _renewals(evidence.traffic)
    # By partner, for each has a program of its own: a short one needs its token only once.
    of_partner: defaultdict[str, dict[str, Attempt]] = defaultdict(dict)
    for token, asked in evidence.traffic.issued.items():
        # A token that was refused had to be renewed.
        if calls[token] and token not in refused:
            of_partner[asked.partner][token] = asked
    for issued in of_partner.values():
        unasked = {token: one for token, one in issued.items() if one.number not in renewals}
        total = sum(calls[token] for token in unasked)
        if len(unasked) >= _FEWEST_TOKENS and total / len(unasked) < _USED:
            actual = f"{len(unasked)} tokens for {total} calls"
            yield violation("one token for many calls, until it expires", actual, *unasked.values())
        elif any(calls[token] > 1 for token in issued):
            yield OK


def _renewals(traffic: Traffic) -> set[int]:
    """The numbers of the token requests that answer a 401: one for each, to a token once valid.

    Threads and processes that share a token renew it at the same moment, each for itself.
    """
    expired: defaultdict[str, list[Attempt]] = defaultdict(list)
    for one in traffic.attempts:
        was_valid = one.token in traffic.issued or _has_expired(one)
        if one.ending is Ending.UNAUTHORIZED and was_valid:
            expired[one.partner].append(one)
    found = set()
    for asked in traffic.issued.values():
        refused = expired[asked.partner]
        answered = next((one for one in refused if asked.begins_after(one)), None)
        if answered is not None:
            refused.remove(answered)
            found.add(asked.number)
    return found


def _uses(traffic: Traffic) -> tuple[Counter[str], set[str]]:
    """The number of calls by token, and the tokens that were refused."""
    calls: Counter[str] = Counter()
    refused: set[str] = set()
    for call in traffic.calls:
        signed = [(one.token, one.ending) for one in call.attempts if one.token]
        calls.update({token for token, _ in signed})
        refused |= {token for token, ending in signed if ending is Ending.UNAUTHORIZED}
    return calls, refused


@requirement(
    id="tokens.renewed",
    level=Level.SHOULD,
    source="vendor: on a 401 renews the token once",
    applies_to=issues_tokens,
    occasion="a token request, and an answer 401 token_expired",
    preset="expired-token",
    sabotage=(
        one_token_for_all("never renew the token"),
        Sabotage("end when the token has expired", _gone_after_401),
    ),
    mend=RENEW,
)
def renewed(evidence: Evidence) -> Iterator[Observation]:
    """A token that has expired is renewed."""
    traffic = evidence.traffic
    for expired in traffic.attempts:
        if expired.ending is not Ending.UNAUTHORIZED or not _has_expired(expired):
            continue
        asked = [one for one in traffic.token_requests if one.partner == expired.partner]
        if not asked:
            continue
        # Another thread may have renewed the token before this answer came.
        issued = traffic.issued.get(expired.token or "")
        if any(issued is None or one.started > issued.started for one in asked):
            yield OK
            continue
        later = (one for one in traffic.attempts if one.started > expired.started)
        late = [one for one in later if one.token == expired.token]
        actual = "requests with the old one" if late else "no further token request"
        yield violation("a new token for one that has expired", actual, expired, *late)


def _has_expired(attempt: Attempt) -> bool:
    challenge = attempt.entry.response_header("www-authenticate") or ""
    return attempt.member("code") == "token_expired" or "expired" in challenge


@requirement(
    id="tokens.one-way-to-sign-in",
    level=Level.SHOULD,
    source="RFC 6749, section 2.3; vendor: HTTP Basic, or the pair in the body",
    applies_to=issues_tokens,
    occasion="a token request",
    sabotage=(
        on_each(
            "send the pair twice",
            lambda one: with_header(one, "authorization", "Basic dinie_ci_1:redacted-000000000001"),
            lambda one: "client_secret" in one.request_body,
        ),
    ),
    mend="Send the client id and secret in one place only.",
)
def one_way_to_sign_in(evidence: Evidence) -> Iterator[Observation]:
    """A token request has its client id and secret in HTTP Basic or in its body, not in both."""
    for attempt in evidence.attempts:
        given = attempt.entry.request_header("authorization") or ""
        basic = given.lower().startswith("basic ")
        in_body = "client_secret" in attempt.entry.request_body
        if basic or in_body:
            once = not (basic and in_body)
            yield observation(once, "the pair in one place", "HTTP Basic and the body", attempt)
