"""Servers that conform, each in its own way."""

from dataclasses import dataclass

from conformance.target.capabilities import Capability
from tests.conformance.servers.options import (
    LIST,
    ONLY_CREATES,
    REVOKE,
    TOKEN,
    Ids,
    Options,
    Order,
    Validation,
)

_OFFERED = {
    LIST: Capability.LISTING,
    REVOKE: Capability.REVOCATION,
    TOKEN: Capability.TOKENS,
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A server, and where it departs from what the vendor says beyond the contract."""

    options: Options
    warnings: frozenset[str] = frozenset()
    at_times: frozenset[str] = frozenset()
    """Warnings that a slow machine is not given."""
    unverified: frozenset[str] = frozenset()
    """What cannot be said of how it creates, though it offers all that is needed."""
    partners: int = 2

    @property
    def capabilities(self) -> set[Capability]:
        """What there is to be found."""
        offered = {Capability.REPLAY_DELAY}
        if self.partners > 1:
            offered.add(Capability.SECOND_PARTNER)
        if self.options.has_clock:
            offered.add(Capability.CLOCK)
        return offered | {one for name, one in _OFFERED.items() if name not in self.options.lacks}


NO_405 = frozenset({"problems.method-not-allowed-names-methods"})

VARIANTS = {
    "as the vendor has it": Variant(Options()),
    "one partner only": Variant(Options(), partners=1),
    "lenient": Variant(
        Options(validation=Validation.LENIENT, revokes_again=True),
        frozenset(
            {
                "validation.bad-date-is-refused",
                "validation.more-than-json-is-refused",
                "validation.other-content-type-is-400",
            }
        ),
    ),
    "strict": Variant(Options(validation=Validation.STRICT)),
    "only creates": Variant(
        Options(lacks=ONLY_CREATES, other_methods=404, path=""), unverified=NO_405
    ),
    "only creates, strict, 405 beside": Variant(
        Options(lacks=ONLY_CREATES, elsewhere=405, validation=Validation.STRICT, tells_rate=False),
        frozenset({"rate_limits.headers-on-every-answer"}),
        unverified=frozenset({"rate_limits.headers-make-sense"}),
    ),
    "only creates, 501 elsewhere": Variant(
        Options(lacks=ONLY_CREATES, elsewhere=501, other_methods=404), unverified=NO_405
    ),
    "only creates, 403 elsewhere": Variant(
        Options(lacks=ONLY_CREATES, elsewhere=403, other_methods=404), unverified=NO_405
    ),
    # Few enough for a slow machine to go beyond: a faster limit is not met by each run.
    "rate-limited": Variant(Options(rate=100, rate_seconds=4)),
    "slow": Variant(Options(seconds_to_answer=0.03)),
    "replays a conflicting body": Variant(Options(replays_conflicts=True)),
    "forgets revoked keys": Variant(Options(forgets_revoked=True)),
    "other prefixes, oldest first, local time": Variant(
        Options(
            path="/gateway/eu-1/keys",
            id_prefix="",
            secret_prefix="sk_",
            ids=Ids.UPPER_HEX,
            id_is_client_id=False,
            order=Order.OLDEST_FIRST,
            offset_hours=-3,
            precision="microseconds",
        )
    ),
    "media types with parameters, compressed, UTC as an offset": Variant(
        Options(
            type_parameters="; charset=utf-8",
            compresses=True,
            offset_hours=0,
            precision="milliseconds",
        )
    ),
    "indented JSON and more of everything": Variant(
        Options(
            indented=True,
            adds_more=True,
            problem_types="urn:dinie:problem:",
            challenge='Bearer realm="keys", scope="all"',
        )
    ),
    "short problems, no limits told": Variant(
        Options(
            short_problems=True, problem_types="https://docs.dinie.com/errors/", tells_rate=False
        ),
        frozenset(
            {
                "problems.every-bad-field-is-named",
                "rate_limits.headers-on-every-answer",
                "validation.every-bad-field-is-reported",
            }
        ),
        unverified=frozenset({"rate_limits.headers-make-sense"}),
    ),
    "a clock that is two hours off": Variant(Options(clock_hours=2)),
    "a clock that can be moved": Variant(Options(has_clock=True)),
    "a clock that can be moved, conflicts replayed, keys forgotten": Variant(
        Options(has_clock=True, replays_conflicts=True, forgets_revoked=True, clock_hours=-5)
    ),
    "a limit that says a date": Variant(
        Options(rate=100, rate_seconds=4, retry_after_is_a_date=True)
    ),
    "tokens by the documented form only": Variant(Options(tokens_by_form_only=True)),
    "closes each connection": Variant(Options(keeps_connections=False)),
    "HTTP/1.0": Variant(Options(http="HTTP/1.0")),
    "a gateway in front, with cookies and pages": Variant(Options(has_gateway=True)),
    "keys of at most 64 printable characters": Variant(Options(longest_key=64)),
    "dates come back as they were sent": Variant(Options(echoes_dates=True)),
    "idle connections end after 2 s": Variant(Options(idle_seconds=2)),
    "chunks, extensions and trailers": Variant(Options(chunked=True)),
    "60 ms": Variant(Options(seconds_to_answer=0.06)),
    "up to 150 ms": Variant(Options(seconds_to_answer=0.075, is_uneven=True)),
    "20 requests a second": Variant(Options(rate=20)),
    "about:blank": Variant(Options(problem_types="about:blank")),
    "restarts midway": Variant(Options(restarts_after=1000)),
    "20 requests to a connection, closed without a word": Variant(
        Options(requests_per_connection=20)
    ),
    "headers in lower case and twice, no reasons, no dates": Variant(Options(is_terse=True)),
    "escaped JSON, numbers with fractions": Variant(Options(escapes_all=True, has_fractions=True)),
    "ULIDs and numbers as ids": Variant(Options(ids=Ids.ULID, id_prefix="", id_is_a_number=True)),
    "ids with punctuation, secrets in base64": Variant(
        Options(ids=Ids.PUNCTUATED, secrets_are_base64=True)
    ),
    "no token, no word about paths": Variant(
        Options(authenticates_first=True, challenge='Basic realm="keys", Bearer realm="keys"')
    ),
    "answers OPTIONS and HEAD": Variant(Options(answers_options=True, answers_heads=True)),
    "an early hint before each answer": Variant(Options(interim=103)),
    "one thing at a time": Variant(Options(at_once=1, seconds_to_answer=0.002)),
    "creations take long": Variant(Options(seconds_to_create=0.15)),
    "TLS": Variant(Options(has_tls=True)),
    "IPv6": Variant(Options(host="::1")),
    "each refusal is a 422": Variant(
        Options(unreadable=422),
        frozenset({"validation.other-content-type-is-400", "validation.unreadable-body-is-400"}),
    ),
    "each refusal of a body is a 400": Variant(
        Options(invalid=400),
        frozenset({"validation.invalid-field-is-422"}),
        unverified=frozenset({"problems.every-bad-field-is-named"}),
    ),
    "problems in Portuguese, with pointers and relative types": Variant(
        Options(speaks_portuguese=True, pointer="/", problem_types="/problems#", adds_more=True)
    ),
    "creations alone are limited": Variant(
        Options(rate=40, rate_seconds=2, limits=frozenset({"POST"})),
        frozenset({"rate_limits.headers-on-every-answer"}),
    ),
    "no token operation": Variant(Options(lacks=frozenset({TOKEN}))),
    "no revocation, 501 there": Variant(
        Options(lacks=frozenset({REVOKE}), elsewhere=501, other_methods=501), unverified=NO_405
    ),
    "no list": Variant(Options(lacks=frozenset({LIST}), elsewhere=405)),
    "replays are told": Variant(Options(tells_replays=True)),
    "small pieces": Variant(Options(trickles=True)),
    "by client id, in pages of seven": Variant(Options(order=Order.BY_CLIENT_ID, default_page=7)),
    "a slash too many leads elsewhere": Variant(Options(redirects_slashes=True)),
    "paths in any case, with any slashes": Variant(Options(is_tolerant_of_paths=True)),
    "a limit that says no wait": Variant(
        Options(rate=40, tells_wait=False),
        frozenset({"rate_limits.limited-answer-says-how-long"}),
    ),
    "keys that are UUIDs of version 4 alone": Variant(Options(keys_are_version_4=True)),
    "each name once": Variant(Options(names_are_unique=True)),
    "revocations answer with the key": Variant(
        Options(revocation_shows_the_key=True),
        frozenset({"revocation.answers-204-without-body"}),
    ),
    "keys of a hundred years at most": Variant(Options(longest_life_years=100)),
    "a list that lags by 300 ms": Variant(
        Options(list_lags_seconds=0.3), at_times=frozenset({"lists.created-is-listed"})
    ),
}
