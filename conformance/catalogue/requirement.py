"""Requirements as frozen values: rule, level, source, check, judges and sabotage."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.catalogue.judge import Judge, JudgedExchange
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.capabilities import Capability
from openapi.operation import Operation
from openapi.resource import creates

_ELSEWHERE = {
    "seed": "the contract",
    "vendor": "usual practice",
    "vendor facts": "usual practice",
}
"""The sources that say nothing of other contracts, and what stands for them there."""

_NAMES_SOURCE = re.compile(r"seed:|vendor|safety:|RFC |draft-|the contract")
"""How a part of a source begins that names one; any other goes on with the part before it."""


class Level(StrEnum):
    """The level of a requirement: how binding it is.

    MUST: the seed or safety says so, and breaking it fails the run. SHOULD: vendor facts or an
    RFC say so, and breaking it is a warning. INFO is only observed.
    """

    MUST = "must"
    SHOULD = "should"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for servers or clients.

    ``id`` is permanent, ``source`` names the rule's origin, and ``mend`` says in one line what to
    change where it is broken. Rules that one cause breaks together share that line. ``rests_on`` is
    the id of a rule that breaks this one as well where it is broken itself.
    """

    id: str
    level: Level
    summary: str
    source: str
    mend: str
    rests_on: str = field(default="", kw_only=True)

    def level_on(self, operation: Operation) -> Level:
        """The level of the requirement on one operation.

        The seed speaks of the create operation alone, so what is a MUST because the seed says so
        is a SHOULD for its neighbours in the bundled contracts. Any other contract speaks of each
        of its operations. Safety is a MUST everywhere.
        """
        is_other = operation.contract is not None and not operation.contract.is_bundled
        beyond_seed = self.source.startswith("seed") and not (is_other or creates(operation))
        return Level.SHOULD if self.level is Level.MUST and beyond_seed else self.level

    def source_on(self, operation: Operation) -> str:
        """The source as reports on a contract name it.

        The seed and the vendor speak of the bundled contracts. What holds by those elsewhere is
        read from the contract, or is usual practice.
        """
        contract = operation.contract
        if contract is None or contract.is_bundled:
            return self.source
        parts = (part for part in self.source.split("; ") if _NAMES_SOURCE.match(part))
        found = (_ELSEWHERE.get(one.partition(":")[0], one) for one in parts)
        return "; ".join(dict.fromkeys(found))

    @property
    def section(self) -> str:
        """The part of the catalogue: ``idempotency`` for ``idempotency.replay-is-identical``."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Requirement(Rule):
    """A requirement on servers: where it applies, and how to check it.

    ``applies_to`` reads the contract. ``sabotage`` are the faults that the check must catch, each
    a proof that it can fail. ``check`` returns when the rule holds, and raises
    :class:`~conformance.probe.violation.Violation` or
    :class:`~conformance.probe.not_verified.NotVerified`.
    """

    applies_to: Callable[[Operation], bool]
    needs: frozenset[Capability]
    sabotage: Sequence[Sabotage]
    check: Callable[[Probe], None]
    observes_run: bool = False
    """Whether the check judges exchanges of the whole run, and so comes after all others."""
    judges: tuple[Judge, ...] = ()
    """Judges of one exchange, whoever sent the request."""
    generator_check: str = ""
    """The check of the request generator whose failures its judge confirms."""
    generates: bool = False
    """Whether the check sends generated requests; these checks run one at a time, beside others."""

    def level_on(self, operation: Operation) -> Level:
        """The level of the requirement on one operation.

        Its judges may look at operations that it does not apply to: what the contract says of
        others is a SHOULD there.
        """
        level = Rule.level_on(self, operation)
        is_own = creates(operation) or self.applies_to(operation)
        is_beyond = self.source.startswith("seed") and not is_own
        return Level.SHOULD if level is Level.MUST and is_beyond else level

    def violation(self, exchange: JudgedExchange) -> Violation | None:
        """The violation that one exchange shows, if any; raises ``NotVerified``."""
        found = (one.violation(exchange) for one in self.judges if one.looks_at(exchange))
        return next((one for one in found if one), None)

    @property
    def phase(self) -> int:
        """The phase of a run that checks it: 0 with most others, 1 after them, 2 last and alone."""
        return 2 if Capability.CLOCK in self.needs else int(self.observes_run)
