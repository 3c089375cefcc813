"""Observation of a check: every answer that it gets passes the judges that can look at any.

A check judges by one requirement, and its other answers are only steps on its way. What is wrong
with one of these is a violation as well, wherever it comes up.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from urllib.parse import urlsplit

from conformance.catalogue.judge import Aspect, JudgedExchange, Purpose
from conformance.catalogue.registry import Judges
from conformance.catalogue.requirement import Requirement
from conformance.probe.applicability import lists
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.results.result import ResultKey
from conformance.target.capabilities import Capability
from conformance.target.exchange import NO_ANSWER, Answer, Exchange, Request
from conformance.target.transient import is_transient
from openapi.contract import Contract
from openapi.media_types import is_json
from openapi.operation import Operation
from openapi.resource import Resource

_LONGEST_BODY, _LONGEST_PATH, _LONGEST_HEADER = 64 * 1024, 2000, 255

_MOST_SECRETS = 200
"""The newest secrets of a run are looked for."""
_MOST_OWNERS = 100_000
"""The secrets of a campaign whose owners are known."""
_SHORTEST_SECRET, _LONGEST_SECRET = 16, 1000
"""The characters of a secret that is looked for: shorter ones may stand anywhere by chance."""

_USUAL_HEADERS = {"accept", "authorization", "content-type", "idempotency-key"}


def _has_odd_headers(request: Request) -> bool:
    names = [name.lower() for name, _ in request.headers]
    return len({*names}) < len(names) or any(
        name.lower() not in _USUAL_HEADERS
        or len(value) > _LONGEST_HEADER
        or not (value.isascii() and value.isprintable())
        for name, value in request.headers
    )


def _accepts_no_json(request: Request) -> bool:
    accepted = [value for name, value in request.headers if name.lower() == "accept"]
    return any(not re.search(r"json|\*/\*|application/\*", one) for one in accepted)


def _is_no_plain_json(request: Request) -> bool:
    types = [value for name, value in request.headers if name.lower() == "content-type"]
    is_plain = len(types) == 1 and is_json(types[0])
    return not is_plain if types or request.body else False


_ODD_PATH = re.compile(r"[%;\\]|//|/\.")
_ODD_QUERY = re.compile(r"%[01][0-9A-Fa-f]|%7[Ff]|[^!-~]")

UNUSUAL: Mapping[str, Callable[[Request], bool]] = {
    "a gateway may refuse what is large": lambda one: len(one.body) > _LONGEST_BODY,
    "a gateway may refuse long paths and queries": lambda one: len(one.path) > _LONGEST_PATH,
    "a gateway may refuse odd paths, or take them for others": lambda one: bool(
        _ODD_PATH.search(one.path.partition("?")[0])
    ),
    "a gateway may refuse what no browser sends": lambda one: bool(
        _ODD_QUERY.search(one.path.partition("?")[2])
    ),
    "an Accept that nothing fits may be refused (RFC 9110 section 15.5.7)": _accepts_no_json,
    "what headers mean that the contract does not name is for RFC 9110": _has_odd_headers,
    "other media types have requirements of their own": _is_no_plain_json,
    "a body may be refused where a method has none (RFC 9110 section 9.3.1)": lambda one: (
        one.method in {"GET", "HEAD", "DELETE"} and bool(one.body)
    ),
    "an HTTP server may refuse chunks": lambda one: bool(one.chunks),
}
"""Requests whose answers need not be the documented ones, with the reason.

A server error is one all the same. Methods and paths that are no operation's are not looked at.
"""


@dataclass(frozen=True, slots=True)
class Observed:
    """A violation that a check met on its way, and the exchanges that led to it."""

    requirement: Requirement
    operation: Operation
    violation: Violation
    exchanges: tuple[Exchange, ...]


class Observer:
    """The judges of a run or campaign, and the secrets that its answers have shown."""

    def __init__(self, judges: Judges) -> None:
        self.judges = judges
        self._secrets: deque[str] = deque(maxlen=_MOST_SECRETS)
        self._owners: dict[bytes, str] = {}
        self._lock = Lock()

    def newest_secrets(self) -> tuple[str, ...]:
        """The secrets to look for; the checks beside this one add to them."""
        with self._lock:
            return tuple(self._secrets)

    def note(self, resource: Resource | None, answer: Answer) -> bool:
        """Remember the secret of what an answer has created; gives whether another one has it."""
        secret = answer.text(resource.secret) if resource and resource.secret else None
        if resource is None or secret is None or not answer.is_success:
            return False
        if len(secret) >= _SHORTEST_SECRET:
            with self._lock:
                self._secrets.append(secret[:_LONGEST_SECRET])
        made, print_ = answer.identifier(resource.id), sha256(secret.encode(errors="replace"))
        if made is None or len(self._owners) >= _MOST_OWNERS:
            return False
        return self._owners.setdefault(print_.digest(), made) != made


class Observation:
    """The answers to one check, judged as they come; ``found`` has the first of each violation."""

    def __init__(self, probe: Probe, observer: Observer) -> None:
        self.found: dict[ResultKey, Observed] = {}
        self._contract = probe.contract
        self._target = probe.target
        self._observer = observer
        probe.recording.on_exchange = self.look

    def look(self, exchanges: Sequence[Exchange]) -> None:
        """Judge the last of a check's exchanges."""
        request, answer = exchanges[-1]
        # An answer of a moment counts where it came again.
        if is_transient(answer) and not answer.is_repeated:
            return
        # Whether none at all is a violation, the check decides: it knows of other tries.
        if answer.status == NO_ANSWER:
            return
        is_usual = not any(holds(request) for holds in UNUSUAL.values())
        for operation in self._operations_of(request):
            exchange = self._exchange(operation, request, answer)
            for requirement, judge in self._observer.judges.looking_at(exchange):
                key = requirement.id, operation.id
                if key in self.found or not (is_usual or judge.aspect is Aspect.FAILURE):
                    continue
                if violation := judge.found(exchange):
                    shown = tuple(exchanges)
                    self.found[key] = Observed(requirement, operation, violation, shown)

    def can_judge(self, operation: Operation) -> bool:
        """Whether the target serves an operation, as far as its survey has found."""
        return _needed(self._contract, operation) <= self._target.capabilities

    def _operations_of(self, request: Request) -> Sequence[Operation]:
        """The operations that a request is for, but for those that the target does not serve."""
        return [
            one
            for one in self._contract.operations.values()
            if request.is_for(one) and self.can_judge(one)
        ]

    def _exchange(self, operation: Operation, request: Request, answer: Answer) -> JudgedExchange:
        access, partner = self._target.access, request.partner
        is_known = partner is not None and partner < len(access)
        token = access[partner or 0].at(self._target.settings.place_of(request)) if is_known else ""
        resource = self._contract.resource_of(operation)
        has_old_secret = self._observer.note(resource, answer)
        return JudgedExchange(
            operation,
            request,
            answer,
            Purpose.OBSERVED,
            token=token,
            secrets=self._observer.newest_secrets(),
            resource=resource,
            base_path=urlsplit(self._target.base_url).path,
            has_old_secret=has_old_secret,
        )


def _needed(contract: Contract, operation: Operation) -> set[Capability]:
    """The capability of a target that serves an operation; none for what creates."""
    if lists(operation):
        return {Capability.LISTING}
    if operation is contract.token_operation:
        return {Capability.TOKENS}
    return {Capability.REVOCATION} if operation.method == "DELETE" else set()
