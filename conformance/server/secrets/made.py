"""Creation of secrets: each is unique and cannot be guessed.

A server may give secrets any prefix, length and alphabet, and put an id into one beside enough
that is random.
"""

import hashlib
import itertools
import time
import uuid
from collections.abc import Callable
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from conformance.catalogue.judge import SUCCESS, Judge, JudgedExchange, Purpose, on
from conformance.catalogue.mends import RANDOM_BYTES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, edit_body, set_field
from conformance.probe.applicability import shows
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import expect
from conformance.server.secrets.entropy import estimated_bits
from conformance.target.exchange import Answer, Request, Tamper
from conformance.target.target import Target
from openapi.item_members import value_at

SAFETY = "safety: a secret that can be guessed protects nothing"

FEWEST_BITS = 90
"""What no secret may be below: a guess a nanosecond would take longer than the universe is old."""

USUAL_BITS = 112
"""RFC 6749 asks for 128 bits; a random UUID has 122, and the estimate may be one or two off."""

_LONGEST = 4000
"""The characters of a very long text that are looked at."""

_SAMPLES = 20
_AT_ONCE = 10

_samples: WeakKeyDictionary[Target, dict[str, list[tuple[Request, Answer]]]] = WeakKeyDictionary()
_locks: WeakKeyDictionary[Target, Lock] = WeakKeyDictionary()
_LOCK = Lock()


def _sample(probe: Probe) -> list[Answer]:
    """Answers to many creates, ten at once: made once for a target, judged by several checks."""
    with _LOCK:
        lock = _locks.setdefault(probe.target, Lock())
        kept = _samples.setdefault(probe.target, {})
    with lock:
        if probe.operation.id not in kept:
            probe.make()
            requests = [probe.request() for _ in range(_SAMPLES)]
            for start in range(0, _SAMPLES, _AT_ONCE):
                probe.send_at_once(requests[start : start + _AT_ONCE])
            kept[probe.operation.id] = [
                one for one in probe.recording.exchanges if one[0].is_for(probe.operation)
            ]
        else:
            for exchange in kept[probe.operation.id]:
                probe.recording.add(*exchange)
    success = probe.operation.success_status
    answers = [answer for _, answer in kept[probe.operation.id] if answer.status == success]
    if len(answers) < _SAMPLES:
        raise NotVerified(f"only {len(answers)} of {_SAMPLES + 1} plain requests succeeded")
    return answers


def secrets_in(probe: Probe, answers: list[Answer]) -> list[str]:
    """The secrets in the answers."""
    found = [probe.secret_of(answer) for answer in answers]
    texts = [one[:_LONGEST] for one in found if one is not None]
    if len(texts) < len(found):
        raise NotVerified(f"an answer shows no {probe.resource.secret} that is a string")
    return texts


def _expect_unique(probe: Probe, field: str) -> None:
    values = [value_at(answer.json_object() or {}, field) for answer in _sample(probe)]
    if None in values:
        raise NotVerified(f"an answer shows no {field}")
    different = len(set(map(repr, values)))
    probe.expect(
        different == len(values),
        f"{len(values)} values of {field} for as many resources",
        f"{different}",
    )


def _every(field: str, name: str, make: Callable[[int], str]) -> Sabotage:
    """Sabotage that replaces the n-th value of a field."""

    def tamper() -> Tamper:
        count = itertools.count()
        return edit_body(201, name, lambda body: body.update({field: make(next(count))})).make()

    return Sabotage(f"{name}: {field}", tamper)


def _secret(name: str, edit: Callable[[dict[str, Any]], str]) -> Sabotage:
    """Sabotage that derives the secret from the answer's other fields."""
    return edit_body(201, f"secret {name}", lambda one: one.update(client_secret=edit(one)))


_COUNTER = _every("client_secret", "a counter", lambda count: f"dinie_cs_live_{count:032d}")
_TIME = _every("client_secret", "the time", lambda _: f"dinie_cs_live_{time.time_ns():032x}")


def _is_new(exchange: JudgedExchange) -> None:
    expect(not exchange.has_old_secret, "another secret for each resource", "the one of another")


@requirement(
    "secrets.are-unique",
    Level.MUST,
    SAFETY,
    shows(secret=True),
    judges=(Judge(_is_new, on(Purpose.OBSERVED), SUCCESS),),
    mend=RANDOM_BYTES,
)
@catches(
    set_field(201, "client_secret", "dinie_cs_live_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    _every("client_secret", "one of ten", lambda count: f"dinie_cs_live_{count % 10:032d}"),
    _every("client_secret", "the second", lambda _: f"dinie_cs_live_{time.time():032.0f}"),
)
def secrets_are_unique(probe: Probe) -> None:
    """No two resources have one secret, however many are created and however fast."""
    _expect_unique(probe, str(probe.resource.secret))


@requirement(
    "secrets.client-ids-are-unique",
    Level.MUST,
    "seed: id, client_id; Use multiple credentials",
    shows(),
    mend="Make ids unique, by a constraint of the store.",
)
@catches(
    set_field(201, "id", "one"),
    set_field(201, "client_id", "dinie_ci_live_0f8e2b7c4d5a6b1c9e3f7a2d8b4c6e10"),
    _every("client_id", "the second", lambda _: f"dinie_ci_live_{time.time():032.0f}"),
    _every("id", "one of fifteen", lambda count: f"dinie_ci_live_{count % 15}"),
)
def client_ids_are_unique(probe: Probe) -> None:
    """No two resources have one id or one client id."""
    for field in sorted({probe.resource.id, probe.resource.login}, reverse=True):
        _expect_unique(probe, field)


def _expect_bits(probe: Probe, least: int) -> None:
    bits = estimated_bits(secrets_in(probe, _sample(probe)))
    probe.expect(bits >= least, f"at least {least} random bits", f"about {bits:.0f}")


_WEAK = (
    _COUNTER,
    _TIME,
    _secret("of 8 characters", lambda one: one["client_secret"][-8:]),
    _secret("of 8 characters behind a prefix", lambda one: one["client_secret"][:22]),
    _secret(
        "of 16 digits", lambda one: f"dinie_cs_live_{int(one['client_secret'][-13:], 16):016d}"
    ),
    _secret("that is padded", lambda one: f"{one['client_secret'][:24]:0<46}"),
    _secret("that repeats itself", lambda one: f"dinie_cs_live_{one['client_secret'][-8:] * 4}"),
    _secret("of one letter", lambda one: "x" * (ord(one["client_secret"][-1]))),
    _secret("that is empty", lambda _: ""),
)


def _is_not_empty(exchange: JudgedExchange) -> None:
    resource = exchange.resource
    secret = exchange.answer.text(resource.secret) if resource and resource.secret else None
    expect(secret != "", f"at least {FEWEST_BITS} random bits", "an empty secret")


@requirement(
    "secrets.are-beyond-guessing",
    Level.MUST,
    SAFETY,
    shows(secret=True),
    judges=(Judge(_is_not_empty, statuses=SUCCESS),),
    mend=RANDOM_BYTES,
)
@catches(*_WEAK)
def secrets_are_beyond_guessing(probe: Probe) -> None:
    """A secret has at least 90 random bits, by an estimate from twenty of them.

    The estimate (:func:`~conformance.server.secrets.entropy.estimated_bits`) errs upwards and by
    less than two bits downwards: 32 hex digits are worth 127 of their 128 bits or more, 16 letters
    and digits of both cases 93 of 95. A counter, a time and 8 characters are all below 60.
    """
    _expect_bits(probe, FEWEST_BITS)


@requirement(
    "secrets.are-as-random-as-usual",
    Level.SHOULD,
    "RFC 6749 section 10.10 (a guess succeeds with 2^-128)",
    shows(secret=True),
    mend=RANDOM_BYTES,
)
@catches(*_WEAK, _secret("of 26 hex digits", lambda one: one["client_secret"][:40]))
def secrets_are_as_random_as_usual(probe: Probe) -> None:
    """A secret has about as many random bits as RFC 6749 asks for, at least 112."""
    _expect_bits(probe, USUAL_BITS)


def _digest(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda one: f"dinie_cs_live_{hashlib.sha256(one[field].encode()).hexdigest()}"


@requirement("secrets.are-not-derived", Level.MUST, SAFETY, shows(secret=True), mend=RANDOM_BYTES)
@catches(
    _secret("from the id", lambda one: f"dinie_cs_live_{one['id'][-32:]}"),
    _secret("as the client id", lambda one: one["client_id"]),
    _secret("from the client id, turned round", lambda one: one["client_id"][::-1].upper()),
    _secret("with a short tail", lambda one: one["client_id"] + one["client_secret"][-8:]),
    _secret("by a digest of the client id", _digest("client_id")),
    _secret("by a digest of the name", _digest("name")),
    _secret(
        "as a UUID of the client id",
        lambda one: f"dinie_cs_live_{uuid.uuid5(uuid.NAMESPACE_URL, one['client_id']).hex}",
    ),
    _secret(
        "by a digest of client id and time",
        lambda one: hashlib.md5(f"{one['client_id']}:{one['created_at']}".encode()).hexdigest(),  # noqa: S324 - it is meant to be weak
    ),
    _every(
        "client_secret",
        "a digest of a counter",
        lambda count: hashlib.md5(str(count).encode()).hexdigest(),  # noqa: S324 - it is meant to be weak
    ),
)
def secrets_are_not_derived(probe: Probe) -> None:
    """A secret has at least 90 random bits that follow neither from what is shown nor a counter.

    Left out of the estimate is what stands in another field of the answer, turned round, encoded
    or as a digest, and what is a digest of a small number.
    """
    answers = _sample(probe)
    texts = secrets_in(probe, answers)
    if estimated_bits(texts) < FEWEST_BITS:
        raise NotVerified("the secrets are too weak to tell what they were made of")
    known = [texts_beside(probe, answer) for answer in answers]
    bits = estimated_bits(texts, known)
    probe.expect(
        bits >= FEWEST_BITS,
        f"at least {FEWEST_BITS} random bits beside what is shown with the secret",
        f"about {bits:.0f}",
    )


def texts_beside(probe: Probe, answer: Answer) -> list[str]:
    """The texts in an answer other than the secret."""
    return [
        value[:_LONGEST]
        for field, value in (answer.json_object() or {}).items()
        if field != probe.resource.secret and isinstance(value, str)
    ]
