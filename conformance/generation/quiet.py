"""Hypothesis leaves nothing behind, and is ready for many threads at once."""

import atexit
import os
import threading
from collections.abc import Callable
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import TypeVar

Value = TypeVar("Value")

_LATE = tuple(
    f"schemathesis{name}"
    for name in (
        "", ".openapi.loaders", ".engine.core", ".engine._check_context", ".engine.run.analysis",
        ".engine.run.auth_bootstrap", ".engine.run.probes", ".engine.run.stateful",
        ".engine.run.unit", ".engine.run.cache", ".specs.openapi.schemas",
        ".specs.openapi.checks", ".specs.openapi._hypothesis", ".specs.openapi.coverage",
        ".specs.openapi.negative", ".specs.openapi.examples", ".specs.openapi.stateful",
        ".transport.requests",
    )
)  # fmt: skip
"""What Schemathesis would import when it is first used.

Python 3.11 may fail to import in one thread (SystemError: AST constructor recursion depth
mismatch) while Hypothesis changes the recursion limit in another, so that it is done before.
"""

_ATTEMPTS = 5

_lock = threading.Lock()
_prepared = threading.Event()


def prepare() -> None:
    """Call it before anything is generated, in any thread."""
    if _prepared.is_set():
        return
    from hypothesis import configuration, strategies  # noqa: PLC0415 - late, for it takes its time

    with _lock:
        if _prepared.is_set():
            return
        if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
            # It keeps tables of Unicode in the working directory, and complains where it cannot.
            directory = TemporaryDirectory(prefix="dinie-conformance-")
            atexit.register(directory.cleanup)
            configuration.set_hypothesis_home_dir(directory.name)
        # Eight threads at once would each make the tables, one after another.
        strategies.text().validate()
        strategies.characters(codec="utf-8").validate()
        for name in _LATE:
            import_module(name)
        _prepared.set()


def again_after_mismatch(run: Callable[[], Value]) -> Value:
    """What ``run`` gives, tried again where Python fails to parse Hypothesis' own sources."""
    for _ in range(_ATTEMPTS):
        try:
            return run()
        except SystemError:
            continue
    return run()
