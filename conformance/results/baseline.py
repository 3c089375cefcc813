"""Violations that a team accepts for now, so that the gate fails on new ones only.

The file is JSON or YAML: a list, or an object with the list in ``accepted``. Each entry has the
``id`` of a requirement, the ``operation``, and perhaps a ``reason``.
"""

import json
import os
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from conformance.catalogue.requirement import Requirement
from conformance.results.result import VIOLATIONS, Outcome, Result, ResultKey
from conformance.target.json_documents import parse_text
from dinie_contract.errors import Unusable
from dinie_contract.output import one_line, printable
from openapi.contract import Contract
from openapi.document import read_yaml
from openapi.files import open_regular

_MOST_BYTES = 10 * 1024 * 1024
_LONGEST_REASON, _LONGEST_TEXT = 200, 2000

_LINE_ENDS = re.compile(r"[ \t]*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")

_MEMBERS = {"id", "operation", "reason"}


class BaselineError(Unusable):
    """An unusable baseline file; the message is one line with the place and the reason."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted violations, each with its reason, which may be empty."""

    accepted: Mapping[ResultKey, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        path: Path | None,
        contract: Contract,
        requirements: Mapping[str, Requirement],
        written: Path | None = None,
    ) -> Self:
        """The entries of a file, none without a file; raises :class:`BaselineError`.

        ``written`` is the file that the run writes: where that is the same, it need not be there.
        """
        if path is None:
            return cls()
        try:
            document = _document(path)
        except FileNotFoundError as error:
            if written is not None and os.path.realpath(written) == os.path.realpath(path):
                return cls()
            command = f"dinie-conformance run --write-baseline {shlex.quote(str(path))}"
            raise BaselineError(
                f"{path}: {error.strerror}; it is given as the baseline, and {command} makes it"
            ) from error
        except OSError as error:
            raise BaselineError(f"{path}: {error.strerror or error}") from error
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            reason = _shown(str(error))
            raise BaselineError(f"{path}: cannot be read: {reason}") from error
        entries = document.get("accepted") if isinstance(document, dict) else document
        if not isinstance(entries, list):
            raise BaselineError(
                f"{path}: must hold a list of accepted violations; an empty one is []"
            )
        accepted: dict[ResultKey, str] = {}
        for number, entry in enumerate(entries, 1):
            complaint = _complaint(entry, accepted, contract, requirements)
            if complaint:
                raise BaselineError(f"{path}: entry {number} {complaint}")
            accepted[entry["id"], entry["operation"]] = _reason(entry)
        return cls(accepted)

    def accepts(self, result: Result) -> bool:
        """Whether the baseline has this violation, or this MUST that the target left undecided."""
        return _may_be_accepted(result) and result.key in self.accepted

    def stale(self, results: Iterable[Result]) -> list[ResultKey]:
        """The entries whose requirement passed. Those that the run did not verify are not stale."""
        passed = {one.key for one in results if one.outcome is Outcome.PASSED}
        return sorted(passed & self.accepted.keys())

    def renewed(self, results: Collection[Result]) -> Self:
        """The baseline that accepts the violations of a run, with the reasons known so far.

        Entries that the run did not verify stay.
        """
        stale = set(self.stale(results))
        kept = {one: reason for one, reason in self.accepted.items() if one not in stale}
        found = {one.key: "" for one in results if _may_be_accepted(one)}
        return type(self)(dict(sorted({**found, **kept}.items())))

    def text(self, path: Path) -> str:
        """The file's content, as JSON or YAML by the name of ``path``."""
        entries = [
            {"id": id_, "operation": operation, **({"reason": reason} if reason else {})}
            for (id_, operation), reason in self.accepted.items()
        ]
        if path.suffix == ".json":
            return json.dumps({"accepted": entries}, indent=2) + "\n"
        return yaml.safe_dump({"accepted": entries}, sort_keys=False, allow_unicode=True)


def _may_be_accepted(result: Result) -> bool:
    return result.outcome in VIOLATIONS or result.is_undecided


def _document(path: Path) -> Any:
    """The JSON or YAML of a file; raises what reading and parsing raise."""
    with open_regular(path) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
    # JSON is YAML, but for tabs between tokens: JSON files are read as JSON.
    if path.suffix == ".json":
        return parse_text(content.decode())
    return read_yaml(content)


def _complaint(
    entry: Any,
    accepted: Mapping[ResultKey, str],
    contract: Contract,
    requirements: Mapping[str, Requirement],
) -> str:
    """The complaint about an entry, without its number; empty for a valid one."""
    if not isinstance(entry, dict) or not all(isinstance(one, str) for one in entry):
        return "must have an id and an operation"
    wrong = [f"has an unknown member {_shown(name)}" for name in sorted(entry.keys() - _MEMBERS)]
    wrong += [
        f"needs {name}, a text" for name in ("id", "operation") if type(entry.get(name)) is not str
    ]
    given = entry.get("reason") or ""
    if type(given) is not str:
        wrong.append("has a reason that is no text")
    elif len(given) > _LONGEST_TEXT or printable(_reason(entry)) != _reason(entry):
        wrong.append(f"has a reason of over {_LONGEST_TEXT} or of unprintable characters")
    if wrong:
        return wrong[0]
    id_, name = entry["id"], entry["operation"]
    operation = contract.operations.get(name)
    if id_ not in requirements:
        return f"names {_shown(id_)}, which is no requirement"
    if operation is None:
        return f"names {_shown(name)}, which is no operation of the contract"
    if not requirements[id_].applies_to(operation):
        return f"names {id_}, which does not apply to {name}"
    return f"repeats {id_} on {name}" if (id_, name) in accepted else ""


def _reason(entry: Mapping[str, str]) -> str:
    """The reason of an entry as one line: a folded text of YAML ends with a line end."""
    return _LINE_ENDS.sub(" ", entry.get("reason") or "").strip()


def _shown(text: str) -> str:
    """A foreign text within an error."""
    return one_line(text)[:_LONGEST_REASON]
