"""Kind to the target: slower when it limits or gets slow, and no more when it is down."""

import random
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import product
from urllib.parse import quote, unquote

from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import largest_page, pages
from conformance.probe.plain_requests import NAME_PREFIX, makes_bodies
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import page_of_one
from conformance.probe.violation import Violation
from conformance.target.capabilities import Capability
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    Answer,
    Request,
    UnsendableRequest,
    path_of,
    pattern_of,
)
from conformance.target.kept import CreatedResource
from conformance.target.members import identifier_in
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import Resource, creates

REFERENCE_SECONDS = 60.0
"""The latency of this first time is what later times are compared with."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
_TOO_SLOW, _SLOWER_BY_SECONDS = 3.0, 0.05
_LAST_BEATS = 5
_FEWEST_BEATS = 3

BEATS_THAT_FAIL = 5
"""So many plain requests one after another without an answer below 500 open the breaker."""

FIRST_PAUSE_SECONDS = 0.5


def recognized(
    contract: Contract, target: Target, made: Collection[CreatedResource]
) -> set[CreatedResource]:
    """Of resources that a file names, those that are test data.

    A file of somebody else's may name anybody's: the id says it, that a client chose, or the name
    that the target lists or shows it under.
    """
    kinds = [(one, one.revoke) for one in contract.resources if one.revoke]
    others = (one for one in contract.operations.values() if one.method == "DELETE")
    ends = [*(end for _, end in kinds), *others]
    found = {
        one
        for one in made
        if one.handle.startswith(NAME_PREFIX) and any(_is_ended_by(end, one) for end in ends)
    }
    for (kind, end), partner in product(kinds, sorted({one.partner for one in made})):
        wanted = {
            one
            for one in made
            if one not in found and one.partner == partner and _is_ended_by(end, one)
        }
        if wanted and partner < len(target.access):
            found.update(_named(contract, target, kind, wanted))
    return found


def _is_ended_by(end: Operation, made: CreatedResource) -> bool:
    """Whether the path of a resource is that of an operation on it, and on nothing else."""
    if not made.place:
        return True  # the contract alone says it
    parts = pattern_of(end.path).fullmatch(made.place)
    names = [unquote(one) for one in parts.groups()] if parts else []
    is_named = names[-1:] == [made.handle] and not {".", ".."} & {*names}
    return is_named and path_of(end.path, [quote(one, safe="") for one in names]) == made.place


def _named(
    contract: Contract, target: Target, kind: Resource, made: Collection[CreatedResource]
) -> Iterator[CreatedResource]:
    """Of resources of a partner's, those that the target has under a name of test data."""
    [partner] = {one.partner for one in made}
    wanted = {one.handle: one for one in made}
    listed = kind.list if Capability.LISTING in target.capabilities else None
    # A list that ends in something else has shown what it has shown.
    with suppress(NotVerified, Violation, UnsendableRequest):
        # That of a nested kind is in a parent of this run.
        if listed is not None and "{" not in listed.path:
            probe = Probe(contract, listed, target, random.Random(0))  # noqa: S311 - test data
            for page in pages(probe, largest_page(probe), partner=partner):
                named = {
                    identifier_in(one, kind.handle)
                    for one in page.items
                    if str(one.get(kind.name)).startswith(NAME_PREFIX)
                }
                for handle in wanted.keys() & named:
                    yield wanted.pop(str(handle))
                if not wanted:
                    return
    reads, revoke = kind.read, kind.revoke
    if reads is None or revoke is None or revoke.path != reads.path:
        return
    probe = Probe(contract, reads, target, random.Random(0))  # noqa: S311 - test data
    for one in wanted.values():
        if one.place:
            request = Request("GET", one.place, partner=partner, token_places=probe.token_places)
            shown = probe.try_to_send(request).text(kind.name)
            if str(shown).startswith(NAME_PREFIX):
                yield one


class Pace:
    """The pause between requests: longer after a 429 or where latency rises, shorter again later.

    ``slow_down`` is called with every new pause in seconds, 0 for none.
    """

    def __init__(
        self, slow_down: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slow_down = slow_down
        self._clock = clock
        self._begin = clock()
        self._reference: list[float] = []
        self._last: deque[float] = deque(maxlen=_LAST_BEATS)
        self._lock = threading.Lock()
        self._limited = False
        self.pause = 0.0

    def limited(self) -> None:
        """Count a 429, and slow down."""
        with self._lock:
            self._limited = True

    def beat(self, seconds: float) -> None:
        """A plain request took so long: time to think about the pace."""
        with self._lock:
            limited, self._limited = self._limited, False
        self._last.append(seconds)
        if self._clock() - self._begin < REFERENCE_SECONDS or len(self._reference) < _FEWEST_BEATS:
            self._reference.append(seconds)
        if limited or self._is_slow():
            pause = min(max(2 * self.pause, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        else:
            pause = self.pause / 2 if self.pause > _SHORTEST_PAUSE else 0.0
        if pause != self.pause:
            self.pause = pause
            self._slow_down(pause)

    def _is_slow(self) -> bool:
        usual = statistics.median(self._reference)
        if len(self._last) < _FEWEST_BEATS:
            return False
        return statistics.median(self._last) > _TOO_SLOW * usual + _SLOWER_BY_SECONDS


class Breaker:
    """Asks a plain request whether the target is still there. ``reason`` is why it is not."""

    def __init__(
        self, contract: Contract, target: Target, first_pause: float = FIRST_PAUSE_SECONDS
    ) -> None:
        self._contract = contract
        self._target = target
        self._first_pause = first_pause
        self.reason = ""

    def is_well(self) -> tuple[bool, float]:
        """Whether a plain request is answered, after some pauses if need be, and in what time."""
        pause, seen = self._first_pause, ""
        for number in range(BEATS_THAT_FAIL):
            if number:
                self._target.rest(pause)
                pause *= 2
            try:
                answer = self._plain()
            except TargetError as error:
                seen = str(error)
                continue
            if not answer.is_server_error:
                return True, answer.seconds
            seen = f"{answer.status} to plain requests"
        self.reason = f"the circuit breaker is open: {seen}, {BEATS_THAT_FAIL} times in a row"
        return False, 0.0

    def _plain(self) -> Answer:
        """The answer to a page of one item, or, where that fails alone, to a creation, or a GET."""
        for operation in self._contract.operations.values():
            if lists(operation) and Capability.LISTING in self._target.capabilities:
                lister = Probe(self._contract, operation, self._target, random.Random(0))  # noqa: S311 - no choice is made
                answer = self._target.send_once(page_of_one(lister))
                if not answer.is_server_error:
                    return answer
        operation = min(
            self._contract.operations.values(),
            key=lambda one: (one.is_usual_error(one.usual_status or 0), _order(one)),
        )
        probe = Probe(self._contract, operation, self._target, random.Random(0))  # noqa: S311 - no choice is made
        return probe.send_once(probe.request())


def _order(operation: Operation) -> int:
    """The order of operations to ask a target by: a creation says most, a GET touches nothing."""
    if creates(operation) and makes_bodies(operation):
        return 0
    return 1 if operation.method == "GET" else 2
