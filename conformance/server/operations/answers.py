"""Requirements on the answers of operations on one item: a contract documents each of them."""

from collections.abc import Iterator

from conformance.catalogue.judge import (
    ALLOWED,
    NO_SERVER_ERROR,
    Aspect,
    Judge,
    JudgedExchange,
    Purpose,
    StatusClass,
)
from conformance.catalogue.mends import BY_SCHEMA
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import set_status
from conformance.probe.applicability import reads_or_creates
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.resources import request_on_new_resource
from conformance.server.operations.judges import (
    expect_documented_success,
    expect_required_headers,
    required_headers,
)
from conformance.server.operations.sabotage import (
    NO_LOCATION,
    NO_LOCATION_IN_REPLAYS,
    NO_MEMBERS,
    OF_OTHER_TYPES,
    PLAIN_TEXT,
)
from conformance.server.operations.usual import has_usual_answer, is_on_one, served, usual_answer
from conformance.target.exchange import Answer
from openapi.operation import Operation
from openapi.resource import creates

CONTRACT = "the contract: responses"

_SUCCEEDING = frozenset({StatusClass.SUCCESS, StatusClass.OTHER})


def _is_of_other_contract(operation: Operation) -> bool:
    contract = operation.contract
    return contract is not None and not contract.is_bundled


def _has_judged_answer(operation: Operation) -> bool:
    """The operation is on one item, makes several, or is a GET of another contract."""
    is_get = operation.method == "GET" and _is_of_other_contract(operation)
    return is_get or has_usual_answer(operation)


@requirement(
    "operations.answers-match-their-schemas",
    Level.MUST,
    CONTRACT,
    _has_judged_answer,
    judges=(
        Judge(
            expect_documented_success,
            ALLOWED,
            _SUCCEEDING,
            applies_to=_is_of_other_contract,
            aspect=Aspect.BODY,
        ),
    ),
    mend=BY_SCHEMA,
)
@catches(OF_OTHER_TYPES, NO_MEMBERS, PLAIN_TEXT, set_status(200, 206))
def answers_match_their_schemas(probe: Probe) -> None:
    """A GET, a change or end, or a creation of several, has a documented status, type and schema.

    So has each other answer to a valid request that succeeds, whatever the operation.
    """
    if has_usual_answer(probe.operation):
        answer = usual_answer(probe)
    else:
        answer = served(probe, request_on_new_resource(probe))
    expect_documented_success(_of(probe, answer))


def _requires_headers(operation: Operation) -> bool:
    """A response requires a header, and the operation can be called by the contract alone."""
    headers = (header for one in operation.responses.values() for header in one.headers)
    is_called = is_on_one(operation) or reads_or_creates(operation) or _is_safe(operation)
    return is_called and any(one.required for one in headers)


def _is_safe(operation: Operation) -> bool:
    return operation.method in {"GET", "HEAD"}


@requirement(
    "operations.required-headers-are-there",
    Level.MUST,
    CONTRACT,
    _requires_headers,
    judges=(Judge(expect_required_headers, statuses=NO_SERVER_ERROR, aspect=Aspect.HEADERS),),
    mend="Send each header that the contract requires of the answer, with replays too.",
)
@catches(NO_LOCATION, NO_LOCATION_IN_REPLAYS)
def required_headers_are_there(probe: Probe) -> None:
    """An answer has each header that the contract requires of it."""
    found = False
    for answer in _usual_answers(probe):
        expect_required_headers(_of(probe, answer))
        found = found or bool(required_headers(probe.operation, answer))
    if not found:
        raise NotServed("the contract requires no header of the answers that there were")


def _usual_answers(probe: Probe) -> Iterator[Answer]:
    if is_on_one(probe.operation):
        yield usual_answer(probe)
    elif creates(probe.operation) and probe.operation.accepts_idempotency_key:
        request = probe.request().with_key(probe.new_key())
        yield probe.succeed(request)
        yield answer_to(probe, request)
    elif _is_safe(probe.operation):
        yield answer_to(probe, request_on_new_resource(probe))
    else:
        yield answer_to(probe, probe.request())


def _of(probe: Probe, answer: Answer) -> JudgedExchange:
    request, _ = probe.recording.exchanges[-1]
    return JudgedExchange(probe.operation, request, answer, Purpose.OBSERVED)
