"""Threads that work for a run, and that a stopped run does not wait for."""

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, Self, TypeVar

from conformance.target.errors import TargetError
from conformance.target.target import Target

Given = ParamSpec("Given")
Value = TypeVar("Value")

_POLL_SECONDS = 0.1


class Threads:
    """Do work in at most so many threads at once, in the context of whoever submits it.

    Where ``at_once`` tells the number, it may change meanwhile. At the end of the block nothing
    else begins. The threads end by themselves and hold up neither the block nor the process: what
    they are busy with, such as a large answer, may take long.
    """

    def __init__(self, at_once: int | Callable[[], int]) -> None:
        self._at_once = at_once if callable(at_once) else lambda: at_once
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._futures: list[Future[Any]] = []
        self._lock = threading.Lock()
        self._begun = self._left = 0
        self._is_over = False

    def submit(
        self, work: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs
    ) -> "Future[Value]":
        """The value of some work, to come."""
        future: Future[Value] = Future()
        context = copy_context()

        def do() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    value = context.run(work, *args, **kwargs)
                except BaseException as error:  # noqa: BLE001 - for whoever asks for the value
                    future.set_exception(error)
                else:
                    future.set_result(value)

        self._futures.append(future)
        with self._lock:
            self._left += 1
            self._work.put(do)
        self._begin_more()
        return future

    @property
    def unfinished(self) -> int:
        """How much of what was submitted is not done."""
        return sum(not one.done() for one in self._futures)

    def __enter__(self) -> Self:
        """Use it as a block."""
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._futures:
            future.cancel()
        with self._lock:
            self._is_over = True
            for _thread in range(self._begun):
                self._work.put(None)

    def _begin_more(self) -> None:
        with self._lock:
            lacking = 0 if self._is_over else min(self._at_once() - self._begun, self._left)
            for _thread in range(lacking):
                self._begun += 1
                threading.Thread(target=self._run, daemon=True, name="check").start()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            with self._lock:
                self._left -= 1
            work()
            with self._lock:
                if self._begun > self._at_once():
                    self._begun -= 1
                    return
            self._begin_more()


def finished(running: Collection["Future[Value]"], target: Target) -> Iterator["Future[Value]"]:
    """The futures as they are done; not those that are busy once the run was stopped for long."""
    done: SimpleQueue[Future[Value]] = SimpleQueue()
    for one in running:
        one.add_done_callback(done.put)
    left = len(running)
    while left:
        is_over = target.is_over
        try:
            yield done.get(timeout=0 if is_over else _POLL_SECONDS)
        except Empty:
            if is_over:
                break
        else:
            left -= 1


def values(running: Collection["Future[Value]"], target: Target) -> list[Value]:
    """The values of all futures, in order; raises what they raise, or :class:`TargetError`.

    It does so when all of them are done, so that no work is left behind but that of a stopped run.
    """
    done = set(finished(running, target))
    if len(done) < len(running):
        raise TargetError("the run was stopped")
    return [one.result() for one in running]
