"""A whole run comes to its end and to its reports, whatever is mutated in the answers.

What breaks the contract in every answer is found, whatever else a run cannot make of it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.exit_code import BROKEN, CONFORMS
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from openapi.contract import Contract
from openapi.resource import success_members
from tests.conformance.mutations.answers import RawAnswer
from tests.conformance.mutations.server import OPTIONS, Mutate, Plan, mutated_target

pytestmark = pytest.mark.thorough

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 5))]


def verdict_on(mutate: Mutate, *patterns: str) -> Verdict:
    with mutated_target(mutate, replace(OPTIONS, rate=400), provoke_rate_limit=True) as target:
        run = Run(CONTRACT, target, select(catalogue(), patterns), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()
    return verdict


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_comes_to_its_reports(seed: int) -> None:
    plan = Plan(f"{seed} run", share=0.1, steady=0.2 if seed % 2 else 0.0)
    verdict = verdict_on(plan.mutated)

    errors = [(one.name, one.actual) for one in verdict.having(Outcome.ERROR)]
    assert not errors, (seed, errors, plan.applied[-50:])
    assert verdict.void or len(plan.applied) > 50
    for write in FORMATS.values():
        text = write(verdict)
        assert text.encode("utf-8", "backslashreplace")
        assert len(text) < 5_000_000


def test_the_healthy_server_conforms() -> None:
    verdict = verdict_on(lambda _, __, answer: answer, "created", "tokens", "lists")

    assert verdict.exit_code == CONFORMS, verdict.line


def in_each_201(change: Callable[[dict[str, Any]], object]) -> Mutate:
    def mutate(method: str, path: str, answer: RawAnswer) -> RawAnswer:
        if answer.status != 201:
            return answer
        members = json.loads(answer.body)
        change(members)
        return replace(answer, body=json.dumps(members).encode())

    return mutate


@pytest.mark.parametrize("name", sorted(success_members(CREATE)))
def test_a_required_member_that_is_deleted_everywhere_is_missed(name: str) -> None:
    verdict = verdict_on(in_each_201(lambda members: members.pop(name)), "created")

    assert verdict.exit_code == BROKEN, verdict.line


@pytest.mark.parametrize("value", [{"a": 1}, [[]], 10**400, float("inf"), "\ud800"], ids=repr)
@pytest.mark.parametrize("name", sorted(success_members(CREATE)))
def test_a_value_that_nobody_expects_is_no_pass(name: str, value: Any) -> None:
    verdict = verdict_on(in_each_201(lambda members: members.update({name: value})), "created")

    assert not verdict.having(Outcome.ERROR)
    # An id, a secret or a name may be any text; what is sent in a name comes back unchanged.
    is_text = isinstance(value, str) and name in {"id", "client_id", "client_secret"}
    assert is_text or verdict.exit_code == BROKEN, verdict.line
