"""A finding: a broken requirement and its cause, with all that it takes to see it again."""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from conformance.fuzz.resending import Step
from conformance.fuzz.storage.files import (
    LARGEST_FINDING,
    FileError,
    Format,
    object_in,
    read_text,
    weight_of,
)
from conformance.fuzz.storage.steps import STEPS, steps_of
from conformance.probe.budget import LARGEST_EXAMPLE
from conformance.probe.violation import NO_SERVER_ERROR
from conformance.results.evidence import MOST_PLACES, Seen
from conformance.results.result import DATA
from conformance.server import catalogue
from conformance.target.timestamps import instant
from dinie_contract.output import one_line
from openapi.contract import IMPLIED, Contract

VERSION = 1
"""The version of the file format; files of a newer one are refused."""

LATEST = 2.0**33
"""The Unix time before which all is that a campaign has seen: a day of the year 2242."""

MOST_ATTEMPTS = 1000
"""The most attempts to reproduce a flaky finding."""

MISSED = 0.01
"""The share of findings that still exist and may be taken for fixed."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_STATUS = re.compile(r"[1-5]\d\d")
_BEGINS_WITH_STATUS = re.compile(r"(?:status )?([1-5]\d\d)\b")

COUNT = {"type": "integer", "minimum": 0, "maximum": 10**12}
_TEXT = {"type": "string", "maxLength": 20_000}
_EFFORT = {"type": "integer", "minimum": 1, "maximum": 100}

_FORMAT = Format(
    {
        "type": "object",
        "required": ["requirement", "operation", "cause", "expected", "actual", "work", "seed",
                     "effort", "first_seen", "count", "tries", "failures", "examples", "steps",
                     "shows", "was_sent_again"],
        "properties": {
            **dict.fromkeys(("cause", "expected", "actual", "work", "first_seen"), _TEXT),
            **dict.fromkeys(("requirement", "operation"), _TEXT),
            **dict.fromkeys(("count", "tries", "failures", "passed", "seed"), COUNT),
            "effort": {
                "type": "object",
                "required": ["times", "steps", "keys"],
                "additionalProperties": _EFFORT,
            },
            "examples": {
                "type": "object",
                "maxProperties": 100,
                "additionalProperties": {"type": "string", "maxLength": 2 * LARGEST_EXAMPLE},
            },
            "steps": STEPS,
            "shows": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
            "was_sent_again": {"type": "boolean"},
            "contract": _TEXT,
            "evidence": {
                "type": "array",
                "maxItems": MOST_PLACES + 1,
                "items": {"type": "array", "minItems": 3, "maxItems": 3, "items": _TEXT},
            },
        },
    }
)  # fmt: skip


def seen(actual: str, way: str) -> str:
    """The actual value of a violation, and the unusual form of its request.

    What fails in two ways may fail for two reasons, and one that is known would hide the other.
    """
    return f"{actual}, with {way}" if way else actual


OF_A_CAMPAIGN = "campaign."
"""How the names of those works begin that only campaigns have."""


def way_of(work: str) -> str:
    """The unusual form of a work's requests, such as ``odd headers``; empty for the catalogue's."""
    name = work.partition(" [")[0]
    own = name.startswith(OF_A_CAMPAIGN)
    return name.removeprefix(OF_A_CAMPAIGN).replace("-", " ") if own else ""


def cause_of(expected: str, actual: str) -> str:
    """What was expected and seen, without ids, counts and other data; statuses stay."""
    return _without_data(f"expected {expected}, got {actual}")


def _without_data(text: str) -> str:
    def kept(found: re.Match[str]) -> str:
        return found[0] if _STATUS.fullmatch(found[0]) else "…"

    return DATA.sub(kept, _QUOTED.sub("…", text))


FindingKey = tuple[str, str, str]
"""The requirement, operation and cause that make one finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A group of violations of one requirement on one operation for one cause.

    ``first_seen`` is a time of RFC 3339, ``count`` the number of violations. The check had passed
    ``passed`` times before the first one, which ``evidence`` is of; ``failures`` of ``tries``
    repetitions failed since.
    ``work``, ``seed`` and ``effort`` determine the check, and ``examples`` (Hypothesis' encoding,
    base64) its failing examples. ``steps`` are the fewest requests found that show the violation,
    ``shows`` is a digest of what their last answers have wrong, and ``was_sent_again`` whether
    sending them again showed it. ``curl`` and ``python`` are scripts, made here and never read
    from a file.
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
    shows: str | None = None
    was_sent_again: bool = False
    curl: str = field(default="", compare=False)
    python: str = field(default="", compare=False)
    passed: int = 0
    evidence: tuple[Seen, ...] = ()
    contract: str = ""
    """The :attr:`~openapi.contract.Contract.label` of its contract."""

    @property
    def key(self) -> FindingKey:
        """The requirement, operation and cause."""
        return self.requirement, self.operation, self.cause

    @property
    def id(self) -> str:
        """A short hash of the key, the same in every campaign, to be shown: no index.

        Another finding may have the same one, by chance or because somebody has searched for it.
        """
        return self._hash[:10]

    @property
    def _hash(self) -> str:
        return hashlib.sha256(" ".join(self.key).encode()).hexdigest()

    @property
    def names(self) -> tuple[str, str]:
        """The names that it may have among others: its id, and the id with the whole hash."""
        return self.id, f"{self.id}-{self._hash}"

    def name_beside(self, taken: Container[str]) -> str:
        """The first of its names that is not taken; nothing else has the second one."""
        first, second = self.names
        return second if first in taken else first

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
    def kind(self) -> str:
        """The kind of answer that shows it: its status, and of a server error the name as well."""
        actual = self.actual.removesuffix(seen("", way_of(self.work)))
        status = _BEGINS_WITH_STATUS.match(actual)
        is_failure = self.expected == NO_SERVER_ERROR or (status and status[1].startswith("5"))
        return _without_data(actual) if is_failure else status[1] if status else ""

    @property
    def attempts(self) -> int:
        """Attempts without a failure after which the finding counts as fixed.

        A finding that still exists is missed in less than one case in a hundred. Its true rate is
        unknown, and three failures of three are no certainty: by Laplace's rule, after so many
        failures and passes the next try passes with ``passes / (failures + passes)``, each with
        one added.
        """
        failures = 2 + self.failures
        passes = 1 if self.failures == self.tries else 1 + self.tries - self.failures + self.passed
        attempts, missed = 0, 1.0
        while missed > MISSED and attempts < MOST_ATTEMPTS:
            missed *= (passes + attempts) / (failures + passes + attempts)
            attempts += 1
        return attempts

    def tried(self, failures: int, tries: int) -> Self:
        """The finding after more tries."""
        return replace(self, tries=self.tries + tries, failures=self.failures + failures)

    def without_steps(self) -> Self:
        """The finding without its requests: its check alone shows it again."""
        return replace(
            self, steps=(), shows=None, was_sent_again=False, examples={}, curl="", python=""
        )

    def text(self) -> str:
        """The file's content."""
        members = asdict(self)
        if not self.contract:
            del members["contract"]
        return json.dumps({"version": VERSION, "id": self.id, **members}, indent=2) + "\n"

    def weight(self) -> int:
        """The weight of the file's content."""
        return weight_of(self.text().encode())

    def within(self, most: int) -> Self:
        """The finding, or as much of it as can be read again and weighs ``most`` or less.

        The scripts are left out first, and then the requests.
        """
        for one in (self, replace(self, curl="", python="")):
            if _can_be_read(one) and one.weight() <= most:
                return one
        return self.without_steps()

    @classmethod
    def read(cls, path: Path, contract: Contract) -> Self:
        """Read a file; raises :class:`FileError`."""
        return cls.read_text(read_text(path, "finding", LARGEST_FINDING), contract, str(path))

    @classmethod
    def read_text(cls, text: str, contract: Contract, where: str) -> Self:
        """Read a file's content; ``where`` names its place in a :class:`FileError`.

        The level is that of the catalogue, and the scripts are left out: neither is taken from a
        file that somebody else may have written.
        """
        value = object_in(text, VERSION, "finding", where, LARGEST_FINDING)
        _FORMAT.check(value, where)
        _check_contract(value.get("contract", ""), contract, where)
        requirement = catalogue().get(value["requirement"])
        operation = contract.operations.get(value["operation"])
        if requirement is None:
            raise FileError(f"{where}: requirement: is none of the catalogue")
        if operation is None:
            raise FileError(f"{where}: operation: is none of the contract")
        roots = {one.path.partition("{")[0] for one in contract.operations.values()}
        for number, step in enumerate(value["steps"]):
            if not step["path"].startswith(tuple(roots)):
                raise FileError(f"{where}: steps[{number}].path: is under none of the contract")
        for name in ("cause", "expected", "actual", "work"):
            if not _is_plain(value[name]):
                raise FileError(f"{where}: {name}: holds control characters")
        if not all(_is_plain(text) for one in value.get("evidence", ()) for text in one):
            raise FileError(f"{where}: evidence: holds control characters")
        first_seen = instant(value["first_seen"])
        if first_seen is None or not 0 <= first_seen < LATEST:
            raise FileError(f"{where}: first_seen: must be a date and time (RFC 3339)")
        if value["failures"] > value["tries"]:
            raise FileError(f"{where}: failures: must not be more than the tries")
        return cls(
            level=requirement.level_on(operation).value,
            effort={name: value["effort"][name] for name in ("times", "steps", "keys")},
            examples=_examples(value["examples"], where),
            steps=steps_of(value["steps"], where),
            evidence=tuple(Seen(*one) for one in value.get("evidence", ())),
            contract=contract.label,
            **{name: value[name] for name in _READ if name in value},
        )


def _can_be_read(finding: Finding) -> bool:
    """Whether what is in a finding that was made here fits the format of its file."""
    try:
        members = {one.name: getattr(finding, one.name) for one in fields(finding)}
        evidence = [list(one) for one in finding.evidence]
        _FORMAT.check({**members, "steps": list(finding.steps), "evidence": evidence}, "")
        steps_of(finding.steps, "")
    except FileError:
        return False
    return True


def _check_contract(label: str, contract: Contract, where: str) -> None:
    """Raise :class:`FileError` for a finding of another contract."""
    if label != contract.label:
        was = one_line(label) or IMPLIED
        raise FileError(
            f"{where}: is by contract {was}, not {contract.identity}: give its own with --contract"
        )


_READ = ("requirement", "operation", "cause", "expected", "actual", "work", "seed", "first_seen",
         "count", "tries", "failures", "shows", "was_sent_again", "passed")  # fmt: skip
"""The members of a file that are taken as they are."""


def _is_plain(text: str) -> bool:
    """Whether a text moves no cursor, hides nothing, and can be encoded."""
    return text.isprintable() or not any(
        one not in "\n\t" and unicodedata.category(one) in {"Cc", "Cf", "Cs"} for one in text
    )


def _examples(value: dict[str, str], where: str) -> dict[str, str]:
    try:
        for one in value.values():
            base64.b64decode(one, validate=True)
    except ValueError as error:
        raise FileError(f"{where}: examples: must be in base64") from error
    return value


def smallest_of(findings: Iterable[Finding]) -> Finding:
    """The best reproduction among findings with one key: sent again, then the fewest steps."""

    def order(one: Finding) -> tuple[Any, ...]:
        steps = not one.was_sent_again, not one.steps, len(one.steps)
        # Scripts are made by each worker, and say nothing more.
        text = replace(one, curl="", python="").text()
        return *steps, -one.tries, len(text), text

    return min(findings, key=order)
