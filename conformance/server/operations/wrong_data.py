"""Requirements on wrong data: it is refused, and has changed nothing then."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.catalogue.mends import VALIDATE
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.bodies import NO_REFUSAL, makes_from_json
from conformance.probe.changed_values import change_one, changed_again, settable
from conformance.probe.changes import changed_read, changing
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import is_same, is_shown, item_in, make, request_for
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.probe.wrong_data import has_ill_formed_texts, ill_formed_bodies, wrong_bodies
from conformance.server.operations.sabotage import CHANGE_BEFORE_REFUSING, TAKE_WRONG_DATA
from conformance.server.operations.usual import served
from conformance.target.exchange import Request
from conformance.target.members import JsonObject
from openapi.operation import Operation
from openapi.reads import moves, updated_by
from openapi.resource import creates

_WRONG = "the contract: request body"

_MOST_REFUSED = 3
"""So many refused changes show whether any is carried out."""


def _refuses_data(operation: Operation) -> bool:
    """A PUT or PATCH of one item whose contract has an answer to wrong data."""
    return updated_by(operation) is not None and not operation.leaves_refusals


def _with(request: Request, body: object) -> Request:
    """The same request with another body of the same media type."""
    return replace(request, body=json.dumps(body).encode())


def _refuses_data_of_items(operation: Operation) -> bool:
    """As :func:`_refuses_data`, or a creation of such a contract."""
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    creates_so = is_other and makes_from_json(operation) and not operation.leaves_refusals
    return creates_so or _refuses_data(operation)


@requirement(
    "operations.wrong-data-is-refused", Level.MUST, _WRONG, _refuses_data_of_items, mend=VALIDATE
)
@catches(TAKE_WRONG_DATA)
def wrong_data_is_refused(probe: Probe) -> None:
    """A creation, PUT or PATCH with one fault in its body gets a documented refusal."""
    _expect_refusals(probe, wrong_bodies)


def _refuses_texts(operation: Operation) -> bool:
    return _refuses_data_of_items(operation) and has_ill_formed_texts(operation)


@requirement(
    "operations.ill-formed-text-is-refused",
    Level.SHOULD,
    "JSON Schema 2020-12, validation, section 7: format; the contract",
    _refuses_texts,
    mend=VALIDATE,
)
@catches(TAKE_WRONG_DATA)
def ill_formed_text_is_refused(probe: Probe) -> None:
    """A creation, PUT or PATCH with a text that no reading of its format takes is refused."""
    _expect_refusals(probe, ill_formed_bodies)


def _expect_refusals(
    probe: Probe, wrong: Callable[[Probe, Request], Iterator[tuple[str, JsonObject]]]
) -> None:
    if creates(probe.operation):
        probe.make()
        request = probe.request()
    else:
        request = changing(probe, make(probe.of(changed_read(probe).operation)))
        served(probe, request)
    for what, body in wrong(probe, request):
        answer = answer_to(probe, probe.anew(_with(request, body)))
        status = answer.status
        if status in {*NO_REFUSAL, *NOT_IMPLEMENTED_STATUSES}:
            raise NotVerified(f"the target answers {status} to {what}, which says something else")
        holds = answer.is_refusal and probe.operation.allows(status)
        probe.expect(holds, f"a documented refusal of {what}", f"{status}")


def _refuses_and_shows(operation: Operation) -> bool:
    return _refuses_data(operation) and bool(settable(operation))


@requirement(
    "operations.refused-change-changes-nothing",
    Level.MUST,
    _WRONG,
    _refuses_and_shows,
    mend="Validate the whole body before any of it is stored, or roll it back.",
)
@catches(CHANGE_BEFORE_REFUSING)
def refused_change_changes_nothing(probe: Probe) -> None:
    """After a PUT or PATCH that was refused, the read shows the item as it was."""
    known = changed_read(probe)
    reading = probe.of(known.operation)
    made = make(reading)
    change = change_one(probe, made)
    before = item_in(known.shown, change.read) or {}
    request, _ = changed_again(probe, made, change)
    sent, refused = 0, 0
    for what, body in wrong_bodies(probe, request):
        # What is valid in it is new, and must not be kept either.
        if what.startswith((f"{change.name} ", "no ")):
            continue
        sent += 1
        answer = answer_to(probe, probe.anew(_with(request, body)))
        refused += answer.is_refusal and answer.status not in NO_REFUSAL
        if refused == _MOST_REFUSED:
            break
    if not sent:
        raise NotServed(f"no fault beside the {change.name} is known that the contract refuses")
    after = answer_to(reading, request_for(reading, made))
    if not refused or not is_shown(reading, after):
        raise NotVerified(f"nothing was refused, or the read answers {after.status}")
    item = item_in(known.shown, after) or {}
    for name in sorted({*known.kept, change.name} & before.keys()):
        value = item.get(name, Lack.ABSENT)
        if not (is_same(before[name], value) or moves(name, before[name])):
            seen = Values(f"/{name}", value, before[name])
            raise Violation(
                f"the {name} as it was before what was refused", "another", values=[seen]
            )
