"""A stopped run does not wait for threads that are busy, and neither does the process."""

import subprocess
import sys
import threading
import time

import pytest

from conformance.target.errors import TargetError
from conformance.target.target import Target
from conformance.target.threads import Threads, finished, values

GENEROUS_SECONDS = 20.0

BUSY = """
import os, signal, sys, threading, time
from conformance.run.interrupts import stopped_by_signals
from conformance.run.runner import Run
from conformance.catalogue.requirement import Level, Requirement
from conformance.fuzz.work import own_check
from conformance.probe.applicability import every
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from openapi.contract import Contract

begun = threading.Semaphore(0)

def busy(probe):
    begun.release()
    while True:
        probe.random.random()

def revoking(request, _):
    begun.release()
    while request.method == "DELETE":
        request.at(request.path)

def signal_when_busy():
    for _ in range(2):
        begun.acquire()
        os.kill(os.getpid(), signal.SIGINT)

check = own_check("busy", busy, applies_to=lambda one: one.id == "createCredential")
with Target("http://127.0.0.1:1/v3", ["token"], tamper=revoking) as target:
    run = Run(Contract.bundled(), target, [check], seed=1)
    run.survey = lambda: None
    threading.Thread(target=signal_when_busy, daemon=True).start()
    with stopped_by_signals(lambda: run.stop("interrupted"), target):
        print(list(run.results()), run.stopped)
        target.created.add(CreatedResource(0, "one"))
        run.clean_up()
    print(len(run.left_behind), "left")
sys.exit(2)
"""


def test_each_signal_ends_what_threads_are_busy_with() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUSY],
        capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[] interrupted\n1 left\n", "")
    assert done.returncode == 2


def test_values_come_in_order_and_work_is_done_at_once() -> None:
    together = threading.Barrier(3)

    def work(number: int) -> int:
        together.wait(GENEROUS_SECONDS)
        return number

    with Target("http://target", ()) as target, Threads(3) as threads:
        running = [threads.submit(work, number) for number in range(6)]
        assert values(running, target) == [0, 1, 2, 3, 4, 5]


def test_one_that_fails_waits_for_the_others() -> None:
    ended = threading.Event()

    def fail() -> None:
        raise ValueError

    def end() -> None:
        time.sleep(0.2)
        ended.set()

    with Target("http://target", ()) as target, Threads(2) as threads:
        running = [threads.submit(fail), threads.submit(end)]
        with pytest.raises(ValueError):  # noqa: PT011 - it has no message
            values(running, target)
        assert ended.is_set()


def test_what_is_not_begun_at_the_end_never_begins() -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def work() -> None:
        begun.release()
        go_on.wait(GENEROUS_SECONDS)

    with Target("http://target", ()) as target:
        with Threads(1) as threads:
            running = [threads.submit(work) for _ in range(5)]
            assert begun.acquire(timeout=GENEROUS_SECONDS)
            target.halt(for_good=True)
            with pytest.raises(TargetError, match="the run was stopped"):
                values(running, target)
        go_on.set()
        running[0].result(GENEROUS_SECONDS)
        assert not begun.acquire(timeout=0.2)
        assert len(list(finished(running, target))) == 5


def test_as_many_threads_work_as_are_told_meanwhile() -> None:
    told, busy, most = 2, 0, 0
    lock, numbers = threading.Lock(), list[int]()

    def work() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        with lock:
            busy -= 1

    with Threads(lambda: told) as threads:
        for number in (2, 6, 1):
            told, most = number, 0
            values_of = [threads.submit(work) for _ in range(40)]
            for one in values_of[:20]:  # those that are busy may end first
                one.result(GENEROUS_SECONDS)
            with lock:
                most = busy
            for one in values_of:
                one.result(GENEROUS_SECONDS)
            numbers.append(most)
    assert numbers[0] <= 2
    assert 2 < numbers[1] <= 6
    assert numbers[2] <= 1
