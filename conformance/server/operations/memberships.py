"""Requirements on members: who is added by a PUT is there, once, until the DELETE."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import opens_for_partner
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import BY_ID, is_shown, looks
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import ADD_NOTHING, FOR_ANYBODY, REMOVE_NOTHING
from conformance.server.operations.usual import served
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request, with_value
from openapi.item_paths import above_id
from openapi.memberships import Membership, membership_of
from openapi.operation import Operation
from openapi.reads import refuses_unknown

_AT_ONCE = {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
"""The documented successes after which somebody is a member, or none."""


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of something that was made for them: nobody else adds any."""

    probe: Probe
    membership: Membership
    above: str
    """The id of what they are members of."""

    def request(self, operation: Operation, handle: str = "") -> Request:
        """The request of an operation on members, or on one of them."""
        on = self.probe.of(operation)
        request = on.on_one(handle) if handle else on.request()
        place = self.membership.add.path.count("{") - 2
        return request.at(with_value(operation.path, request.path, place, self.above))

    def added(self) -> str:
        """The id of one that was added; nothing is verified where it is refused."""
        handle, add = self.new(), self.membership.add
        _done(self.probe.of(add), self.request(add, handle))
        return handle

    def new(self, partner: int = 0) -> str:
        """The id of one that is made, and not added."""
        maker = self.probe.of(self.membership.member.create)
        return maker.known_handle_of(maker.make(partner))

    def listed(self) -> Sequence[Any] | None:
        """The members in the list; None where no list is shown."""
        if self.membership.list is None:
            return None
        reading = self.probe.of(self.membership.list)
        answer = answer_to(reading, self.request(self.membership.list))
        document = answer.document if is_shown(reading, answer) else None
        inner = document.values() if isinstance(document, dict) else (document,)
        return next((one for one in inner if isinstance(one, list)), None)

    def is_shown(self, handle: str) -> bool | None:
        """Whether a GET shows that one is a member; None where none could tell."""
        read = self.membership.read
        if read is None or not refuses_unknown(read):
            return None
        reading = self.probe.of(read)
        return is_shown(reading, answer_to(reading, self.request(read, handle)))


def _done(probe: Probe, request: Request) -> None:
    answer = served(probe, request)
    if answer.status not in _AT_ONCE:
        raise NotServed(f"{probe.operation.id} answers {answer.status}, and may be done later")


def _shows_members(membership: Membership) -> bool:
    is_told = membership.read is not None and refuses_unknown(membership.read)
    above, _, _ = membership.add.path.rpartition("/")
    is_in_other = "{" in above and membership.add.success_status in _AT_ONCE
    return is_in_other and (is_told or membership.list is not None)


def _adds(operation: Operation) -> bool:
    found = membership_of(operation)
    return found is not None and found.add is operation and _shows_members(found)


def _removes(operation: Operation) -> bool:
    found = membership_of(operation)
    if found is None or found.remove is not operation:
        return False
    return operation.success_status in _AT_ONCE and _shows_members(found)


def _of_partner(operation: Operation) -> bool:
    return _adds(operation) and opens_for_partner(operation)


def _members(probe: Probe) -> _Members:
    """The members of a new item of what is above them."""
    found = membership_of(probe.operation)
    if found is None:
        raise NotServed(f"{probe.operation.id} is on no members")
    before = found.add.path.rpartition("/")[0].rpartition("{")[0]
    resources = probe.contract.resources
    parent = next((one for one in resources if one.has_items_below(above_id(before))), None)
    if parent is None:
        raise NotServed(f"nothing makes what {found.add.id} adds to")
    maker = probe.of(parent.create)
    return _Members(probe, found, maker.known_handle_of(maker.make()))


@requirement(
    "operations.member-is-there",
    Level.MUST,
    "RFC 9110 sections 9.3.4 and 9.2.2: what a PUT has set is there, and twice is once",
    _adds,
    mend="Store who is added, once, and read members from there.",
)
@catches(ADD_NOTHING)
def member_is_there(probe: Probe) -> None:
    """Who was added is a member by the GET of its path, and one more in the list, also if twice."""
    members = _members(probe)
    before = members.listed()
    handle = members.added()
    answer_to(probe, members.request(probe.operation, handle))
    shown, after = None, None
    for _ in looks(probe):
        shown, after = members.is_shown(handle), members.listed()
        is_more = before is None or after is None or len(after) == len(before) + 1
        if shown is not False and is_more:
            break
    if shown is None and (before is None or after is None):
        raise NotVerified("no GET shows the members")
    probe.expect(shown is not False, "the member that was added, by the GET of its path", "none")
    if before is not None and after is not None:
        seen = f"{len(after)} after {len(before)}"
        probe.expect(len(after) == len(before) + 1, "one member more in the list", seen)


@requirement(
    "operations.removed-member-is-gone",
    Level.MUST,
    BY_ID,
    _removes,
    mend="Remove who the path names, and nobody else, and read members from there.",
)
@catches(REMOVE_NOTHING)
def removed_member_is_gone(probe: Probe) -> None:
    """After the DELETE of one of two, that one is no member, and the other still is."""
    members = _members(probe)
    first, second = members.added(), members.added()
    before = members.listed()
    if members.is_shown(first) is False or members.is_shown(second) is False:
        raise NotVerified("no GET shows who was added")
    _done(probe, members.request(probe.operation, first))
    is_gone, after = None, None
    for _ in looks(probe):
        found, after = members.is_shown(first), members.listed()
        is_gone = None if found is None else not found
        is_less = before is None or after is None or len(after) == len(before) - 1
        if is_gone is not False and is_less:
            break
    if is_gone is None and (not before or after is None):
        raise NotVerified("no GET shows the members")
    probe.expect(is_gone is not False, "no member after the DELETE, by the GET of its path", "one")
    if before and after is not None:
        seen = f"{len(after)} after {len(before)}"
        probe.expect(len(after) == len(before) - 1, "one member less in the list", seen)
    probe.expect(members.is_shown(second) is not False, "the other member still there", "none")


@requirement(
    "operations.members-belong-to-their-partner",
    Level.MUST,
    "safety: nobody changes what another partner has made",
    _of_partner,
    needs=(Capability.SECOND_PARTNER,),
    mend="Look up what members are added to by its id and the token's partner, and answer 404.",
)
@catches(FOR_ANYBODY)
def members_belong_to_their_partner(probe: Probe) -> None:
    """Another partner adds no member to what the first has made."""
    members = _members(probe)
    members.added()
    before = members.listed()
    for handle in members.new(), members.new(partner=1):
        request = replace(members.request(probe.operation, handle), partner=1)
        answer = answer_to(probe, request)
        after, is_shown_now = members.listed(), members.is_shown(handle)
        is_more = before is not None and after is not None and len(after) > len(before)
        if answer.is_success or is_more or is_shown_now:
            what = "a member more" if is_more or is_shown_now else "no other member"
            seen = f"{answer.status}, and {what}"
            raise Violation("a refusal of another partner, and no member more", seen)
