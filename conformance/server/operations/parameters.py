"""Requirements on what a request must have beside its body, by the contract."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.server.operations.sabotage import NO_KEY_NEEDED
from openapi.operation import Operation, Parameter
from openapi.resource import creates

_OF_A_GATEWAY = re.compile(
    r"accept|authorization|content|user-agent|host|(request|correlation|trace)-?id|trace|forwarded",
    re.IGNORECASE,
)
"""Headers that OpenAPI leaves to HTTP, and those that a gateway adds where they lack."""

_REFUSING = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY,
             HTTPStatus.PRECONDITION_REQUIRED)  # fmt: skip


def _needed(operation: Operation) -> Iterator[Parameter]:
    """The required headers that a client alone can send."""
    for one in operation.parameters:
        if one.required and one.location == "header" and not _OF_A_GATEWAY.search(one.name):
            yield one


def _asks_for_headers(operation: Operation) -> bool:
    """A creation requires a header, and the contract has an answer to a request without it."""
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    refuses = any(map(operation.response, _REFUSING))
    return is_other and creates(operation) and refuses and any(True for _ in _needed(operation))


@requirement(
    "operations.required-headers-are-asked-for",
    Level.MUST,
    "the contract: parameters with required: true",
    _asks_for_headers,
    mend="Refuse a request that lacks a header which the contract requires, before it is executed.",
)
@catches(NO_KEY_NEEDED)
def required_headers_are_asked_for(probe: Probe) -> None:
    """A creation without a required header, such as Idempotency-Key, is refused."""
    probe.make()
    for one in _needed(probe.operation):
        answer = answer_to(probe, probe.request().without_header(one.name))
        if answer.status in {HTTPStatus.UNAUTHORIZED, *NOT_IMPLEMENTED_STATUSES}:
            raise NotVerified(f"the target answers {answer.status} to a request without {one.name}")
        refused = answer.is_refusal
        probe.expect(refused, f"a refusal of a request without {one.name}", f"{answer.status}")
