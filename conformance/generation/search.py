"""Searches with Hypothesis: repeatable by seed, without a deadline, silent.

A failure is shrunk, and only the exchanges of its smallest example stay in the record.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import SkipTest

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException, Unsatisfiable

from conformance.generation.corpus import examples_of
from conformance.generation.isolation import PROFILE, generating, others_generate
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.errors import TargetError

Value = TypeVar("Value")

_MOST_REQUESTS_TO_SHRINK, _MOST_SECONDS_TO_SHRINK = 1000, 8.0
"""Limits of shrinking, in requests and seconds."""


def chosen_settings(probe: Probe, examples: int, **others: Any) -> settings:
    """Settings of one Hypothesis run: ``examples`` times the probe's budget."""
    effort, kept = probe.budget, examples_of(probe)
    phases = [Phase.generate, Phase.shrink]
    if effort.only is not None:
        phases = [Phase.reuse]
    elif effort.corpus is not None:
        phases = [Phase.reuse, *phases]
    return settings(
        settings.get_profile(PROFILE),
        max_examples=examples * effort.times,
        database=kept,
        phases=phases,
        **others,
    )


class Watch:
    """Watches a search: keeps its smallest failing example and ends it when no more is gained.

    Hypothesis takes every exception for a failure to be shrunk, but a skipped test ends it.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._failure: tuple[Violation, list[Any]] | None = None
        self._end: Exception | None = None
        self._sent_at_failure = 0
        self._failed_at = 0.0
        self._sent = 0
        self._any_known = False
        self.ended_known = False
        """Whether the example ended with a violation that is known already: no failure."""

    def begin(self) -> None:
        """Start the next example with an empty recording."""
        self.ended_known = False
        record = self._probe.recording.exchanges
        self._sent += len(record)
        record.clear()
        if self._failure and (
            self._sent - self._sent_at_failure > _MOST_REQUESTS_TO_SHRINK
            or time.monotonic() - self._failed_at > _MOST_SECONDS_TO_SHRINK
        ):
            raise SkipTest("it is as small as it gets")

    @contextmanager
    def step(self) -> Iterator[None]:
        """Context of an example or a part of one: keeps the violation or error that ends it."""
        try:
            yield
        except Violation as violation:
            if self._probe.budget.is_known(violation.expected, violation.actual, violation.breaks):
                self.ended_known = self._any_known = True
                return
            # The last failing example that Hypothesis tries is the smallest one.
            if self._failure is None:
                self._sent_at_failure, self._failed_at = self._sent, time.monotonic()
            self._failure = (violation, list(self._probe.recording.exchanges))
            raise
        except (NotVerified, TargetError) as error:
            self._end = error
            raise SkipTest("nothing more can be said") from error

    @contextmanager
    def run(self) -> Iterator[None]:
        """Context of the whole search: raises the smallest example's violation."""
        try:
            with generating():
                yield
        except (SkipTest, Violation):
            pass
        except HypothesisException as error:
            if isinstance(error, Unsatisfiable) and self._any_known:
                return
            if isinstance(error, Unsatisfiable):
                raise NotVerified("no such body could be made from the contract") from error
            # Flaky: it failed and did not fail again. That the target failed once is enough.
            if not (isinstance(error, Flaky) and (self._failure or self._end)):
                raise RuntimeError(f"Hypothesis gave up: {type(error).__name__}") from error
        if isinstance(self._end, TargetError):
            raise self._end
        if self._failure is not None:
            violation, exchanges = self._failure
            self._probe.recording.exchanges[:] = exchanges
            raise violation
        if self._end is not None:
            raise self._end


def for_all(
    probe: Probe, strategy: st.SearchStrategy[Value], check: Callable[[Value], None], examples: int
) -> None:
    """Check ``examples`` values of a strategy, and shrink a failing one."""
    watch = Watch(probe)

    # In this order: a seed would take the database away.
    @chosen_settings(probe, examples)
    @seed(probe.random.getrandbits(64))
    @given(strategy)
    def holds(value: Value) -> None:
        watch.begin()
        with watch.step(), others_generate():
            check(value)

    with watch.run():
        holds()
