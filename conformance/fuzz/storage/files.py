"""Files that are whole or not there, whatever ends the process."""

import json
import os
from pathlib import Path
from typing import Any


class FileError(Exception):
    """A file or a directory cannot be used; the message is one plain line."""


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is the old one or the new one; raises :class:`FileError`."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise FileError(f"{path} was not written: {error.strerror or error}") from error


def read_text(path: Path, what: str) -> str:
    """The content of a file of the kind ``what``; raises :class:`FileError`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise FileError(f"{path}: is torn, or no {what}") from error


def object_in(text: str, version: int, what: str, where: str) -> dict[str, Any]:
    """The JSON object of a supported version in a text; ``where`` names its place in errors.

    Raises :class:`FileError`.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: is torn, or no {what}") from error
    found = value.get("version") if isinstance(value, dict) else None
    if not isinstance(found, int):
        raise FileError(f"{where}: is no {what}")
    if found > version:
        raise FileError(f"{where}: was written by a newer version of dinie-conformance")
    return dict(value)
