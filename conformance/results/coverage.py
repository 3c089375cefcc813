"""Coverage of the contract: statuses, parameters, fields and transitions, counted by exchange."""

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from conformance.target.exchange import Answer, Request, names_in
from conformance.target.json_documents import parse
from openapi.contract import Contract
from openapi.operation import Operation

_REMEMBERED = 5000
"""The most resources and keys whose last event is remembered; older ones are dropped."""

_MOST_KEYWORDS, _LONGEST_NAME = 1000, 200

KEYWORDS = {
    "missing_required_field": "required",
    "invalid_type": "type",
    "invalid_format": "format",
    "invalid_value": "value",
    "unknown_field": "unknown",
}
"""The violated schema keyword in one word, by the code of a field error."""

_NO_JSON, _VALID = "no JSON", "valid"

_INDEX = re.compile(r"\[\d+\]")
_UNKNOWN = "…"
"""Stands for all undocumented field names, of which there may be any number."""


@dataclass(frozen=True, slots=True)
class HitCount:
    """How often an item was seen in the run, and whether the contract documents it."""

    count: int
    documented: bool = True


@dataclass(frozen=True, slots=True)
class OperationCoverage:
    """The coverage of one operation: its statuses, parameters and fields of the body.

    ``statuses`` are by status, or by ``4XX`` and ``default`` where no answer was one of these.
    ``fields`` count bodies that violated a keyword, by field and keyword; ``valid`` bodies violated
    none, and ``unreadable`` ones were no JSON.
    """

    id: str
    route: str
    statuses: Mapping[str, HitCount]
    parameters: Mapping[str, HitCount]
    fields: Mapping[str, Mapping[str, HitCount]]
    valid: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Coverage beside the contract, seen and never seen, as plain values for reports.

    ``transitions`` count events on a key or resource by the event before. ``checks`` count how
    often each requirement was checked, with those that never were.
    """

    operations: tuple[OperationCoverage, ...]
    transitions: Mapping[str, Mapping[str, int]]
    checks: Mapping[str, int]

    @property
    def statuses(self) -> list[str]:
        """The statuses of all operations, in order; a range comes after its members."""
        return sorted({status for one in self.operations for status in one.statuses})

    @property
    def keywords(self) -> list[str]:
        """The schema keywords of all fields."""
        found = {word for one in self.operations for words in one.fields.values() for word in words}
        return [one for one in KEYWORDS.values() if one in found]

    @property
    def is_empty(self) -> bool:
        """Whether no operation was answered."""
        return not any(hits.count for one in self.operations for hits in one.statuses.values())

    @property
    def never(self) -> list[str]:
        """Documented statuses and parameters never seen, such as ``createCredential 429``."""
        return [
            f"{operation.id} {name}"
            for operation in self.operations
            for group in (operation.statuses, operation.parameters)
            for name, hits in group.items()
            if not hits.count
        ]

    @property
    def undocumented(self) -> list[str]:
        """Undocumented statuses that were seen, such as ``createCredential 418``."""
        return [
            f"{operation.id} {status}"
            for operation in self.operations
            for status, hits in operation.statuses.items()
            if not hits.documented
        ]


class Coverage:
    """Operations and their statuses, parameters, schema keywords, and transitions of state.

    A keyword counts when a request violated it; ``valid`` when a request violated none. A
    transition is two events in a row on one idempotency key or resource.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._lock = threading.Lock()
        self._last: OrderedDict[str, str] = OrderedDict()
        self.statuses: Counter[str] = Counter()
        self.parameters: Counter[str] = Counter()
        self.keywords: Counter[str] = Counter()
        self.transitions: Counter[str] = Counter()
        self.requirements: Counter[str] = Counter()

    def record(self, request: Request, answer: Answer) -> None:
        """Count one exchange."""
        operation = next(
            (one for one in self._contract.operations.values() if request.is_for(one)), None
        )
        if operation is None:
            return
        keywords = _keywords(operation, request)
        # A large body is parsed without the lock: others would wait, and hold theirs meanwhile.
        resource = self._contract.resource_of(operation) if request.method == "POST" else None
        made = answer.identifier(resource.handle) if resource else None
        with self._lock:
            self.statuses[f"{operation.id} {answer.status}"] += 1
            self._parameters(operation, request)
            for one in keywords:
                # If the contract allows any member name, the number of names is unlimited.
                if one in self.keywords or len(self.keywords) < _MOST_KEYWORDS:
                    self.keywords[one] += 1
            self._transition(operation, request, answer.status, made)

    def record_check(self, requirement_id: str) -> None:
        """Count one check of a requirement."""
        with self._lock:
            self.requirements[requirement_id] += 1

    def _parameters(self, operation: Operation, request: Request) -> None:
        asked = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)
        query = {name for name, _ in asked}
        headers = {name.lower() for name, _ in request.headers}
        for one in operation.parameters:
            given = query if one.location == "query" else headers
            if one.location == "path" or one.name in given or one.name.lower() in headers:
                self.parameters[f"{operation.id} {one.name}"] += 1

    def _transition(
        self, operation: Operation, request: Request, status: int, made: str | None
    ) -> None:
        path = request.path.partition("?")[0]
        names = [f"{request.partner} {request.key}"] if request.key else []
        names += [made] if made and len(made) <= _LONGEST_NAME else []
        names += names_in(path)[-1:] if "{" in operation.path else []
        event = f"{operation.id} {status}"
        before = {self._last[name] for name in names if name in self._last}
        self.transitions.update(f"{one} → {event}" for one in before)
        for name in names:
            self._last[name] = event
            self._last.move_to_end(name)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    @property
    def answered(self) -> dict[str, set[int]]:
        """The statuses seen in the run, by operation id."""
        found: dict[str, set[int]] = {}
        for one in list(self.statuses):
            operation, _, status = one.rpartition(" ")
            found.setdefault(operation, set()).add(int(status))
        return found

    def line(self) -> str:
        """The coverage in one line of numbers."""
        names = ("statuses", "requirements", "keywords", "parameters", "transitions")
        return ", ".join(
            [
                f"operations {len(self.answered)}/{len(self._contract.operations)}",
                *(f"{name} {len(getattr(self, name))}" for name in names),
            ]
        )

    def report(self, requirements: Iterable[str]) -> CoverageReport:
        """The coverage until now; ``requirements`` are the ids of all that apply."""
        state = self.state()
        transitions: dict[str, dict[str, int]] = {}
        for one, count in state["transitions"].items():
            before, _, after = one.partition(" → ")
            transitions.setdefault(before, {})[after] = count
        checks = state["requirements"]
        return CoverageReport(
            tuple(_operation(one, state) for one in self._contract.operations.values()),
            transitions,
            {name: checks.get(name, 0) for name in sorted({*requirements, *checks})},
        )

    def state(self) -> dict[str, dict[str, int]]:
        """All counts, to be saved as JSON and passed to :meth:`restore`."""
        with self._lock:
            return {name: dict(sorted(getattr(self, name).items())) for name in _COUNTED}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add the counts of a saved state."""
        for name in _COUNTED:
            getattr(self, name).update(state.get(name, {}))


_COUNTED = ("statuses", "parameters", "keywords", "transitions", "requirements")


def _keywords(operation: Operation, request: Request) -> set[str]:
    """The names under which the fields of a JSON body count: operation, field and keyword."""
    body = operation.json_body
    if body is None or body.schema is None or not request.body:
        return set()
    try:
        errors = list(body.schema.errors(parse(request.body)))
    except ValueError:
        return {f"{operation.id} {_NO_JSON}"}
    found = set()
    for one in errors[:5]:
        keyword = KEYWORDS[one.code]
        field = _UNKNOWN if keyword == "unknown" else _INDEX.sub("[]", one.param)
        found.add(f"{operation.id} {field} {keyword}")
    return found or {f"{operation.id} {_VALID}"}


def _operation(operation: Operation, state: Mapping[str, Mapping[str, int]]) -> OperationCoverage:
    keywords, sent = _of(operation, state["keywords"]), _of(operation, state["parameters"])
    valid, unreadable = keywords.pop(_VALID, 0), keywords.pop(_NO_JSON, 0)
    return OperationCoverage(
        operation.id,
        f"{operation.method} {operation.path}",
        _statuses(operation, _of(operation, state["statuses"])),
        {one.name: HitCount(sent.get(one.name, 0)) for one in operation.parameters},
        _fields(operation, keywords),
        valid,
        unreadable,
    )


def _of(operation: Operation, counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of one operation, by the rest of their name."""
    start = f"{operation.id} "
    return {
        name.removeprefix(start): count for name, count in counts.items() if name.startswith(start)
    }


def _statuses(operation: Operation, counts: Mapping[str, int]) -> dict[str, HitCount]:
    found, keys = {}, set(operation.responses)
    for status, count in counts.items():
        documented = operation.response(int(status))
        found[status] = HitCount(count, documented is not None)
        keys -= {documented.key} if documented else set()
    return dict(sorted({**found, **dict.fromkeys(keys, HitCount(0))}.items()))


def _fields(operation: Operation, counts: Mapping[str, int]) -> dict[str, dict[str, HitCount]]:
    """Counts by field and keyword: those that the top of the schema has, and all others seen."""
    found: dict[str, dict[str, HitCount]] = {}
    schema = operation.json_body.schema if operation.json_body else None
    outlines = schema.outline.get("properties", {}) if schema else {}
    definition: Mapping[str, Any] = schema.definition if schema else {}
    for name, outline in outlines.items():
        documented = definition.get("properties", {}).get(name)
        members = set(documented) if isinstance(documented, dict) else set()
        keywords = {
            "required": name in definition.get("required", ()),
            "type": outline.get("type"),
            "format": {"format", "pattern"} & members,
            "value": {"enum", "const"} & members,
        }
        found[name] = {keyword: HitCount(0) for keyword, holds in keywords.items() if holds}
    for name, count in counts.items():
        field, _, keyword = name.rpartition(" ")
        found.setdefault(field, {})[keyword] = HitCount(count)
    return found
