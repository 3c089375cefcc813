"""What a created key is for: it is exchanged for an access token (RFC 6749 section 4.4).

The pair goes in a JSON body, as the vendor's SDK sends it. No issued token is ever used or kept.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.applicability import creates, lists, takes_json
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.pages import pages
from conformance.probe import NotVerified, Probe
from conformance.registry import requirement
from conformance.request_fields import fields_of
from conformance.sabotage import (
    Forward,
    Sabotage,
    Tamper,
    drop_field,
    edit_body,
    on_answers,
    set_header,
    with_body,
)
from conformance.server.rate_limits import answer_to
from openapi.operation import Operation

VENDOR = "vendor facts: POST /auth/token answers {access_token, token_type, expires_in}"
SAFETY = "safety: no token without the secret"

_LOOKS = 4
_BETWEEN_LOOKS_SECONDS = 0.25


def issues_tokens(operation: Operation) -> bool:
    """The operation exchanges client id and secret for an access token."""
    return takes_json(operation) and "grant_type" in fields_of(operation)


def created(probe: Probe, partner: int = 0) -> Answer:
    """A new key, made by the contract's operation for keys with secrets."""
    for operation in probe.contract.operations.values():
        if creates(operation):
            maker = probe.on(operation.path, creates)
            made = maker.succeed(maker.request(partner))
            if made.field("client_id") and made.field("client_secret"):
                return made
    raise NotVerified("no operation answered with a client id and secret")


def exchange(probe: Probe, client_id: Any, client_secret: Any) -> Answer:
    """The answer to a request for a token."""
    for operation in probe.contract.operations.values():
        if issues_tokens(operation):
            pair = {"client_id": client_id, "client_secret": client_secret}
            request = Request(operation.method, operation.path, partner=None)
            return answer_to(probe, request.with_json({"grant_type": "client_credentials", **pair}))
    raise NotVerified("the contract has no operation for tokens")


def granted(answer: Answer) -> bool:
    """Whether a token was issued, whatever the status says."""
    return answer.field("access_token") is not None or answer.status == HTTPStatus.OK


def _is_exchange(request: Request) -> bool:
    return b'"grant_type"' in request.body


def on_tokens(name: str, change: Callable[[Answer], Answer]) -> Sabotage:
    """Change the answers that hold a token."""
    return on_answers(
        name, lambda _, one: change(one) if one.field("access_token") is not None else one
    )


def _knowing_the_secret() -> Tamper:
    """Whatever the secret is, the right one is put in its place."""
    secrets: dict[str, str] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        sent = Answer(200, body=request.body)
        client_id = sent.field("client_id")
        if _is_exchange(request) and client_id in secrets:
            request = request.with_json({**sent.json(), "client_secret": secrets[client_id]})
        answer = forward(request)
        if answer.field("client_secret"):
            with lock:
                secrets[answer.field("client_id")] = answer.field("client_secret")
        return answer

    return tamper


def good_answer_again() -> Tamper:
    """A key that got a token gets it for ever."""
    kept: dict[str, Answer] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        if not _is_exchange(request):
            return forward(request)
        client_id = Answer(200, body=request.body).field("client_id")
        answer = forward(request)
        with lock:
            if answer.status == HTTPStatus.OK:
                kept[client_id] = answer
            return kept.get(client_id, answer)

    return tamper


def _echoing_secret(request: Request, answer: Answer) -> Answer:
    secret = Answer(200, body=request.body).field("client_secret")
    if secret is None or not _is_exchange(request):
        return answer
    return replace(answer, body=answer.body + f"\n// {secret}".encode())


@requirement(
    id="tokens.created-key-gets-one",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(
        on_tokens("answer 201", lambda one: replace(one, status=201)),
        on_tokens("refuse the key", lambda one: replace(one, status=401)),
    ),
)
def created_key_gets_one(probe: Probe) -> None:
    """A new key is exchanged for a token, more than once."""
    made = created(probe)
    for _ in range(2):
        answer = exchange(probe, made.field("client_id"), made.field("client_secret"))
        wanted = probe.operation.success_status
        probe.expect(answer.status == wanted, f"{wanted} to a new key", f"{answer.status}")


@requirement(
    id="tokens.wrong-secret-gets-none",
    level=Level.MUST,
    source=SAFETY,
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(
        Sabotage("do not look at the secret", _knowing_the_secret),
        Sabotage("give a key its token for ever", good_answer_again),
    ),
)
def wrong_secret_gets_none(probe: Probe) -> None:
    """A key with another secret, or a part of its own, gets no token."""
    for what, answer in _with_wrong_secrets(probe):
        probe.expect(not granted(answer), f"no token for {what}", f"{answer.status}")
        probe.expect(not answer.is_server_error, f"a refusal of {what}", f"{answer.status}")


def _with_wrong_secrets(probe: Probe) -> list[tuple[str, Answer]]:
    made, other = created(probe), created(probe)
    client_id, secret = made.field("client_id"), str(made.field("client_secret"))
    if not granted(exchange(probe, client_id, secret)):
        raise NotVerified("the right secret gets no token either")
    wrong = {
        "another key's secret": other.field("client_secret"),
        "a secret without its last character": secret[:-1],
        "a secret with one character more": f"{secret}x",
        "a secret in the other case": secret.swapcase(),
        "the first half of a secret": secret[: len(secret) // 2],
        "the client id as secret": client_id,
        "an empty secret": "",
    }
    return [
        (what, exchange(probe, client_id, text)) for what, text in wrong.items() if text != secret
    ]


@requirement(
    id="tokens.wrong-secret-is-401",
    level=Level.SHOULD,
    source="RFC 6749 section 5.2; vendor facts: 401",
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(
        on_answers(
            "answer 404 to a wrong secret",
            lambda request, one: (
                replace(one, status=404)
                if _is_exchange(request) and one.status == HTTPStatus.UNAUTHORIZED
                else one
            ),
        ),
    ),
)
def wrong_secret_is_401(probe: Probe) -> None:
    """A key with a wrong secret gets 401."""
    for what, answer in _with_wrong_secrets(probe):
        if what != "an empty secret":  # which may as well count as none: 400 or 422
            probe.expect(
                answer.status == HTTPStatus.UNAUTHORIZED, f"401 for {what}", f"{answer.status}"
            )


@requirement(
    id="tokens.answer-has-its-shape",
    level=Level.SHOULD,
    source=f"{VENDOR}; RFC 6749 section 5.1",
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(
        drop_field(200, "token_type"),
        drop_field(200, "expires_in"),
        on_tokens("another type", lambda one: with_body(one, {**one.json(), "token_type": "mac"})),
        on_tokens("no time", lambda one: with_body(one, {**one.json(), "expires_in": 0})),
        on_tokens("time as text", lambda one: with_body(one, {**one.json(), "expires_in": "1 h"})),
        on_tokens("empty token", lambda one: with_body(one, {**one.json(), "access_token": ""})),
    ),
)
def answer_has_its_shape(probe: Probe) -> None:
    """The answer holds a token, its type bearer, and a number of seconds ahead."""
    answer = _good_answer(probe)
    documented = probe.operation.answer(answer.status)
    content = documented.content.get(answer.media_type) if documented else None
    probe.expect(content, "a documented media type", answer.media_type or "none")
    body = answer.json() if isinstance(answer.json(), dict) else {}
    if isinstance(body.get("token_type"), str):
        # RFC 6749 section 5.1: the type is case-insensitive.
        body["token_type"] = body["token_type"].lower()
    faults = content.schema.errors(body) if content and content.schema else []
    wrong = "; ".join(f"{one.param} {one.detail}" for one in faults[:3])
    probe.expect(not faults, f"the documented answer: {wrong}", f"{len(faults)} faults")
    probe.expect(body.get("access_token"), "a token", "an empty text")
    probe.expect(body.get("expires_in", 1) > 0, "seconds ahead in expires_in", "none")


def _good_answer(probe: Probe) -> Answer:
    made = created(probe)
    answer = exchange(probe, made.field("client_id"), made.field("client_secret"))
    if answer.field("access_token") is None:
        raise NotVerified(f"the target answered {answer.status} without a token to a new key")
    return answer


@requirement(
    id="tokens.no-store",
    level=Level.SHOULD,
    source="RFC 6749 section 5.1",
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(
        set_header(200, "Cache-Control", None),
        set_header(200, "Cache-Control", "max-age=3600"),
    ),
)
def no_store(probe: Probe) -> None:
    """No cache may keep an answer with a token."""
    text = _good_answer(probe).header("cache-control") or ""
    directives = {one.strip().lower() for one in text.split(",")}
    probe.expect("no-store" in directives, "Cache-Control: no-store", text or "no Cache-Control")


@requirement(
    id="tokens.secret-is-not-repeated",
    level=Level.MUST,
    source="seed: client_secret, shown only once",
    applies_to=issues_tokens,
    needs=(Capability.TOKENS,),
    sabotage=(on_answers("repeat the secret", _echoing_secret),),
)
def secret_is_not_repeated(probe: Probe) -> None:
    """Neither the answer with a token nor a refusal repeats the secret."""
    made = created(probe)
    client_id, secret = made.field("client_id"), str(made.field("client_secret"))
    for text in (secret, f"{secret}x"):
        answer = exchange(probe, client_id, text)
        probe.expect(secret.encode() not in answer.body, "an answer without the secret", "it")


@requirement(
    id="tokens.use-is-noted",
    level=Level.SHOULD,
    source="seed: last_used_at; vendor facts: POST /auth/token",
    applies_to=issues_tokens,
    needs=(Capability.TOKENS, Capability.LISTING),
    sabotage=(
        edit_body(
            200,
            "never note a use",
            lambda page: [one.update(last_used_at=None) for one in page.get("data", [])],
        ),
    ),
)
def use_is_noted(probe: Probe) -> None:
    """A key that got a token shows in the list when it was used."""
    made = created(probe)
    if not granted(exchange(probe, made.field("client_id"), made.field("client_secret"))):
        raise NotVerified("a new key gets no token")
    for look in range(_LOOKS):  # a server may note it a little later
        time.sleep(_BETWEEN_LOOKS_SECONDS * look)
        item = item_of(probe, made)
        if item is None:
            raise NotVerified("the list does not show the key")
        if item.get("last_used_at") is not None:
            return
    probe.expect(False, "last_used_at after a use", "null")  # noqa: FBT003 - it is null


def item_of(probe: Probe, made: Answer, partner: int = 0) -> dict[str, Any] | None:
    """The list's item of a created key, None where the list has none."""
    paths = [one.path for one in probe.contract.operations.values() if creates(one)]
    for path in paths:
        for page in pages(probe.on(path, lists), 100, partner=partner):
            for item in page["data"]:
                if item["id"] == made.field("id"):
                    return dict(item)
    return None
