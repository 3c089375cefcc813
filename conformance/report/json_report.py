"""The report that scripts read. Its members are fixed."""

import json
from typing import Any

from conformance.results.moments import date_of, iso_moment
from conformance.results.result import VIOLATIONS, FindingDetails, Result
from conformance.results.verdict import Verdict


def as_json(verdict: Verdict) -> str:
    """The report as JSON, in ASCII."""
    document = {
        "contract": verdict.contract,
        "target": verdict.target,
        "complete": verdict.complete,
        **({} if verdict.seed is None else {"seed": verdict.seed}),
        "made": iso_moment(verdict.made),
        **(_exchanged(*verdict.exchanged) if verdict.exchanged else {}),
        "summary": verdict.counts,
        "results": [_result(one) for one in verdict.results],
        "findings": [
            _finding(one, one.finding) for one in verdict.results if one.finding and one.finding.id
        ],
        **({"left_behind": verdict.left_behind} if verdict.left_behind else {}),
        **({"remarks": verdict.remarks} if verdict.remarks else {}),
        **({"transient": verdict.transient.as_json} if verdict.transient else {}),
        **verdict.own_members,
    }
    return json.dumps(document, indent=2) + "\n"


def _exchanged(first: float, last: float) -> dict[str, Any]:
    return {"exchanged": {"first": iso_moment(first), "last": iso_moment(last)}}


def _result(result: Result) -> dict[str, Any]:
    return {
        "id": result.requirement.id,
        "level": result.level.value,
        "operation": result.operation,
        "outcome": result.outcome.value,
        "source": result.source,
        "expected": result.expected,
        "actual": result.actual_with_finding,
        "reproduce": result.reproduce,
        **({"evidence": [one._asdict() for one in result.evidence]} if result.evidence else {}),
        **({"class": result.why.value} if result.why else {}),
        **({"mend": result.requirement.mend} if result.outcome in VIOLATIONS else {}),
    }


def _finding(result: Result, finding: FindingDetails) -> dict[str, Any]:
    return {
        "finding": finding.id,
        "id": result.requirement.id,
        "operation": result.operation,
        "cause": finding.cause,
        "state": finding.state,
        "count": finding.count,
        "first_seen": date_of(finding.first_seen).isoformat(),
        "replay": finding.replay,
    }
