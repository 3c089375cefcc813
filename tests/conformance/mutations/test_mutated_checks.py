"""Every check ends in a verdict, whatever is mutated in the answers of a healthy server."""

import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance import generation
from conformance.catalogue.requirement import Requirement
from conformance.probe.probe import NotVerified, Probe, Violation
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import TargetError
from openapi.contract import Contract
from openapi.operation import Operation
from tests.conformance.mutations.server import OPTIONS, Plan, mutated_target

CONTRACT = Contract.bundled()
REQUIREMENTS = list(catalogue().values())
LIMITING = replace(OPTIONS, rate=10)


def ends_in_a_verdict(requirement: Requirement, operation: Operation, plan: Plan) -> str:
    """What went wrong with one check; empty where it came to a verdict."""
    raised: list[str] = []

    def check(probe: Probe) -> None:
        try:
            requirement.check(probe)
        except (Violation, NotVerified, TargetError):
            raise
        except BaseException:
            raised.append(traceback.format_exc())
            raise

    options = LIMITING if requirement.observes_run else OPTIONS
    with mutated_target(plan, options, provoke_rate_limit=requirement.observes_run) as target:
        target.capabilities = set(Capability)
        run = Run(CONTRACT, target, [], seed=1)
        try:
            result = run.check(replace(requirement, check=check), operation)
            run.clean_up()
        except TargetError as error:
            return f"the target error {error}" if not str(error) else ""
        except BaseException:
            raised.append(traceback.format_exc())
            result = None
    if result is None or result.outcome is Outcome.ERROR or raised:
        told = "\n".join(
            [f"{requirement.id} {operation.id} {plan.seed}", *plan.applied[-8:], *raised]
        )
        return told
    return ""


def cases(requirement: Requirement) -> Iterator[Operation]:
    return (one for one in CONTRACT.operations.values() if requirement.applies_to(one))


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.id)
@pytest.mark.parametrize("share", [0.3, 0.0])
def test_every_check_ends_in_a_verdict(requirement: Requirement, share: float, monkeypatch) -> None:
    generation.load()
    import time

    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("conformance.target.target.LONGEST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr("conformance.probe.rate_limits.LONGEST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr("conformance.probe.rate_limits.RATE_LIMIT_REQUESTS", 32)
    found = []
    import os

    start = int(os.environ.get("SEED0", "0"))
    for seed in range(start, start + int(os.environ.get("SEEDS", "1"))):
        for operation in cases(requirement):
            plan = Plan(
                f"{seed} {share} {requirement.id} {operation.id}", share, 0.7 if not share else 0
            )
            found.append(ends_in_a_verdict(requirement, operation, plan))
    assert not any(found), "\n".join(filter(None, found))
