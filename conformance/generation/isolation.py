"""Keeps Hypothesis apart from all else in the process, and all else apart from Hypothesis.

It changes what a process has once only: the recursion limit, the directory where it keeps files,
the state of :mod:`random`, and the parser of CPython 3.11, which fails where two threads parse at
once (``SystemError: AST constructor recursion depth mismatch``; Hypothesis parses sources for the
constants in them). Other tests in the process may use Hypothesis too, and an app under test may
draw its ids from :mod:`random`.
"""

import atexit
import gc
import gzip
import json
import random
import threading
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, configuration, settings, strategies
from hypothesis.internal import charmap, entropy
from hypothesis.internal.conjecture import junkdrawer, providers
from hypothesis.internal.constants_ast import Constants

PROFILE = "dinie-conformance"
"""The settings of all that is generated: repeatable, without deadline and database, silent."""

settings.register_profile(
    PROFILE,
    backend="hypothesis",
    database=None,
    deadline=None,
    derandomize=False,
    phases=(Phase.generate, Phase.shrink),
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)

_HOME = "__hypothesis_home_directory"
_CONSTANTS = "_get_local_constants"


class _Turn:
    """The one thread that makes test data just now: nobody else does so meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: _Block | None = None

    def take(self, block: "_Block") -> None:
        """Wait for the turn; a block that has ended meanwhile gets none."""
        self._lock.acquire()
        self._holder = block
        if block.is_over:
            self.leave(block)

    def leave(self, block: "_Block") -> None:
        """Let the next one in, where this block has the turn."""
        if self._holder is block:
            self._holder = None
            self._lock.release()

    @property
    def holder(self) -> "_Block | None":
        """The block that has the turn."""
        return self._holder


class _Block:
    """One block that makes test data; the threads of a library may outlive it."""

    is_over = False


_turn = _Turn()


class _Isolated:
    """The isolation of all blocks that are open: made by the first of them, ended by the last."""

    def __init__(self) -> None:
        self._open = 0
        self._lock = threading.Lock()
        self._all = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._open:
                self._all.enter_context(warnings.catch_warnings())  # Schemathesis leaves filters
                for one in (
                    _own_directory,
                    _own_settings,
                    _free_randomness,
                    _free_garbage,
                    _no_constants_of_others,
                ):
                    self._all.enter_context(one())
                _read_unicode()
            self._open += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._open -= 1
            if not self._open:
                self._all.close()


_isolated = _Isolated()


@contextmanager
def generating() -> Iterator[None]:
    """Make test data in this block, and only in one thread of the process at a time.

    Nothing is left in the working directory and no example is kept, whatever the environment and
    the settings of others say. Afterwards all of that is as it was.
    """
    block = _Block()
    with _isolated:
        _turn.take(block)
        try:
            yield
        finally:
            block.is_over = True
            _turn.leave(block)


@contextmanager
def others_generate() -> Iterator[None]:
    """Let others make test data in this part of :func:`generating`, which makes none itself."""
    block = _turn.holder
    if block is None:
        yield
        return
    _turn.leave(block)
    try:
        yield
    finally:
        _turn.take(block)


@contextmanager
def _own_directory() -> Iterator[None]:
    """Hypothesis keeps its files in a directory that goes when the process ends."""
    before = getattr(configuration, _HOME, None)
    configuration.set_hypothesis_home_dir(_directory())
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)


@cache
def _directory() -> str:
    # A thread that a stopped run left behind may still write there.
    directory = TemporaryDirectory(prefix="dinie-conformance-", ignore_cleanup_errors=True)
    atexit.register(directory.cleanup)
    return directory.name


@contextmanager
def _own_settings() -> Iterator[None]:
    """What Schemathesis leaves open is not taken from the settings of other tests."""
    before = settings.get_current_profile_name()
    settings.load_profile(PROFILE)
    try:
        yield
    finally:
        settings.load_profile(before)


@contextmanager
def _free_randomness() -> Iterator[None]:
    """:mod:`random` goes on as ever: Hypothesis would seed it to zero before each example.

    An app in this process that draws ids from it would make the same ones again and again, and
    be accused of it. What Hypothesis generates does not depend on it.
    """
    managed: MutableMapping[Any, Any] = getattr(entropy, "RANDOMS_TO_MANAGE", {})
    taken = {key: one for key, one in managed.items() if one is random}
    for key in taken:
        managed.pop(key)
    try:
        yield
    finally:
        managed.update(taken)


@contextmanager
def _free_garbage() -> Iterator[None]:
    """Garbage is collected without Hypothesis, which counts the seconds of it for its deadlines.

    What it calls then may let another thread run, in which it lowers the recursion limit: where the
    first one was deep in a document, CPython 3.11 ends the process.
    """
    junkdrawer.gc_cumulative_time()
    taken = [one for one in gc.callbacks if one.__module__ == junkdrawer.__name__]
    for one in taken:
        gc.callbacks.remove(one)
    try:
        yield
    finally:
        gc.callbacks[:0] = taken


@contextmanager
def _no_constants_of_others() -> Iterator[None]:
    """A seed means the same everywhere: nothing is taken from the sources of this process.

    Hypothesis parses each module outside of site-packages and draws the constants that it finds.
    Those of a checkout, or of the project whose tests run here, are not those of the next one; a
    run in a checkout took a seventh of its time to read them.
    """
    before, none = getattr(providers, _CONSTANTS), Constants()
    providers.CONSTANTS_CACHE.cache.clear()
    setattr(providers, _CONSTANTS, lambda: none)
    try:
        yield
    finally:
        setattr(providers, _CONSTANTS, before)
        providers.CONSTANTS_CACHE.cache.clear()


@cache
def _read_unicode() -> None:
    """Read the tables of Unicode outside of any example, where its time would be the example's.

    Hypothesis finds what UTF-8 encodes by trying each character, which takes a second, unless it
    finds the file that it keeps for that. All but surrogates can be encoded (RFC 3629 section 3).
    """
    table = charmap.charmap_file("codec-v2-utf-8")
    table.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(table, "wt") as file:
        json.dump([[[0, 0xD7FF], [0xE000, 0x10FFFF]], []], file)
    strategies.text().validate()
