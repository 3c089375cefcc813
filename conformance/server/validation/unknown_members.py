"""Undocumented members, and members that only the server may set."""

import re
from dataclasses import replace
from typing import Any

from conformance.catalogue.mends import UNKNOWN_MEMBERS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import on_requests
from conformance.probe.bodies import (
    answer_schema,
    expect_refusal,
    expect_refused,
    is_faulty,
    is_judged,
    makes_from_json,
    properties,
    required_names,
    schema_at,
    settable,
)
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import member
from conformance.server.robustness.survival import SAFETY
from conformance.server.validation.sabotage import adopting, answer_if
from conformance.target.exchange import Request
from conformance.target.timestamps import instant
from openapi.references import merge_schemas
from openapi.schema import Schema


@requirement(
    "validation.unknown-members-are-no-failure", Level.MUST, SAFETY, is_judged, mend=UNKNOWN_MEMBERS
)
@catches(answer_if(b'"x', 500, "fail on unknown members"), answer_if(b'"x', 302, "redirect"))
def unknown_members_are_no_failure(probe: Probe) -> None:
    """Members that the contract does not know are overlooked or refused."""
    unknown: dict[str, Any] = {
        "x": 1,
        "x" * 300: None,
        "x.y": {"name": []},
        "": 0,
        "__proto__": {"x": 1},
    }
    for name, value in unknown.items():
        request = probe.request().with_json({**probe.plain_body(), name: value})
        answer = answer_to(probe, request)
        if not probe.operation.is_success(answer.status):
            expect_refused(probe, answer, "an unknown member, or its acceptance")


@requirement(
    "validation.unknown-members-are-not-kept",
    Level.SHOULD,
    "seed: response 201 fields",
    makes_from_json,
    mend=UNKNOWN_MEMBERS,
)
@catches(adopting())
def unknown_members_are_not_kept(probe: Probe) -> None:
    """A member that the contract does not know does not come back in the answer."""
    value = probe.new_name()
    request = probe.request().with_json({**probe.plain_body(), "x_note": value})
    answer = answer_to(probe, request)
    probe.expect(
        answer.field("x_note") != value,
        "an answer without the unknown member",
        "the member",
        member(answer, "x_note"),
    )


@requirement(
    "validation.client-does-not-choose-server-fields",
    Level.MUST,
    "safety: ids, secrets and status are the server's to say; seed: request fields",
    makes_from_json,
    mend="Copy only the documented members of a request into what is stored.",
)
@catches(
    adopting("id"),
    adopting("client_secret"),
    adopting("status"),
    adopting("created_at"),
    adopting(),
)
def client_does_not_choose_server_fields(probe: Probe) -> None:
    """What only the answer has (id, secret, status, times) is not taken from a request."""
    answered = answer_schema(probe)
    if answered is None:
        raise NotServed("the contract has no schema for the answer")
    own = [one for one in properties(answered) if one not in settable(schema_at(probe))]
    asked = schema_at(probe)
    chosen = {name: _choice(probe, answered, name) for name in own}
    # A wrong value of a member that requests may have, too, is refused for that alone.
    chosen = {name: value for name, value in chosen.items()
              if name not in properties(asked) or not is_faulty(asked, name, value)}  # fmt: skip
    answer = answer_to(probe, probe.request().with_json({**probe.plain_body(), **chosen}))
    if not probe.operation.is_success(answer.status):
        return
    taken = [name for name, value in chosen.items() if _is_same(answer.field(name), value)]
    # A server may have the same value by itself: a state of few values.
    plain = answer_to(probe, probe.request()) if taken else answer
    taken = [name for name in taken if not _is_same(plain.field(name), chosen[name])]
    seen = [member(answer, one) for one in taken]
    probe.expect(not taken, "the server's own values", f"the request's {', '.join(taken)}", *seen)


def _is_same(value: Any, chosen: Any) -> bool:
    return value == chosen or (instant(chosen) is not None and instant(value) == instant(chosen))


def _choice(probe: Probe, schema: Schema, name: str) -> Any:
    """A valid value for ``name`` in an answer that no server would choose by itself."""
    text = probe.new_name().replace(" ", "_")
    for value in (text, "2001-02-03T04:05:06Z", 123456789):
        if not is_faulty(schema, name, value):
            return value
    resolve = probe.contract.resolve_schema
    definition = resolve(merge_schemas(resolve, schema.definition)["properties"][name])
    return definition.get("enum", [text])[-1]


def _without_case(request: Request) -> Request:
    body = re.sub(rb'"(NAME|Name)":', b'"name":', request.body)
    return replace(request, body=body)


@requirement(
    "validation.member-names-keep-their-case",
    Level.SHOULD,
    "RFC 8259 section 8.3: names are compared code unit by code unit; seed: name (required)",
    is_judged,
    mend="Compare member names exactly, in their case.",
)
@catches(on_requests("match members without case", _without_case))
def member_names_keep_their_case(probe: Probe) -> None:
    """A body whose required members are there in other capitals alone is refused."""
    schema, plain = schema_at(probe), probe.plain_body()
    for name in sorted(required_names(schema)):
        for other in (name.upper(), name.title()):
            body = {other if member == name else member: value for member, value in plain.items()}
            if other not in properties(schema) and name not in body:
                expect_refusal(probe, probe.request().with_json(body), f"{other} for {name}")
