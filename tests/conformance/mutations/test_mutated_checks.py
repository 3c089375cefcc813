"""Every check ends in a verdict, whatever is mutated in the answers of a healthy server.

A failure names the check and the seed that repeat it, and the last mutations of its answers.
"""

import traceback
from dataclasses import replace

import pytest

from conformance import generation
from conformance.catalogue.requirement import Requirement
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.errors import TargetError
from conformance.target.exchange import UnsendableRequest
from openapi.contract import Contract
from openapi.operation import Operation
from tests.conformance.mutations.server import OPTIONS, Plan, mutated_target

CONTRACT = Contract.bundled()
REQUIREMENTS = list(catalogue().values())
LIMITING = replace(OPTIONS, rate=10)
CASES = [
    pytest.param(one, seed, marks=[pytest.mark.thorough] * (seed > 1), id=f"{one.id}-{seed}")
    for one in REQUIREMENTS
    for seed in range(1, 7)
]


def plan(seed: int, check: str) -> Plan:
    """Odd seeds mutate one answer in three, even ones most kinds of answers, always alike."""
    shares = {"share": 0.3} if seed % 2 else {"steady": 0.7}
    return Plan(f"{seed} {check}", **shares)


def faults(requirement: Requirement, operation: Operation, seed: int) -> list[str]:
    """The tracebacks of one check, or of the cleaning up behind it."""
    raised: list[str] = []

    def check(probe: Probe) -> None:
        try:
            requirement.check(probe)
        except (Violation, NotVerified, UnsendableRequest, TargetError):
            raise
        except BaseException:
            raised.append(traceback.format_exc())
            raise

    chosen = plan(seed, f"{requirement.id} [{operation.id}]")
    options = LIMITING if requirement.observes_run else OPTIONS
    with mutated_target(
        chosen.mutated, options, provoke_rate_limit=requirement.observes_run
    ) as target:
        target.capabilities = set(Capability)
        run = Run(CONTRACT, target, [], seed=1)
        try:
            result = run.check(replace(requirement, check=check), operation)
            run.clean_up()
        except TargetError:
            return raised  # a plain request was mutated into no answer
        except BaseException:  # noqa: BLE001 - the fault that is looked for
            return [*chosen.applied[-8:], *raised, traceback.format_exc()]
    return [*chosen.applied[-8:], *raised, result.actual] if result.outcome == "error" else []


@pytest.mark.parametrize(("requirement", "seed"), CASES)
def test_every_check_ends_in_a_verdict(requirement: Requirement, seed: int) -> None:
    generation.load()
    for operation in CONTRACT.operations.values():
        if requirement.applies_to(operation):
            found = faults(requirement, operation, seed)
            assert not found, f"{operation.id}, seed {seed}:\n" + "\n".join(found)
