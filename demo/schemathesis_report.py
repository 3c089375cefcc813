"""What Schemathesis sent and what it was answered, read from its report of every event."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openapi.contract import Contract


@dataclass(frozen=True, slots=True)
class Seen:
    """Counts of answers: for each operation and for each phase by status, and for each link."""

    statuses: Mapping[str, Counter[int]]
    phases: Mapping[str, Counter[int]]
    links: Counter[str]


@dataclass(frozen=True, slots=True)
class SchemathesisRun:
    """What one run found and what it looked at. ``output`` is what it printed, without secrets."""

    exit_code: int
    seconds: float
    cases: int
    phases: Mapping[str, str]
    failures: tuple[str, ...]
    seen: Seen
    unseen: tuple[str, ...]
    """Documented statuses that could have been met and were not, such as ``createToken 401``."""
    output: str

    @property
    def explanation(self) -> str:
        """What it printed about its findings: what was expected, and a command to see it again."""
        printed, _, _ = self.output.partition("\nNeed more help?")
        parts = re.split(r"\n=+ ([A-Z]+) =+\n", printed)
        titled = zip(parts[1::2], parts[2::2], strict=True)
        return "\n".join(text for title, text in titled if title in {"FAILURES", "ERRORS"}).strip()

    @property
    def complete(self) -> bool:
        """Every phase ran to its end and found nothing."""
        return set(self.phases.values()) == {"success"}

    @property
    def passed(self) -> bool:
        """Nothing was found, and everything there is to see was seen."""
        return self.exit_code == 0 and self.complete and not self.failures and not self.unseen


def read_run(
    summary: Path, events: Path, *, exit_code: int, seconds: float, output: str
) -> SchemathesisRun:
    """Put together what one run left behind: two reports and what it printed."""
    report = json.loads(summary.read_text(encoding="utf-8"))
    contract = Contract.bundled()
    seen = _read_seen(events, contract)
    return SchemathesisRun(
        exit_code,
        seconds,
        report["test_cases"]["generated"],
        {phase: one["status"] for phase, one in (report["phases"] or {}).items()},
        tuple(_told(one) for one in report["failures"] + report["errors"]),
        seen,
        _unseen(seen, contract),
        output,
    )


def _read_seen(events: Path, contract: Contract) -> Seen:
    """Count the interactions in a report; what belongs to no operation stands under its method."""
    names = {f"{one.method} {one.path}": one.id for one in contract.operations.values()}
    statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
    phases: defaultdict[str, Counter[int]] = defaultdict(Counter)
    links: Counter[str] = Counter()
    with events.open(encoding="utf-8") as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            recorder: dict[str, Any] = scenario["recorder"] if scenario else {}
            for case_id, case in recorder.get("cases", {}).items():
                interaction = recorder["interactions"].get(case_id) or {}
                # A request that got no answer has no response: Schemathesis reports that itself.
                status = (interaction.get("response") or {}).get("status_code")
                if status is None:
                    continue
                label = f"{case['value']['method']} {case['value']['path']}"
                statuses[names.get(label, label)][status] += 1
                phases[scenario["phase"]][status] += 1
                if case.get("is_transition_applied"):
                    links[case["transition"]["id"]] += 1
    return Seen(statuses, phases, links)


def _unseen(seen: Seen, contract: Contract) -> tuple[str, ...]:
    return tuple(
        f"{operation.id} {status}"
        for operation in contract.operations.values()
        for status in operation.responses
        # Too many requests and a broken server only come on demand: no request asks for them.
        if status not in {"429", "500"} and int(status) not in seen.statuses.get(operation.id, {})
    )


def _told(finding: Mapping[str, object]) -> str:
    operations = finding.get("operations")
    where = f" in {', '.join(operations)}" if isinstance(operations, list) else ""
    return f"{finding['title']}{where} ({finding['count']}x)"
