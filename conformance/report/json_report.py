"""The report that scripts read. Its members are fixed."""

import json
from datetime import UTC, datetime
from typing import Any

from conformance.results.result import FindingDetails, Result
from conformance.results.verdict import Verdict


def as_json(verdict: Verdict) -> str:
    """The report as JSON, in ASCII."""
    document = {
        "contract": verdict.contract,
        "target": verdict.target,
        "complete": verdict.complete,
        **({} if verdict.seed is None else {"seed": verdict.seed}),
        "summary": verdict.counts,
        "results": [_result(one) for one in verdict.results],
        "findings": [
            _finding(one, one.sighting)
            for one in verdict.results
            if one.sighting and one.sighting.finding
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _result(result: Result) -> dict[str, Any]:
    return {
        "id": result.requirement.id,
        "level": result.level.value,
        "operation": result.operation,
        "outcome": result.outcome.value,
        "source": result.requirement.source,
        "expected": result.expected,
        "actual": result.told,
        "reproduce": result.reproduce,
    }


def _finding(result: Result, sighting: FindingDetails) -> dict[str, Any]:
    return {
        "finding": sighting.finding,
        "id": result.requirement.id,
        "operation": result.operation,
        "cause": sighting.cause,
        "state": sighting.state,
        "count": sighting.count,
        "first_seen": datetime.fromtimestamp(sighting.first_seen, UTC).isoformat(),
        "replay": sighting.replay,
    }
