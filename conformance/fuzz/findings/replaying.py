"""Replay of a finding: by its own requests where a judge decides, else by its check."""

import base64
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.catalogue.requirement import Requirement
from conformance.fuzz.findings.recording import sender
from conformance.fuzz.resending import resent
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding, cause_of, seen
from conformance.fuzz.work import Work
from conformance.probe.budget import GenerationBudget
from conformance.probe.probe import Probe
from conformance.results.result import VIOLATIONS, Outcome
from conformance.run.check import CheckOutcome, run_check
from conformance.run.observation import Observation, Observer
from conformance.server import catalogue, judges
from conformance.target.exchange import Answer
from conformance.target.target import Target
from openapi.contract import Contract

MOST_REQUESTS = 20_000
"""Requests sent to see one finding again, at most: its file may ask for any number."""


def probe_for(
    contract: Contract,
    target: Target,
    work: Work,
    requirement: Requirement,
    seed: int,
    budget: GenerationBudget,
) -> Probe:
    """The probe of one check: seed, requirement and operation determine its choices."""
    randomness = random.Random(f"{seed} {requirement.id} {work.operation.id}")  # noqa: S311 - test data
    named = replace(budget, name=requirement.id)
    return Probe(contract, work.operation, target, randomness, seed, named)


def probe_to_send(contract: Contract, target: Target, finding: Finding, work: Work) -> Probe:
    """A probe that sends the steps of a finding."""
    return Probe(contract, work.operation, target, random.Random(finding.seed), finding.seed)  # noqa: S311 - test data


def work_of(contract: Contract, finding: Finding, works: Mapping[str, Work]) -> Work:
    """The work of a finding; raises :class:`FileError` for work that no longer exists.

    A finding that a judge decides by its own requests needs none.
    """
    work = works.get(finding.work)
    operation = contract.operations.get(finding.operation)
    if work is None and operation and _judge_of(finding) and finding.steps:
        return Work(finding.work, operation, ())
    is_observed = operation is not None and finding.requirement in judges().of(Purpose.OBSERVED)
    if work is None or not (is_observed or finding.operation == work.operation.id):
        raise FileError(f"finding {finding.id}: nothing checks {finding.work!r} here")
    # Who does not look for it would say that it is mended.
    is_decided_by_steps = bool(finding.steps) and (is_observed or _judge_of(finding))
    if not is_decided_by_steps and finding.requirement not in work.breakable:
        raise FileError(f"finding {finding.id}: {work.name!r} does not check {finding.requirement}")
    return work


def fails(contract: Contract, target: Target, finding: Finding, work: Work) -> bool | None:
    """Whether the target fails again, in one try; None where the check cannot decide.

    Raises :class:`TargetError`.
    """
    requirement = _judge_of(finding) if finding.steps else None
    is_met_on_the_way = not requirement and finding.requirement not in work.breakable
    if (requirement or is_met_on_the_way) and any(
        (one["partner"] or 0) >= len(target.access) for one in finding.steps
    ):
        return None
    if requirement:
        probe = probe_to_send(contract, target, finding, work)
        try:
            resent(finding.steps, sender(probe))
        except ValueError:
            return None  # HTTP cannot carry what the target answered, or it is too much
        request, answer = probe.recording.exchanges[-1]
        operation = contract.operations[finding.operation]
        exchange = JudgedExchange(operation, request, answer, Purpose.GENERATED)
        return requirement.violation(exchange) is not None if _counts(answer) else None
    if is_met_on_the_way and (met := _is_met(contract, target, finding, work)) is not False:
        return met
    found = list(check(contract, target, finding, work))
    if any(is_it(one, finding, work) for one in found):
        return True
    said = any(one.result.outcome is Outcome.PASSED for one in found)
    # Another violation shows that this check still fails, but not how.
    return False if said else any(one.result.outcome in VIOLATIONS for one in found) or None


def _is_met(contract: Contract, target: Target, finding: Finding, work: Work) -> bool | None:
    """Whether the steps of a finding show again what a check met on its way.

    None where the target serves the operation no more: that mends nothing.
    """
    probe = probe_to_send(contract, target, finding, work)
    observation = Observation(probe, Observer(judges()))
    if not observation.can_judge(contract.operations[finding.operation]):
        return None
    with suppress(ValueError):
        resent(finding.steps, sender(probe))
    return (finding.requirement, finding.operation) in observation.found


def check(
    contract: Contract, target: Target, finding: Finding, work: Work
) -> Iterator[CheckOutcome]:
    """Run the checks of a finding again, on the failing examples alone where they are known.

    Gives the outcome of each, and what it met on its way.
    """
    only = {name: base64.b64decode(one) for name, one in finding.examples.items()}
    effort = finding.effort
    budget = GenerationBudget(
        times=effort["times"], steps=effort["steps"], keys=effort["keys"], only=only or None
    )
    observer = Observer(judges())
    for requirement in work.requirements:
        probe = probe_for(contract, target, work, requirement, finding.seed, budget)
        outcome = run_check(requirement, probe, observer)
        yield outcome
        yield from outcome.observed


def is_it(one: CheckOutcome, finding: Finding, work: Work) -> bool:
    """Whether a check failed in the same way as a finding."""
    result = one.result
    return (
        result.outcome in VIOLATIONS
        and finding.requirement in {result.breaks, result.requirement.id}
        and finding.operation == result.operation
        and cause_of(result.expected, seen(result.actual, work.way)) == finding.cause
    )


def _judge_of(finding: Finding) -> Requirement | None:
    """The requirement that a finding broke, where a judge decides it by one exchange."""
    is_judged = finding.requirement in judges().of(Purpose.GENERATED)
    return catalogue()[finding.requirement] if is_judged else None


def _counts(answer: Answer) -> bool:
    return answer.status not in {401, 403, 429}
