"""Keys that are no UUIDs, and retries that look different (seed: Idempotency-Key, a string).

A server may refuse a key that is no UUID. One that it takes is a key like any other.
"""

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from posixpath import normpath
from urllib.parse import unquote, unquote_plus

from conformance.catalogue.mends import BY_KEY_ALONE, EXACT_KEYS, STORE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_requests
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.token_exchange import created, exchange
from conformance.probe.values import Values, member
from conformance.server.idempotency.replays import SEED
from conformance.server.idempotency.requests import expect_makes
from conformance.server.tokens.used import issued_to, note_owner, with_token
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request

Edit = Callable[[str], str]

_HEADER = "Idempotency-Key"

_PAIRS: Mapping[str, tuple[Edit, Edit]] = {
    "hyphens": (str, lambda key: key.replace("-", "")),
    "punctuation": (lambda key: f"{key}.a", lambda key: f"{key}:a"),
    "the case of a letter beyond F": (lambda key: f"{key}x", lambda key: f"{key}X"),
    "a blank": (lambda key: f"{key} a", lambda key: f"{key}a"),
    "what follows a comma": (lambda key: f"{key},a", lambda key: f"{key},b"),
    "what follows 64 characters": (lambda key: f"{key:x<64}a", lambda key: f"{key:x<64}b"),
    "what follows 255 characters": (lambda key: f"{key:x<255}a", lambda key: f"{key:x<255}b"),
    "the spelling of a number": (lambda key: f"{_number(key)}", lambda key: f"{_number(key)}.0"),
    "leading zeros": (lambda key: f"{_number(key)}", lambda key: f"00{_number(key)}"),
    "what a URL decodes": (lambda key: f"{key}%41", lambda key: f"{key}A"),
    "what a form decodes": (lambda key: f"{key} a", lambda key: f"{key}+a"),
    "a wildcard of SQL": (lambda key: f"{key}ab", lambda key: f"{key}_%"),
    "a wildcard of a pattern": (lambda key: f"{key}ab", lambda key: f"{key}a*"),
    "quotes": (str, lambda key: f'"{key}"'),
    "a prefix": (str, lambda key: f"urn:uuid:{key}"),
    "what follows a semicolon": (lambda key: f"{key};a", lambda key: f"{key};b"),
    "what follows a hash": (lambda key: f"{key}#a", lambda key: f"{key}#b"),
    "a backslash": (lambda key: f"{key}\\a", lambda key: f"{key}a"),
    "a second slash": (lambda key: f"{key}/a", lambda key: f"{key}//a"),
    "the dots of a path": (lambda key: f"{key}/a", lambda key: f"{key}/b/.././a"),
    "a slash at the end": (str, lambda key: f"{key}/"),
    "a second blank": (lambda key: f"{key} a", lambda key: f"{key}  a"),
    "the padding of Base64": (str, lambda key: f"{key}="),
    "the sign of a number": (lambda key: f"{_number(key)}", lambda key: f"+{_number(key)}"),
    "what HTML decodes": (lambda key: f"{key}&a", lambda key: f"{key}&amp;a"),
    "what JSON decodes": (lambda key: f"{key}A", lambda key: f"{key}\\u0041"),
}
"""Two keys each, made of a new UUID, by what they differ in."""

_KEYS: Mapping[str, Edit] = {
    "7 characters": lambda key: key[:7],
    "300 characters": lambda key: f"{key:x<300}",
    "a word": lambda key: f"order-{key}",
    "punctuation": lambda key: f"{key}:a/b+c=~!",
}


def _number(key: str) -> int:
    return int(key.replace("-", "")[:12], 16)


def _edit(name: str, edit: Callable[[str], str | None]) -> Sabotage:
    """Keys are changed, or forgotten (None)."""

    def changed(request: Request) -> Request:
        key = edit(request.key) if request.key else None
        bare = request.without_header(_HEADER)
        return bare.with_key(key) if key else bare

    return on_requests(name, changed)


@requirement(
    "idempotency.odd-keys-are-different-calls",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=EXACT_KEYS,
)
@catches(
    _edit("cut keys after 64 characters", lambda key: key[:64]),
    _edit("cut keys after 255 characters", lambda key: key[:255]),
    _edit("keep the letters and digits of keys", lambda key: re.sub(r"\W", "", key)),
    _edit("end keys at a comma", lambda key: key.split(",")[0]),
    _edit("make X in keys small", lambda key: key.replace("X", "x")),
    _edit("drop blanks from keys", lambda key: key.replace(" ", "")),
    _edit("read keys as numbers", lambda key: key.removesuffix(".0")),
    _edit("drop leading zeros", lambda key: key.lstrip("0")),
    _edit("decode keys as parts of a URL", unquote),
    _edit("decode keys as parts of a form", unquote_plus),
    _edit("take keys for patterns", lambda key: re.sub(r"(_%|a\*)$", "ab", key)),
    _edit("take quotes off keys", lambda key: key.strip('"')),
    _edit("take prefixes off keys", lambda key: key.removeprefix("urn:uuid:")),
    _edit("end keys at a semicolon", lambda key: key.split(";")[0]),
    _edit("end keys at a hash", lambda key: key.split("#")[0]),
    _edit("drop backslashes", lambda key: key.replace("\\", "")),
    _edit("take keys for paths", normpath),
    _edit("take slashes off keys", lambda key: key.rstrip("/")),
    _edit("make blanks in keys one", lambda key: re.sub(" +", " ", key)),
    _edit("take padding off keys", lambda key: key.rstrip("=")),
    _edit("take signs off keys", lambda key: key.lstrip("+")),
    _edit("decode keys as HTML", html.unescape),
    _edit("decode keys as JSON", lambda key: key.replace("\\u0041", "A")),
)
def odd_keys_are_different_calls(probe: Probe) -> None:
    """Keys that differ in a blank, in punctuation or behind hundreds of characters are two."""
    expect_makes(probe)
    request = probe.request()
    for what, (one, other) in _PAIRS.items():
        key = probe.new_key()
        answers = [probe.send(request.with_key(edit(key))) for edit in (one, other)]
        if all(answer.status == probe.operation.success_status for answer in answers):
            first, second = (probe.known_id_of(answer) for answer in answers)
            probe.expect(
                first != second,
                f"two resources for two keys that differ in {what}",
                "one",
                Values(f"/{probe.resource.id} of both", first),
            )


def _long_or_short(key: str) -> str | None:
    return key if 7 < len(key) <= 255 else None  # noqa: PLR2004 - the usual bounds


@requirement(
    "idempotency.odd-key-makes-one-resource",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(
    _edit("forget long and short keys", _long_or_short),
    _edit("forget keys that are no UUIDs", lambda key: key if len(key) == 36 else None),  # noqa: PLR2004 - of a UUID
)
def odd_key_makes_one_resource(probe: Probe) -> None:
    """A request that is repeated with a key that is no UUID makes nothing new."""
    expect_makes(probe)
    for what, edit in _KEYS.items():
        request = probe.request().with_key(edit(probe.new_key()))
        first = probe.send(request)
        if first.status == probe.operation.success_status:
            _expect_no_other(probe, first, probe.send(request), f"a used key with {what}")


def _with_header_in_key(name: str) -> Sabotage:
    def changed(request: Request) -> Request:
        value = dict(request.headers).get(name, "")
        return request.with_key(f"{request.key}{value}") if request.key else request

    return on_requests(f"make {name} a part of the key", changed)


def _in_lower_case(request: Request) -> Request:
    key = request.key or ""
    return request.without_header(_HEADER).with_header(_HEADER.lower(), key)


def _spaced(request: Request) -> Request:
    if request.form is not None:
        return request  # a form has no blanks
    return replace(request, body=json.dumps(json.loads(request.body), indent=2).encode())


_OF_ITS_WAY = (
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Real-IP", "203.0.113.7"),
    ("Forwarded", "for=203.0.113.7"),
    ("Via", "1.1 other"),
    ("X-Request-Id", "dinie-conformance-retry"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("Cookie", "route=other"),
    ("Accept", "*/*"),
    ("Cache-Control", "no-cache"),
)
"""What a retry may have otherwise that comes by another network, proxy or process."""

_LOOKS: Mapping[str, Callable[[Request], Request]] = {
    "another User-Agent": lambda one: one.with_header("User-Agent", "dinie-conformance/retry"),
    "another Accept-Language": lambda one: one.with_header("Accept-Language", "pt-BR"),
    # RFC 9110 section 5.1: the case of a header's name makes no difference.
    "the header in lower case": _in_lower_case,
    "blanks in its JSON": _spaced,
    "other headers of its way": lambda one: replace(one, headers=one.headers + _OF_ITS_WAY),
    "an unknown query parameter": lambda one: replace(one, path=f"{one.path}?retry=1"),
}


@requirement(
    "idempotency.retry-may-look-different",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=BY_KEY_ALONE,
    rests_on="idempotency.replay-is-identical",
)
@catches(
    *map(_with_header_in_key, ("User-Agent", "X-Forwarded-For", "Cookie")),
    on_requests(
        "find the header in its usual case alone",
        lambda one: one.without_header(_HEADER) if _HEADER.lower() in dict(one.headers) else one,
    ),
    on_requests(
        "make the bytes of the body a part of the key",
        lambda one: one.with_key(f"{one.key}{len(one.body)}") if one.key else one,
    ),
    on_requests(
        "make the query a part of the key",
        lambda one: one.with_key(f"{one.key}{one.path[-8:]}") if one.key else one,
    ),
)
def retry_may_look_different(probe: Probe) -> None:
    """A retry from another client, or in another spelling, is refused or makes nothing new."""
    expect_makes(probe)
    for what, look in _LOOKS.items():
        request = probe.request().with_key(probe.new_key())
        first = probe.succeed(request)
        _expect_no_other(probe, first, probe.send(look(request)), f"a retry with {what}")


def _expect_no_other(probe: Probe, first: Answer, again: Answer, what: str) -> None:
    other = again.status == first.status and probe.id_of(again) != probe.id_of(first)
    seen = member(again, probe.resource.id, first.field(probe.resource.id))
    probe.expect(not other, f"nothing new for {what}", f"{again.status} with a new resource", seen)


def _keys_of_a_token(request: Request) -> Request:
    said = dict(request.headers).get("Authorization", "")
    return request.with_key(f"{request.key}{said[-20:]}") if request.key else request


@requirement(
    "idempotency.retry-with-newer-token-makes-nothing",
    Level.SHOULD,
    "vendor facts: cached under (partner, key)",
    accepts_idempotency_key,
    needs=(Capability.TOKENS,),
    mend=BY_KEY_ALONE,
    rests_on="idempotency.retry-may-look-different",
)
@catches(on_requests("make the token a part of the key", _keys_of_a_token))
def retry_with_newer_token_makes_nothing(probe: Probe) -> None:
    """A retry with another token of the partner is refused, or makes nothing new."""
    expect_makes(probe)
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    token = issued_to(exchange(probe, created(probe)))
    again = answer_to(probe, with_token(request, token))
    if again.status == HTTPStatus.UNAUTHORIZED:
        raise NotVerified("the target refuses the tokens that it issues")
    if again.is_success:
        note_owner(probe, again, 0)
    _expect_no_other(probe, first, again, "a retry with a newer token")
