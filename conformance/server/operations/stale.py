"""Requirements on versions: a change makes another, and with ``If-Match`` is of the one read."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changes import changed_read, changed_text, changing, read_behind
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import item_in, looks, shown
from conformance.probe.values import header
from conformance.server.operations.sabotage import IGNORE_IF_MATCH, ONE_ETAG
from conformance.server.operations.usual import make_changed, served
from openapi.operation import Operation


def _makes_versions(operation: Operation) -> bool:
    """A PUT or PATCH of a text, where the read documents an ETag."""
    read = read_behind(operation)
    if read is None or changed_text(operation) is None:
        return False
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
    """A read that shows a text which a PUT or PATCH has changed has no strong ETag of before it."""
    read, member = changed_read(probe), changed_text(probe.operation) or ""
    reading, text = probe.of(read.operation), probe.new_name()
    made = make_changed(probe)
    before = shown(reading, made).header("etag")
    if not before or not before.startswith('"'):
        raise NotServed("the read has no strong ETag")
    served(probe, changing(probe, made, text))
    for _ in looks(probe):
        after = shown(reading, made)
        if (item_in(read.shown, after) or {}).get(member) == text:
            is_new, seen = after.header("etag") != before, header(after, "etag")
            probe.expect(is_new, "another ETag after a change", "the one before it", seen)
            return
    raise NotServed(f"the read does not show the {member} that was changed")


def _compares(operation: Operation) -> bool:
    """A PUT or PATCH of a text with If-Match and 412, where the read documents an ETag."""
    is_asked = any((one.location, one.name.lower()) == ("header", "if-match")
                   for one in operation.parameters)  # fmt: skip
    return (
        _makes_versions(operation)
        and is_asked
        and operation.documents(HTTPStatus.PRECONDITION_FAILED)
    )


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
    served(probe, changing(probe, made, probe.new_name()).with_header("If-Match", before))
    if shown(reading, made).header("etag") in {None, before}:
        raise NotServed("the ETag is the same after a change")
    stale = changing(probe, made, probe.new_name()).with_header("If-Match", before)
    answer = answer_to(probe, stale)
    # What is accepted for later may be refused later.
    holds = not answer.is_success or answer.status == HTTPStatus.ACCEPTED
    probe.expect(holds, "412 to a change with the ETag from before another", f"{answer.status}")
