"""The run directory: the state of a campaign, which survives any end of the process.

``campaign.json`` holds seed, configuration, counters and coverage, ``findings/`` a file for each
finding, ``corpus/`` Hypothesis' examples, ``made.txt`` what is to be revoked, and
``left-behind.txt`` what could not be.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from conformance.fuzz.storage.files import FileError, object_in, read_text, write_whole
from conformance.fuzz.storage.finding import Finding
from conformance.target.target import CreatedResource

VERSION = 1

_STATE, _FINDINGS, _CORPUS, _LOCK = "campaign.json", "findings", "corpus", "lock"
_LEFT, _MADE = "left-behind.txt", "made.txt"


class RunDirectory:
    """A run directory, from :meth:`create` or :meth:`open`; write only while it is held."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create a run directory; raises :class:`FileError` where it holds a campaign already."""
        if (path / _STATE).exists():
            raise FileError(f"{path} holds a campaign already: --resume {path} goes on with it")
        try:
            for folder in (_FINDINGS, _CORPUS):
                (path / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{path} cannot be made: {error.strerror or error}") from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the run directory of a campaign; raises :class:`FileError` where there is none."""
        if not (path / _STATE).is_file():
            raise FileError(f"{path} holds no campaign")
        return cls(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the directory; raises :class:`FileError` where another process holds the lock."""
        try:
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise FileError(f"{self.path} cannot be used: {error.strerror or error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise FileError(f"{self.path} is in use by another process") from error
        finally:
            os.close(lock)

    @property
    def corpus(self) -> Path:
        """The folder of Hypothesis' examples."""
        return self.path / _CORPUS

    def state(self) -> dict[str, Any]:
        """The state that :meth:`save` wrote last; raises :class:`FileError`."""
        path = self.path / _STATE
        return object_in(read_text(path, "campaign"), VERSION, "campaign", str(path))

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state, a JSON object."""
        write_whole(self.path / _STATE, json.dumps({"version": VERSION, **state}) + "\n")

    def findings(self) -> list[Finding]:
        """The findings; raises :class:`FileError` for one that is torn."""
        return [Finding.read(one) for one in sorted((self.path / _FINDINGS).glob("*.json"))]

    def keep(self, finding: Finding) -> None:
        """Write a finding."""
        write_whole(self.path_of(finding), finding.text())

    def path_of(self, finding: Finding) -> Path:
        """The file of a finding."""
        return self.path / _FINDINGS / f"{finding.id}.json"

    def record_created(self, made: CreatedResource) -> None:
        """Record a created resource, to be revoked even if this process is killed."""
        with (self.path / _MADE).open("a", encoding="utf-8") as file:
            file.write(f"{made[0]} {made[1]}\n")

    def created(self) -> set[CreatedResource]:
        """Created resources that may not be revoked yet; a torn line is left out."""
        path = self.path / _MADE
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        pairs = [line.split() for line in lines if line.endswith("\n")]
        return {(int(one), two) for one, two in pairs}

    def clear_created(self) -> None:
        """Forget the created resources: all are revoked, or listed as left behind."""
        write_whole(self.path / _MADE, "")

    def leave_behind(self, made: Iterable[CreatedResource]) -> None:
        """List what could not be revoked: partner and client id, one a line."""
        lines = [f"partner {partner + 1}: {client_id}\n" for partner, client_id in sorted(made)]
        write_whole(self.path / _LEFT, "".join(lines))
