"""Files of a run directory: whole or not there, private, and never another file.

A run directory may come from somebody else. So no link in it is followed, nothing that is no
regular file is opened for long, and nothing is read that is larger than its bound.
"""

import errno
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from conformance.target.json_documents import is_too_deep
from dinie_contract.errors import Unusable
from dinie_contract.output import one_line
from dinie_contract.systems import write_folder_to_disk
from openapi.files import NotRegularError, regular_descriptor

MOST_BYTES = 64 * 1024 * 1024
"""The size of the largest file that is read."""

LARGEST_STATE, LARGEST_FINDING = 32 * 1024 * 1024, 16 * 1024 * 1024
"""The weight of the largest state of a campaign that is read, and of the largest finding."""

MOST_FINDINGS, LARGEST_FINDINGS = 1000, 64 * 1024 * 1024
"""The most findings of one place that are read, and their weight together."""

_WEIGHT_OF_VALUE = 32
"""The bytes that a value takes, at least, beside those of its text."""

_LONGEST_NAME, _LONGEST_REASON = 60, 200


class FileError(Unusable):
    """A file or a directory cannot be used; the message is one plain line."""


def own_descriptor(path: Path, flags: int) -> int:
    """The descriptor of a regular file that is no link; raises :class:`FileError`."""
    try:
        return regular_descriptor(path, flags, follow_links=False)
    except NotRegularError as error:
        raise FileError(f"{path}: is no regular file") from error
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        reason = "is a link, and links are not followed" if is_link else error.strerror or error
        raise FileError(f"{path}: {reason}") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is the old one or the new one; raises :class:`FileError`."""
    try:
        # Created with a random name, exclusively, for the user alone (mode 0600).
        descriptor, name = tempfile.mkstemp(".new", f".{path.name}.", path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode(errors="backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        write_folder_to_disk(path.parent)
    except OSError as error:
        raise FileError(f"{path} was not written: {error.strerror or error}") from error


def append(path: Path, line: str) -> None:
    """Append a line to a file; raises :class:`FileError`."""
    descriptor = own_descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with os.fdopen(descriptor, "ab") as file:
        if os.fstat(descriptor).st_nlink > 1:
            raise FileError(f"{path}: has another name elsewhere, and what has is not appended to")
        file.write(line.encode())


def weight_of(content: bytes) -> int:
    """About the bytes that a JSON text takes when it is read: short values take most.

    They are counted by their signs, those in texts included.
    """
    return len(content) + _WEIGHT_OF_VALUE * sum(map(content.count, (b"[", b"{", b",")))


def read_text(path: Path, what: str, most: int = MOST_BYTES, *, errors: str = "strict") -> str:
    """The content of a file of the kind ``what``; raises :class:`FileError`.

    ``errors`` says what becomes of bytes that are no UTF-8, as :meth:`bytes.decode` has it.
    """
    with os.fdopen(own_descriptor(path, os.O_RDONLY), "rb") as file:
        try:
            content = file.read(most + 1)
        except OSError as error:
            raise FileError(f"{path}: {error.strerror or error}") from error
    if len(content) > most:
        raise FileError(f"{path}: is larger than {most} bytes")
    try:
        return content.decode(errors=errors)
    except ValueError as error:
        raise FileError(f"{path}: is torn, or no {what}") from error


def object_in(text: str, version: int, what: str, where: str, most: int) -> dict[str, Any]:
    """The JSON object of a supported version in a text; ``where`` names its place in errors.

    Raises :class:`FileError`, also for a text that weighs more than ``most``.
    """
    if weight_of(text.encode(errors="surrogatepass")) > most:
        raise FileError(f"{where}: is larger than {most} bytes, or holds too many values")
    if is_too_deep(text):
        raise FileError(f"{where}: is nested too deeply")
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except ValueError as error:
        raise FileError(f"{where}: is torn, or no {what}") from error
    found = value.get("version") if isinstance(value, dict) else None
    if type(found) is not int:
        raise FileError(f"{where}: is no {what}")
    if found > version:
        raise FileError(f"{where}: was written by a newer version of dinie-conformance")
    return dict(value)


class Format:
    """The JSON Schema of a file's content; a ``description`` in it is the reason of its errors."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._validator = Draft202012Validator(schema, mask="the value")

    def check(self, value: object, where: str) -> None:
        """Raise :class:`FileError`, with the place and the reason, for a value that does not fit.

        ``where`` names the file. No error repeats a value.
        """
        try:
            error = next(self._validator.iter_errors(value), None)
        except ValueError as fault:
            reason = "holds what is no Unicode text, or nests too deeply"
            raise FileError(f"{where}: {reason}") from fault
        if error is None:
            return
        node: Any = self._schema
        for step in error.schema_path[:-1]:
            node = node[step]
        place = "".join(map(_step, error.instance_path)).lstrip(".")
        reason = node.get("description", one_line(error.message)[:_LONGEST_REASON])
        raise FileError(f"{where}: {f'{place}: ' if place else ''}{reason}")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{one_line(step[:_LONGEST_NAME])}"


def _finite(text: str) -> float:
    """The number of a JSON text: whole ones as integers, so that 1.0 is an index as well."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is not finite")
    return int(value) if value.is_integer() else value
