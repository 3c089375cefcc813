"""What a campaign as a whole says of its target, as a verdict that all reports show."""

from collections.abc import Iterator

from conformance.baseline import place
from conformance.fuzz.campaign import ENOUGH, TIME_OVER, Campaign
from conformance.model import Level, Outcome, Result
from conformance.verdict import Verdict, doubt_of, never_succeeded


def verdict_of(campaign: Campaign, level: Level, void: str = "") -> Verdict:
    """Every finding is a violation; what never failed has passed if it ever did."""
    results = tuple(sorted(_results(campaign), key=place))
    complete = campaign.over in {TIME_OVER, ENOUGH}
    never = "" if campaign.findings else never_succeeded(campaign.run)
    return Verdict(
        contract=campaign.contract.version,
        target=campaign.target.base_url,
        seed=campaign.seed,
        level=level,
        results=results,
        void=void or campaign.stopped,
        doubt=never or doubt_of(results),
        complete=complete and not void,
        remarks=tuple(_remarks(campaign)),
        requests=campaign.counters.requests,
        seconds=campaign.counters.seconds,
    )


def _results(campaign: Campaign) -> Iterator[Result]:
    broken = set()
    for finding in campaign.findings.values():
        requirement = campaign.requirements.get(finding.requirement)
        if requirement is None:
            continue
        broken.add((finding.requirement, finding.operation))
        level = Level(finding.level)
        outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
        yield Result(
            requirement,
            finding.operation,
            level,
            outcome,
            finding.expected,
            f"{finding.actual} (finding {finding.id}, {finding.state}, met {finding.count} times)",
            finding.curl,
        )
    for name, outcomes in campaign.counters.outcomes.items():
        id_, _, operation = name.rstrip("]").partition(" [")
        requirement = campaign.requirements.get(id_)
        if requirement is None or (id_, operation) in broken:
            continue
        for outcome in (Outcome.ERROR, Outcome.PASSED, Outcome.NOT_VERIFIED):
            if outcomes.get(outcome):
                level = requirement.level_on(campaign.contract.operations[operation])
                reason = campaign.counters.reasons.get(f"{name} {outcome}", "")
                yield Result(requirement, operation, level, outcome, actual=reason)
                break


def _remarks(campaign: Campaign) -> Iterator[str]:
    counters = campaign.counters
    yield f"covered: {campaign.coverage.line()}"
    if counters.unanswered:
        yield f"{counters.unanswered} checks ended without an answer of the target"
    if counters.revoked:
        yield f"{counters.revoked} keys were made and revoked"
    if campaign.left_behind:
        left = len(campaign.left_behind)
        yield f"{left} keys were made and could not be revoked; left-behind.txt lists them"
    yield f"{len(campaign.findings)} findings in {campaign.directory.path}"
