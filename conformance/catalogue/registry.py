"""Registries of requirements, and of their judges of one exchange."""

import importlib
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, TypeVar

from conformance.catalogue.judge import EachAnswer, Judge, JudgedExchange, Purpose, StatusClass
from conformance.catalogue.requirement import Level, Requirement, Rule
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.capabilities import Capability
from openapi.operation import Operation

R = TypeVar("R", bound=Rule)


class DuplicateRequirement(Exception):
    """Two requirements claim one id."""


class Catalogue(Generic[R]):
    """The requirements of one kind, each registered by a module of one package."""

    def __init__(self) -> None:
        self._found: dict[str, R] = {}
        self._loaded = False

    def add(self, requirement: R) -> None:
        """Register a requirement; raises :class:`DuplicateRequirement`."""
        if requirement.id in self._found:
            raise DuplicateRequirement(f"{requirement.id} is claimed twice")
        self._found[requirement.id] = requirement

    def load(self, package: ModuleType) -> Mapping[str, R]:
        """All requirements by id; imports every module of ``package``, at any depth, once."""
        if not self._loaded:
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
            self._found = dict(sorted(self._found.items()))
            self._loaded = True
        return self._found


Check = Callable[[Probe], None]

SERVER: Catalogue[Requirement] = Catalogue()
"""The requirements on servers, which ``conformance.server`` loads."""


_BY_CHECK: dict[Check, Requirement] = {}


def requirement_of(check: Check) -> Requirement:
    """The requirement that ``check`` belongs to, for other checks that find it broken."""
    return _BY_CHECK[check]


@dataclass(frozen=True, slots=True)
class SabotagedCheck:
    """A check, and the sabotage that it must catch."""

    check: Check
    sabotage: tuple[Sabotage, ...]


def catches(*sabotage: Sabotage) -> Callable[[Check], SabotagedCheck]:
    """Name the sabotage that a check must catch, each a proof that the check can fail."""
    return lambda check: SabotagedCheck(check, sabotage)


def requirement(
    id: str,  # noqa: A002 - the word that everybody uses for it
    level: Level,
    source: str,
    applies_to: Callable[[Operation], bool],
    *,
    mend: str,
    rests_on: str = "",
    needs: Iterable[Capability] = (),
    observes_run: bool = False,
    generates: bool = False,
    generator_check: str = "",
    judges: Iterable[Judge] = (),
) -> Callable[[SabotagedCheck], Check]:
    """Make a function under :func:`catches` the check of a requirement.

    The first line of the function's docstring is the rule. A check made by
    :func:`~conformance.catalogue.judge.each` brings its judge with it. A check with a
    ``generator_check`` sends generated requests.
    """

    def register(sabotaged: SabotagedCheck) -> Check:
        check = sabotaged.check
        own_judges = (check.judge,) if isinstance(check, EachAnswer) else ()
        made = Requirement(
            id=id,
            level=level,
            summary=(inspect.getdoc(inspect.unwrap(check)) or "").partition("\n")[0],
            source=source,
            mend=mend,
            rests_on=rests_on,
            applies_to=_with_operations(applies_to, frozenset(needs)),
            needs=frozenset(needs),
            sabotage=sabotaged.sabotage,
            check=check,
            observes_run=observes_run,
            generates=generates or bool(generator_check),
            generator_check=generator_check,
            judges=(*judges, *own_judges),
        )
        SERVER.add(made)
        _BY_CHECK[check] = made
        return check

    return register


def _with_operations(
    applies_to: Callable[[Operation], bool], needs: frozenset[Capability]
) -> Callable[[Operation], bool]:
    """The test, for operations whose resource has the other operations that a check needs."""

    def applies(operation: Operation) -> bool:
        if not applies_to(operation):
            return False
        resource = operation.resource
        lacks_list = Capability.LISTING in needs and resource and resource.list is None
        lacks_revocation = Capability.REVOCATION in needs and resource and resource.revoke is None
        return not (lacks_list or lacks_revocation)

    return applies


_Pair = tuple[Requirement, Judge]

Judgement = tuple[Requirement, Violation | None]
"""A requirement that an exchange puts to the test, and how the exchange breaks it, if it does."""


class Judges:
    """All judges of some requirements, ordered by aspect, then by requirement id."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        found = [(one, judge) for one in requirements for judge in one.judges]
        found.sort(key=lambda pair: (pair[1].aspect, pair[0].id))
        self._known: dict[tuple[Purpose, StatusClass], list[_Pair]] = defaultdict(list)
        self._by_operation: dict[tuple[str, Purpose, StatusClass], Sequence[_Pair]] = {}
        for one, judge in found:
            for purpose in judge.purposes:
                for status in judge.statuses:
                    self._known[purpose, status].append((one, judge))

    def of(self, purpose: Purpose) -> frozenset[str]:
        """The ids of the requirements that an exchange for this purpose can break."""
        return frozenset(
            one.id for (key, _), pairs in self._known.items() if key is purpose for one, _ in pairs
        )

    def looking_at(self, exchange: JudgedExchange) -> Iterator[_Pair]:
        """The requirements that the exchange puts to the test, each with its judge."""
        operation = exchange.operation
        documented = operation.response(exchange.answer.status)
        has_body = documented is not None and bool(documented.content)
        for one, judge in self._applying(operation, exchange.purpose, exchange.status_class):
            if has_body or not judge.has_documented_body:
                yield one, judge

    def _applying(
        self, operation: Operation, purpose: Purpose, status: StatusClass
    ) -> Sequence[_Pair]:
        """The judges of one kind of exchange with an operation, found once."""
        kind = operation.id, purpose, status
        if kind not in self._by_operation:
            self._by_operation[kind] = [
                (one, judge)
                for one, judge in self._known.get((purpose, status), ())
                if (judge.applies_to or one.applies_to)(operation)
            ]
        return self._by_operation[kind]

    def judgements(self, exchange: JudgedExchange) -> Iterator[Judgement]:
        """Each requirement that the exchange puts to the test, with its violation, if any."""
        for one, judge in self.looking_at(exchange):
            try:
                yield one, judge.violation(exchange)
            except NotVerified:
                continue
