"""A finding: a broken requirement and its cause, with all that it takes to see it again."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from conformance.fuzz.resending import Step
from conformance.fuzz.storage.files import FileError, object_in, read_text

VERSION = 1
"""The version of the file format; files of a newer one are refused."""

MOST_ATTEMPTS = 1000
"""The most attempts to reproduce a flaky finding."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_DATA = re.compile(r"\b(?=\w*\d)[\w-]{4,}\b|\d+(?:\.\d+)?")
_STATUS = re.compile(r"[1-5]\d\d")


def seen(actual: str, way: str) -> str:
    """The actual value of a violation, and the unusual form of its request.

    What fails in two ways may fail for two reasons, and one that is known would hide the other.
    """
    return f"{actual}, with {way}" if way else actual


def cause_of(expected: str, actual: str) -> str:
    """What was expected and seen, without ids, counts and other data; statuses stay."""

    def kept(found: re.Match[str]) -> str:
        return found[0] if _STATUS.fullmatch(found[0]) else "…"

    return _DATA.sub(kept, _QUOTED.sub("…", f"expected {expected}, got {actual}"))


FindingKey = tuple[str, str, str]
"""The requirement, operation and cause that make one finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A group of violations of one requirement on one operation for one cause.

    ``first_seen`` is a time of RFC 3339, ``count`` the number of violations. The check had passed
    ``passed`` times before the first one; ``failures`` of ``tries`` repetitions failed since.
    ``work``, ``seed`` and ``effort`` determine the check, and ``examples`` (Hypothesis' encoding,
    base64) its failing examples. ``steps`` are the fewest requests found that show the violation,
    ``shows`` is what their last answers have wrong, and ``was_sent_again`` whether sending them
    again showed it.
    """

    requirement: str
    operation: str
    level: str
    cause: str
    expected: str
    actual: str
    work: str
    seed: int
    effort: Mapping[str, int]
    first_seen: str
    count: int = 1
    tries: int = 0
    failures: int = 0
    examples: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    shows: Any = None
    was_sent_again: bool = False
    curl: str = ""
    python: str = ""
    passed: int = 0

    @property
    def key(self) -> FindingKey:
        """The requirement, operation and cause."""
        return self.requirement, self.operation, self.cause

    @property
    def id(self) -> str:
        """A short hash of the key, the same in every campaign."""
        return hashlib.sha256(" ".join(self.key).encode()).hexdigest()[:10]

    @property
    def rate(self) -> float:
        """The share of tries that failed; 1 where the finding was not tried again."""
        return self.failures / self.tries if self.tries else 1.0

    @property
    def state(self) -> str:
        """Such as ``reproducible`` or ``flaky: 1 of 4``."""
        if not self.tries:
            return "not tried again"
        if self.failures == self.tries:
            return "reproducible"
        # The discovery counts as a try, and so do the passes before it.
        return f"flaky: {self.failures + 1} of {self.tries + 1 + self.passed}"

    @property
    def attempts(self) -> int:
        """Attempts without a failure after which the finding counts as fixed."""
        seen = (self.failures + 1) / (self.tries + 1 + self.passed)
        # A finding that still exists is missed in less than one case in a hundred.
        return 2 if self.failures == self.tries else min(int(5 / seen) + 1, MOST_ATTEMPTS)

    def tried(self, failures: int, tries: int) -> Self:
        """The finding after more tries."""
        return replace(self, tries=self.tries + tries, failures=self.failures + failures)

    def text(self) -> str:
        """The file's content."""
        return json.dumps({"version": VERSION, "id": self.id, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; raises :class:`FileError`."""
        return cls.read_text(read_text(path, "finding"), str(path))

    @classmethod
    def read_text(cls, text: str, where: str) -> Self:
        """Read a file's content; ``where`` names its place in a :class:`FileError`."""
        value = object_in(text, VERSION, "finding", where)
        value.pop("version")
        value.pop("id", None)
        try:
            finding = cls(**{**value, "steps": tuple(value["steps"])})
            hash("".join(finding.key) + finding.work)
            int(finding.seed), dict(finding.effort), dict(finding.examples)
        except (TypeError, KeyError, ValueError) as error:
            raise FileError(f"{where}: is no finding that can be read") from error
        return finding


def smallest_of(findings: Iterable[Finding]) -> Finding:
    """The best reproduction among findings with one id: sent again, then the fewest steps."""

    def order(one: Finding) -> tuple[Any, ...]:
        steps = not one.was_sent_again, not one.steps, len(one.steps)
        return *steps, -one.tries, len(one.text()), one.text()

    return min(findings, key=order)
