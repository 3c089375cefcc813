"""Disclosure of secrets: shown once, and nowhere else (seed: client_secret, shown only once)."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.catalogue.judge import (
    ANY_STATUS,
    SUCCESS,
    Judge,
    JudgedExchange,
    Purpose,
    on,
)
from conformance.catalogue.mends import HIDE_SECRETS, NO_STORE, REPEAT_NOTHING
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    Sabotage,
    body_of,
    on_answers,
    set_header,
    with_body,
)
from conformance.probe.applicability import every, shows
from conformance.probe.not_verified import NotAsked, NotVerified
from conformance.probe.probe import Probe, without_token
from conformance.probe.token_exchange import item_of, known_credentials_of
from conformance.probe.values import Lack, Values, hidden
from conformance.probe.violation import Violation, expect
from conformance.server.secrets.made import secrets_in, texts_beside
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import identifier_in, strings_in
from conformance.target.redaction import cookies_of, has_any, holds
from conformance.target.sign_in import json_request
from conformance.target.target import Target
from conformance.target.token_forms import damaged_forms
from dinie_contract.output import SECRETS, excerpt
from openapi.operation import Operation
from openapi.resource import secret_member

ONCE = "seed: client_secret, shown only once"
SAFETY = "safety: a secret is shown once, and nowhere else; seed: client_secret"

TRACE = 16
"""So many characters in a row give a secret away."""

_SHORTEST_TRACE = 8
"""Shorter texts may stand in an answer by chance."""

_LONGEST_TRACED = 1000
"""The characters of a very long secret that are looked for."""


def traces_of(probe: Probe, made: Answer, other: Answer) -> list[str]:
    """Texts that give a secret away: any 16 characters of the part that other secrets lack."""
    secret, another = secrets_in(probe, [made, other])
    common = next(
        (at for at, pair in enumerate(zip(secret, another, strict=False)) if pair[0] != pair[1]), 0
    )
    own = secret[common:][:_LONGEST_TRACED]
    shown = texts_beside(probe, made)
    windows = {own[at : at + TRACE] for at in range(max(1, len(own) - TRACE + 1))}
    return [
        window
        for window in sorted(windows)
        if len(window) >= _SHORTEST_TRACE and not any(window in text for text in shown)
    ]


def two_made(probe: Probe, request: Request) -> tuple[Answer, list[str]]:
    """The answer to a creation, and :func:`traces_of` its secret beside that of another."""
    made, other = probe.succeed(request), probe.make()
    traces = traces_of(probe, made, other)
    if not traces:
        raise NotVerified("the secret is too short to be looked for")
    return made, traces


def remembering(tell: Callable[[Request, Answer, dict[str, str]], Answer]) -> Tamper:
    """A tamper that knows the secrets so far, by the id."""
    known: dict[str, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        secret = answer.text("client_secret")
        if secret is not None:
            known[str(answer.text("id"))] = secret
        return tell(request, answer, known)

    return tamper


def with_items(answer: Answer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    """A page with each of its items changed; any other answer as it is."""
    page = answer.field("data")
    if not isinstance(page, list):
        return answer
    return with_body(answer, {**body_of(answer), "data": [change(one) for one in page]})


def _into_the_list(field: str, edit: Callable[[str], str]) -> Sabotage:
    def tell(_: Request, answer: Answer, known: dict[str, str]) -> Answer:
        return with_items(answer, lambda one: {**one, field: edit(known.get(one["id"], ""))})

    return Sabotage(f"list {field}", lambda: remembering(tell))


def _into_errors(name: str, tell: Callable[[Request, dict[str, str]], str]) -> Sabotage:
    def changed(request: Request, answer: Answer, known: dict[str, str]) -> Answer:
        if answer.media_type != "application/problem+json":
            return answer
        return with_body(answer, {**body_of(answer), "detail": tell(request, known)})

    return Sabotage(name, lambda: remembering(changed))


@requirement(
    "secrets.never-in-the-list",
    Level.MUST,
    ONCE,
    shows(secret=True),
    needs=(Capability.LISTING,),
    mend=HIDE_SECRETS,
)
@catches(
    _into_the_list("client_secret", str),
    _into_the_list("secret_hint", lambda secret: secret[-16:]),
    _into_the_list("debug", lambda secret: f"secret={secret}"),
)
def never_in_the_list(probe: Probe) -> None:
    """No page of the list shows a secret, nor sixteen characters of one."""
    made, traces = two_made(probe, probe.request())
    before = len(probe.recording.exchanges)
    for _ in probe.looks():
        if any(
            identifier_in(item, probe.resource.id) == probe.id_of(made) for item in probe.listed()
        ):
            break
    else:
        raise NotVerified("what was made is not in the list")
    for number, (_, answer) in enumerate(probe.recording.exchanges[before:], before + 1):
        if holds(answer, traces):
            # The page that shows it is the last thing that is shown of this check.
            del probe.recording.exchanges[number:]
            seen = hidden(answer, traces)
            raise Violation("no secret in the list", "the secret of what was made", values=seen)


_HASHES = ("md5", "sha1", "sha256", "sha512")


def _digests(secret: str) -> Iterator[str]:
    """Hashes of a secret, as hexadecimal digits and in Base64, both in lower case."""
    for name in _HASHES:
        digest = hashlib.new(name, secret.encode(), usedforsecurity=False).digest()
        yield digest.hex()
        yield b64encode(digest).decode().rstrip("=").lower()


@requirement(
    "secrets.no-hash-in-the-list",
    Level.SHOULD,
    "safety: who has a hash can try secrets against it; seed: client_secret, shown only once",
    shows(secret=True),
    needs=(Capability.LISTING,),
    mend=HIDE_SECRETS,
)
@catches(
    _into_the_list("hash", lambda secret: hashlib.sha256(secret.encode()).hexdigest()),
    _into_the_list("digest", lambda secret: hashlib.md5(secret.encode()).hexdigest().upper()),  # noqa: S324 - a fault
    _into_the_list(
        "sha",
        lambda secret: b64encode(hashlib.sha1(secret.encode()).digest()).decode(),  # noqa: S324 - a fault
    ),
)
def no_hash_in_the_list(probe: Probe) -> None:
    """No page of the list shows an unsalted hash of a secret."""
    made = probe.make()
    (secret,) = secrets_in(probe, [made])
    for _ in probe.looks():
        if item := item_of(probe, made):
            break
    else:
        raise NotVerified("what was made is not in the list")
    digests = [*_digests(secret)]
    shown = json.dumps(item).replace("\\/", "/").lower()
    seen = [
        Values(place, Lack.HIDDEN)
        for place, text in strings_in(item)
        if has_any(digests, text.lower())
    ]
    found = has_any(digests, shown)
    probe.expect(
        not found, "no hash of a secret in the list", "one of the secret of what was made", *seen
    )


def known_secrets(exchange: JudgedExchange) -> list[str]:
    """The secrets that an exchange must not show; nothing is verified without one."""
    found = [one for one in exchange.secrets if len(one) >= TRACE]
    if not found:
        raise NotVerified("no secret is known that could be looked for")
    return found


def _no_secret(exchange: JudgedExchange) -> None:
    secrets = known_secrets(exchange)
    if exchange.answer.is_error:
        told = hidden(exchange.answer, secrets)
        expect(not told, "no secret in an error", "the secret of another answer", *told)


WITH_SECRETS = on(
    Purpose.OBSERVED, Purpose.CONFLICT, Purpose.PAGE, Purpose.REVOKE, Purpose.REVOKE_AGAIN
)
"""The purposes of requests after which secrets are looked for, beside a page's."""


@requirement(
    "secrets.never-in-errors",
    Level.MUST,
    SAFETY,
    shows(secret=True),
    judges=(Judge(_no_secret, WITH_SECRETS, ANY_STATUS, applies_to=every),),
    mend=REPEAT_NOTHING,
)
@catches(
    _into_errors("echo the body", lambda request, _: request.body.decode(errors="replace")),
    _into_errors("tell the last secret", lambda _, known: ["", *known.values()][-1]),
    _into_errors(
        "encode the last secret for a URL",
        lambda _, known: "".join(f"%{ord(one):02x}" for one in ["", *known.values()][-1]),
    ),
    on_answers(
        "echo the body in a header",
        lambda request, answer: (
            replace(
                answer,
                headers=(*answer.headers, ("x-request", request.body.decode(errors="replace"))),
            )
            if answer.is_error
            else answer
        ),
    ),
)
def never_in_errors(probe: Probe) -> None:
    """No error shows a secret: not that of the key's first call, nor one that was sent."""
    key, body = probe.new_key(), probe.plain_body()
    made, traces = two_made(probe, probe.request().with_json(body).with_key(key))
    secret = probe.secret_of(made)
    with_secret = {probe.name_member: 5, str(probe.resource.secret): secret}
    plain = probe.request()
    for request in (
        plain.with_json({**body, probe.name_member: probe.new_name()}).with_key(key),
        plain.with_json(with_secret).with_key(key),
        plain.with_json(with_secret),
        without_token(plain.with_json(with_secret)),
        replace(
            plain, body=json.dumps(with_secret, ensure_ascii=False).encode(errors="replace")[:-1]
        ),
        *_sign_ins(probe, made),
    ):
        answer = probe.send(request)
        if answer.is_error:
            told = hidden(answer, traces)
            probe.expect(not told, "no secret in an error", "the key's secret", *told)
            told = hidden(answer, _known_beside_cookies(answer))
            probe.expect(not told, "no secret in an error", "the secret of another answer", *told)


def _known_beside_cookies(answer: Answer) -> list[str]:
    """The secrets that are known, but for the cookies that an answer sets itself.

    A gateway gives each answer the cookie of a session, often the same one.
    """
    own = cookies_of(answer)
    return [
        one
        for one in SECRETS
        if len(one) >= TRACE and not any(cookie.startswith(one) for cookie in own)
    ]


def _sign_ins(probe: Probe, made: Answer) -> Iterator[Request]:
    """Token requests with a secret that is almost right."""
    operation = probe.contract.token_operation
    if operation:
        client_id, secret = known_credentials_of(probe, made)
        yield json_request(operation, client_id, f"{secret}x")


def _echo_token(request: Request, forward: Forward, *, header: bool) -> Answer:
    answer = forward(request)
    target = getattr(forward, "__self__", None)  # a request holds no token: the target does
    if request.partner is None or not isinstance(target, Target):
        return answer
    token = target.access[request.partner].at(target.settings.place_of(request))
    if header:
        return replace(answer, headers=(*answer.headers, ("x-token", token)))
    if answer.media_type != "application/problem+json":
        return answer
    return with_body(answer, {**body_of(answer), "detail": f"Bearer {token} is no good."})


def expect_no_token(answer: Answer, token: str) -> None:
    """An answer does not repeat a token."""
    if len(token) <= _SHORTEST_TRACE:
        raise NotAsked("the token is too short to be looked for")
    # All forms but the halved one hold the token but for its last character, in some case.
    repeated = hidden(answer, [token[:-1]])
    expect(not repeated, "an answer without the token", "the token that was sent", *repeated)


@requirement(
    "secrets.token-is-never-answered",
    Level.MUST,
    "safety: what is answered is logged",
    shows(secret=True),
    judges=(Judge(lambda one: expect_no_token(one.answer, one.token)),),
    mend=REPEAT_NOTHING,
)
@catches(
    Sabotage(
        "echo the token", lambda: lambda one, forward: _echo_token(one, forward, header=False)
    ),
    Sabotage(
        "token in a header", lambda: lambda one, forward: _echo_token(one, forward, header=True)
    ),
)
def token_is_never_answered(probe: Probe) -> None:
    """No answer repeats the token that was sent, good or damaged."""
    plain = probe.request()
    token = probe.target.access[plain.partner or 0].at(probe.token_place)
    for request in (
        plain,
        plain.with_json({probe.name_member: 5}),
        replace(plain, body=b"{"),
        *(replace(plain, token_form=form) for form in damaged_forms(token)),
    ):
        expect_no_token(probe.send(request), token)


def expect_no_store(operation: Operation, answer: Answer) -> None:
    """An answer that shows a secret says that no cache may keep it."""
    secret = secret_member(operation)
    if secret is None or answer.field(secret) is None:
        return
    # RFC 9111 section 5.2: directives are separated by commas, in any case.
    text = answer.header("cache-control") or ""
    directives = {one.strip().lower() for one in text.split(",")}
    if "no-store" not in directives:
        raise Violation("Cache-Control: no-store", excerpt(text, 80) or "no Cache-Control")


@requirement(
    "secrets.no-cache-keeps-them",
    Level.SHOULD,
    "RFC 6749 section 5.1 and RFC 9111 section 5.2.2.5 (Cache-Control: no-store)",
    shows(secret=True),
    judges=(Judge(lambda one: expect_no_store(one.operation, one.answer), statuses=SUCCESS),),
    mend=NO_STORE,
)
@catches(
    set_header(201, "Cache-Control", None),
    set_header(201, "Cache-Control", "no-cache, private"),
    set_header(201, "Cache-Control", "public, max-age=60"),
    on_answers(
        "cacheable replay",
        lambda _, answer: (
            replace(answer, headers=()) if answer.header("idempotent-replayed") else answer
        ),
    ),
)
def no_cache_keeps_them(probe: Probe) -> None:
    """An answer that shows a secret says no-store, a replay too."""
    request = probe.request().with_key(probe.new_key())
    for answer in (probe.succeed(request), probe.send(request)):
        expect_no_store(probe.operation, answer)
