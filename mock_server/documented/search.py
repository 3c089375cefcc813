"""The search for a value by Hypothesis, in a process of its own with limits on time and memory.

Hypothesis may need any time and memory for a schema, and cannot be interrupted. The process needs
half a second and thirty megabytes, which no start with documented examples should pay.
"""

import faulthandler
import importlib
import json
import math
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

_SECONDS_TO_START = 60
_SECONDS = 10
_SECONDS_OF_ALL = 30
_MEMORY_BYTES = 2 << 30
_ANSWER_CHARACTERS = 4 << 20


class SearchEnded(Exception):
    """The search took more time or memory than it has."""


class Search:
    """The process that searches, started on first use and again after it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._seconds = float(_SECONDS_OF_ALL)

    def find(self, definition: Any, formats: dict[str, str]) -> Any:
        """A value that satisfies a schema, with these texts for its formats.

        Raises LookupError with the name of a reason where there is none, and SearchEnded.
        """
        if self._seconds <= 0:
            raise SearchEnded
        process = self._process = self._process or _start()
        assert process.stdin is not None  # noqa: S101 - as it was started
        assert process.stdout is not None  # noqa: S101
        seconds = math.ceil(min(_SECONDS, self._seconds))
        started = time.monotonic()
        answer = ""
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps([definition, formats, seconds]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline(_ANSWER_CHARACTERS)
        self._seconds -= time.monotonic() - started
        if not answer.endswith("\n"):
            self.close()
            raise SearchEnded
        found = json.loads(answer)
        if "reason" in found:
            raise LookupError(found["reason"])
        return found["value"]

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _start() -> "subprocess.Popen[str]":
    # The folder of this file must not shadow modules of others.
    command = [sys.executable, "-P", __file__]
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - this very file
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    assert process.stdout is not None  # noqa: S101 - as it was started
    process.stdout.readline()  # its time counts once it is ready
    return process


def main() -> None:
    """Search for what each line of the input asks, until its end, or that of a limit."""
    # Windows has no such limit, and macOS does not take it.
    with suppress(ImportError, OSError, ValueError):
        resource: Any = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    _end_after(_SECONDS_TO_START)
    hypothesis = importlib.import_module("hypothesis")
    build = importlib.import_module("schemathesis.generation.jsonschema.builder").build
    jsonschema_rs = importlib.import_module("jsonschema_rs")
    draft = jsonschema_rs.Draft202012
    settings = hypothesis.settings(
        max_examples=500,
        phases=[hypothesis.Phase.generate],  # the first is good enough: no search for a smaller
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    _tell({})
    for line in sys.stdin:
        definition, texts, seconds = json.loads(line)
        _end_after(seconds)
        answer: dict[str, Any] = {}
        try:
            accepts = jsonschema_rs.Draft202012Validator(definition, validate_formats=True)
            formats = {name: hypothesis.strategies.just(text) for name, text in texts.items()}
            values = build(definition, draft=draft, formats=formats)
            answer["value"] = hypothesis.find(values, accepts.is_valid, settings=settings)
        except MemoryError:
            raise  # ends the process: it has reached a limit
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no value
            answer["reason"] = type(error).__name__
        faulthandler.cancel_dump_traceback_later()
        _tell(answer)


def _end_after(seconds: float) -> None:
    """End this process later, whatever it does then: the thread that ends it is no Python."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")  # noqa: TID251 - a pipe to the process above
    sys.stdout.flush()


if __name__ == "__main__":
    main()
