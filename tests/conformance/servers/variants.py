"""Servers that conform, each in its own way."""

from dataclasses import dataclass

from conformance.target.capabilities import Capability
from tests.conformance.servers.options import Options, Validation


@dataclass(frozen=True, slots=True)
class Variant:
    """A server, and where it departs from what the vendor says beyond the contract."""

    options: Options
    warnings: frozenset[str] = frozenset()
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
        if self.options.only_create:
            return offered
        return offered | {Capability.LISTING, Capability.REVOCATION, Capability.TOKENS}


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
    "only creates": Variant(Options(only_create=True, path=""), unverified=NO_405),
    "only creates, strict, 405 beside": Variant(
        Options(only_create=True, elsewhere=405, validation=Validation.STRICT, tells_rate=False),
        frozenset({"rate_limits.headers-on-every-answer"}),
        unverified=frozenset({"rate_limits.headers-make-sense"}),
    ),
    "only creates, 501 elsewhere": Variant(
        Options(only_create=True, elsewhere=501), unverified=NO_405
    ),
    "only creates, 403 elsewhere": Variant(
        Options(only_create=True, elsewhere=403), unverified=NO_405
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
            upper_case=True,
            id_is_client_id=False,
            newest_first=False,
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
}
