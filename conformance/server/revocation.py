"""Revoking a key: at once, for good, one's own, and nothing else (vendor facts).

Only keys that a check has made itself are ever revoked, and no request names any other.
"""

import threading
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.limits import answer_to
from conformance.model import Level
from conformance.probe import NAME_PREFIX, NotVerified, Probe
from conformance.registry import requirement
from conformance.sabotage import (
    Forward,
    Sabotage,
    Tamper,
    edit_body,
    on_answers,
    on_requests,
    on_status,
    set_status,
)
from conformance.token_exchange import created, exchange, good_answer_again, granted, item_of
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation

VENDOR = "vendor facts: DELETE /auth/credentials/{client_id} revokes at once and for good, 204"
SAFETY = "safety: never a 5xx for anything a client sends"

_STRANGE = ("%00", "%FF", "%C3%A9", "%22", "%20", "-", "0", "null", "x" * 2000)
"""Ids as they stand in a path. No wild cards and no dots: they might reach other keys."""


def revokes(operation: Operation) -> bool:
    """The operation ends one resource by its id."""
    return operation.method == "DELETE" and operation.path.endswith("}")


def _by_text(probe: Probe, text: str, partner: int = 0) -> Request:
    path = PATH_PARAMETER.sub(lambda _: text, probe.operation.path)
    return Request("DELETE", path, partner=partner)


def _unknown(probe: Probe) -> Request:
    return _by_text(probe, probe.new_name().replace(" ", "-"))


def _of(probe: Probe, made: Answer, partner: int = 0) -> Request:
    """The request that revokes a key."""
    found = PATH_PARAMETER.search(probe.operation.path)
    value = made.field(found[1]) if found else None
    return _by_text(probe, quote(str(value or made.field("id")), safe=""), partner)


def _revoke(probe: Probe, made: Answer) -> Answer:
    answer = answer_to(probe, _of(probe, made))
    if not answer.is_success:
        raise NotVerified(f"the target answered {answer.status} to the revocation of a new key")
    return answer


def _status(probe: Probe, made: Answer) -> str | None:
    """What the list says of a key, None where it does not show it."""
    item = item_of(probe, made)
    return None if item is None else str(item.get("status"))


def _doing_nothing() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        return Answer(204) if request.method == "DELETE" else forward(request)

    return tamper


def _refusing_and_doing() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method == "DELETE" and request.partner:
            forward(replace(request, partner=0))
            return Answer(404)
        return forward(request)

    return tamper


def _revoking_another() -> Tamper:
    made: list[str] = []
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if answer.field("client_secret"):
            with lock:
                made.append(answer.field("client_id"))
        if request.method == "DELETE":
            for one in made:
                forward(replace(request, path=f"{request.path.rpartition('/')[0]}/{one}"))
        return answer

    return tamper


DO_NOTHING = Sabotage("say revoked and do nothing", _doing_nothing)
ALL_ACTIVE = edit_body(
    200,
    "list every key as active",
    lambda page: [one.update(status="active") for one in page.get("data", [])],
)


@requirement(
    id="revocation.answers-204-without-body",
    level=Level.SHOULD,
    source=f"{VENDOR}; RFC 9110 section 15.3.5",
    applies_to=revokes,
    needs=(Capability.REVOCATION,),
    sabotage=(
        set_status(204, 200),
        on_status(204, "answer with a body", lambda one: replace(one, status=200, body=b"{}")),
    ),
)
def answers_204_without_body(probe: Probe) -> None:
    """A revocation is answered with 204 and nothing else."""
    answer = answer_to(probe, _of(probe, created(probe)))
    wanted = probe.operation.success_status
    probe.expect(answer.status == wanted, f"{wanted} to a revocation", f"{answer.status}")
    documented = probe.operation.answer(wanted)
    if documented is not None and not documented.content:
        probe.expect(not answer.body, "no body", f"{len(answer.body)} bytes")


@requirement(
    id="revocation.revoked-key-is-listed-as-revoked",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=revokes,
    needs=(Capability.REVOCATION, Capability.LISTING),
    sabotage=(DO_NOTHING, ALL_ACTIVE),
)
def revoked_key_is_listed_as_revoked(probe: Probe) -> None:
    """A revoked key has the status revoked in the list, or is not there any more."""
    made = created(probe)
    if _status(probe, made) != "active":
        raise NotVerified("the list does not show a new key as active")
    _revoke(probe, made)
    status = _status(probe, made)
    probe.expect(status in {"revoked", None}, "the status revoked in the list", f"{status}")


@requirement(
    id="revocation.revoked-key-gets-no-token",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=revokes,
    needs=(Capability.REVOCATION, Capability.TOKENS),
    sabotage=(DO_NOTHING, Sabotage("give a key its token for ever", good_answer_again)),
)
def revoked_key_gets_no_token(probe: Probe) -> None:
    """A revoked key gets no new token, at once and for good."""
    used, unused = created(probe), created(probe)
    if not granted(exchange(probe, used.field("client_id"), used.field("client_secret"))):
        raise NotVerified("a new key gets no token")
    for made in (used, unused):
        _revoke(probe, made)
        for _ in range(2):
            answer = exchange(probe, made.field("client_id"), made.field("client_secret"))
            probe.expect(not granted(answer), "no token for a revoked key", f"{answer.status}")


@requirement(
    id="revocation.second-revocation-is-no-failure",
    level=Level.MUST,
    source=SAFETY,
    applies_to=revokes,
    needs=(Capability.REVOCATION,),
    sabotage=(set_status(409, 500),),
)
def second_revocation_is_no_failure(probe: Probe) -> None:
    """Revoking a key that is revoked already makes nothing fail."""
    made = created(probe)
    _revoke(probe, made)
    for _ in range(2):
        answer = probe.send(_of(probe, made))
        probe.expect_no_server_error(answer, "a second revocation")


@requirement(
    id="revocation.second-revocation-is-documented",
    level=Level.SHOULD,
    source="vendor facts: 204 on success; errors 404, 409",
    applies_to=revokes,
    needs=(Capability.REVOCATION,),
    sabotage=(set_status(409, 410), set_status(409, 400)),
)
def second_revocation_is_documented(probe: Probe) -> None:
    """A second revocation is the same as the first, a conflict, or not found."""
    made = created(probe)
    _revoke(probe, made)
    status = answer_to(probe, _of(probe, made)).status
    allowed = {probe.operation.success_status, 404, 409}
    probe.expect(status in allowed, "204, 404 or 409 to a second revocation", f"{status}")


@requirement(
    id="revocation.unknown-id-is-404",
    level=Level.SHOULD,
    source="vendor facts: 404",
    applies_to=revokes,
    needs=(Capability.REVOCATION,),
    sabotage=(set_status(404, 204), set_status(404, 400)),
)
def unknown_id_is_404(probe: Probe) -> None:
    """The revocation of a key that does not exist gets 404."""
    status = answer_to(probe, _unknown(probe)).status
    probe.expect(status == HTTPStatus.NOT_FOUND, "404 to an unknown id", f"{status}")


@requirement(
    id="revocation.strange-ids-are-no-failure",
    level=Level.MUST,
    source=SAFETY,
    applies_to=revokes,
    needs=(Capability.REVOCATION,),
    sabotage=(
        set_status(404, 500),
        on_answers(
            "fail on what is not UTF-8",
            lambda request, one: replace(one, status=500) if "%FF" in request.path else one,
        ),
    ),
)
def strange_ids_are_no_failure(probe: Probe) -> None:
    """Ids that no key has, of any form, make nothing fail."""
    for text in (f"{NAME_PREFIX}-unknown", *_STRANGE):
        answer = probe.send(_by_text(probe, text))
        probe.expect_no_server_error(answer, f"the id {text[:20]}")


@requirement(
    id="revocation.only-ones-own",
    level=Level.MUST,
    source="safety: nobody ends another partner's keys",
    applies_to=revokes,
    needs=(Capability.REVOCATION, Capability.SECOND_PARTNER, Capability.LISTING),
    sabotage=(
        on_requests(
            "take all for one partner",
            lambda one: replace(one, partner=0) if one.method == "DELETE" else one,
        ),
        Sabotage("refuse another partner and do it", _refusing_and_doing),
    ),
)
def only_ones_own(probe: Probe) -> None:
    """Another partner cannot revoke a key, whatever it is told."""
    made = created(probe)
    if _status(probe, made) != "active":
        raise NotVerified("the list does not show a new key as active")
    answer = probe.send(_of(probe, made, partner=1))
    status = _status(probe, made)
    probe.expect(
        status == "active",
        "an active key after another partner's attempt",
        f"{status or 'none'} after the answer {answer.status}",
    )


@requirement(
    id="revocation.leaves-others-alone",
    level=Level.MUST,
    source="safety: a revocation ends the key that it names",
    applies_to=revokes,
    needs=(Capability.REVOCATION, Capability.LISTING),
    sabotage=(Sabotage("revoke other keys too", _revoking_another),),
)
def leaves_others_alone(probe: Probe) -> None:
    """Revoking one key leaves those made before and after it active."""
    before, named, after = created(probe), created(probe), created(probe)
    others = (before, after)
    if any(_status(probe, one) != "active" for one in others):
        raise NotVerified("the list does not show new keys as active")
    _revoke(probe, named)
    for one in others:
        status = _status(probe, one)
        probe.expect(status == "active", "the other keys active", f"{status or 'none'}")
