"""The run directory: the state of a campaign, which survives any end of the process.

``campaign.json`` holds seed, configuration, counters and coverage, ``findings/`` a file for each
finding, ``corpus/`` Hypothesis' examples, ``made.txt`` what is to be revoked, and
``left-behind.txt`` what could not be.

All of it is foreign: somebody else may have written the directory, or have put a link into it. What
cannot be read is left out and counted, and a link is never followed. The folders and files that are
created here are those of the user alone.
"""

import itertools
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from conformance.fuzz.storage.files import (
    LARGEST_FINDING,
    LARGEST_FINDINGS,
    LARGEST_STATE,
    MOST_FINDINGS,
    FileError,
    append,
    object_in,
    own_descriptor,
    read_text,
    weight_of,
    write_whole,
)
from conformance.fuzz.storage.finding import Finding, FindingKey
from conformance.probe.budget import LARGEST_EXAMPLE
from conformance.target.kept import CreatedResource
from dinie_contract.output import HIDDEN, SECRETS, one_line
from dinie_contract.systems import lock
from openapi.contract import Contract

VERSION = 1

_STATE, _FINDINGS, _CORPUS, _LOCK = "campaign.json", "findings", "corpus", "lock"
_LEFT, _MADE = "left-behind.txt", "made.txt"

_LONGEST_HANDLE = 4096
_MOST_MADE, _MOST_EXAMPLES, _LARGEST_EXAMPLES = 100_000, 100_000, 256 * 1024 * 1024


def is_handle(value: object) -> bool:
    """Whether a value can name a resource in a path and in a line: a text without white space."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_HANDLE
        and value.isprintable()
        and value.split() == [value]
    )


def is_public(made: CreatedResource) -> bool:
    """Whether the handle of a resource holds no secret, so that it may be kept in a file."""
    return SECRETS.redact(made.handle) == made.handle


def holds_campaign(named: Path) -> bool:
    """Whether there is a campaign in a directory."""
    return os.path.lexists(named / _STATE)


def is_campaign(named: Path) -> bool:
    """Whether a name is that of a directory, and not ``DIR/ID``.

    A link in a run directory stands for nothing, so it is no directory.
    """
    if holds_campaign(named.parent) and named.name:
        return holds_campaign(named) and not named.is_symlink()
    return os.path.lexists(named) and named.is_dir()


def file_of_finding(named: Path) -> Path:
    """The file of a finding, named as it or as ``DIR/ID``; raises :class:`FileError`.

    A file that is named itself may be a link, one in a run directory may not.
    """
    if not holds_campaign(named.parent):
        return Path(os.path.realpath(named))
    return RunDirectory.open(named.parent).path / _FINDINGS / f"{named.name}.json"


class RunDirectory:
    """A run directory, from :meth:`create` or :meth:`open`; write only while it is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.without_requests: set[FindingKey] = set()
        """Findings that were written without their requests, which are too large."""
        self._names: dict[FindingKey, str] = {}
        self._weights: dict[FindingKey, int] = {}

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create a run directory; raises :class:`FileError` where it holds a campaign already."""
        if holds_campaign(path):
            raise FileError(f"{path} holds a campaign already: --resume {path} goes on with it")
        try:
            path.mkdir(0o700, parents=True, exist_ok=True)
            for folder in (_FINDINGS, _CORPUS):
                (path / folder).mkdir(0o700, exist_ok=True)
        except OSError as error:
            raise FileError(f"{path} cannot be made: {error.strerror or error}") from error
        return cls._checked(path)

    @classmethod
    def create_new(cls, path: Path) -> Self:
        """Create a run directory that nobody has: a number follows a name that is taken.

        Raises :class:`FileError` where none can be made.
        """
        names = itertools.chain([path.name], (f"{path.name}-{one}" for one in itertools.count(2)))
        while True:
            one = path.with_name(next(names))
            try:
                one.mkdir(0o700)
            except FileExistsError:
                continue
            except OSError as error:
                raise FileError(f"{one} cannot be made: {error.strerror or error}") from error
            return cls.create(one)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the run directory of a campaign; raises :class:`FileError` where there is none."""
        if not holds_campaign(path):
            raise FileError(f"{path} holds no campaign")
        return cls._checked(path)

    @classmethod
    def _checked(cls, path: Path) -> Self:
        """The directory, unless a folder in it is a link, or no folder."""
        for folder in (path / _FINDINGS, path / _CORPUS):
            if os.path.lexists(folder) and not stat.S_ISDIR(folder.lstat().st_mode):
                raise FileError(f"{folder}: is no folder of this directory")
        return cls(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the directory; raises :class:`FileError` where another process holds the lock."""
        descriptor = own_descriptor(self.path / _LOCK, os.O_RDWR | os.O_CREAT)
        try:
            lock(descriptor)
            yield
        except BlockingIOError as error:
            raise FileError(f"{self.path} is in use by another process") from error
        finally:
            os.close(descriptor)

    @property
    def corpus(self) -> Path:
        """The folder of Hypothesis' examples; raises :class:`FileError` for other things in it."""
        corpus = self.path / _CORPUS
        try:
            _check_examples(corpus)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}: delete it"
            raise FileError(f"{corpus}: {reason}") from error
        return corpus

    def state(self) -> dict[str, Any]:
        """The state that :meth:`save` wrote last, not checked yet; raises :class:`FileError`."""
        path = self.path / _STATE
        return object_in(
            read_text(path, "campaign", LARGEST_STATE),
            VERSION,
            "campaign",
            str(path),
            LARGEST_STATE,
        )

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state, a JSON object."""
        write_whole(self.path / _STATE, json.dumps({"version": VERSION, **state}) + "\n")

    def findings(self, contract: Contract) -> tuple[list[Finding], list[FileError]]:
        """The findings, and the errors of those that cannot be read."""
        folder = self.path / _FINDINGS
        try:
            with os.scandir(folder) as entries:
                named = (one.name for one in entries if one.name.endswith(".json"))
                names = sorted(itertools.islice(named, MOST_FINDINGS + 1))
        except OSError as error:
            return [], [FileError(f"{folder}: {error.strerror or error}")]
        found, errors = [], []
        if len(names) > MOST_FINDINGS:
            reason = f"holds more than {MOST_FINDINGS} findings, of which the others are left out"
            errors.append(FileError(f"{folder}: {reason}"))
        for name in names[:MOST_FINDINGS]:
            try:
                found.append(self._read(folder / name, contract))
            except FileError as error:
                # The name of a file is foreign as well.
                errors.append(FileError(one_line(str(error))))
        return found, errors

    def _read(self, path: Path, contract: Contract) -> Finding:
        """The finding of a file, which must be named after it: no other is written over it."""
        text = read_text(path, "finding", LARGEST_FINDING)
        weight = weight_of(text.encode())
        if sum(self._weights.values()) + weight > LARGEST_FINDINGS:
            raise FileError(f"{path}: is left out: with it the findings are too large together")
        finding = Finding.read_text(text, contract, str(path))
        if path.stem not in finding.names:
            raise FileError(f"{path}: is named after another finding: this is {finding.id}")
        self._names[finding.key], self._weights[finding.key] = path.stem, weight
        return finding

    def lacks(self, name: str) -> bool:
        """Whether there is no file for a finding, whose id and whole hash are in ``name``."""
        places = (self.path / _FINDINGS / f"{one}.json" for one in (name.partition("-")[0], name))
        return not any(map(os.path.lexists, places))

    def keep(self, finding: Finding) -> None:
        """Write a finding; in its file are no requests that could not be read again."""
        others = sum(weight for key, weight in self._weights.items() if key != finding.key)
        kept = finding.within(min(LARGEST_FINDING, LARGEST_FINDINGS - others))
        if finding.steps and not kept.steps:
            self.without_requests.add(finding.key)
        else:
            self.without_requests.discard(finding.key)
        text = kept.text()
        self._weights[finding.key] = weight_of(text.encode())
        write_whole(self.path_of(finding), text)

    def remove(self, finding: Finding) -> None:
        """Remove the file of a finding; raises :class:`FileError`."""
        path = self.path_of(finding)
        try:
            path.unlink()
        except OSError as error:
            raise FileError(f"{path} was not removed: {error.strerror or error}") from error
        del self._names[finding.key]
        self._weights.pop(finding.key, None)

    def path_of(self, finding: Finding) -> Path:
        """The file of a finding."""
        return self.path / _FINDINGS / f"{self.name_of(finding)}.json"

    def place_of(self, finding: Finding) -> Path:
        """What `replay` takes for a finding: the directory, and its name in it."""
        return self.path / self.name_of(finding)

    def name_of(self, finding: Finding) -> str:
        """The name of a finding here, which no other has: that of its file, or of a new one."""
        if finding.key not in self._names:
            self._names[finding.key] = finding.name_beside(self._names.values())
        return self._names[finding.key]

    def record_created(self, made: CreatedResource) -> None:
        """Record a created resource, to be revoked even if this process is killed.

        What a target calls by a secret is known to this process alone.
        """
        if line := _made_line(made):
            append(self.path / _MADE, line)

    def created(self) -> set[CreatedResource]:
        """Created resources that may not be revoked yet.

        A line that is no such resource is left out.
        """
        return {one for one in map(_resource, self._lines()[0]) if one is not None}

    @property
    def junk(self) -> int:
        """The number of lines among the created resources that cannot be read."""
        lines, more = self._lines()
        return sum(_resource(one) is None for one in lines) + more

    def _lines(self) -> tuple[list[str], int]:
        """The first lines of the list of created resources, and the number of all others."""
        path = self.path / _MADE
        text = ""
        if os.path.lexists(path):
            # A byte that is no text makes its own line unreadable, and no other.
            text = read_text(path, "list", errors="surrogateescape")
        *lines, rest = text.split("\n", _MOST_MADE)
        return lines, rest.count("\n") + bool(rest.rpartition("\n")[2])

    def clear_created(self, but: Iterable[CreatedResource]) -> None:
        """Forget the created resources, but for some: all are revoked, or listed as left behind."""
        write_whole(self.path / _MADE, "".join(map(_made_line, sorted(but))))

    def leave_behind(self, made: Iterable[CreatedResource]) -> None:
        """List what could not be revoked: its partner, and its path or id, one a line."""
        lines = [
            f"partner {one.partner + 1}: {public_of(one)[-1] if is_public(one) else HIDDEN}\n"
            for one in sorted(made)
        ]
        write_whole(self.path / _LEFT, "".join(lines))


def _check_examples(corpus: Path) -> None:
    """Raise :class:`FileError` for what is no corpus of a campaign, OSError for what is unread."""
    count = size = 0
    # No recursion: nothing bounds how deep folders are in each other.
    folders = [corpus] if os.path.lexists(corpus) else []
    while folders:
        with os.scandir(folders.pop()) as entries:
            for one in entries:
                # Hypothesis follows links, and reads whatever has a name.
                entry = one.stat(follow_symlinks=False)
                is_example = stat.S_ISREG(entry.st_mode) and entry.st_size <= LARGEST_EXAMPLE
                if stat.S_ISDIR(entry.st_mode):
                    folders.append(Path(one.path))
                elif not is_example:
                    raise FileError(f"{corpus}: holds what is no example of a campaign: delete it")
                count, size = count + 1, size + entry.st_size
                if count > _MOST_EXAMPLES or size > _LARGEST_EXAMPLES:
                    raise FileError(
                        f"{corpus}: holds more than the examples of a campaign: delete it"
                    )


def _made_line(made: CreatedResource) -> str:
    """The line of a resource; empty for one that no line may have, and that nothing ends."""
    if not is_handle(made.handle) or not is_public(made) or made.lookup:
        return ""
    return f"{' '.join(map(str, public_of(made)))}\n"


def public_of(made: CreatedResource) -> list[int | str]:
    """The parts of a resource that a file may have: the path that ends it may hold a secret."""
    is_kept = is_handle(made.place) and SECRETS.redact(made.place) == made.place
    return [made.partner, made.handle, *([made.place] if is_kept else [])]


def _resource(line: str) -> CreatedResource | None:
    """The resource of a line: the partner, 0 or 1, the handle, and the path that revokes it."""
    partner, _, named = line.partition(" ")
    handle, mark, place = named.partition(" ")
    is_place = place.startswith("/") and is_handle(place)
    is_read = partner in {"0", "1"} and is_handle(handle) and is_place == bool(mark)
    return CreatedResource(int(partner), handle, place) if is_read else None
