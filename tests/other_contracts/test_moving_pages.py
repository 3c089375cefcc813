"""A list by offset, whose items move to another page while it is read, accuses nobody."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from openapi.contract import Contract
from tests.payments.serving import FILE, TOKENS, serving


def repeating(when: Callable[[int], bool]) -> Tamper:
    """Show the last merchant twice in some of the lists, by their number."""
    seen = 0

    def tamper(request: Request, forward: Forward) -> Answer:
        nonlocal seen
        answer = forward(request)
        if request.method != "GET" or not request.path.startswith("/merchants?"):
            return answer
        seen += 1
        page = json.loads(answer.body)
        if when(seen):
            page["merchants"] += page["merchants"][-1:]
        return replace(answer, body=json.dumps(page).encode())

    return tamper


@pytest.mark.parametrize(
    ("when", "outcome"),
    [(lambda at: at % 3 == 0, Outcome.PASSED), (lambda at: at > 5, Outcome.FAILED)],
    ids=["now and then", "from then on"],
)
def test_only_what_each_look_shows_counts(when: Callable[[int], bool], outcome: Outcome) -> None:
    contract = Contract.from_file(FILE)
    with serving() as url, Target(url, TOKENS[:1], tamper=repeating(when)) as target:
        target.capabilities.add(Capability.LISTING)
        run = Run(contract, target, [], seed=1)
        result = run.check(
            catalogue()["sequences.model-holds"], contract.operations["openMerchant"]
        )

    assert result.outcome is outcome
