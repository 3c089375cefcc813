"""Distributed load: how a master waits for its workers, and how a worker runs."""

import time

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from conformance.load.locust.hooks import LocustHooks
from conformance.load.locust.signals import Signals
from conformance.load.settings import Settings
from conformance.results.exit_code import CONFORMS, INTERRUPTED, NO_VERDICT
from dinie_contract.output import complain

_COMING_SECONDS = 60.0
"""How long workers and master wait for each other to connect."""

SETTLING_SECONDS = 600.0
"""How long all workers may take to reconcile and revoke their resources."""

PAUSE_SECONDS = 0.1


def wait_for_workers(runner: MasterRunner, wanted: int, signals: Signals) -> str:
    """Wait until ``wanted`` workers are ready; the reason for too few, empty for enough."""
    deadline = time.monotonic() + _COMING_SECONDS
    while len(runner.clients.ready) < wanted:
        if signals.seen:
            return INTERRUPTED
        if time.monotonic() > deadline:
            return f"{len(runner.clients.ready)} of {wanted} workers came"
        gevent.sleep(PAUSE_SECONDS)
    return ""


def wait_until_settled(runner: MasterRunner, expected: int, hooks: LocustHooks) -> str:
    """Wait until the workers have settled; a text on those that did not, empty for none.

    Only the worker that created a resource knows it and can revoke it.
    """
    deadline = time.monotonic() + SETTLING_SECONDS
    wanted = max(expected, len(hooks.settled))
    while time.monotonic() < deadline and len(hooks.settled) < wanted:
        alive = {one.id for one in runner.clients.all} - {one.id for one in runner.clients.missing}
        if not alive - hooks.settled:
            break
        gevent.sleep(PAUSE_SECONDS)
    lost = wanted - len(hooks.settled)
    message = f"{lost} of {wanted} workers went missing, and may have left keys behind"
    return message if lost > 0 else ""


def work(environment: Environment, settings: Settings, signals: Signals) -> int:
    """Run as a worker until the master ends it; the exit code."""
    address = f"{settings.master_host}:{settings.master_port}"
    timeout = gevent.Timeout.start_new(_COMING_SECONDS)
    try:
        runner = environment.create_worker_runner(settings.master_host, settings.master_port)
    except gevent.Timeout:
        complain(f"no master answers at {address}")
        return NO_VERDICT
    finally:
        timeout.close()
    while not signals.seen and len(runner.greenlet):
        runner.greenlet.join(PAUSE_SECONDS)
    if signals.seen:
        runner.quit()
        environment.events.quitting.fire(environment=environment)
        complain(INTERRUPTED)
        return NO_VERDICT
    return CONFORMS
