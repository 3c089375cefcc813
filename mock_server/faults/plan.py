"""The faults of each partner, and which of them fire for a request."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import orjson

from dinie_contract.spelling import hint
from mock_server.documented.answers import DocumentedAnswers
from mock_server.exchange.exact_json import parse_json
from mock_server.exchange.exchange import Exchange
from mock_server.faults.actions import Action, ActionContext, Delay, Status, action_of
from mock_server.faults.presets import PRESETS, FaultText, faults_of
from mock_server.partners.access_tokens import AccessTokens
from openapi.operation import Operation


class UnusableFault(Exception):
    """A fault that could never fire; ``field`` is the member to correct."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Match:
    """The condition on requests of a fault; a field that is None matches any request."""

    operation: str | None = None
    idempotent: bool | None = None
    authenticated: bool | None = None
    headers: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    def covers(self, operation: Operation) -> bool:
        """Whether requests for ``operation`` can match."""
        return (
            self.operation in {None, operation.id}
            and self.idempotent in {None, operation.accepts_idempotency_key}
            and self.authenticated in {None, operation.needs_authentication}
        )

    def fits(self, exchange: Exchange) -> bool:
        """Whether the headers and body of a request match."""
        for name, text in (self.headers or {}).items():
            if exchange.header(name.lower().encode("latin-1", "replace")) != text:
                return False
        if self.body is None:
            return True
        try:
            value = parse_json(exchange.body)
        except orjson.JSONDecodeError:
            return False
        return isinstance(value, dict) and all(
            name in value and _same(value[name], wanted) for name, wanted in self.body.items()
        )


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; Python's ``==`` takes true for 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


@dataclass(slots=True)
class Fault:
    """One fault of one partner: ``text`` is its JSON, ``fired`` the number of times it fired."""

    id: str
    name: str
    match: Match
    firing: Iterator[bool]
    """For each matching request in turn, whether the fault fires."""
    action: Action
    text: FaultText
    preset: str | None = None
    """The preset that the fault is of."""
    fired: int = 0
    enabled: bool = True

    def fires_for(self, exchange: Exchange, operation: Operation) -> bool:
        """Whether the fault matches this request and fires; counts it then."""
        matches = self.enabled and self.match.covers(operation) and self.action.suits(operation)
        if not matches or not self.match.fits(exchange) or not next(self.firing):
            return False
        self.fired += 1
        return True


def firing_of(rule: Mapping[str, float] | None) -> Iterator[bool]:
    """The firing of a fault by its member ``fire``: every time without a rule.

    ``times`` fires for the next so many requests, ``every`` for the first ``burst`` of each so
    many once ``skip`` are left out, and ``probability`` at random, with the same choices for the
    same ``seed``.
    """
    rule = rule or {"every": 1}
    if "times" in rule:
        return (number < rule["times"] for number in count())
    if "every" in rule:
        start = -int(rule.get("skip", 0))
        burst = rule.get("burst", 1)
        return (number >= 0 and number % rule["every"] < burst for number in count(start))
    choices = random.Random(int(rule.get("seed", 0)))  # noqa: S311 - no secret depends on it
    return (choices.random() < rule["probability"] for _ in count())


def firing(faults: Iterable[Fault], exchange: Exchange, operation: Operation) -> list[Fault]:
    """The faults that fire for a request: all delays, then the first of any other kind.

    The faults after that one do not count the request.
    """
    delays: list[Fault] = []
    last: list[Fault] = []
    for fault in faults:
        delays_only = isinstance(fault.action, Delay)
        if (delays_only or not last) and fault.fires_for(exchange, operation):
            (delays if delays_only else last).append(fault)
    return delays + last


class FaultPlans:
    """The faults of all partners; each partner starts with those of ``presets``."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        answers: DocumentedAnswers,
        tokens: AccessTokens,
        presets: Iterable[str] = (),
    ) -> None:
        self._operations = operations
        self._action = partial(action_of, context=ActionContext(operations, answers, tokens))
        self._presets = tuple(presets)
        self._plans: dict[str, list[Fault]] = {}
        self._count = count(1)
        self.is_empty = not self._presets
        """Whether no partner has had a fault since the start."""

    def of(self, partner_id: str) -> list[Fault]:
        """A partner's faults, in the order in which they were added."""
        if partner_id not in self._plans:
            self._plans[partner_id] = [
                fault for name in self._presets for fault in self._made({"preset": name})
            ]
        return self._plans[partner_id]

    def add(self, partner_id: str, text: FaultText) -> list[Fault]:
        """Add a fault, or all of a preset (``{"preset": "slow"}``), and return what was added.

        Raises :class:`UnusableFault`.
        """
        added = list(self._made(text))
        if len(added) > 1:  # of a preset: what the contract cannot have is left out
            added = [one for one in added if self._fits(one)] or added
        for fault in added:
            self._check(fault)
        self.of(partner_id).extend(added)
        self.is_empty = False
        return added

    def remove(self, partner_id: str, fault_id: str) -> bool:
        """Remove one fault; False where there is none of that id."""
        plan = self.of(partner_id)
        kept = [one for one in plan if one.id != fault_id]
        removed = len(kept) < len(plan)
        plan[:] = kept
        return removed

    def switch(self, partner_id: str, fault_id: str, *, enabled: bool) -> Fault | None:
        """Switch one fault off or on; None where there is none of that id.

        A fault that is switched on again begins its firing anew, as a new one would.
        """
        fault = next((one for one in self.of(partner_id) if one.id == fault_id), None)
        if fault is not None:
            if enabled and not fault.enabled:
                fault.firing = firing_of(fault.text.get("fire"))
            fault.enabled = enabled
        return fault

    def clear(self, partner_id: str) -> None:
        """Remove every fault of a partner."""
        self.of(partner_id).clear()

    def forget(self, partner_id: str) -> None:
        """Reset a partner's faults to those of the start."""
        self._plans.pop(partner_id, None)

    def preset(self, name: str, operation: Operation) -> list[Fault]:
        """The faults of a preset that suit ``operation``, for one request, each firing always."""
        made = self._made({"preset": name})
        fitting = [one for one in made if one.action.suits(operation)]
        for fault in fitting:
            fault.firing = firing_of(None)
            fault.match = Match()
        return fitting

    def _made(self, text: FaultText) -> Iterator[Fault]:
        if "preset" in text:
            for one in faults_of(text["preset"], self._operations.values()):
                preset = text["preset"] if text["preset"] in PRESETS else None
                fault = self._fault(one, text["preset"], preset)
                if preset is None and isinstance(fault.action, Status):
                    # A status for each request, whatever other operations document.
                    fault.action = replace(fault.action, is_for_all=True)
                yield fault
        else:
            yield self._fault(text, text.get("name") or text["action"]["kind"])

    def _fault(self, text: FaultText, name: str, preset: str | None = None) -> Fault:
        return Fault(
            id=f"fault_{next(self._count)}",
            name=name,
            match=Match(**text.get("match", {})),
            firing=firing_of(text.get("fire")),
            action=self._action(text["action"]),
            text=text,
            preset=preset,
        )

    def _fits(self, fault: Fault) -> bool:
        operations = self._operations.values()
        return any(fault.match.covers(one) and fault.action.suits(one) for one in operations)

    def _check(self, fault: Fault) -> None:
        named = fault.match.operation
        if named is not None and named not in self._operations:
            reason = f"is no operation of the contract: {hint(named, self._operations)}"
            raise UnusableFault("match.operation", reason)
        covered = [one for one in self._operations.values() if fault.match.covers(one)]
        if not covered:
            raise UnusableFault("match", "is for no operation of the contract")
        if not any(fault.action.suits(one) for one in covered):
            raise UnusableFault(
                "action",
                f"takes {fault.action.takes}: {', '.join(one.id for one in covered)}"
                f" {'has' if len(covered) == 1 else 'have'} none",
            )
        if isinstance(fault.action, Delay) and fault.action.upto < fault.action.seconds:
            raise UnusableFault("action.upto", "must not be less than seconds")
