"""A finding: a broken requirement and its cause, with all that it takes to see it again."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from conformance.fuzz.resending import Step
from conformance.fuzz.storage.files import FileError, object_in, read_object

VERSION = 1
"""Of the files; a newer one is not read."""

MOST_ATTEMPTS = 1000
"""Until then what fails now and then is tried again, at most."""

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


@dataclass(frozen=True, slots=True)
class Finding:
    """One group of violations: one requirement, one operation, one cause.

    ``first_seen`` is a time of RFC 3339. ``count`` is how often it was seen. Its check had passed
    ``passed`` times before. It was tried again ``tries`` times after that, and ``failures`` of them
    failed. ``work`` with ``seed`` and
    ``effort`` make the same check again, and ``examples`` (Hypothesis' own encoding, base64) just
    what failed. ``steps`` show it in as few requests as were found, and ``shows`` what is wrong
    with their last answers; ``was_sent_again`` says whether they did so when they were tried.
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
    def id(self) -> str:
        """Short, and the same in every campaign."""
        text = f"{self.requirement} {self.operation} {self.cause}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

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
        # The first time, when it was found, counts too, and the times before it.
        return f"flaky: {self.failures + 1} of {self.tries + 1 + self.passed}"

    @property
    def attempts(self) -> int:
        """After how many attempts without failure it is taken to be mended."""
        seen = (self.failures + 1) / (self.tries + 1 + self.passed)
        # So that one that is still there is missed in less than one case in a hundred.
        return 2 if self.failures == self.tries else min(int(5 / seen) + 1, MOST_ATTEMPTS)

    def tried(self, failures: int, tries: int) -> Self:
        """The same, tried so many times more."""
        return replace(self, tries=self.tries + tries, failures=self.failures + failures)

    def text(self) -> str:
        """The file's content."""
        return json.dumps({"version": VERSION, "id": self.id, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file; raises :class:`FileError`."""
        return cls._from(read_object(path, VERSION, "finding"), str(path))

    @classmethod
    def read_text(cls, text: str, where: str) -> Self:
        """From the content of a file, which stood somewhere; raises :class:`FileError`."""
        return cls._from(object_in(text, VERSION, "finding", where), where)

    @classmethod
    def _from(cls, value: dict[str, Any], where: str) -> Self:
        value.pop("version")
        value.pop("id", None)
        try:
            finding = cls(**{**value, "steps": tuple(value["steps"])})
            hash(finding.requirement + finding.operation + finding.cause + finding.work)
            int(finding.seed), dict(finding.effort), dict(finding.examples)
        except (TypeError, KeyError, ValueError) as error:
            raise FileError(f"{where}: is no finding that can be read") from error
        return finding


def smallest_of(findings: Iterable[Finding]) -> Finding:
    """Of findings with one id the one that is shown best: sent again, then in the fewest steps."""

    def order(one: Finding) -> tuple[Any, ...]:
        steps = not one.was_sent_again, not one.steps, len(one.steps)
        return *steps, -one.tries, len(one.text()), one.text()

    return min(findings, key=order)
