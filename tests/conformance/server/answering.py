"""Targets that are one function, and what a requirement finds on them."""

from collections.abc import Callable

import httpx

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
TOKEN = "dinie_at_only"

Handler = Callable[[httpx.Request], httpx.Response]


def outcomes(
    handler: Handler,
    requirement_id: str,
    *capabilities: Capability,
    url: str = "http://target.test/v3",
) -> dict[str, Outcome]:
    """What a requirement gives on each operation of a target that answers by ``handler``."""
    with Target(url, [TOKEN], transport=httpx.MockTransport(handler)) as target:
        target.capabilities.update(capabilities)
        requirement = catalogue()[requirement_id]
        run = Run(CONTRACT, target, [requirement], seed=1)
        return {
            operation.id: run.check(requirement, operation).outcome
            for operation in CONTRACT.operations.values()
            if requirement.applies_to(operation)
        }
