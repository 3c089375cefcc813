"""The load itself: Locust's runner from its first user to the report."""

import socket
import time
from collections.abc import Sequence

import gevent
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import MasterRunner, Runner
from locust.stats import stats_history

from conformance.load.locust.hooks import LocustHooks
from conformance.load.locust.page_access import keep_foreign_pages_out
from conformance.load.locust.sending import CLEANING_UP, Sender, session
from conformance.load.locust.signals import Signals
from conformance.load.locust.users import ApiUser
from conformance.load.locust.worker_state import WorkerState
from conformance.load.locust.workers import (
    PAUSE_SECONDS,
    SETTLING_SECONDS,
    wait_for_workers,
    wait_until_settled,
    work,
)
from conformance.load.reports import report, report_void
from conformance.load.settings import Role, Settings
from conformance.load.verdict import Latency, LoadVerdict, broken_musts, verdict_on
from conformance.report import reports_on
from conformance.report.output import write_early
from conformance.report.text import ReportConsole
from conformance.results.exit_code import INTERRUPTED, NO_VERDICT
from conformance.results.result import Result
from conformance.target.target import Target
from conformance.target.transport.reception import GRACE_SECONDS
from openapi.contract import Contract

_STOP_SECONDS = 10.0
"""How long a user may take to finish its task."""

_LAST_REPORTS_SECONDS = 1.0


class LoadRun:
    """A load test: one run, or with Locust's web page as many as are begun there."""

    def __init__(
        self,
        settings: Settings,
        contract: Contract,
        target: Target,
        signals: Signals,
        before: Sequence[Result] = (),
    ) -> None:
        self._before = before
        self._settings = settings
        self._contract = contract
        self._signals = signals
        self._state = WorkerState(contract, target, settings.think_seconds)
        signals.state = self._state
        ApiUser.state = self._state
        ApiUser.host = settings.url
        self._environment = Environment(
            user_classes=[ApiUser], host=settings.url, stop_timeout=_STOP_SECONDS
        )
        client = session(self._state, self._environment.events.request, 16 + settings.users)
        sender = Sender(client, self._state, CLEANING_UP)
        self._hooks = LocustHooks(self._environment, sender, self._state)

    def run(self) -> int:
        """Run the load test; the exit code."""
        settings = self._settings
        if reason := _unavailable_port(settings):
            return report_void(self._contract, settings, reason)
        if settings.role is Role.WORKER:
            return work(self._environment, settings, self._signals)
        if settings.role is Role.MASTER:
            runner: Runner = self._environment.create_master_runner(
                settings.master_host, settings.master_port
            )
        else:
            runner = self._environment.create_local_runner()
        self._hooks.listen()
        gevent.spawn(stats_history, runner)
        if settings.headless:
            return self._run_headless(runner)
        return self._run_with_web_page(runner)

    def _run_headless(self, runner: Runner) -> int:
        """One run without Locust's web page."""
        settings = self._settings
        if isinstance(runner, MasterRunner):
            reason = wait_for_workers(runner, settings.expect_workers, self._signals)
            if reason:
                runner.quit()
                return report_void(self._contract, settings, reason)
        start = time.monotonic()
        # A master's start lasts until all users have begun.
        starting = gevent.spawn(runner.start, settings.users, settings.spawn_rate)
        self._wait(runner, start + settings.max_seconds)
        seconds = time.monotonic() - start
        starting.kill()
        return self._finish(runner, seconds)

    def _run_with_web_page(self, runner: Runner) -> int:
        """Runs as they are begun on Locust's page, until Ctrl-C; the last one's exit code."""
        settings, code = self._settings, NO_VERDICT
        page = self._environment.create_web_ui(
            settings.web_host, settings.web_port, delayed_start=True
        )
        keep_foreign_pages_out(page.app, settings.web_host)
        page.start()
        # The page listens a little later: its address is printed once it does.
        while not (page.server and page.server.started) and page.greenlet:
            gevent.sleep(PAUSE_SECONDS)
        ReportConsole().print(f"Locust's web page: http://{settings.web_host}:{settings.web_port}")
        while not self._signals.seen:
            if not self._hooks.began.wait(PAUSE_SECONDS):
                continue
            self._hooks.began.clear()
            start = time.monotonic()
            self._wait(runner, start + settings.max_seconds)
            code = self._finish(runner, time.monotonic() - start, is_last=False)
        runner.quit()
        page.stop()
        return code

    def _wait(self, runner: Runner, deadline: float) -> None:
        """Wait for the end of the time, of the run, or of its workers, or for a signal."""
        while time.monotonic() < deadline and not self._signals.seen:
            lost = isinstance(runner, MasterRunner) and not runner.clients.all
            if (
                self._hooks.total.stopped
                or self._state.stopped
                or self._hooks.ended.is_set()
                or lost
            ):
                break
            gevent.sleep(PAUSE_SECONDS)

    def _finish(self, runner: Runner, seconds: float, *, is_last: bool = True) -> int:
        """Stop the load, wait until all is settled, and report; the exit code."""
        interrupted = INTERRUPTED if self._signals.seen else ""
        if interrupted:
            # What users wait for is given up after the grace; their keys are revoked.
            self._environment.stop_timeout = GRACE_SECONDS

        def save() -> None:
            # Whatever keeps the settling from its end, the reports are there.
            void = interrupted or "what was made is not compared with the list and revoked yet"
            write_early(reports_on(self._verdict(runner, seconds, void), self._settings.reports))

        self._hooks.before_settling = save
        runner.stop()
        self._hooks.before_settling = lambda: None
        self._hooks.ended.wait(SETTLING_SECONDS)
        doubt = ""
        if isinstance(runner, MasterRunner):
            doubt = wait_until_settled(runner, self._settings.expect_workers, self._hooks)
        # Workers that are told to end send what they have counted last.
        if is_last:
            runner.quit()
        elif isinstance(runner, MasterRunner):
            gevent.sleep(_LAST_REPORTS_SECONDS)
        verdict = self._verdict(runner, seconds, interrupted, doubt)
        page = get_html_report(self._environment, show_download_link=False)
        return report(verdict, self._settings, page)

    def _verdict(self, runner: Runner, seconds: float, void: str, doubt: str = "") -> LoadVerdict:
        """The verdict by what is known now."""
        latencies, tally = self._latencies(runner, seconds), self._hooks.total
        last = runner.stats.last_request_timestamp
        return verdict_on(
            self._contract,
            self._settings,
            tally,
            latencies,
            seconds,
            void=void,
            doubt=doubt,
            exchanged=(runner.stats.start_time, last) if last else None,
            before=self._before,
        )

    def _latencies(self, runner: Runner, seconds: float) -> list[Latency]:
        found = []
        violations = broken_musts(self._contract, self._hooks.total)
        for operation in self._contract.operations.values():
            entry = runner.stats.entries.get((operation.id, operation.method))
            if entry is None or not entry.num_requests:
                continue
            p50, p95, p99 = map(entry.get_response_time_percentile, (0.5, 0.95, 0.99))
            rate = entry.num_requests / seconds if seconds else 0.0
            figures = entry.num_requests, rate, p50, p95, p99
            found.append(Latency(operation.id, *figures, violations[operation.id]))
        return found


def _unavailable_port(settings: Settings) -> str:
    """The error of the first port that cannot be listened on; empty where all can."""
    wanted = []
    if settings.role is Role.MASTER:
        wanted.append((settings.master_host, settings.master_port))
    if settings.role is not Role.WORKER and not settings.headless:
        wanted.append((settings.web_host, settings.web_port))
    for address in wanted:
        try:
            socket.create_server(address).close()
        except OSError as error:
            return f"{address[0]}:{address[1]} cannot be listened on: {error.strerror or error}"
    return ""
