"""Calls: a request that a client means, with its retries, found among the attempts of a journal.

**By key.** Attempts with one idempotency key are one call until an attempt has succeeded. After a
success the key starts a new call; after a refusal a changed body does, for a corrected request may
keep its key. Keys are free after 24 hours.

**By likeness.** An attempt under another key, or without one, continues a call when its method,
address and value of the body are the same and it begins soon after the call's last attempt failed:
a client that makes a new key for each retry. Three similar cases are no retries:

- An equal request after a success or a refusal is a new call.
- A call that was retried under its own key and then given up is over.
- Where a session repeats equal calls on purpose, after successes, an equal request after a failure
  may be the next of them. Its link is ``UNCLEAR`` unless it came after a much longer pause than
  the others, which is the wait before a retry. What is unclear is no violation, and no pass.

**Without any key.** Requests that take no key are matched by likeness alone. Two threads that send
the same look like one that retries: such a call is never certain, and one violation in it proves
nothing.

Attempts that overlap in time are retries of each other only under the same key.

**By a rehearsal.** A journal of the same client without faults shows what it means to create once.
Such a request under another key continues a call that it overlaps, or whose success was a replay:
only a fault has led to it. It says nothing about what a rehearsal has several times, or not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from conformance.client.attempts import RETRYABLE, Attempt, Ending

SOON = 120.0
"""Seconds within which an equal request counts as a retry: more than a wait of a minute."""

KEY_LIFETIME = 24 * 3600.0
"""Seconds for which a key names one call (seed: cached for 24 hours)."""


class Link(Enum):
    """The reason why an attempt is a retry of the one before it."""

    KEY = "the same key"
    LIKENESS = "equal, and soon after a failure"
    UNCLEAR = "equal, and perhaps a new call"
    REHEARSAL = "equal, and made only once without faults"


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry: two attempts of one call that follow each other."""

    before: Attempt
    after: Attempt
    link: Link

    @property
    def wait(self) -> float:
        """Seconds from the end of the one to the start of the other; negative if they overlap."""
        return self.after.started - self.before.ended

    @property
    def ending(self) -> Ending:
        """The outcome of the first attempt when the second began."""
        return self.before.ending if self.after.begins_after(self.before) else Ending.UNKNOWN


@dataclass(slots=True)
class Call:
    """The attempts of one call, in the order of their start; those under a key stay together."""

    attempts: list[Attempt]
    links: list[Link] = field(default_factory=list)
    """The links of all attempts but the first."""

    @property
    def first(self) -> Attempt:
        """The first attempt."""
        return self.attempts[0]

    @property
    def last(self) -> Attempt:
        """The attempt that began last."""
        return self.attempts[-1]

    @property
    def retries(self) -> Iterator[Retry]:
        """Each attempt but the first, with the one before it."""
        return map(Retry, self.attempts, self.attempts[1:], self.links)

    @property
    def is_certain(self) -> bool:
        """Whether a key says that all attempts are one call."""
        return self.first.call_id is not None and all(one is Link.KEY for one in self.links)


def made_once(rehearsal: Iterable[Attempt]) -> Collection[object]:
    """The signatures of the requests that a client makes under one key alone, without faults."""
    keys: defaultdict[object, set[object]] = defaultdict(set)
    for one in rehearsal:
        if one.request_signature is not None and one.operation.accepts_idempotency_key:
            keys[one.request_signature].add(one.call_id or one.number)
    return {signature for signature, found in keys.items() if len(found) == 1}


def calls_of(attempts: Sequence[Attempt], once: Collection[object] = ()) -> list[Call]:
    """The calls in the order of their start; ``once`` are the signatures of :func:`made_once`."""
    groups: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for one in attempts:
        groups[one.operation.id, one.partner].append(one)
    calls = [call for group in groups.values() for call in _of_one_operation(group, once)]
    return sorted(calls, key=lambda one: (one.first.started, one.first.number))


def _of_one_operation(attempts: Sequence[Attempt], once: Collection[object]) -> Iterable[Call]:
    on_purpose = _Repetitions(attempts)
    calls: list[Call] = []
    hopeful: defaultdict[object, list[Call]] = defaultdict(list)
    latest: dict[object, Call] = {}
    for run in _runs(attempts):
        before = latest.get(run.first.request_signature)
        if before and run.first.request_signature in once and _is_doubled(before, run.first):
            before.links += [Link.REHEARSAL, *run.links]
            before.attempts += run.attempts
            continue
        alike = hopeful[run.first.request_signature]
        alike[:] = [one for one in alike if run.first.started - one.last.ended <= SOON]
        continued = (one for one in alike if _may_continue(one))
        call = next((one for one in continued if run.first.begins_after(one.last)), None)
        if call is None:
            calls.append(run)
            alike.append(run)
            latest[run.first.request_signature] = run
        else:
            call.links += [on_purpose.link(call.last, run.first), *run.links]
            call.attempts += run.attempts
        if alike and not _may_continue(alike[-1]):
            alike.pop()
    return calls


def _runs(attempts: Iterable[Attempt]) -> list[Call]:
    """The calls by key alone."""
    runs: list[Call] = []
    open_runs: dict[str, Call] = {}
    for one in attempts:
        run = open_runs.get(one.call_id or "")
        if run and _is_under_way(run, one):
            run.attempts.append(one)
            run.links.append(Link.KEY)
            continue
        runs.append(Call([one]))
        if one.call_id:
            open_runs[one.call_id] = runs[-1]
    return runs


def _is_under_way(run: Call, then: Attempt) -> bool:
    """Whether an attempt with the key of a call belongs to it."""
    last = run.last
    if not then.begins_after(last):
        return True
    if last.ending is Ending.SUCCESS or then.started - last.ended > KEY_LIFETIME:
        return False
    return last.ending is not Ending.REFUSED or then.value == last.value


def _is_doubled(call: Call, then: Attempt) -> bool:
    """Whether an equal attempt under another key overlaps a call, or follows its replay."""
    last = call.last
    if then.call_id and then.call_id in {one.call_id for one in call.attempts}:
        return False
    if any(not then.begins_after(one) for one in call.attempts):
        return True
    replayed = last.ending is Ending.SUCCESS and last.entry.replayed
    return replayed and then.started - last.ended <= SOON


def _may_continue(call: Call) -> bool:
    """Whether a later, equal attempt under another key could continue a call."""
    last = call.last
    hopeful = {*RETRYABLE, Ending.UNAUTHORIZED}
    if last.call_id is None and not last.operation.accepts_idempotency_key:
        hopeful.add(Ending.REFUSED)
    # A call whose last retry had its own key was given up.
    given_up = call.links[-1:] == [Link.KEY]
    return last.ending in hopeful and last.request_signature is not None and not given_up


class _Repetitions:
    """The pauses between equal calls that one session makes on purpose."""

    _MUCH_LONGER = 3
    _LEAST_PAUSE = 0.05

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self._longest: dict[object, float] = {}
        before: dict[object, Attempt] = {}
        for one in attempts:
            place = self._place(one)
            last = before.get(place)
            is_same = last and last.call_id is not None and last.call_id == one.call_id
            if last and last.ending is Ending.SUCCESS and not is_same:
                pause = one.started - last.ended
                self._longest[place] = max(pause, self._longest.get(place, 0.0))
            before[place] = one

    def link(self, before: Attempt, then: Attempt) -> Link:
        """The link of ``then``: a retry, or perhaps the next of several equal calls."""
        longest = self._longest.get(self._place(then))
        if longest is None or not then.operation.accepts_idempotency_key:
            return Link.LIKENESS
        pause = then.started - before.ended
        waited = pause > max(self._MUCH_LONGER * longest, self._LEAST_PAUSE)
        return Link.LIKENESS if waited else Link.UNCLEAR

    @staticmethod
    def _place(attempt: Attempt) -> object:
        # A token stands for a session: a program that starts anew fetches another.
        return attempt.request_signature, attempt.token
