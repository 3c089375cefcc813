"""Requirements on the members that a creation sets: what was taken is shown."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.full_items import collection_of, make_alone, make_full, sent_place
from conformance.probe.lost_members import Place, lost_in
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import is_shown, item_in, looks, request_for, shown
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import IGNORE_THE_OPTIONAL
from conformance.target.exchange import Answer, Request
from openapi.item_members import ItemPlace
from openapi.operation import Operation
from openapi.paging import snake
from openapi.reads import changes, made_by
from openapi.resource import makes_items

_OF_EVENTS = re.compile(r"_(at|on|by)$")
"""What is called so tells when, or by whom, something was done."""

_MOST_JUDGED = 5
"""So many members of one item are sent alone."""


def _shown_place(operation: Operation) -> ItemPlace | None:
    """Where the read of what a creation makes has it, else the answer to the creation."""
    known, read = collection_of(operation), made_by(operation)
    shown = read.shown if read else None
    return shown or (known.shown.get(operation) if known else None)


def _optional(operation: Operation) -> Mapping[str, Any]:
    """The members that a creation may leave out, and that are shown of what it has made."""
    sent, place, body = sent_place(operation), _shown_place(operation), operation.object_body
    contract = operation.contract
    if sent is None or place is None or body is None or body.schema is None:
        return {}
    if not makes_items(operation) or contract is None or contract.is_bundled:
        return {}
    errors = body.schema.errors(sent.body({}, {}))
    required = {one.param for one in errors if one.code == "missing_required_field"}
    return {
        name: one
        for name, one in sent.members.items()
        if ".".join((*sent.path, name)) not in required
        and name in place.members
        and not changes(name)
    }


def _is_lost(probe: Probe, member: Place, tried: Sequence[tuple[Request, Answer]]) -> bool:
    """Whether none of these creations, one at least, has an answer or a read with a member."""
    known, place = collection_of(probe.operation), _shown_place(probe.operation)
    sent_in, read = sent_place(probe.operation), made_by(probe.operation)
    if known is None or place is None or sent_in is None or not tried:
        return False

    def shows(request: Request, item: Mapping[str, Any] | None) -> bool:
        lacking = lost_in(known.reader, place, sent_in.item(request.members) or {}, item or {})
        return not any(member[: len(one)] == one for one in lacking)

    told = known.shown.get(probe.operation)
    if any(shows(request, item_in(told, made)) for request, made in tried):
        return False
    if read is None:
        return True
    reading, is_lost = probe.of(read.operation), False
    for _ in looks(probe):
        answers = [answer_to(reading, request_for(reading, made)) for _, made in tried]
        if any(shows(request, item_in(read.shown, answer))
               for (request, _), answer in zip(tried, answers, strict=True)):  # fmt: skip
            return False
        # What is not found may have it.
        is_lost = all(is_shown(reading, answer) for answer in answers)
    return is_lost


@requirement(
    "operations.creation-sets-each-member",
    Level.SHOULD,
    "the contract: what a creation may have, and its answer or the read shows",
    lambda operation: bool(_optional(operation)),
    mend="Store each member that a creation has accepted, at all levels, or refuse it.",
)
@catches(IGNORE_THE_OPTIONAL)
def creation_sets_each_member(probe: Probe) -> None:
    """What a creation has taken beside what it must have is in its answer, or the read shows it."""
    known, place = collection_of(probe.operation), _shown_place(probe.operation)
    sent_in, read = sent_place(probe.operation), made_by(probe.operation)
    if known is None or place is None or sent_in is None:
        raise NotServed("the contract does not say where an answer shows what was made")
    request, made = make_full(probe)
    sent = sent_in.item(request.members) or {}
    if not any(sent.get(name) for name in _optional(probe.operation)):
        raise NotServed("no creation with more members than it must have was taken")
    item = item_in(known.shown.get(probe.operation), made) or {}
    lacking = lost_in(known.reader, place, sent, item)
    if lacking and read:
        reading = probe.of(read.operation)
        for _ in looks(probe):
            item = item_in(read.shown, shown(reading, made)) or {}
            lacking &= lost_in(known.reader, place, sent, item)
            if not lacking:
                return
    # What servers set when something happens is no client's, whatever a contract says.
    of_clients = (
        one for one in sorted(lacking) if not any(map(_OF_EVENTS.search, map(snake, one)))
    )
    for one in islice(of_clients, _MOST_JUDGED):
        if not _is_lost(probe, one, [*make_alone(probe, one[0], sent[one[0]])]):
            continue
        seen = Values(f"/{one[0]}", item.get(one[0], Lack.ABSENT), sent[one[0]])
        raise Violation(f"the {'.'.join(one)} that was accepted", "none", values=[seen])
