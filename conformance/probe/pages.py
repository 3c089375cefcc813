"""How a check reads a list: page by page, up to a bound, and only for what it has made."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from conformance.probe.applicability import creates
from conformance.probe.probe import NotVerified, Probe
from conformance.probe.rate_limits import answer_to
from conformance.target.exchange import Answer, Request

Page = dict[str, Any]

CURSOR = "starting_after"
"""The parameter that says after which item a page begins."""

MOST_PAGES = 100
"""How far a list is read."""


def make(probe: Probe, count: int, partner: int = 0) -> list[Answer]:
    """Make resources of the collection on the path of ``probe``; gives the answers.

    All at once: they stand close together in a list by time, and many have the same time.
    """
    maker = probe.on(probe.operation.path, creates)
    answers = maker.send_at_once([maker.request(partner) for _ in range(count)])
    for answer in answers:
        if answer.status != maker.operation.success_status or not answer.field("id"):
            raise NotVerified(f"{maker.operation.id} answered {answer.status} to a valid request")
    return answers


def items(answer: Answer) -> list[dict[str, Any]]:
    """The items of a page; none where it is no page."""
    found = answer.field("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def pages(
    probe: Probe, limit: int, after: str | None = None, partner: int = 0, most: int | None = None
) -> Iterator[Page]:
    """The pages of a list until it says that there are no more, or so many as ``most``.

    Nothing is verified where a list is longer than anybody wants to read.
    """
    for _ in range(most or MOST_PAGES):
        cursor = {CURSOR: after} if after else {}
        page = page_of(probe, {"limit": limit, **cursor}, partner)
        yield page
        if not page["data"] or not page["has_more"]:
            return
        after = page["data"][-1]["id"]
    if most is None:
        raise NotVerified(f"the list is longer than {MOST_PAGES} pages of {limit}")


def ids_until(probe: Probe, wanted: set[str], partner: int = 0) -> list[str]:
    """The ids of a list in its order, as far as all ``wanted`` ones are seen, or to its end.

    A page that holds nothing new is taken for the end: the list goes in circles.
    """
    seen: list[str] = []
    for page in pages(probe, largest_page(probe), partner=partner):
        new = [one["id"] for one in page["data"]]
        if set(new) <= set(seen):
            break
        seen += new
        if wanted <= set(seen):
            break
    return seen


def page_of(probe: Probe, query: dict[str, Any], partner: int = 0) -> Page:
    """One page; nothing is verified where the answer is none."""
    path = f"{probe.operation.path}?{urlencode(query)}" if query else probe.operation.path
    answer = answer_to(probe, Request("GET", path, partner=partner))
    try:
        page = answer.json()
        whole = all(isinstance(one["id"], str) for one in page["data"])
        if whole and isinstance(page["has_more"], bool) and answer.status == HTTPStatus.OK:
            return dict(page)
    except (ValueError, TypeError, KeyError):
        pass
    raise NotVerified(f"the list answered {answer.status} without a page of items")


def bound(probe: Probe, keyword: str, otherwise: int) -> int:
    """What the contract says of ``limit``."""
    for parameter in probe.operation.parameters:
        if parameter.name == "limit":
            return int(parameter.schema.definition.get(keyword, otherwise))
    return otherwise


def largest_page(probe: Probe) -> int:
    """The most items that a page may hold."""
    return bound(probe, "maximum", 100)


def ids_of(answers: list[Answer]) -> set[str]:
    """The ids in answers to creations."""
    return {str(answer.field("id")) for answer in answers}
