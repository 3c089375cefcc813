"""The harness's vocabulary: requirements, what they need, and what came of them. Frozen values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.catalogue.judge import Judge, JudgedExchange
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import creates
from conformance.probe.probe import Probe, Violation
from conformance.target.capabilities import Capability
from openapi.operation import Operation


class Level(StrEnum):
    """How binding a requirement is.

    MUST: the seed or safety says so, and breaking it fails the run. SHOULD: vendor facts or an
    RFC say so, and breaking it is a warning. INFO is only observed.
    """

    MUST = "must"
    SHOULD = "should"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is required, of whomever. ``id`` is permanent; ``source`` says where it comes from."""

    id: str
    level: Level
    summary: str
    source: str

    def level_on(self, operation: Operation) -> Level:
        """How binding it is for one operation.

        The seed speaks of the create operation alone, so what is a MUST because the seed says so
        is a SHOULD for its neighbours. Safety is a MUST everywhere.
        """
        beyond_seed = self.source.startswith("seed") and not creates(operation)
        return Level.SHOULD if self.level is Level.MUST and beyond_seed else self.level

    @property
    def section(self) -> str:
        """The part of the catalogue: ``idempotency`` for ``idempotency.replay-is-identical``."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Requirement(Rule):
    """One rule for servers: where it applies, and how to check it.

    ``applies_to`` reads the contract. ``sabotage`` are the faults that the check must catch, each
    a proof that it can fail. ``check`` returns when the rule holds, and raises
    :class:`~conformance.probe.probe.Violation` or :class:`~conformance.probe.probe.NotVerified`.
    """

    applies_to: Callable[[Operation], bool]
    needs: frozenset[Capability]
    sabotage: Sequence[Sabotage]
    check: Callable[[Probe], None]
    observes_run: bool = False
    """It judges what the whole run met, so it is checked when all others are done."""
    judges: tuple[Judge, ...] = ()
    """What can be said of one exchange, whoever sent the request."""
    generator_check: str = ""
    """The check of the request generator whose failures its judge confirms."""
    generates: bool = False
    """It sends generated requests: of these one at a time is checked, beside all others."""

    def violation(self, exchange: JudgedExchange) -> Violation | None:
        """The violation that one exchange shows, if any; raises ``NotVerified``."""
        found = (one.violation(exchange) for one in self.judges if one.looks_at(exchange))
        return next((one for one in found if one), None)

    @property
    def phase(self) -> int:
        """When it is checked: 0 with most others, 1 when they are done, 2 after all and alone."""
        return 2 if Capability.CLOCK in self.needs else int(self.observes_run)
