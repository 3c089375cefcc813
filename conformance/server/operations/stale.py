"""Requirements on versions: a change makes another, and with ``If-Match`` is of the one read."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changed_values import change_one, changed_again, settable
from conformance.probe.changes import changed_read, read_behind
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    another_tag,
    id_of,
    is_same,
    is_shown,
    item_in,
    make,
    request_for,
    shown,
)
from conformance.probe.values import header
from conformance.server.operations.sabotage import DELETE_AND_REFUSE, IGNORE_IF_MATCH, ONE_ETAG
from conformance.server.operations.usual import make_changed
from conformance.target.entity_tags import documented_tag
from conformance.target.exchange import Answer
from openapi.operation import Operation
from openapi.reads import Read, read_of


def _makes_versions(operation: Operation) -> bool:
    """A PUT or PATCH of a member, where the read documents an ETag."""
    read = read_behind(operation)
    return read is not None and bool(settable(operation)) and _is_tagged(read)


def _is_tagged(read: Read) -> bool:
    answer = read.operation.response(read.operation.success_status)
    return any(one.name.lower() == "etag" for one in (answer.headers if answer else ()))


@requirement(
    "operations.strong-etag-is-of-one-version",
    Level.MUST,
    "RFC 9110 section 8.8.3: an ETag without W/ is another after each change of what is shown",
    _makes_versions,
    mend="Make the ETag of what is shown, or of a number that each change counts, or begin it W/.",
)
@catches(ONE_ETAG)
def strong_etag_is_of_one_version(probe: Probe) -> None:
    """A read that shows what a PUT or PATCH has changed has no strong ETag of before it."""
    reading = probe.of(changed_read(probe).operation)
    made = make_changed(probe)
    before = shown(reading, made).header("etag")
    if not before or not before.startswith('"'):
        raise NotServed("the read has no strong ETag")
    after = change_one(probe, made).read
    is_new, seen = after.header("etag") != before, header(after, "etag")
    probe.expect(is_new, "another ETag after a change", "the one before it", seen)


def _compares(operation: Operation) -> bool:
    """A PUT or PATCH of a member with If-Match and 412, where the read documents an ETag."""
    return _makes_versions(operation) and _refuses_tags(operation)


def _refuses_tags(operation: Operation) -> bool:
    is_refused = operation.documents(HTTPStatus.PRECONDITION_FAILED)
    return is_refused and documented_tag(operation) is not None


def _is_refused(answer: Answer) -> bool:
    # What is accepted for later may be refused later.
    return not answer.is_success or answer.status == HTTPStatus.ACCEPTED


@requirement(
    "operations.stale-change-is-refused",
    Level.MUST,
    "RFC 9110 section 13.1.1: If-Match; the contract: 412",
    _compares,
    mend="Compare If-Match with the ETag of the item as it is stored, and answer 412 otherwise.",
)
@catches(IGNORE_IF_MATCH)
def stale_change_is_refused(probe: Probe) -> None:
    """A second PUT or PATCH with the ETag from before the first is refused."""
    made, reading = make_changed(probe), probe.of(changed_read(probe).operation)
    before, again = (shown(reading, made).header("etag") for _ in range(2))
    if not before or before != again:
        raise NotServed("the reads of an item that stays as it is do not have one ETag")
    change = change_one(probe, made, before)
    if shown(reading, made).header("etag") in {None, before}:
        raise NotServed("the ETag is the same after a change")
    request, value = changed_again(probe, made, change)
    answer = answer_to(probe, request.with_header("If-Match", before))
    expected = "412 to a change with the ETag from before another"
    probe.expect(_is_refused(answer), expected, f"{answer.status}")
    item = item_in(changed_read(probe).shown, shown(reading, made)) or {}
    is_changed = change.name in item and is_same(value, item[change.name])
    seen = f"the new one after the answer {answer.status}"
    probe.expect(not is_changed, f"the {change.name} as it was after a stale change", seen)


def _deleted(operation: Operation) -> Read | None:
    """The read of the item that a DELETE with If-Match and 412 ends, and that documents an ETag."""
    resource = operation.resource if operation.method == "DELETE" else None
    read = read_of(resource.read) if resource and resource.read else None
    is_judged = read and read.delete is operation and _is_tagged(read) and _refuses_tags(operation)
    return read if is_judged else None


@requirement(
    "operations.stale-deletion-is-refused",
    Level.MUST,
    "RFC 9110 section 13.1.1: If-Match; the contract: 412",
    lambda operation: _deleted(operation) is not None,
    mend="Compare the If-Match of a DELETE with the ETag of the item, and answer 412 otherwise.",
)
@catches(IGNORE_IF_MATCH, DELETE_AND_REFUSE)
def stale_deletion_is_refused(probe: Probe) -> None:
    """A DELETE with another ETag than the item has is refused, and the item is still there."""
    read = _deleted(probe.operation)
    if read is None:
        raise NotServed(f"{probe.operation.id} ends no item that a read shows")
    reading = probe.of(read.operation)
    made = make(reading)
    tag = shown(reading, made).header("etag") or ""
    request = probe.on_one(id_of(reading, made))
    if not tag.startswith('"'):
        raise NotServed("the read has no strong ETag")
    answer = answer_to(probe, request.with_header("If-Match", another_tag(tag)))
    after = answer_to(reading, request_for(reading, made))
    seen = f"{after.status} after the answer {answer.status}"
    probe.expect(is_shown(reading, after), "the item still there after a stale deletion", seen)
    expected = "412 to a deletion with another ETag"
    probe.expect(_is_refused(answer), expected, f"{answer.status}")
    own = answer_to(probe, request.with_header("If-Match", after.header("etag") or tag))
    if not own.is_success:
        raise NotVerified(f"the target answers {own.status} to a deletion with the item's ETag")
