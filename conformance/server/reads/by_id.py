"""Reads by id: each id shows what was made under it, to its partner, until it is deleted.

Where a server counts ids for each partner, another partner's item may have the same one.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import UNKNOWN_IDS, WHOLE_ID
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import set_status
from conformance.probe.applicability import opens_for_partner
from conformance.probe.full_items import make_full, sent_place
from conformance.probe.lost_members import lost_in
from conformance.probe.not_verified import NotServed, refused_with
from conformance.probe.pages import COUNTED
from conformance.probe.parents import in_another_parent, parent_of
from conformance.probe.plain_requests import NEW_NAME
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    BY_ID,
    another_tag,
    difference,
    expect_read_served,
    id_of,
    is_shown,
    item_in,
    looks,
    make,
    read,
    reads,
    refusals_of_unknown,
    request_for,
    shown,
    unknown_id,
)
from conformance.probe.values import Lack, Values, hidden
from conformance.probe.violation import Violation
from conformance.server.reads.sabotage import (
    ALWAYS_THE_SAME,
    CHANGED_TEXTS,
    DELETE_NOTHING,
    DELETE_OTHERS,
    FIRST,
    FIRST_ALONE,
    FIRST_UNDER_ITS_ID,
    FOR_ANYBODY,
    IN_ANY_PARENT,
    REFUSED_AND_SHOWN,
    REMEMBERED,
    SOMETHING,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request, path_to
from openapi.operation import Operation
from openapi.paging import snake
from openapi.reads import read_of

_OF_LOOKING = re.compile(r"(^|_)(updated|modified|changed|accessed|viewed|read|seen|used)(_|$)")
"""Members that say when an item was touched, and not that it has ended."""


_ROUNDS = 3
"""So often an id of another partner between two of one is no chance."""


def _refuses_unknown(operation: Operation) -> bool:
    found = read_of(operation)
    return found is not None and found.refuses_unknown


def _is_deleted_by_id(operation: Operation) -> bool:
    found = read_of(operation)
    return found is not None and found.refuses_unknown and found.delete is not None


def _is_in_parent(operation: Operation) -> bool:
    found = read_of(operation)
    return _refuses_unknown(operation) and found is not None and bool(parent_of(found.resource))


def _is_of_partner(operation: Operation) -> bool:
    """The read opens with the token of a partner: a bearer token, or the API key in its place."""
    return opens_for_partner(operation) and reads(operation)


@requirement(
    "reads.shows-what-was-made",
    Level.MUST,
    BY_ID,
    reads,
    mend="Look up an item by its whole id, and answer with what its creation has stored.",
)
@catches(FIRST, FIRST_UNDER_ITS_ID, FIRST_ALONE, CHANGED_TEXTS)
def shows_what_was_made(probe: Probe) -> None:
    """The read of an id shows the item that was made under it, as its creation has answered."""
    made = [make(probe), make(probe)]
    refused: list[tuple[Request, Answer]] = []
    for _ in looks(probe):
        refused = []
        for one in made:
            request = request_for(probe, one)
            answer = answer_to(probe, request)
            if not is_shown(probe, answer):
                refused.append((request, answer))
            # What is late is not there: no other item is.
            elif wrong := difference(probe, one, answer):
                raise Violation("the item that was made under the id", "another", values=[wrong])
        if not refused:
            _expect_whole(probe)
            return
    if len(refused) == len(made):
        expect_read_served(probe, refused)
    success, status = probe.operation.success_status, refused[0][1].status
    if made[0].status == HTTPStatus.ACCEPTED:
        raise NotServed(f"the target answers {status} to the read of what it has accepted")
    raise Violation(f"{success} to the read of a new item", f"{status}")


def _expect_whole(probe: Probe) -> None:
    """The read shows what the creation of an item with more members has shown of them.

    One of these may end or hide it: what is not shown at all says nothing.
    """
    known = read(probe)
    create, reader = known.resource.create, known.collection.reader
    request, made = make_full(probe.of(create))
    place, item = sent_place(create), item_in(known.made, made) or {}
    if place is None or known.shown is None:
        return
    sent = place.item(request.members) or {}
    told = lost_in(reader, known.shown, sent, item)
    wrong: Values | None = None
    for _ in looks(probe):
        answer = answer_to(probe, request_for(probe, made))
        found = item_in(known.shown, answer) if is_shown(probe, answer) else None
        if found is None:
            continue
        wrong = difference(probe, made, answer)
        # What the creation has not shown, the read need not show in a whole either.
        lost = sorted(
            one
            for one in lost_in(reader, known.shown, sent, found)
            if not any(one[:length] in told for length in range(1, len(one) + 1))
        )
        if not wrong and lost:
            wrong = Values(f"/{lost[0][0]}", found.get(lost[0][0], Lack.ABSENT), item[lost[0][0]])
        if not wrong:
            return
    if wrong:
        raise Violation("the item that was made, with each member", "another", values=[wrong])


@requirement(
    "reads.unknown-id-is-404",
    Level.MUST,
    BY_ID,
    _refuses_unknown,
    mend=UNKNOWN_IDS,
)
@catches(SOMETHING, set_status(404, 200))
def unknown_id_is_404(probe: Probe) -> None:
    """The read of an id that names nothing gets 404, or another documented refusal of the id."""
    made = [make(probe), make(probe)]
    shown(probe, made[-1])
    own = path_to("{}", unknown_id(probe, made))
    answer = answer_to(probe, probe.request().at(probe.path(own=own)))
    holds = answer.status in refusals_of_unknown(probe.operation)
    probe.expect(holds, "404 to the read of an id that names nothing", f"{answer.status}")


@requirement(
    "reads.belongs-to-its-partner",
    Level.MUST,
    "safety: nobody sees what another partner has made",
    _is_of_partner,
    needs=(Capability.SECOND_PARTNER,),
    mend="Look up an item by its id and the token's partner, and answer 404 to any other.",
)
@catches(FOR_ANYBODY, REFUSED_AND_SHOWN)
def belongs_to_its_partner(probe: Probe) -> None:
    """The read of another partner's id is refused, and shows nothing of the item."""
    made = make(probe)
    shown(probe, made)
    requests = [replace(request_for(probe, made), partner=1)]
    if probe.path(0) != probe.path(1):
        requests.append(probe.on_one(id_of(probe, made), partner=1))
    _expect_hidden(probe, made, requests, "another partner's")


def _counts_for_all(probe: Probe) -> bool:
    """Whether the ids of all partners are counted together: each is of one item then."""
    maker = probe.of(read(probe).resource.create)
    for _ in range(_ROUNDS):
        made = [id_of(probe, maker.make(partner)) for partner in (0, 1, 0)]
        first, between, last = map(int, made)
        if not first < between < last:
            return False
    return True


def _expect_hidden(probe: Probe, made: Answer, requests: Iterable[Request], whose: str) -> None:
    """Reads of an item that belongs to others, as ``whose`` says, are refused and show nothing.

    Where a server counts ids, such a read may find another item, which has another name.
    """
    id_ = id_of(probe, made)
    name = str((item_in(read(probe).made, made) or {}).get(probe.name_member))
    names = [name] if NEW_NAME.fullmatch(name) else []
    for request in requests:
        answer = answer_to(probe, request)
        places = hidden(answer, names)
        probe.expect(not places, f"nothing of {whose} item", "its name", *places)
        if not (answer.is_success and COUNTED.fullmatch(id_)):
            refused = not answer.is_success
            probe.expect(refused, f"a refusal of {whose} id", f"{answer.status}")
        elif not names:
            if request.partner and _counts_for_all(probe):
                raise Violation(f"a refusal of {whose} id", f"{answer.status}")
            raise NotServed(f"nothing tells an item from {whose} with the same number")


@requirement(
    "reads.belongs-to-its-parent",
    Level.MUST,
    BY_ID,
    _is_in_parent,
    mend="Look up an item by its id and each id above it in the path, and answer 404 otherwise.",
)
@catches(IN_ANY_PARENT)
def belongs_to_its_parent(probe: Probe) -> None:
    """The read of an id under another parent than its own is refused, and shows nothing of it."""
    made = make(probe)
    shown(probe, made)
    request = in_another_parent(probe, read(probe).resource, request_for(probe, made))
    _expect_hidden(probe, made, [request], "another parent's")


@requirement(
    "reads.deleted-is-gone",
    Level.MUST,
    BY_ID,
    _is_deleted_by_id,
    mend="Read items from the store that deletions write to, and answer 404 to the id of none.",
)
@catches(DELETE_NOTHING, REMEMBERED)
def deleted_is_gone(probe: Probe) -> None:
    """After its deletion an item is not shown as it was."""
    known, made = read(probe), make(probe)
    before = _state(probe, shown(probe, made))
    again = _state(probe, shown(probe, made))
    if known.delete is None:
        raise NotServed("the contract deletes no item by this id")
    deleting = probe.of(known.delete)
    deleted = answer_to(deleting, deleting.on_one(id_of(probe, made)))
    if deleted.status != known.delete.success_status:
        raise refused_with(
            deleted.status, f"{known.delete.id} answered {deleted.status} for a new item"
        )
    # What differs from look to look says nothing.
    steady = {name for name, value in before.items() if again.get(name) == value}
    for _ in looks(probe):
        answer = answer_to(probe, request_for(probe, made))
        if not is_shown(probe, answer):
            return
        after = _state(probe, answer)
        new = after.keys() - before.keys() - again.keys()
        if new or any(after.get(name) != before[name] for name in steady):
            return
    raise Violation(
        "no item after its deletion, or one that says so", f"{answer.status} and the item as it was"
    )


@requirement(
    "reads.another-tag-is-not-304",
    Level.MUST,
    "RFC 9110 section 13.1.2: If-None-Match; the contract: 304",
    lambda operation: reads(operation) and operation.documents(HTTPStatus.NOT_MODIFIED),
    mend="Compare If-None-Match with the ETag of the item, and answer with the item otherwise.",
)
@catches(ALWAYS_THE_SAME)
def another_tag_is_not_304(probe: Probe) -> None:
    """A read with an If-None-Match of another ETag than the item has is not answered with 304."""
    made = make(probe)
    tag = another_tag(shown(probe, made).header("etag") or "")
    answer = answer_to(probe, request_for(probe, made).with_header("If-None-Match", tag))
    is_told = answer.status != HTTPStatus.NOT_MODIFIED
    probe.expect(is_told, "the item, for the client has another ETag", f"{answer.status}")


def _is_deleted_unlisted(operation: Operation) -> bool:
    # A list shows what became of the others: there is a requirement on that.
    found = read_of(operation)
    return _is_deleted_by_id(operation) and found is not None and found.resource.list is None


@requirement(
    "reads.others-stay",
    Level.MUST,
    "safety: a deletion ends the item that it names",
    _is_deleted_unlisted,
    mend=WHOLE_ID,
)
@catches(DELETE_OTHERS)
def others_stay(probe: Probe) -> None:
    """The deletion of an item leaves those made before and after it."""
    known = read(probe)
    before, named, after = [make(probe) for _ in range(3)]
    for one in (before, after):
        shown(probe, one)
    if known.delete is None:
        raise NotServed("the contract deletes no item by this id")
    deleting = probe.of(known.delete)
    deleted = answer_to(deleting, deleting.on_one(id_of(probe, named)))
    if not deleted.is_success:
        raise refused_with(deleted.status, f"{known.delete.id} answered {deleted.status}")
    for one in (before, after):
        answer = answer_to(probe, request_for(probe, one))
        probe.expect(
            is_shown(probe, answer), "the items beside the one deleted", f"{answer.status}"
        )


def _state(probe: Probe, answer: Answer) -> dict[str, object]:
    """The members of an item by which it may say that it has ended."""
    item = item_in(read(probe).shown, answer)
    item = item or answer.json_object() or {"body": answer.body}
    return {name: one for name, one in item.items() if not _OF_LOOKING.search(snake(name))}
