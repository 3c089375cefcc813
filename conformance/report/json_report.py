"""The report that scripts read. Its members are fixed."""

import json
from typing import Any

from conformance.model import Result
from conformance.verdict import Verdict


def as_json(verdict: Verdict) -> str:
    """The report as JSON, in ASCII."""
    document = {
        "contract": verdict.contract,
        "target": verdict.target,
        "complete": verdict.complete,
        **({} if verdict.seed is None else {"seed": verdict.seed}),
        "summary": verdict.counts,
        "results": [_result(one) for one in verdict.results],
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
        "actual": result.actual,
        "reproduce": result.reproduce,
    }
