"""Lists: a partner's own resources as documented, nothing of others, no secrets (vendor facts).

A target may hold thousands of keys and others may be making more, so that only the keys that a
check has made are counted.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.judge import Judge, JudgedExchange, Purpose, on
from conformance.catalogue.mends import BY_SCHEMA, HIDE_SECRETS, READ_WHAT_IS_WRITTEN
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, body_of, edit_body, on_requests, with_body
from conformance.probe.applicability import both, is_credential, lists, needs_bearer_token
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import (
    ids_of,
    items,
    largest_page,
    make,
    marks_of,
    marks_until,
    pages,
    query_for,
)
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import Values
from conformance.probe.violation import Violation, expect, expect_no_faults
from conformance.server.created.answers import json_object
from conformance.server.lists.sabotage import HIDE_ALL, VENDOR, is_list, on_pages, query_of
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject
from conformance.target.redaction import has_any
from dinie_contract.output import unescaped
from openapi.operation import Operation
from openapi.paging import Paging, page_members


def _telling_the_last() -> Tamper:
    """The last item of all has its secret, whoever made it and when."""

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if not is_list(request) or answer.status != HTTPStatus.OK:
            return answer
        page = body_of(answer)
        if page["data"] and not page["has_more"]:
            hidden = hashlib.sha256(page["data"][-1]["id"].encode()).hexdigest()
            page["data"][-1]["client_secret"] = f"dinie_cs_live_{hidden}"
        return with_body(answer, page)

    return tamper


def _telling_secrets() -> Tamper:
    secrets: dict[str, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        secret = answer.text("client_secret")
        if secret:
            secrets[str(answer.text("id"))] = secret
        if not is_list(request) or answer.status != HTTPStatus.OK:
            return answer
        page = body_of(answer)
        for item in page["data"]:
            if item["id"] in secrets:
                item["note"] = secrets[item["id"]]
        return with_body(answer, page)

    return tamper


def _foreign(request: Request) -> Request:
    return replace(request, partner=0) if request.partner else request


def expect_page(operation: Operation, answer: Answer) -> None:
    """An answer is a page of the contract's schema."""
    documented = operation.response(answer.status)
    content = documented.describes(answer.content_type) if documented else None
    if content is None or content.schema is None:
        raise NotVerified(f"nothing is documented for {answer.status} {answer.media_type}")
    try:
        faults = content.schema.errors(answer.json())
    except ValueError:
        raise Violation("a page as JSON", "a body that is not JSON") from None
    expect_no_faults(faults, "a page as documented")


def _page(exchange: JudgedExchange) -> None:
    answer, success = exchange.answer, exchange.operation.success_status
    members = page_members(exchange.operation)
    if answer.is_refusal and members and members.cursor in exchange.request.path:
        raise NotVerified("what the cursor names may be gone")
    expect(answer.status == success, f"{success} to a request for a page", f"{answer.status}")
    expect_page(exchange.operation, answer)


@requirement(
    "lists.page-has-its-shape",
    Level.SHOULD,
    VENDOR,
    lists,
    needs=(Capability.LISTING,),
    judges=(Judge(_page, on(Purpose.PAGE)),),
    mend=BY_SCHEMA,
)
@catches(
    edit_body(200, "drop has_more", lambda page: page.pop("has_more", None)),
    edit_body(200, "has_more as text", lambda page: page.update(has_more="false")),
    edit_body(200, "data as an object", lambda page: page.update(data={})),
    on_pages("drop status", lambda _, page: [one.pop("status") for one in page["data"]]),
    on_pages(
        "times as numbers",
        lambda _, page: [one.update(created_at=1803945600) for one in page["data"]],
    ),
)
def page_has_its_shape(probe: Probe) -> None:
    """A page is what the contract's schema says, and so is each item on it."""
    make(probe, 1)
    expect_page(probe.operation, answer_to(probe, probe.request()))


@requirement(
    "lists.created-is-listed",
    Level.SHOULD,
    VENDOR,
    lists,
    needs=(Capability.LISTING,),
    mend=READ_WHAT_IS_WRITTEN,
)
@catches(
    HIDE_ALL,
    on_pages("other names", lambda _, page: [one.update(name="x") for one in page["data"]]),
    on_pages("all revoked", lambda _, page: [one.update(status="revoked") for one in page["data"]]),
)
def created_is_listed(probe: Probe) -> None:
    """What was created is in the list, as the answer to its creation showed it."""
    (made,) = make(probe, 1)
    # At once: other requirements look again at a list that lags, this one is about that.
    for page in pages(probe, largest_page(probe)):
        for id_, item in zip(page.ids, page.items, strict=True):
            if id_ == probe.id_of(made):
                state = [probe.resource.state] if is_credential(probe.creating.operation) else []
                for name in filter(None, (probe.resource.login, probe.name_member, *state)):
                    same = item.get(name) == made.field(name) or not probe.tells(made, name)
                    seen = Values(f"/{name}", item.get(name), made.field(name))
                    probe.expect(same, f"the {name} of the creation in the list", "another", seen)
                return
    raise Violation("the created one in the list", "a list without it")


@requirement(
    "lists.only-ones-own",
    Level.MUST,
    "safety: nobody sees what another partner has made",
    both(lists, needs_bearer_token),
    needs=(Capability.LISTING, Capability.SECOND_PARTNER),
    mend="Filter each page, and what a cursor names, by the token's partner.",
)
@catches(
    on_requests("take all for one partner", _foreign),
    on_requests(
        "list for the one who owns the cursor",
        lambda one: replace(one, partner=1) if "starting_after" in query_of(one) else one,
    ),
)
def only_ones_own(probe: Probe) -> None:
    """A list shows nothing that another partner has made, whatever the cursor."""
    foreign = make(probe, 2, partner=1)
    hidden = marks_of(probe, map(json_object, foreign))
    own = marks_of(probe, map(json_object, make(probe, 2)))
    for answer in foreign:
        if probe.page_members.paging is not Paging.AFTER:
            break
        page = answer_to(probe, probe.request(query=query_for(probe, 5, probe.known_id_of(answer))))
        shown = not page.is_error and _shows(probe, page, hidden)
        probe.expect(not shown, "nothing of another partner after its id", "one of them")
    if probe.path(0) != probe.path(1):
        page = answer_to(probe, replace(probe.request(0), partner=1))
        shown = not page.is_error and _shows(probe, page, own)
        probe.expect(not shown, "nothing of another partner at its path", "one of them")
    for partner, others in ((0, hidden), (1, own)):
        shared = sorted(others & marks_until(probe, others, partner))
        seen = Values(f"ids in the list of partner {partner + 1}", shared)
        probe.expect(not shared, "nothing of another partner", f"{len(shared)}", seen)


def _shows(probe: Probe, answer: Answer, marks: set[str]) -> bool:
    return not marks.isdisjoint(marks_of(probe, items(probe.operation, answer)))


_MASKED = re.compile(r"[*•●…]|x{4}|\.{3}", re.IGNORECASE)
_SHORTEST_WHOLE = 16


def expect_no_secrets(
    items: Sequence[JsonObject], secrets: Sequence[str], member: str | None
) -> None:
    """The items of a page show none of these secrets, and none where the contract has a secret."""
    text = unescaped(json.dumps(items, ensure_ascii=False))
    expect(not has_any(secrets, text), "no secret in a list", "a secret")
    whole = any(_is_whole(one.get(member)) for one in items) if member else False
    expect(not whole, "no secret in a list", f"a whole {member}")


def _is_whole(value: object) -> bool:
    """Whether a value could be a secret that is not masked: long, of letters and digits."""
    if not isinstance(value, str) or len(value) < _SHORTEST_WHOLE or _MASKED.search(value):
        return False
    return any(one.isdigit() for one in value) and any(one.isalpha() for one in value)


def _no_secrets(exchange: JudgedExchange) -> None:
    member = exchange.resource.secret if exchange.resource else None
    expect_no_secrets(items(exchange.operation, exchange.answer), exchange.secrets, member)


@requirement(
    "lists.no-secrets",
    Level.MUST,
    "safety: a secret is shown once, and in no list; seed: client_secret",
    lists,
    needs=(Capability.LISTING,),
    judges=(Judge(_no_secrets, on(Purpose.PAGE, Purpose.OBSERVED)),),
    mend=HIDE_SECRETS,
)
@catches(
    Sabotage("tell the secrets", _telling_secrets),
    Sabotage("tell the last one's secret", _telling_the_last),
)
def no_secrets(probe: Probe) -> None:
    """A list never shows a secret, under any name."""
    made = make(probe, 2)
    secrets = [secret for one in made if (secret := probe.secret_of(one))]
    missing = ids_of(probe, made)
    for _ in probe.looks():
        for page in pages(probe, largest_page(probe)):
            expect_no_secrets(page.items, secrets, probe.resource.secret)
            missing -= set(page.ids)
            if not missing:
                return
    raise NotVerified("the list does not show that whose secrets are known")
