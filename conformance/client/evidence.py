"""The evidence of a check: the attempts and calls of a journal for one operation."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from conformance.client.attempts import CLOCK, Attempt, attempts_of
from conformance.client.calls import Call, Retry, calls_of, made_once
from conformance.client.operations import Address
from conformance.client.request_faults import Fault, faults_of
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM
from conformance.probe.values import Values
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import issues_tokens


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of a rule, the exchanges that prove it, and values that they show."""

    expected: str
    actual: str
    exchanges: tuple[JournalEntry, ...]
    values: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """Two attempts that break a rule if they are one call, and say nothing if they are two."""

    before: Attempt
    after: Attempt

    @property
    def reason(self) -> str:
        """Why nobody can tell, and what would."""
        repeats = f"#{self.after.number} repeats #{self.before.number}, which failed"
        return f"{repeats}, but not under its key: a retry or a new call? Unique names would tell"


_MOST_ANSWERS = 4

OK: None = None
"""The observation that a rule was kept once."""

Observation = Violation | Unclear | None


class Traffic:
    """The attempts and calls of a journal, whose entries may be in any order.

    ``rehearsal`` is a journal of the same client without faults, where there is one.
    """

    def __init__(
        self,
        contract: Contract,
        entries: Sequence[JournalEntry],
        rehearsal: Sequence[JournalEntry] = (),
    ) -> None:
        self.contract = contract
        self.attempts, self.strays = attempts_of(contract, entries)
        self.calls = calls_of(self.attempts, made_once(attempts_of(contract, rehearsal)[0]))
        found = {one.number for one in self.attempts}
        found |= {entry.number for entry, _ in self.strays}
        self.others = [one for one in entries if one.number not in found]
        """The exchanges that have nothing to do with the contract."""
        self._faults: dict[int, Sequence[Fault]] = {}

    @property
    def bases(self) -> list[str]:
        """The base URLs of the API."""
        return sorted({one.address.base for one in self.attempts})

    @cached_property
    def issued(self) -> Mapping[str, Attempt]:
        """The first request that got a token, by the token's pseudonym."""
        found: dict[str, Attempt] = {}
        for one in self.token_requests:
            token = one.member("access_token")
            if isinstance(token, str):
                found.setdefault(token, one)
        return found

    @cached_property
    def token_requests(self) -> Sequence[Attempt]:
        """The requests for a token, in the order of their start."""
        return [one for one in self.attempts if issues_tokens(one.operation)]

    @cached_property
    def credentials(self) -> frozenset[str]:
        """The pseudonyms of what the client sent to prove itself, and of the tokens it got."""
        sent = [one.entry for one in self.attempts] + [entry for entry, _ in self.strays]
        texts = [one.request_header("authorization") or "" for one in sent]
        texts += [one.entry.request_body for one in self.token_requests]
        return frozenset(self.issued).union(*map(PSEUDONYM.findall, texts))

    @cached_property
    def keys_in_query(self) -> set[str]:
        """The names of the query parameters in which the contract takes an API key."""
        schemes = self.contract.security_schemes.values()
        return {one["name"] for one in schemes if one["type"] == "apiKey" and one["in"] == "query"}

    def faults(self, attempt: Attempt) -> Sequence[Fault]:
        """The faults of a request by the contract."""
        if attempt.number not in self._faults:
            self._faults[attempt.number] = faults_of(attempt, self.keys_in_query)
        return self._faults[attempt.number]

    @property
    def operations(self) -> list[Operation]:
        """The operations that were requested, in the contract's order."""
        seen = {one.operation.id for one in self.attempts}
        seen |= {one.id for _, address in self.strays for one in self.near(address)}
        return [one for one in self.contract.operations.values() if one.id in seen]

    def near(self, address: Address) -> list[Operation]:
        """The operation that reports a request for none: the first with its start of the path."""
        operations = list(self.contract.operations.values())
        section = address.path.split("/")[1]
        return [one for one in operations if one.path.split("/")[1] == section][:1]


class Evidence:
    """The part of the traffic that is for one operation."""

    def __init__(self, traffic: Traffic, operation: Operation) -> None:
        self.traffic = traffic
        self.operation = operation

    @cached_property
    def attempts(self) -> Sequence[Attempt]:
        """The attempts of the operation, in the order of their start."""
        return [one for one in self.traffic.attempts if one.operation is self.operation]

    @cached_property
    def calls(self) -> Sequence[Call]:
        """The calls of the operation, in the order of their start."""
        return [one for one in self.traffic.calls if one.first.operation is self.operation]

    @cached_property
    def has_overlaps(self) -> bool:
        """Whether the client sends from several threads: some of its requests overlap."""
        last: dict[str, float] = {}
        for one in self.traffic.attempts:
            if one.started < last.get(one.partner, 0.0) - CLOCK:
                return True
            last[one.partner] = max(one.ended, last.get(one.partner, 0.0))
        return False

    @property
    def seen(self) -> str:
        """What was seen of the operation so far: requests, calls, keys, bodies and answers."""
        requests = len(self.attempts)
        if not requests:
            return f"so far: no request for {self.operation.id}"
        parts = [f"{_counted(requests, 'request')} in {_counted(len(self.calls), 'call')}"]
        if self.operation.accepts_idempotency_key:
            keys = len({one.key for one in self.attempts if one.key})
            bodies = len({one.value for one in self.attempts})
            parts.append(f"with {_counted(keys, 'key')} and {_counted(bodies, 'body', 'bodies')}")
        answers = Counter(str(one.entry.status or "none") for one in self.attempts)
        shown = [f"{status} ({count})" for status, count in answers.most_common(_MOST_ANSWERS)]
        more = ["others"] if len(answers) > _MOST_ANSWERS else []
        return f"so far: {' '.join(parts)}, answers: {', '.join(shown + more)}"

    @property
    def retries(self) -> Iterator[tuple[Call, Retry]]:
        """Every retry, with its call."""
        return ((call, retry) for call in self.calls for retry in call.retries)


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count or 'no'} {one if count == 1 else several or f'{one}s'}"


def violation(expected: str, actual: str, *attempts: Attempt) -> Violation:
    """A violation that attempts prove."""
    return Violation(expected, actual, tuple(one.entry for one in attempts))


def observation(
    kept: object, expected: str, actual: str, *attempts: Attempt, values: Sequence[Values] = ()
) -> Observation:
    """``OK`` where the rule was kept, else its violation."""
    return OK if kept else replace(violation(expected, actual, *attempts), values=tuple(values))
