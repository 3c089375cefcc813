"""Calls: the attempts that a client meant as one.

A client means one call and sends one or more attempts; only the attempts are in a journal. This
is how they are put together.

**By key.** Attempts with one idempotency key are one call, whatever else differs in them, until an
attempt has succeeded. After a success the same key is used by hand or by mistake: a new call. So it
is after a refusal when the body has changed, for a corrected request may use its key again. Keys
are free after 24 hours.

**By likeness.** An attempt under a new key, or without one, continues a call when it says the
same (method, address, value of the body) and begins after that call's last attempt had failed, and
not long after. That is how a client looks that makes a new key for each retry. Three things
look much like it, and are not taken for it:

- After a success or a refusal the same is meant again: that is a new call.
- A call that was retried under its own key and then given up is over: its client knows how to.
- Where one session repeats the same call on purpose, after successes, an equal one that follows a
  failure may be just the next. It is ``unclear`` unless it came after a much longer pause than the
  others, which is the wait before a retry.

**Without any key.** Requests that take no key are put together by likeness alone. Two threads that
send the same cannot be told from one that retries: such a call is never ``certain``, and one
finding in it proves nothing.

Attempts that overlap in time are never a retry of each other, unless they have the same key.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from conformance.client.attempts import RETRYABLE, Attempt, Ending

SOON = 120.0
"""Seconds within which an equal request is taken for a retry: longer than a minute's wait."""

KEY_LIFETIME = 24 * 3600.0
"""Seconds for which a key stands for one call (seed: cached for 24 hours)."""


class Link(Enum):
    """Why an attempt is a retry of the one before it."""

    KEY = "the same key"
    LIKENESS = "equal, and soon after a failure"
    UNCLEAR = "equal, and perhaps meant"


@dataclass(frozen=True, slots=True)
class Retry:
    """Two attempts of one call that follow each other."""

    before: Attempt
    after: Attempt
    link: Link

    @property
    def wait(self) -> float:
        """Seconds from the end of the one to the start of the other; negative if they overlap."""
        return self.after.started - self.before.ended

    @property
    def ending(self) -> Ending:
        """How the first had ended when the second began."""
        return self.before.ending if self.after.begins_after(self.before) else Ending.UNKNOWN


@dataclass(slots=True)
class Call:
    """The attempts of one call, in the order of their start."""

    attempts: list[Attempt]
    links: list[Link] = field(default_factory=list)
    """One for each attempt but the first."""

    @property
    def first(self) -> Attempt:
        """The attempt that began it."""
        return self.attempts[0]

    @property
    def last(self) -> Attempt:
        """The attempt that began last."""
        return self.attempts[-1]

    @property
    def retries(self) -> Iterator[Retry]:
        """Each attempt but the first, with the one before it."""
        for before, after, link in zip(self.attempts, self.attempts[1:], self.links, strict=False):
            yield Retry(before, after, link)

    @property
    def is_certain(self) -> bool:
        """Whether its client has said that all of it is one call."""
        return self.first.call_id is not None and all(one is Link.KEY for one in self.links)


def calls_of(attempts: Sequence[Attempt]) -> list[Call]:
    """The calls in the order of their start."""
    groups: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for one in attempts:
        groups[one.operation.id, one.partner].append(one)
    calls = [call for group in groups.values() for call in _of_one_operation(group)]
    return sorted(calls, key=lambda one: (one.first.started, one.first.number))


def _of_one_operation(attempts: Sequence[Attempt]) -> Iterable[Call]:
    on_purpose = _Repetitions(attempts)
    calls: list[Call] = []
    hopeful: defaultdict[object, list[Call]] = defaultdict(list)
    for run in _runs(attempts):
        alike = hopeful[run.first.request_signature]
        alike[:] = [one for one in alike if run.first.started - one.last.ended <= SOON]
        call = next((one for one in alike if _continues(run.first, one)), None)
        if call is None:
            calls.append(run)
            alike.append(run)
        else:
            call.links += [on_purpose.link(call.last, run.first), *run.links]
            call.attempts += run.attempts
        if alike and not _may_continue(alike[-1]):
            alike.pop()
    return calls


def _runs(attempts: Iterable[Attempt]) -> list[Call]:
    """What belongs together by its key alone."""
    runs: list[Call] = []
    open_runs: dict[str, Call] = {}
    for one in attempts:
        run = open_runs.get(one.call_id) if one.call_id else None
        if run and _is_under_way(run, one):
            run.attempts.append(one)
            run.links.append(Link.KEY)
            continue
        run = Call([one])
        runs.append(run)
        if one.call_id:
            open_runs[one.call_id] = run
    return runs


def _is_under_way(run: Call, then: Attempt) -> bool:
    """Whether a call could have another attempt with its key."""
    last = run.last
    if not then.begins_after(last):
        return True
    if last.ending is Ending.SUCCESS or then.started - last.ended > KEY_LIFETIME:
        return False
    return last.ending is not Ending.REFUSED or then.value == last.value


def _may_continue(call: Call) -> bool:
    """Whether an attempt under another key could continue a call."""
    last = call.last
    hopeful = {*RETRYABLE, Ending.UNAUTHORIZED}
    if last.call_id is None and not last.operation.accepts_idempotency_key:
        hopeful.add(Ending.REFUSED)
    return last.ending in hopeful and last.request_signature is not None and not _was_given_up(call)


def _continues(then: Attempt, call: Call) -> bool:
    """Whether it does so: ``then`` is known to be like it, and begins soon enough."""
    return _may_continue(call) and then.begins_after(call.last)


def _was_given_up(call: Call) -> bool:
    return bool(call.links) and call.links[-1] is Link.KEY


class _Repetitions:
    """Where one session makes equal calls on purpose, and how soon after each other."""

    _MUCH_LONGER = 3
    _LEAST_PAUSE = 0.05

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self._longest: dict[object, float] = {}
        before: dict[object, Attempt] = {}
        for one in attempts:
            place = self._place(one)
            last = before.get(place)
            if last and last.ending is Ending.SUCCESS and not _same_label(last, one):
                pause = one.started - last.ended
                self._longest[place] = max(pause, self._longest.get(place, 0.0))
            before[place] = one

    def link(self, before: Attempt, then: Attempt) -> Link:
        """Whether ``then`` is a retry, or may be the next of several equal calls."""
        if not then.operation.accepts_idempotency_key:
            return Link.LIKENESS
        longest = self._longest.get(self._place(then))
        if longest is None:
            return Link.LIKENESS
        pause = then.started - before.ended
        waited = pause > max(self._MUCH_LONGER * longest, self._LEAST_PAUSE)
        return Link.LIKENESS if waited else Link.UNCLEAR

    @staticmethod
    def _place(attempt: Attempt) -> object:
        # A token stands for a session: who starts anew fetches another.
        return attempt.request_signature, attempt.token


def _same_label(one: Attempt, other: Attempt) -> bool:
    return one.call_id is not None and one.call_id == other.call_id
