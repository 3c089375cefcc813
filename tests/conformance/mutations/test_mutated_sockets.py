"""Mutated answers as bytes on a socket: what HTTP itself makes of them ends no run either."""

from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN
from openapi.contract import Contract
from tests.conformance.mutations.answers import RawAnswer
from tests.conformance.mutations.server import OPTIONS, PARTNERS, Plan
from tests.conformance.servers.application import Application
from tests.fake_server import FakeRequest, Reply, Then, fake_server

pytestmark = pytest.mark.thorough

CONTRACT = Contract.bundled()
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 4))]


def on_the_wire(application: Application, plan: Plan, request: FakeRequest) -> Reply:
    method, path, _ = request.line.split(" ", 2)
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = application.answer(method, path, headers, request.body)
    length = ((b"Content-Length", b"%d" % len(found.body)),) if found.status != 204 else ()
    given = tuple((name.encode(), value.encode()) for name, value in found.headers.items())
    before = RawAnswer(found.status, (*given, *length), found.body)
    after = plan.mutated(method, path, before)
    if len(after.body) != len(before.body) and (b"Content-Length" in dict(after.headers)):
        kept = tuple(pair for pair in after.headers if pair[0] != b"Content-Length")
        after = replace(after, headers=(*kept, (b"Content-Length", b"%d" % len(after.body))))
    lines = [b"HTTP/1.1 %03d Any" % after.status, *(b": ".join(pair) for pair in after.headers)]
    # Whatever was not read of this answer is not to be taken for the next one.
    return Reply(b"\r\n".join(lines) + b"\r\n\r\n" + after.body, Then.CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_over_a_socket_comes_to_its_verdict(seed: int) -> None:
    plan, application = Plan(f"{seed} sockets", share=0.1), Application(OPTIONS, PARTNERS)
    with (
        fake_server(lambda request: on_the_wire(application, plan, request)) as url,
        Target(
            f"{url}/v3", tuple(PARTNERS), replace(AS_RUN, replay_delay=0), timeout=0.3
        ) as target,
    ):
        patterns = ("created", "lists", "tokens", "revocation", "problems", "rate_limits")
        run = Run(CONTRACT, target, select(catalogue(), patterns), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()

    errors = [(one.name, one.actual) for one in verdict.having(Outcome.ERROR)]
    assert not errors, (seed, errors, plan.applied[-50:])
    # A busy machine is late, and a target that is late for too long is given up.
    assert verdict.void or run.stopped or len(plan.applied) > 20
