"""The log of ``dinie-mock serve``: one line for each event, on standard error."""

import logging
import time
from typing import Any, Literal

import orjson
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

from conformance.journal.redaction import Redactor
from dinie_contract.output import one_line, printable

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_OURS = ("mock_server", "uvicorn")
"""Loggers that the level applies to. Other libraries log warnings only."""

_NOT_FIELDS = frozenset([*RESERVED_ATTRS, "taskName", "color_message"])


def set_up_logs(form: LogFormat, level: LogLevel) -> None:
    """Configure logging of this process: the format, and the lowest level that is logged."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("ERROR" if level == "error" else "WARNING")
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=True)


class _WithoutSecrets(logging.Formatter):
    """Formatter that redacts tokens and client secrets, also in the text of exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        """The redacted line, with a traceback where there is one."""
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
    """One plain line: time, level, logger and message, then each field as ``name=value``."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """The time in UTC (RFC 3339)."""
        return f"{super().formatTime(record, datefmt)}.{int(record.msecs):03}Z"

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback, whose last lines may repeat what stands in a contract."""
        return printable(super().formatException(ei))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line without a traceback; what a message repeats of a contract is made printable."""
        fields = [
            f"{name}={_shown(value)}"
            for name, value in vars(record).items()
            if name not in _NOT_FIELDS and value is not None
        ]
        return " ".join([one_line(super().formatMessage(record)), *fields])


def _shown(value: Any) -> str:
    """A value as JSON, printable, so that it never breaks the line; plain words have no quotes."""
    if isinstance(value, str) and value and value.isascii() and value.isprintable():
        bare = not any(one in value for one in ' "=')
        return value if bare else orjson.dumps(value).decode()
    return printable(orjson.dumps(value, default=str).decode())
