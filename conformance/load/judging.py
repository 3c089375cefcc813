"""What the catalogue says of one answer that was seen under load.

Here stands which judge of which requirement looks at which answer, and no rule: each judge is the
function that the requirement itself checks with.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from conformance.catalogue.requirement import Requirement
from conformance.probe.probe import NotVerified, Violation, expect
from conformance.probe.response_checks import server_error, wrong_header
from conformance.server import catalogue
from conformance.server.created import created, documented_only, timestamps
from conformance.server.created import fields as created_fields
from conformance.server.created.answers import expect_no_fault
from conformance.server.idempotency import keys as idempotency_keys
from conformance.server.idempotency.same_answer import expect_same
from conformance.server.lists import listing, pagination
from conformance.server.problems import members as problem_members
from conformance.server.problems import problems
from conformance.server.rate_limits import headers as rate_limits
from conformance.server.rate_limits import limited
from conformance.server.rate_limits.header_rules import expect_sense
from conformance.server.revocation import revocation
from conformance.server.secrets import shown as secrets_shown
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation


class Purpose(StrEnum):
    """What a request was sent for."""

    CREATE = "create"
    REPLAY = "replay"
    AT_ONCE = "at_once"
    """One of several with one key that may be under way at the same time."""
    CONFLICT = "conflict"
    PAGE = "page"
    REVOKE = "revoke"
    REVOKE_AGAIN = "revoke_again"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that the contract allows, its answer, and what was known before.

    ``first`` is the first answer to the same key, with :func:`digested` body; ``secrets`` are
    those of earlier answers that no list may show.
    """

    operation: Operation
    request: Request
    answer: Answer
    purpose: Purpose
    token: str = ""
    first: Answer | None = None
    first_id: object = None
    secrets: Iterable[str] = ()


Look = Callable[[Seen], None]

CURSOR = "starting_after"
"""The parameter that says after which item a page begins."""


def digested(answer: Answer) -> Answer:
    """The answer with a hash in the place of its body: enough to tell it from another."""
    return Answer(answer.status, body=sha256(answer.body).digest())


def judgements(seen: Seen) -> Iterator[tuple[Requirement, Violation | None]]:
    """Each requirement that the answer puts to the test, with what is wrong if anything is."""
    known = catalogue()
    for id_, look in _looks(seen):
        try:
            look(seen)
        except NotVerified:
            continue
        except Violation as violation:
            yield known[id_], violation
        else:
            yield known[id_], None


def _looks(seen: Seen) -> Iterator[tuple[str, Look]]:
    answer = seen.answer
    # What names a resource in its path is judged by another requirement than what does not.
    yield ("robustness.strange-path-values" if "{" in seen.operation.path
           else "generated.nothing-makes-it-fail", _no_server_error)  # fmt: skip
    if answer.is_server_error:
        return
    yield from EVERY.items()
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        yield from LIMITED.items()
        return
    yield from BY_PURPOSE[seen.purpose].items()
    if seen.operation.method == "POST":
        yield from CREATING.items()
        if answer.status == seen.operation.success_status:
            yield from MADE.items()
            if seen.purpose is Purpose.CREATE:
                yield from MADE_NOW.items()
    elif seen.operation.method == "GET":
        yield from LISTING.items()
    documented = seen.operation.response(answer.status)
    if answer.is_refusal and documented and documented.content:
        yield from PROBLEM.items()


def _no_server_error(seen: Seen) -> None:
    found = server_error(seen.operation, seen.request, seen.answer)
    expect(not found, "no server error", found)


def _headers(seen: Seen) -> None:
    found = wrong_header(seen.operation, seen.request, seen.answer)
    expect(not found, "headers as documented", found)


def _no_token(seen: Seen) -> None:
    if len(seen.token) <= secrets_shown.SHORTEST_TRACE:
        raise NotVerified("the token is too short to be looked for")
    secrets_shown.expect_no_token(seen.answer, seen.token)


def _replay(seen: Seen) -> None:
    if seen.first is None:
        raise NotVerified("there is no first answer")
    expect_same(seen.first, digested(seen.answer))


def _page(seen: Seen) -> None:
    wanted = seen.operation.success_status
    status = seen.answer.status
    if seen.answer.is_refusal and CURSOR in seen.request.path:
        raise NotVerified("what the cursor names may have been revoked")
    expect(status == wanted, f"{wanted} to a request for a page", f"{status}")
    listing.expect_page(seen.operation, seen.answer)


def _no_secrets(seen: Seen) -> None:
    listing.expect_no_secrets(items(seen.answer), seen.secrets)


def _at_most(seen: Seen) -> None:
    limit = parse_qs(seen.request.path.partition("?")[2]).get("limit", ["100"])[0]
    pagination.expect_at_most(int(limit), len(items(seen.answer)))


def items(answer: Answer) -> list[dict[str, Any]]:
    """The items of a page; none where it is no page."""
    found = answer.field("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _no_fault(*codes: str) -> Look:
    return lambda seen: expect_no_fault(seen.operation, seen.answer, codes)


def _problem(look: Callable[[Operation, Answer, problem_members.Problem], None]) -> Look:
    def judge(seen: Seen) -> None:
        problem = seen.answer.json_object()
        if problem is None:
            raise NotVerified("the body is no JSON object")
        look(seen.operation, seen.answer, problem)

    return judge


def _answer(look: Callable[[Answer], None]) -> Look:
    return lambda seen: look(seen.answer)


def _operation(look: Callable[[Operation, Answer], None]) -> Look:
    return lambda seen: look(seen.operation, seen.answer)


EVERY: dict[str, Look] = {
    "rate_limits.headers-on-every-answer": _answer(rate_limits.expect_limit_headers),
    "rate_limits.headers-make-sense": _answer(expect_sense),
}
"""For every answer that is no server error."""

LIMITED: dict[str, Look] = {
    "rate_limits.limited-answer-is-a-problem": _operation(limited.expect_limited_problem),
    "rate_limits.limited-answer-says-how-long": _answer(limited.expect_retry_after),
    "rate_limits.limited-answer-has-headers": _answer(limited.expect_limited_headers),
}
"""For every 429."""

CREATING: dict[str, Look] = {
    "created.only-documented-media-types": _operation(documented_only.expect_documented_media_type),
    "generated.headers-match-their-schemas": _headers,
    "secrets.token-is-never-answered": _no_token,
}
"""For every answer to a request that creates."""

MADE: dict[str, Look] = {
    "created.body-is-a-json-object": _answer(created_fields.expect_json_object),
    "created.required-fields-are-there": _no_fault("missing_required_field"),
    "created.fields-have-their-types": _no_fault("invalid_type"),
    "created.values-are-documented": _no_fault("invalid_value", "unknown_field"),
    "created.timestamps-are-date-times": _no_fault("invalid_format"),
    "created.timestamps-are-in-order": _answer(timestamps.expect_order),
    "secrets.no-cache-keeps-them": _answer(secrets_shown.expect_no_store),
}
"""For every success of a request that creates."""

MADE_NOW: dict[str, Look] = {
    "created.fresh-key-is-active": _answer(created.expect_active),
    "created.fresh-key-is-unused": _answer(created.expect_unused),
}
"""For the success of a request with a new key."""

LISTING: dict[str, Look] = {"generated.headers-match-their-schemas": _headers}
"""For every answer to a request for a page."""

PROBLEM: dict[str, Look] = {
    "problems.media-type": _operation(problems.expect_problem_type),
    "problems.body-is-an-object": _answer(problems.expect_problem_object),
    "problems.required-members": _problem(problem_members.expect_required_members),
    "problems.member-types": _problem(problem_members.expect_member_types),
    "problems.status-matches": _problem(problem_members.expect_status_matches),
    "problems.type-is-uri": _problem(problem_members.expect_type_is_uri),
    "problems.instance-is-uri": _problem(problem_members.expect_instance_is_uri),
}
"""For every refusal that the contract documents with a body."""

BY_PURPOSE: dict[Purpose, dict[str, Look]] = {
    Purpose.CREATE: {
        "created.only-documented-statuses": _operation(documented_only.expect_documented_status),
        "idempotency.fresh-key-is-accepted": _operation(idempotency_keys.expect_success),
    },
    Purpose.REPLAY: {"idempotency.replay-is-identical": _replay},
    # They are compared when all are there. A server may refuse a key whose first request is still
    # under way, which the contract leaves open.
    Purpose.AT_ONCE: {},
    Purpose.CONFLICT: {
        "idempotency.reused-key-makes-nothing": lambda seen: idempotency_keys.expect_nothing_made(
            seen.operation, seen.first_id, seen.answer
        )
    },
    Purpose.PAGE: {
        "lists.page-has-its-shape": _page,
        "lists.no-secrets": _no_secrets,
        "lists.limit-is-respected": _at_most,
    },
    Purpose.REVOKE: {"revocation.answers-204-without-body": _operation(revocation.expect_revoked)},
    Purpose.REVOKE_AGAIN: {
        "revocation.second-revocation-is-documented": _operation(revocation.expect_revoked_before)
    },
}
"""For what a request was sent for."""
