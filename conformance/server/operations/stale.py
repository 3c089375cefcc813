"""Requirements on a change with ``If-Match``: it is of the version that its client has read."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changes import changed_read, changed_text, changing, read_behind
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import shown
from conformance.server.operations.sabotage import IGNORE_IF_MATCH
from conformance.server.operations.usual import make_changed, served
from openapi.operation import Operation


def _compares(operation: Operation) -> bool:
    """A PUT or PATCH of a text with If-Match and 412, where the read documents an ETag."""
    read = read_behind(operation)
    if read is None or changed_text(operation) is None:
        return False
    answer = read.operation.response(read.operation.success_status)
    is_tagged = any(one.name.lower() == "etag" for one in (answer.headers if answer else ()))
    is_asked = any((one.location, one.name.lower()) == ("header", "if-match")
                   for one in operation.parameters)  # fmt: skip
    return is_tagged and is_asked and operation.documents(HTTPStatus.PRECONDITION_FAILED)


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
