"""Faults below the top level of a body, where the contract documents nested fields."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from conformance.catalogue.mends import FIELDS_422, NAME_FIELDS, VALIDATE
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import edit_body, set_status
from conformance.probe.applicability import both, names_fields, tells_invalid_from_unreadable
from conformance.probe.bodies import NO_REFUSAL, VENDOR, expect_refusal, reported_paths
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import member
from conformance.server.validation.nested_bodies import (
    NestedFault,
    fullest_body,
    has_nested_fields,
    nested_faults,
)
from conformance.server.validation.sabotage import DROP_NESTED_NULLS, TAKE_NESTED


def _faults(probe: Probe) -> Iterator[NestedFault]:
    """All faults of a body that is accepted without them; raises NotVerified without any."""
    body = fullest_body(probe)
    answer = probe.send(probe.request().with_json(body))
    if answer.status != probe.operation.success_status:
        # Members that may be left out may also exclude each other.
        body = probe.plain_body()
        probe.succeed(probe.request().with_json(body))
    found = list(nested_faults(probe, body))
    if not found:
        raise NotServed("no example of the contract has anything below its top level")
    yield from found


def _errors(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in body.get("errors", []) if isinstance(one, dict)]


@requirement(
    "validation.nested-field-is-refused",
    Level.MUST,
    "seed: request fields, responses 400 and 422; the contract's schema",
    has_nested_fields,
    mend=VALIDATE,
)
@catches(TAKE_NESTED, DROP_NESTED_NULLS, set_status(422, 500))
def nested_field_is_refused(probe: Probe) -> None:
    """Fields of the wrong type and missing fields are refused in nested objects and arrays too."""
    for fault in _faults(probe):
        expect_refusal(probe, probe.request().with_json(fault.body), fault.what)


@requirement(
    "validation.nested-field-is-422",
    Level.SHOULD,
    VENDOR,
    both(has_nested_fields, tells_invalid_from_unreadable),
    mend=FIELDS_422,
)
@catches(set_status(422, 400))
def nested_field_is_422(probe: Probe) -> None:
    """A wrong or missing field in a nested object or array gets 422."""
    for fault in _faults(probe):
        request = probe.request().with_json(fault.body)
        expect_refusal(probe, request, fault.what, HTTPStatus.UNPROCESSABLE_ENTITY)


@requirement(
    "validation.nested-field-is-reported",
    Level.SHOULD,
    "vendor facts: 422 with one errors[] item for each field",
    both(has_nested_fields, names_fields),
    mend=NAME_FIELDS,
)
@catches(
    edit_body(
        422,
        "report the field at the top only",
        lambda body: [
            one.update(param=str(one.get("param")).replace("[", ".").partition(".")[0])
            for one in _errors(body)
        ],
    ),
    edit_body(422, "report no field", lambda body: body.pop("errors", None)),
)
def nested_field_is_reported(probe: Probe) -> None:
    """A bad field in a nested object or array is named in ``errors``."""
    for fault in _faults(probe):
        answer = answer_to(probe, probe.request().with_json(fault.body))
        if not answer.is_refusal or answer.status in {*NO_REFUSAL, *NOT_IMPLEMENTED_STATUSES}:
            raise NotVerified(f"the target answers {answer.status} to a fault in a nested field")
        probe.expect(
            any(fault.field in path for path in reported_paths(answer)),
            f"errors[] with a param that names {fault.field}",
            "none",
            member(answer, "errors"),
        )
