"""Lists of items that are made in others: each shows what was made in its own parent alone."""

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import MOST_PAGES, largest_page, make, marks_of, query_for
from conformance.probe.paging import Cursor, page_in
from conformance.probe.parents import in_another_parent, parent_of
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.repetition import Repetition
from conformance.probe.violation import expect_news
from conformance.server.created.answers import json_object
from conformance.server.reads.sabotage import OF_ANY_PARENT
from conformance.target.capabilities import Capability
from openapi.operation import Operation


def _is_in_parent(operation: Operation) -> bool:
    return lists(operation) and bool(parent_of(operation.resource))


@requirement(
    "reads.list-is-of-its-parent",
    Level.MUST,
    "the contract: a list below an item is that of what was made in it",
    _is_in_parent,
    needs=(Capability.LISTING,),
    mend="Filter a list by each id in its path.",
)
@catches(OF_ANY_PARENT)
def list_is_of_its_parent(probe: Probe) -> None:
    """The list in a new parent shows nothing that was made in another one."""
    marks = marks_of(probe, map(json_object, make(probe, 1)))
    if not marks:
        raise NotServed("nothing tells an item from another one with the same id")
    first = in_another_parent(probe, probe.resource, probe.request())
    path, limit = first.path.partition("?")[0], largest_page(probe)
    after: Cursor | None = None
    repetition = Repetition()
    for _ in range(MOST_PAGES):
        query = query_for(probe, limit, after)
        asked = probe.request(query=query)
        answer = answer_to(probe, asked.at(f"{path}?{asked.path.partition('?')[2]}".rstrip("?")))
        page = page_in(probe.page_members, probe.resource.id, answer, query)
        if page is None or not answer.is_success:
            raise NotVerified(f"the list in a new parent answered {answer.status} without a page")
        foreign = marks & marks_of(probe, page.items)
        probe.expect(not foreign, "nothing that was made in another parent", "an item of it")
        if not page.has_more or not (page.ids or probe.page_members.next):
            return
        if repetition.ends_with(page.ids):
            return
        repetition.add(page.ids, may_be_last=page.may_be_last)
        expect_news(repetition)
        after = page.next
