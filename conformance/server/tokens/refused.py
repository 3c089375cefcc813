"""A key with a wrong secret gets no token."""

import threading
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import LIVE_KEYS_ONLY
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.token_exchange import (
    created,
    exchange_for,
    granted,
    known_credentials_of,
)
from conformance.server.tokens.sabotage import good_answer_again, is_exchange, issued_in
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from openapi.resource import issues_tokens


def _knowing_the_secret() -> Tamper:
    """Sabotage: every wrong secret is replaced by the right one."""
    secrets: dict[str, str] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        sent = Answer(200, body=request.body).json_object() or {}
        secret = secrets.get(str(sent.get("client_id")))
        if is_exchange(request) and secret:
            request = request.with_json({**sent, "client_secret": secret})
        answer = forward(request)
        with lock:
            secrets.update(issued_in(answer))
        return answer

    return tamper


@requirement(
    "tokens.wrong-secret-gets-none",
    Level.MUST,
    "safety: no token without the secret",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=LIVE_KEYS_ONLY,
)
@catches(
    Sabotage("do not look at the secret", _knowing_the_secret),
    Sabotage("give a key its token for ever", good_answer_again),
)
def wrong_secret_gets_none(probe: Probe) -> None:
    """A key with another secret, or a part of its own, gets no token."""
    for what, answer in _with_wrong_secrets(probe):
        probe.expect(not granted(answer), f"no token for {what}", f"{answer.status}")
        probe.expect(not answer.is_server_error, f"a refusal of {what}", f"{answer.status}")


def _with_wrong_secrets(probe: Probe) -> list[tuple[str, Answer]]:
    made, other = created(probe), created(probe)
    client_id, secret = known_credentials_of(probe, made)
    if not granted(exchange_for(probe, client_id, secret)):
        raise NotVerified("the right secret gets no token either")
    wrong = {
        "another key's secret": known_credentials_of(probe, other)[1],
        "a secret without its last character": secret[:-1],
        "a secret with one character more": f"{secret}x",
        "a secret in the other case": secret.swapcase(),
        "the first half of a secret": secret[: len(secret) // 2],
        "the client id as secret": client_id,
        "an empty secret": "",
    }
    return [
        (what, exchange_for(probe, client_id, text))
        for what, text in wrong.items()
        if text != secret
    ]


@requirement(
    "tokens.wrong-secret-is-401",
    Level.SHOULD,
    "RFC 6749 section 5.2; vendor facts: 401",
    issues_tokens,
    needs=(Capability.TOKENS,),
    mend=LIVE_KEYS_ONLY,
)
@catches(
    on_answers(
        "answer 404 to a wrong secret",
        lambda request, one: (
            replace(one, status=404)
            if is_exchange(request) and one.status == HTTPStatus.UNAUTHORIZED
            else one
        ),
    )
)
def wrong_secret_is_401(probe: Probe) -> None:
    """A key with a wrong secret gets 401."""
    for what, answer in _with_wrong_secrets(probe):
        if what != "an empty secret":  # which may as well count as none: 400 or 422
            probe.expect(
                answer.status == HTTPStatus.UNAUTHORIZED, f"401 for {what}", f"{answer.status}"
            )
