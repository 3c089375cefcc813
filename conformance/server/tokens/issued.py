"""The token answer (RFC 6749 section 5.1), and its traces in later answers."""

import time
from dataclasses import replace

from conformance.catalogue.mends import EXCHANGE_KEYS, NO_STORE, REPEAT_NOTHING
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    body_of,
    drop_field,
    edit_body,
    on_answers,
    set_header,
    with_body,
)
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.token_exchange import (
    VENDOR,
    created,
    exchange,
    exchange_for,
    granted,
    item_of,
    known_credentials_of,
)
from conformance.probe.values import hidden
from conformance.probe.violation import Violation, expect_no_faults
from conformance.server.tokens.sabotage import is_exchange, on_tokens
from conformance.target.access import is_token
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from conformance.target.members import number_in, text_in
from openapi.resource import issues_tokens

_LOOKS = 4
_BETWEEN_LOOKS_SECONDS = 0.25


def _echoing_secret(request: Request, answer: Answer) -> Answer:
    secret = Answer(200, body=request.body).field("client_secret")
    if secret is None or not is_exchange(request):
        return answer
    return replace(answer, body=answer.body + f"\n// {secret}".encode())


@requirement(
    "tokens.created-key-gets-one",
    Level.SHOULD,
    VENDOR,
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=EXCHANGE_KEYS,
)
@catches(
    on_tokens("answer 201", lambda one: replace(one, status=201)),
    on_tokens("refuse the key", lambda one: replace(one, status=401)),
)
def created_key_gets_one(probe: Probe) -> None:
    """A new key is exchanged for a token, more than once."""
    made = created(probe)
    for _ in range(2):
        answer = exchange(probe, made)
        wanted = probe.operation.success_status
        probe.expect(answer.status == wanted, f"{wanted} to a new key", f"{answer.status}")


@requirement(
    "tokens.answer-has-its-shape",
    Level.SHOULD,
    f"{VENDOR}; RFC 6749 section 5.1",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=EXCHANGE_KEYS,
)
@catches(
    drop_field(200, "token_type"),
    drop_field(200, "expires_in"),
    on_tokens("another type", lambda one: with_body(one, {**body_of(one), "token_type": "mac"})),
    on_tokens("no time", lambda one: with_body(one, {**body_of(one), "expires_in": 0})),
    on_tokens("time as text", lambda one: with_body(one, {**body_of(one), "expires_in": "1 h"})),
    on_tokens(
        "CR and LF in it", lambda one: with_body(one, {**body_of(one), "access_token": "a\r\nb: c"})
    ),
    on_tokens("empty token", lambda one: with_body(one, {**body_of(one), "access_token": ""})),
)
def answer_has_its_shape(probe: Probe) -> None:
    """The answer holds a token, its type bearer, and a number of seconds ahead."""
    answer = _good_answer(probe)
    documented = probe.operation.response(answer.status)
    content = documented.describes(answer.content_type) if documented else None
    probe.expect(content, "a documented media type", answer.media_type or "none")
    body = answer.json_object() or {}
    kind = text_in(body, "token_type")
    if kind is not None:
        # RFC 6749 section 5.1: the type is case-insensitive.
        body["token_type"] = kind.lower()
    faults = content.schema.errors(body) if content and content.schema else []
    expect_no_faults(faults, "the documented answer")
    probe.expect(body.get("access_token"), "a token", "an empty text")
    # RFC 6749 appendix A.12: a token is of visible ASCII characters.
    probe.expect(is_token(body.get("access_token")), "a token that a header can carry", "another")
    seconds = number_in(body, "expires_in")
    probe.expect(seconds is None or seconds > 0, "seconds ahead in expires_in", "none")


def _good_answer(probe: Probe) -> Answer:
    made = created(probe)
    answer = exchange(probe, made)
    if answer.field("access_token") is None:
        raise NotVerified(f"the target answered {answer.status} without a token to a new key")
    return answer


@requirement(
    "tokens.no-store",
    Level.SHOULD,
    "RFC 6749 section 5.1",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=NO_STORE,
)
@catches(set_header(200, "Cache-Control", None), set_header(200, "Cache-Control", "max-age=3600"))
def no_store(probe: Probe) -> None:
    """No cache may keep an answer with a token."""
    text = _good_answer(probe).header("cache-control") or ""
    directives = {one.strip().lower() for one in text.split(",")}
    probe.expect("no-store" in directives, "Cache-Control: no-store", text or "no Cache-Control")


@requirement(
    "tokens.secret-is-not-repeated",
    Level.MUST,
    "seed: client_secret, shown only once",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=REPEAT_NOTHING,
)
@catches(on_answers("repeat the secret", _echoing_secret))
def secret_is_not_repeated(probe: Probe) -> None:
    """Neither the answer with a token nor a refusal repeats the secret."""
    made = created(probe)
    client_id, secret = known_credentials_of(probe, made)
    for text in (secret, f"{secret}x"):
        answer = exchange_for(probe, client_id, text)
        told = hidden(answer, [secret])
        probe.expect(not told, "an answer without the secret", "it", *told)


@requirement(
    "tokens.use-is-noted",
    Level.SHOULD,
    "seed: last_used_at; vendor facts: POST /auth/token",
    issues_tokens,
    needs=(Capability.TOKENS, Capability.LISTING),
    mend="Note when a key was exchanged for a token, and show it in the list.",
)
@catches(
    edit_body(
        200,
        "never note a use",
        lambda page: [one.update(last_used_at=None) for one in page.get("data", [])],
    )
)
def use_is_noted(probe: Probe) -> None:
    """A key that got a token shows in the list when it was used."""
    made = created(probe)
    if not granted(exchange(probe, made)):
        raise NotVerified("a new key gets no token")
    for look in range(_LOOKS):  # a server may note it a little later
        time.sleep(_BETWEEN_LOOKS_SECONDS * look)
        item = item_of(probe, made)
        if item is None:
            raise NotVerified("the list does not show the key")
        if item.get("last_used_at") is not None:
            return
    raise Violation("last_used_at after a use", "null")
