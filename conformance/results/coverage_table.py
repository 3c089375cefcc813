"""Coverage beside the contract: seen and never seen, as plain values for reports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.results.coverage import KEYWORDS, NO_JSON, VALID, Coverage
from openapi.contract import Contract
from openapi.operation import Operation


@dataclass(frozen=True, slots=True)
class HitCount:
    """How often an item was seen in the run, and whether the contract documents it."""

    count: int
    documented: bool = True


@dataclass(frozen=True, slots=True)
class OperationCoverage:
    """The coverage of one operation: its statuses, parameters and fields of the body.

    ``statuses`` are by status, or by ``4XX`` and ``default`` where no answer was one of these.
    ``fields`` count bodies that broke a keyword, by field and keyword; ``valid`` bodies broke
    none, and ``unreadable`` ones were no JSON.
    """

    id: str
    place: str
    statuses: Mapping[str, HitCount]
    parameters: Mapping[str, HitCount]
    fields: Mapping[str, Mapping[str, HitCount]]
    valid: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """``transitions`` count what came next for a key or a resource, by what came before.

    ``checks`` count how often each was tried, those that never were included.
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
        return not any(met.count for one in self.operations for met in one.statuses.values())

    @property
    def never(self) -> list[str]:
        """Documented statuses that were never seen, such as ``createCredential 429``."""
        return [
            f"{operation.id} {name}"
            for operation in self.operations
            for group in (operation.statuses, operation.parameters)
            for name, met in group.items()
            if not met.count
        ]

    @property
    def undocumented(self) -> list[str]:
        """Undocumented statuses that were seen, such as ``createCredential 418``."""
        return [
            f"{operation.id} {status}"
            for operation in self.operations
            for status, met in operation.statuses.items()
            if not met.documented
        ]


def coverage_report(
    contract: Contract, coverage: Coverage, requirements: Iterable[str]
) -> CoverageReport:
    """The coverage until now; ``requirements`` are the ids of all that apply."""
    state = coverage.state()
    transitions: dict[str, dict[str, int]] = {}
    for one, count in state["transitions"].items():
        before, _, after = one.partition(" → ")
        transitions.setdefault(before, {})[after] = count
    tried = state["requirements"]
    return CoverageReport(
        tuple(_operation(one, state) for one in contract.operations.values()),
        transitions,
        {name: tried.get(name, 0) for name in sorted({*requirements, *tried})},
    )


def _operation(operation: Operation, state: Mapping[str, Mapping[str, int]]) -> OperationCoverage:
    words = dict(_of(operation, state["keywords"]))
    valid, unreadable = words.pop(VALID, 0), words.pop(NO_JSON, 0)
    sent = dict(_of(operation, state["parameters"]))
    return OperationCoverage(
        operation.id,
        f"{operation.method} {operation.path}",
        _statuses(operation, {int(one): count for one, count in _of(operation, state["statuses"])}),
        {one.name: HitCount(sent.get(one.name, 0)) for one in operation.parameters},
        _fields(operation, words),
        valid,
        unreadable,
    )


def _of(operation: Operation, counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The counts of one operation, by the rest of their name."""
    start = f"{operation.id} "
    for name, count in counts.items():
        if name.startswith(start):
            yield name.removeprefix(start), count


def _statuses(operation: Operation, counts: Mapping[int, int]) -> dict[str, HitCount]:
    found, keys = {}, set(operation.responses)
    for status, count in counts.items():
        documented = operation.response(status)
        found[str(status)] = HitCount(count, documented is not None)
        keys -= {documented.key} if documented else set()
    return dict(sorted({**found, **dict.fromkeys(keys, HitCount(0))}.items()))


def _fields(operation: Operation, counts: Mapping[str, int]) -> dict[str, dict[str, HitCount]]:
    fields = {name: {word: HitCount(0) for word in words} for name, words in _documented(operation)}
    for name, count in counts.items():
        field, _, word = name.rpartition(" ")
        fields.setdefault(field, {})[word] = HitCount(count)
    return fields


def _documented(operation: Operation) -> Iterator[tuple[str, list[str]]]:
    """The fields at the top of the JSON body, and what can be wrong with each for certain."""
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    if media_type is None or media_type.schema is None:
        return
    definition: Mapping[str, Any] = media_type.schema.definition
    for name, outline in media_type.schema.outline.get("properties", {}).items():
        said = definition.get("properties", {}).get(name)
        told: Mapping[str, Any] = said if isinstance(said, dict) else {}
        words = {
            "required": name in definition.get("required", ()),
            "type": bool(outline.get("type")),
            "format": bool({"format", "pattern"} & set(told)),
            "value": bool({"enum", "const"} & set(told)),
        }
        yield name, [word for word, holds in words.items() if holds]
