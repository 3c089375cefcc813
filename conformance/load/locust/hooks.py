"""Listeners to Locust's events in one process: start, end and reports of a load test."""

import math
import time
from collections.abc import Callable

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from conformance.load.locust.reconciliation import Reconciliation
from conformance.load.locust.sending import Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Tally
from conformance.target.retry_after import MOST_WAITED_AT_END_SECONDS

_SETTLED = "dinie_settled"
_TALLY = "dinie_tally"
_PAUSE_SECONDS = 0.5


class LocustHooks:
    """Listens to Locust's events. ``total`` is the tally of the run, on a worker its own.

    ``ended`` is set when a test has ended and this process has settled its batches.
    """

    def __init__(self, environment: Environment, sender: Sender, state: WorkerState) -> None:
        self._environment = environment
        self._sender = sender
        self._state = state
        self._is_running = False
        self._settler: gevent.Greenlet | None = None
        self.total = state.tally
        self.settled: set[str] = set()
        """Locust's ids of the workers that have settled their batches."""
        self.before_settling: Callable[[], None] = lambda: None
        """Called when the users of a test have stopped, and before what they made is revoked."""
        self.began = Event()
        self.ended = Event()
        events = environment.events
        events.test_start.add_listener(self._begin)
        events.test_stop.add_listener(self._end)
        events.user_error.add_listener(self._record_fault)
        events.report_to_master.add_listener(self._report)
        events.worker_report.add_listener(self._receive_report)

    def listen(self) -> None:
        """Receive the tallies of workers that have settled; needs the environment's runner."""
        if isinstance(self._environment.runner, MasterRunner):
            self._environment.runner.register_message(_SETTLED, self._receive_settled)

    def _begin(self, **_: object) -> None:
        self.began.set()
        self.ended.clear()
        self.settled.clear()
        if isinstance(self._environment.runner, MasterRunner):
            self.total = Tally()
            return
        self._state.tally = Tally()
        self._state.stopped = ""
        self._state.last_wait = math.inf
        self.total = self._state.tally
        self._is_running = True
        self._settler = gevent.spawn(self._settle_on_the_way)

    def _settle_on_the_way(self) -> None:
        while self._is_running:
            runner = self._environment.runner
            users = runner.user_count if runner is not None else 0
            # As many as keep up with users that create more than they revoke.
            Reconciliation(self._sender, self._state, 2 + users * 2 // 5).settle_all()
            gevent.sleep(_PAUSE_SECONDS)

    def _end(self, **_: object) -> None:
        runner = self._environment.runner
        self.before_settling()
        self._state.last_wait = time.monotonic() + MOST_WAITED_AT_END_SECONDS
        if self._is_running:
            self._is_running = False
            if self._settler is not None:
                self._settler.join()
            self._state.ledger.close()
            try:
                Reconciliation(self._sender, self._state).settle_all()
            except Exception as error:  # noqa: BLE001 - shown in the verdict
                self._state.note_fault(error)
            if isinstance(runner, WorkerRunner):
                runner.send_message(_SETTLED, self._state.tally.drained())
                # Locust's worker sleeps so long before it listens again: all users are gone.
                self._environment.stop_timeout = 0.0
        self.ended.set()

    def _record_fault(self, exception: Exception, **_: object) -> None:
        self._state.note_fault(exception)

    def _report(self, data: dict[str, object], **_: object) -> None:
        data[_TALLY] = self._state.tally.drained()

    def _receive_report(self, data: dict[str, object], **_: object) -> None:
        value = data.get(_TALLY)
        if isinstance(value, dict):
            self.total.add(Tally.of(value))

    def _receive_settled(self, environment: Environment, msg: object, **_: object) -> None:
        self.total.add(Tally.of(msg.data))  # type: ignore[attr-defined]  # Locust's message
        self.settled.add(msg.node_id)  # type: ignore[attr-defined]
