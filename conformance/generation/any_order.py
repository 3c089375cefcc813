"""Sequences of calls that Hypothesis' state machine chooses."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

from hypothesis import reject, seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conformance.generation.isolation import others_generate
from conformance.generation.search import Watch, chosen_settings
from conformance.generation.sequence import Sequence
from conformance.probe.applicability import needs_bearer_token
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.capabilities import Capability

SEQUENCES = 8

_LOOK_AGAIN_SECONDS = 0.4


def in_any_order(probe: Probe, settle_seconds: float) -> None:
    """Try sequences of calls; raises the violation of the shortest sequence that breaks the model.

    ``settle_seconds`` is how long a list takes to show what was made.
    """
    has_second = Capability.SECOND_PARTNER in probe.target.capabilities

    class Chosen(Machine):
        watch = Watch(probe)
        # What opens without a token knows no partners, and has the keys of all in one place.
        is_of_one = probe.is_of_one_partner or not needs_bearer_token(probe.operation)
        partners = (0, 1) if has_second and not is_of_one else (0,)
        calls = tuple(product(partners, range(probe.budget.keys)))
        revokes = probe.is_revocable

        @staticmethod
        def new_sequence() -> Sequence:
            return Sequence(probe, settle_seconds)

    seeded = seed(probe.random.getrandbits(64))(Chosen)
    chosen = chosen_settings(probe, SEQUENCES, stateful_step_count=probe.budget.steps)
    try:
        with Chosen.watch.run():
            run_state_machine_as_test(seeded, settings=chosen)
    except Violation:
        if Chosen.last_look and not _is_wrong_still(probe, *Chosen.last_look):
            raise NotVerified("a list shows changes late, and not always alike") from None
        raise


class Machine(RuleBasedStateMachine):
    """State machine that chooses the calls of one sequence; a subclass names the model."""

    watch: Watch
    partners: tuple[int, ...]
    calls: tuple[tuple[int, int], ...]
    revokes: bool
    last_look: tuple[Sequence, int] | None = None
    """Kept by the subclass: the last look at a list that did not show what it must."""

    @staticmethod
    def new_sequence() -> Sequence:
        """A new sequence."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.watch.begin()
        self.sequence = type(self).new_sequence()
        self._over = False

    @contextmanager
    def _step(self) -> Iterator[None]:
        try:
            with self.watch.step(), others_generate():
                yield
            if self.watch.ended_known:
                # The model says no longer what the target's state is.
                reject()
        except BaseException:
            self._over = True
            raise

    @precondition(lambda self: len(self.sequence.model.calls) < len(self.calls))
    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        # The next one that is unused: so a choice means the same when others before it go.
        start = data.draw(st.integers(0, len(self.calls) - 1))
        following = self.calls[start:] + self.calls[:start]
        partner, key = next(one for one in following if one not in self.sequence.model.calls)
        with self._step():
            self.sequence.create(partner, key)

    @precondition(lambda self: self.sequence.model.calls)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(sorted(self.sequence.model.calls)))
        with self._step():
            self.sequence.again(*known)

    @precondition(lambda self: self.sequence.model.calls)
    @rule(data=st.data())
    def conflict(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(sorted(self.sequence.model.calls)))
        with self._step():
            self.sequence.conflict(*known)

    @precondition(lambda self: self.revokes and self.sequence.model.active)
    @rule(index=st.integers(0, 1))
    def revoke(self, index: int) -> None:
        with self._step():
            self.sequence.revoke(index)

    def teardown(self) -> None:
        # Every sequence ends like this; a search for a smaller one keeps it. Not where Hypothesis
        # gives an example up: it would not count what fails then.
        self._over = self._over or sys.exception() is not None
        for known in sorted(self.sequence.model.calls):
            if not self._over:
                with self._step():
                    self.sequence.again(*known)
        for partner in sorted({one.partner for one in self.sequence.model.made}):
            if not self._over:
                self._look(partner)

    @precondition(lambda self: self.sequence.model.made)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        self._look(data.draw(st.sampled_from(self.partners)))

    def _look(self, partner: int) -> None:
        type(self).last_look = (self.sequence, partner)
        with self._step():
            self.sequence.look(partner)
        type(self).last_look = None


def _is_wrong_still(probe: Probe, sequence: Sequence, partner: int) -> bool:
    """Whether a list is still wrong after the settling time: some lists show changes late."""
    exchanges = list(probe.recording.exchanges)
    time.sleep(_LOOK_AGAIN_SECONDS)
    try:
        sequence.look(partner)
    except Violation:
        return True
    finally:
        probe.recording.exchanges[:] = exchanges
    return False
