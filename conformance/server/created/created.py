"""Answers to plain create requests: a new active key, shown in the list (seed: 201)."""

from collections.abc import Set

from conformance.catalogue.judge import SUCCESS, Purpose, each, on
from conformance.catalogue.mends import ACCEPT_PLAIN, FRESH, READ_WHAT_IS_WRITTEN
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import edit_body, set_field, set_status
from conformance.probe.applicability import both, is_credential, shows
from conformance.probe.not_verified import refused_with
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_taken
from conformance.probe.values import Values, member
from conformance.probe.violation import expect
from conformance.server.created.answers import (
    NOT_SERVED,
    created_answers,
    json_object,
    json_type,
    same_value,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from conformance.target.members import identifier_in
from openapi.operation import Operation
from openapi.reads import moves
from openapi.resource import creates, request_members


@requirement(
    "created.plain-request-succeeds",
    Level.MUST,
    "seed: Response 201; Request fields (name is all that is required)",
    creates,
    mend=ACCEPT_PLAIN,
)
@catches(*(set_status(201, other) for other in (200, 202, 303, 400, 422, 500)))
def plain_request_succeeds(probe: Probe) -> None:
    """A plain valid request is answered with the documented success status."""
    answer = probe.send(probe.request())
    if answer.status in NOT_SERVED:
        raise refused_with(
            answer.status, f"{probe.operation.id} answered {answer.status} to a plain valid request"
        )
    expect_taken(probe, answer)


@requirement(
    "created.fresh-key-is-active",
    Level.MUST,
    "seed: status; Creates a new credential pair",
    both(shows("status", secret=True), is_credential),
    mend=FRESH,
)
@catches(set_field(201, "status", "revoked"))
@each(created_answers, on(Purpose.CREATE), SUCCESS)
def fresh_key_is_active(_: Operation, answer: Answer) -> None:
    """A key that was just created is active."""
    expect(
        answer.field("status") == "active",
        "active",
        "another status",
        member(answer, "status", "active"),
    )


@requirement(
    "created.fresh-key-is-unused",
    Level.MUST,
    "seed: last_used_at (string,null)",
    both(shows("last_used_at", secret=True), is_credential),
    mend=FRESH,
)
@catches(
    edit_body(201, "use it", lambda one: one.update(last_used_at=one["created_at"])),
    set_field(201, "last_used_at", ""),
)
@each(created_answers, on(Purpose.CREATE), SUCCESS)
def fresh_key_is_unused(_: Operation, answer: Answer) -> None:
    """A key that was just created was never used: last_used_at is null."""
    found = answer.field("last_used_at")
    expect(
        found is None, "last_used_at null", json_type(found), member(answer, "last_used_at", None)
    )


@requirement(
    "created.is-in-the-list",
    Level.SHOULD,
    "vendor facts: GET /auth/credentials",
    shows(),
    needs=(Capability.LISTING,),
    mend=READ_WHAT_IS_WRITTEN,
)
@catches(
    edit_body(200, "hide the newest", lambda page: page.update(data=page.get("data", [])[1:])),
    *(
        edit_body(
            200,
            f"list another {field}",
            lambda page, field=field, value=value: [  # type: ignore[misc]
                item.update({field: value}) for item in page.get("data", [])
            ],
        )
        for field, value in (
            ("name", "another"), ("client_id", "another"), ("status", "revoked"),
            ("expires_at", None), ("expires_at", "2099-12-31T22:59:59Z"),
            ("created_at", "2000-01-01T00:00:00Z"), ("last_used_at", "2026-03-01T00:00:00Z"),
        )
    ),
)  # fmt: skip
def is_in_the_list(probe: Probe) -> None:
    """What was created is in the list, with the fields that it was shown with."""
    id_ = probe.resource.id
    for made in [json_object(answer) for answer in created_answers(probe)]:
        for _ in probe.looks():
            found = [
                item
                for item in probe.listed()
                if identifier_in(item, id_) == identifier_in(made, id_)
            ]
            if found:
                break
        probe.expect(len(found) == 1, "the new resource once in the list", f"{len(found)} times")
        lasting = _lasting(probe)
        for field in sorted(found[0].keys() & made.keys()):
            if lasting is not None and (field not in lasting or moves(field, made[field])):
                continue
            same = same_value(made[field], found[0][field])
            seen = Values(f"/{field}", found[0][field], made[field])
            probe.expect(same, f"the {field} that it was created with", f"another {field}", seen)


def _lasting(probe: Probe) -> Set[str] | None:
    """The members that stay as they were made: those that clients choose, and of credentials all.

    What else a server shows may have changed since, such as the state of a payment.
    """
    if is_credential(probe.operation):
        return None
    return {probe.resource.id, probe.resource.handle, *request_members(probe.operation)}
