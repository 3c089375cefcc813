"""The usual answers of an operation on one item: its read, its change, an action on it, its end."""

from http import HTTPStatus

from conformance.probe.changes import changed_read, changing, read_behind
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import id_of, looks, make, reads, request_for
from conformance.probe.revocation import new_resource, revocation_of, revokes
from conformance.probe.violation import Violation
from conformance.server.created.answers import is_documented
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation
from openapi.opposites import undone_by
from openapi.resource import makes_several

DONE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
"""The answers of an action, or a deletion, after which it is done."""


def is_on_one(operation: Operation) -> bool:
    """The operation is on one item that a POST or PUT makes, and not of a bundled contract."""
    contract = operation.contract
    if contract is None or contract.is_bundled:
        return False
    return reads(operation) or revokes(operation) or read_behind(operation) is not None


def has_usual_answer(operation: Operation) -> bool:
    """The operation is on one item, or makes several at once."""
    contract = operation.contract
    if contract is None or contract.is_bundled:
        return False
    return is_on_one(operation) or makes_several(operation, contract.operations)


def usual_answer(probe: Probe) -> Answer:
    """The answer of a valid request on a new item; nothing is verified where that is refused."""
    operation = probe.operation
    if makes_several(operation, probe.contract.operations):
        return served(probe, probe.request())
    if reads(operation):
        return served(probe, request_for(probe, make(probe)))
    if revokes(operation):
        return served(probe, revocation_of(probe, new_resource(probe)))
    return served(probe, changing(probe, make_changed(probe)))


def make_changed(probe: Probe) -> Answer:
    """The answer to the creation of an item that the operation changes.

    What an action undoes is done to it: ``/archive`` before ``/unarchive``.
    """
    made = make(probe.of(changed_read(probe).operation))
    do_what_is_undone(probe, made)
    return made


def do_what_is_undone(probe: Probe, made: Answer) -> bool:
    """Do to an item what the operation undoes, which may be late; whether that was taken."""
    first = undone_by(probe.operation)
    if first is None:
        return False
    doing = probe.of(first)
    if first.method == "DELETE":
        request = doing.on_one(id_of(probe.of(changed_read(probe).operation), made))
    else:
        request = doing.anew(changing(doing, made))
    answer = Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(doing, request)
        if answer.status != HTTPStatus.NOT_FOUND:
            break  # it is not late
    return answer.status in DONE


def served(probe: Probe, request: Request) -> Answer:
    """The answer that is no refusal to a valid request on a new item, which may be late.

    Nothing is verified where the contract has the refusal: only the server knows its reasons.
    """
    answer = Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(probe, request)
        if answer.status != HTTPStatus.NOT_FOUND:
            break  # it is not late
    if answer.status in NOT_IMPLEMENTED_STATUSES:
        raise NotServed(f"the target answers {answer.status} to {probe.operation.id} on a new item")
    probe.expect_no_server_error(answer, "a valid request on a new item")
    if answer.is_refusal and not is_documented(probe.operation, answer):
        named = ", ".join(sorted(probe.operation.responses))
        raise Violation(f"one of {named}", f"{answer.status} to a valid request on a new item")
    if answer.is_refusal:
        raise NotServed(f"the target refuses plain data with {answer.status}")
    return answer
