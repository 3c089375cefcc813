"""The process that puts a target under load: Locust as a library, from a token to an exit code.

Locust's own command is not used. It has a configuration, an output and exit codes of its own, and
takes files of the folder that it is called in for modules.
"""

import logging
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import httpx
from locust.env import Environment  # first of all: it changes sockets and threads
from locust.html import get_html_report
from locust.runners import MasterRunner, Runner
from locust.stats import stats_history
from rich.console import Console

from conformance.capability import Capability
from conformance.load.reports import complain, report
from conformance.load.sending import CLEANING_UP, Sender, session
from conformance.load.settings import Role, Settings
from conformance.load.stage import Stage
from conformance.load.tally import Tally
from conformance.load.users import Partner
from conformance.load.verdict import Latency, verdict_on
from conformance.load.workplace import Workplace
from conformance.model import Level
from conformance.opening import let_in, to_target
from conformance.options import Authorities
from conformance.redaction import redacted
from conformance.registry import catalogue
from conformance.runner import Run
from conformance.target import Target, TargetError
from conformance.verdict import CONFORMS, INTERRUPTED, NO_VERDICT, never_succeeded
from openapi.contract import Contract

_LOOKS = 3
"""How often a target is looked at that seems to have no list, or to create nothing."""

_STOP_SECONDS = 10.0
"""How long a user may take to come to the end of what it is doing."""

_WORKERS_SECONDS = 60.0
_SETTLING_SECONDS = 600.0
_PAUSE_SECONDS = 0.1
_LAST_REPORTS_SECONDS = 1.0


class _Plain(logging.Formatter):
    """One line for each record, and no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return f"dinie-conformance: {record.getMessage().partition(chr(10))[0]}"


def main() -> int:
    """Do what the settings in the environment say; the exit code."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    settings = Settings.taken()
    try:
        return _run(settings)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        secrets = {settings.token or "", settings.client_secret or ""}
        text = redacted(" ".join(str(error).split()), secrets)
        complain(f"a fault of the harness: {type(error).__name__}: {text}")
        return NO_VERDICT


def _run(settings: Settings) -> int:
    contract = Contract.bundled()
    trust = Authorities().convert(settings.ca_file, None, None) if settings.ca_file else None
    options = {
        "token": settings.token, "client_id": settings.client_id,
        "client_secret": settings.client_secret, "max_rps": None, "patience": 0.0,
        "clock_url": None, "provoke_rate_limit": False, "ca_file": trust,
        "second_token": None, "second_client_id": None, "second_client_secret": None,
    }  # fmt: skip
    with to_target(settings.url, options, None) as target, _signals(target) as told:
        run = Run(contract, target, (), 0)
        try:
            let_in(target, options)
            _survey(run)
        except TargetError as error:
            return _void(settings, INTERRUPTED if told.seen else str(error))
        finally:
            target.go_on()
            run.clean_up()
        if never := never_succeeded(run.contract, run.answered):
            return _void(settings, never)
        trust = trust or httpx.create_ssl_context(trust_env=False)
        return Load(settings, contract, target, trust, told).run()


def _survey(run: Run) -> None:
    """Find out what the target can do; one server error now and then does not hide it."""
    for _ in range(_LOOKS):
        run.survey(with_key=True)
        if Capability.LISTING in run.target.capabilities and not never_succeeded(
            run.contract, run.answered
        ):
            return


def _void(settings: Settings, reason: str) -> int:
    return report(verdict_on(settings, Tally(), (), 0.0, void=reason), settings, None)


class Signals:
    """Ctrl-C and SIGTERM: the first ends the load, the second the cleaning up as well."""

    def __init__(self, target: Target) -> None:
        self.seen = 0
        self.workplace: Workplace | None = None
        self._target = target

    def take(self) -> None:
        """Count one."""
        self.seen += 1
        if self.workplace is None:
            # Nothing but a first look at the target is under way.
            self._target.halt()
        elif self.seen > 1:
            self.workplace.is_hurried = True


@contextmanager
def _signals(target: Target) -> Iterator[Signals]:
    told = Signals(target)
    handlers = [gevent.signal_handler(one, told.take) for one in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield told
    finally:
        for one in handlers:
            one.cancel()


class Load:
    """One run, or with Locust's web page as many as are begun there."""

    def __init__(
        self,
        settings: Settings,
        contract: Contract,
        target: Target,
        trust: ssl.SSLContext,
        told: Signals,
    ) -> None:
        self._settings = settings
        self._contract = contract
        self._told = told
        self._void = ""
        self._place = Workplace(contract, target, settings.think_seconds)
        told.workplace = self._place
        Partner.workplace = self._place
        Partner.host = settings.url
        Partner.ssl_context_factory = staticmethod(lambda: trust)
        self._environment = Environment(
            user_classes=[Partner], host=settings.url, stop_timeout=_STOP_SECONDS
        )
        client = session(self._place, trust, self._environment.events.request, 16 + settings.users)
        sender = Sender(client, self._place, CLEANING_UP)
        self._stage = Stage(self._environment, sender, self._place)

    def run(self) -> int:
        """Do it all; the exit code."""
        settings = self._settings
        taken = self._taken_port()
        if taken:
            return _void(settings, taken)
        if settings.role is Role.WORKER:
            return self._work()
        if settings.role is Role.MASTER:
            runner: Runner = self._environment.create_master_runner(
                settings.master_host, settings.master_port
            )
        else:
            runner = self._environment.create_local_runner()
        self._stage.listen()
        gevent.spawn(stats_history, runner)
        if settings.headless:
            return self._alone(runner)
        return self._with_page(runner)

    def _taken_port(self) -> str:
        """Why a port that is needed cannot be had; empty where all can."""
        settings = self._settings
        wanted = []
        if settings.role is Role.MASTER:
            wanted.append((settings.master_host, settings.master_port))
        if settings.role is not Role.WORKER and not settings.headless:
            wanted.append((settings.web_host, settings.web_port))
        for place in wanted:
            try:
                socket.create_server(place).close()
            except OSError as error:
                return f"{place[0]}:{place[1]} cannot be listened on: {error.strerror or error}"
        return ""

    def _alone(self, runner: Runner) -> int:
        """A run without the page."""
        settings = self._settings
        self._void = self._expected_workers(runner)
        if self._void:
            runner.quit()
            return _void(settings, self._void)
        start = time.monotonic()
        # A master's start lasts until all users have begun.
        starting = gevent.spawn(runner.start, settings.users, settings.spawn_rate)
        self._wait(runner, start + settings.max_seconds)
        seconds = time.monotonic() - start
        starting.kill()
        return self._finish(runner, seconds)

    def _with_page(self, runner: Runner) -> int:
        """Runs as they are begun on Locust's page, until Ctrl-C; the last one's exit code."""
        settings, code = self._settings, NO_VERDICT
        page = self._environment.create_web_ui(settings.web_host, settings.web_port)
        Console(highlight=False).print(
            f"Locust's web page: http://{settings.web_host}:{settings.web_port}"
        )
        while not self._told.seen:
            if not self._stage.began.wait(_PAUSE_SECONDS):
                continue
            self._stage.began.clear()
            start = time.monotonic()
            self._wait(runner, start + settings.max_seconds)
            code = self._finish(runner, time.monotonic() - start, is_last=False)
        runner.quit()
        page.stop()
        return code

    def _expected_workers(self, runner: Runner) -> str:
        """Wait for the workers; why there are too few, or nothing."""
        if not isinstance(runner, MasterRunner):
            return ""
        wanted, deadline = self._settings.expect_workers, time.monotonic() + _WORKERS_SECONDS
        while len(runner.clients.ready) < wanted:
            if self._told.seen:
                return INTERRUPTED
            if time.monotonic() > deadline:
                return f"{len(runner.clients.ready)} of {wanted} workers came"
            gevent.sleep(_PAUSE_SECONDS)
        return ""

    def _wait(self, runner: Runner, deadline: float) -> None:
        """Until the time is over, the run cannot go on, or somebody ends it."""
        while time.monotonic() < deadline and not self._told.seen:
            lost = isinstance(runner, MasterRunner) and not runner.clients.all
            if (
                self._stage.total.stopped
                or self._place.stopped
                or self._stage.ended.is_set()
                or lost
            ):
                break
            gevent.sleep(_PAUSE_SECONDS)

    def _finish(self, runner: Runner, seconds: float, *, is_last: bool = True) -> int:
        """Stop the load, wait until all is settled, and report; the exit code."""
        interrupted = INTERRUPTED if self._told.seen else ""
        runner.stop()
        self._stage.ended.wait(_SETTLING_SECONDS)
        doubt = self._lost_workers(runner)
        # Workers that are told to end send what they have counted last.
        if is_last:
            runner.quit()
        elif isinstance(runner, MasterRunner):
            gevent.sleep(_LAST_REPORTS_SECONDS)
        verdict = verdict_on(
            self._settings,
            self._stage.total,
            self._latencies(runner, seconds),
            seconds,
            void=interrupted,
            doubt=doubt,
        )
        page = get_html_report(self._environment, show_download_link=False)
        return report(verdict, self._settings, page)

    def _lost_workers(self, runner: Runner) -> str:
        """Wait for the workers to settle; which ones did not, or nothing."""
        if not isinstance(runner, MasterRunner):
            return ""
        deadline = time.monotonic() + _SETTLING_SECONDS
        wanted = max(self._settings.expect_workers, len(self._stage.settled))
        while time.monotonic() < deadline and len(self._stage.settled) < wanted:
            alive = {one.id for one in runner.clients.all} - {
                one.id for one in runner.clients.missing
            }
            if not alive - self._stage.settled:
                break
            gevent.sleep(_PAUSE_SECONDS)
        lost = wanted - len(self._stage.settled)
        return f"{lost} of {wanted} workers went missing" if lost > 0 else ""

    def _latencies(self, runner: Runner, seconds: float) -> list[Latency]:
        found = []
        for operation in self._contract.operations.values():
            entry = runner.stats.entries.get((operation.id, operation.method))
            if entry is None or not entry.num_requests:
                continue
            p50, p95, p99 = map(entry.get_response_time_percentile, (0.5, 0.95, 0.99))
            rate = entry.num_requests / seconds if seconds else 0.0
            times = sum(
                one.count
                for (id_, name), one in self._stage.total.broken.items()
                if name == operation.id and catalogue()[id_].level_on(operation) is Level.MUST
            )
            found.append(Latency(operation.id, entry.num_requests, rate, p50, p95, p99, times))
        return found

    def _work(self) -> int:
        """A worker: send what its master asks for, until it is told to end."""
        settings = self._settings
        place = f"{settings.master_host}:{settings.master_port}"
        timeout = gevent.Timeout.start_new(_WORKERS_SECONDS)
        try:
            runner = self._environment.create_worker_runner(
                settings.master_host, settings.master_port
            )
        except gevent.Timeout:
            complain(f"no master answers at {place}")
            return NO_VERDICT
        finally:
            timeout.close()
        while not self._told.seen and len(runner.greenlet):
            runner.greenlet.join(_PAUSE_SECONDS)
        if self._told.seen:
            runner.quit()
            self._environment.events.quitting.fire(environment=self._environment)
            complain(INTERRUPTED)
            return NO_VERDICT
        return CONFORMS
