"""The log of ``dinie-mock serve``: one line for each thing, on standard error."""

import logging
import time
from typing import Any, Literal

import orjson
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

from conformance.journal.redaction import Redactor

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_OURS = ("mock_server", "uvicorn")
"""Whose lines the level is for. Of other libraries, only warnings are told."""

_NOT_FIELDS = frozenset([*RESERVED_ATTRS, "taskName", "color_message"])


def set_up_logs(form: LogFormat, level: LogLevel) -> None:
    """Let this process log in this form, what is of this level or graver."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("ERROR" if level == "error" else "WARNING")
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=True)


class _WithoutSecrets(logging.Formatter):
    """Shows no token and no client secret, not even where the text of an exception holds one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a traceback where there is one."""
        return _REDACTOR.shapes(super().format(record))


_REDACTOR = Redactor()


class _Json(_WithoutSecrets, OrjsonFormatter):
    """One JSON object for each line: ``time`` (Unix, in seconds), ``level``, ``logger``."""

    def __init__(self) -> None:
        super().__init__(
            ["created", "levelname", "name", "message"],
            rename_fields={
                "created": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            reserved_attrs=sorted(_NOT_FIELDS),
        )


class _Text(_WithoutSecrets):
    """One line to read: time, level, logger and message, then each field as ``name=value``."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """The time in UTC (RFC 3339)."""
        return f"{super().formatTime(record, datefmt)}.{int(record.msecs):03}Z"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line without a traceback."""
        fields = [
            f"{name}={_shown(value)}"
            for name, value in vars(record).items()
            if name not in _NOT_FIELDS and value is not None
        ]
        return " ".join([super().formatMessage(record), *fields])


def _shown(value: Any) -> str:
    """A value as JSON has it, so that it never ends a line; plain words go without quotes."""
    if isinstance(value, str) and value and value.isascii() and value.isprintable():
        bare = not any(one in value for one in ' "=')
        return value if bare else orjson.dumps(value).decode()
    return orjson.dumps(value, default=str).decode()
