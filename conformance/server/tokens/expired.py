"""What has ended: a key gets no token after its end, and a token opens nothing after its own."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from conformance.catalogue.mends import LIVE_KEYS_ONLY
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers
from conformance.probe.bodies import date_fields
from conformance.probe.clock import move_clock
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.token_exchange import created, credentials_of, exchange, granted
from conformance.probe.violation import Violation
from conformance.server.tokens.sabotage import is_exchange
from conformance.server.tokens.used import issued_to, with_token
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.timestamps import http_date, instant
from openapi.resource import issues_tokens

_AHEAD_SECONDS = 3
_LOOKS, _BETWEEN_LOOKS_SECONDS = 3, 5


@requirement(
    "tokens.expired-key-gets-none",
    Level.SHOULD,
    "seed: expires_at, the expiration date; safety: what has ended opens nothing",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=LIVE_KEYS_ONLY,
)
@catches(
    on_answers(
        "give everybody a token",
        lambda request, answer: (
            replace(answer, status=200, body=b'{"access_token": "a", "token_type": "bearer"}')
            if is_exchange(request) and answer.status == HTTPStatus.UNAUTHORIZED
            else answer
        ),
    )
)
def expired_key_gets_none(probe: Probe) -> None:
    """A key gets no token after its end; a server may refuse to make one whose end is past."""
    for made, is_past in _ending(probe):
        for look in range(_LOOKS):
            if look or not is_past:
                probe.rest(_BETWEEN_LOOKS_SECONDS)
            if not granted(exchange(probe, made)):
                return
            if is_past:
                break
        raise Violation("no token for a key whose end is past", "a token")


def _ending(probe: Probe) -> Iterator[tuple[Answer, bool]]:
    """A key whose end is past, or where that is refused one whose end is near."""
    plain, resource = created(probe), probe.contract.credentials
    if resource is None or not date_fields(resource.create):
        raise NotServed("the contract has no key with an end")
    maker, member = probe.of(resource.create), date_fields(resource.create)[0]
    # By the target's own clock, where it tells the time.
    now = instant(plain.field("created_at")) or http_date(plain.header("date")) or time.time()
    for seconds in (-86_400, _AHEAD_SECONDS):
        end = datetime.fromtimestamp(int(now) + seconds, UTC).isoformat()
        request = maker.request().with_json({**maker.plain_body(), member: end})
        answer = answer_to(maker, request)
        if answer.status == maker.operation.success_status:
            if credentials_of(probe.contract, answer) is None or (
                instant(answer.field(member)) != instant(end)
            ):
                raise NotVerified("the answer to the creation does not show its end")
            yield answer, seconds < 0
            return
    raise NotServed("the target makes no key that ends soon")


_MOST_SECONDS, _MINUTE_SECONDS = 7 * 86_400, 60


def _good_for_ever() -> Tamper:
    """Sabotage: what an issued token once opened stays open to it."""
    good: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer, said = forward(request), dict(request.headers).get("Authorization", "")
        if request.partner is not None or not said:
            return answer
        if answer.is_success:
            good[said] = answer
        return good.get(said, answer)

    return tamper


@requirement(
    "tokens.expired-token-is-refused",
    Level.MUST,
    "safety: a token opens nothing after its end; seed: Response 401",
    issues_tokens,
    needs=(Capability.TOKENS, Capability.LISTING, Capability.CLOCK),
    mend="Check a token's end with each request, by the clock that issued it.",
)
@catches(Sabotage("take expired tokens", _good_for_ever))
def expired_token_is_refused(probe: Probe) -> None:
    """A token gets 401 a minute after as long as its answer says that it lives."""
    key, resource = created(probe), probe.contract.credentials
    if resource is None or resource.list is None:
        raise NotServed("the contract has no list")
    answer = exchange(probe, key)
    token, life = issued_to(answer), answer.number("expires_in")
    if life is None or not 0 < life <= _MOST_SECONDS:
        raise NotServed("the target does not say how long a token lives, or it lives for a week")
    lister = probe.of(resource.list)
    request = with_token(lister.request(), token)
    if not answer_to(lister, request).is_success:
        raise NotVerified("the target refuses the tokens that it issues")
    move_clock(probe, int(life) + _MINUTE_SECONDS)
    later = answer_to(lister, request).status
    unauthorized = HTTPStatus.UNAUTHORIZED
    probe.expect(later == unauthorized, f"401 to a token of {life:g} s a minute late", f"{later}")
