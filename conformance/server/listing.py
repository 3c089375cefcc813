"""Lists: complete, without repeats, and only one's own (vendor facts: cursor pagination).

A target may hold thousands of keys and others may be making more, so that only the keys that a
check has made are counted. Where they stand is found with large pages; small ones start there.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conformance.applicability import lists
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.probe import NotVerified, Probe
from conformance.registry import requirement
from conformance.sabotage import (
    Forward,
    Sabotage,
    Tamper,
    edit_body,
    on_answers,
    on_requests,
    with_body,
)
from conformance.server.pages import (
    Page,
    bound,
    ids_of,
    ids_until,
    largest_page,
    make,
    page_of,
    pages,
)
from conformance.server.rate_limits import answer_to

VENDOR = "vendor facts: lists give {data, has_more}, starting_after and limit (1 to 100)"
SAFETY = "safety: never a 5xx for anything a client sends"

_SOME = 5


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.path.partition("?")[2]))


def _is_list(request: Request) -> bool:
    return request.method == "GET"


def _on_pages(name: str, edit: Callable[[Request, Page], object]) -> Sabotage:
    def changed(request: Request, answer: Answer) -> Answer:
        page = answer.json() if _is_list(request) and answer.status == HTTPStatus.OK else None
        if not page:
            return answer
        edit(request, page)
        return with_body(answer, page)

    return on_answers(name, changed)


def _without(*names: str) -> Callable[[Request], Request]:
    def changed(request: Request) -> Request:
        if not _is_list(request):
            return request
        query = {key: value for key, value in _query(request).items() if key not in names}
        return replace(request, path=f"{request.path.partition('?')[0]}?{urlencode(query)}")

    return changed


def _lose_item(request: Request, page: Page) -> None:
    if "starting_after" in _query(request):
        del page["data"][:1]


def _repeating() -> Tamper:
    """The first item of a page is the last one of the page before."""
    seen: dict[str, Any] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        page = answer.json() if _is_list(request) and answer.status == HTTPStatus.OK else None
        if not page:
            return answer
        with lock:
            before = seen.get(_query(request).get("starting_after", ""))
            seen.update({item["id"]: item for item in page["data"]})
        if before:
            page["data"] = [before, *page["data"]]
        return with_body(answer, page)

    return tamper


def _telling_secrets() -> Tamper:
    secrets: dict[str, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if answer.field("client_secret"):
            secrets[answer.field("id")] = answer.field("client_secret")
        if not _is_list(request) or answer.status != HTTPStatus.OK:
            return answer
        page = answer.json()
        for item in page["data"]:
            if item["id"] in secrets:
                item["note"] = secrets[item["id"]]
        return with_body(answer, page)

    return tamper


def _endless_page(request: Request, answer: Answer) -> Answer:
    if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY or "limit" not in _query(request):
        return answer
    page = {"data": [{"id": f"item {number}"} for number in range(200)], "has_more": False}
    return with_body(replace(answer, status=200), page)


def _fail_on_strange(request: Request, answer: Answer) -> Answer:
    return (
        replace(answer, status=500) if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else answer
    )


def _foreign(request: Request) -> Request:
    return replace(request, partner=0) if request.partner else request


def _hundred_by_default(request: Request) -> Request:
    if not _is_list(request) or "limit" in _query(request):
        return request
    return replace(request, path=f"{request.path}{'&' if '?' in request.path else '?'}limit=100")


IGNORE_LIMIT = on_requests("ignore limit", _without("limit"))
LOSE_ITEM = _on_pages("lose an item between pages", _lose_item)
REPEAT_ITEM = Sabotage("repeat an item on the next page", _repeating)
IGNORE_CURSOR = on_requests("give the first page again", _without("starting_after"))
MORE_ALWAYS = _on_pages("always say more", lambda _, page: page.update(has_more=True))
MORE_NEVER = _on_pages("never say more", lambda _, page: page.update(has_more=False))
HIDE_ALL = _on_pages("list nothing", lambda _, page: page.update(data=[], has_more=False))


@requirement(
    id="lists.page-has-its-shape",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(
        edit_body(200, "drop has_more", lambda page: page.pop("has_more", None)),
        edit_body(200, "has_more as text", lambda page: page.update(has_more="false")),
        edit_body(200, "data as an object", lambda page: page.update(data={})),
        _on_pages("drop status", lambda _, page: [one.pop("status") for one in page["data"]]),
        _on_pages(
            "times as numbers",
            lambda _, page: [one.update(created_at=1803945600) for one in page["data"]],
        ),
    ),
)
def page_has_its_shape(probe: Probe) -> None:
    """A page is what the contract's schema says, and so is each item on it."""
    make(probe, 1)
    answer = answer_to(probe, probe.request())
    documented = probe.operation.answer(answer.status)
    content = documented.content.get(answer.media_type) if documented else None
    if content is None or content.schema is None:
        raise NotVerified(f"nothing is documented for {answer.status} {answer.media_type}")
    try:
        faults = content.schema.errors(answer.json())
    except ValueError:
        faults = []
        probe.expect(False, "a page as JSON", "a body that is not JSON")  # noqa: FBT003 - it is not
    wrong = "; ".join(f"{one.param} {one.detail}" for one in faults[:3])
    probe.expect(not faults, f"a page as documented: {wrong}", f"{len(faults)} faults")


@requirement(
    id="lists.created-is-listed",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(
        HIDE_ALL,
        _on_pages("other names", lambda _, page: [one.update(name="x") for one in page["data"]]),
        _on_pages(
            "all revoked", lambda _, page: [one.update(status="revoked") for one in page["data"]]
        ),
    ),
)
def created_is_listed(probe: Probe) -> None:
    """What was created is in the list, as the answer to its creation showed it."""
    (made,) = make(probe, 1)
    for page in pages(probe, largest_page(probe)):
        for item in page["data"]:
            if item["id"] == made.field("id"):
                for name in ("client_id", "name", "status"):
                    same = item.get(name) == made.field(name)
                    probe.expect(same, f"the {name} of the creation in the list", "another")
                return
    probe.expect(False, "the created one in the list", "a list without it")  # noqa: FBT003 - it is not there


@requirement(
    id="lists.pagination-is-complete",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(LOSE_ITEM, REPEAT_ITEM, IGNORE_CURSOR, MORE_NEVER, HIDE_ALL),
)
def pagination_is_complete(probe: Probe) -> None:
    """Pages of any size together show everything once: nothing is lost, nothing repeated."""
    own, after, span = _whereabouts(probe, ids_of(make(probe, _SOME)))
    for size in (1, 2, 3):
        limit = max(size, span // 20)
        found: list[str] = []
        for page in pages(probe, limit, after, most=span // limit + 20):
            found += [one["id"] for one in page["data"] if one["id"] in own]
            if own <= set(found):
                break
        probe.expect(own <= set(found), f"all {len(own)} in pages of {limit}", f"{len(set(found))}")
        repeated = len(found) - len(set(found))
        probe.expect(not repeated, f"each once in pages of {limit}", f"{repeated} more than once")


def _whereabouts(probe: Probe, own: set[str]) -> tuple[set[str], str | None, int]:
    """One's own ids, the cursor just before them, and how many items they are spread over."""
    seen = ids_until(probe, own)
    places = [place for place, one in enumerate(seen) if one in own]
    probe.expect(own <= set(seen), f"all {len(own)} created ones in the list", f"{len(places)}")
    probe.expect(len(places) == len(own), "each created one once", f"{len(places)} for {len(own)}")
    first = places[0]
    return own, seen[first - 1] if first else None, places[-1] - first + 1


@requirement(
    id="lists.has-more-is-true",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(MORE_ALWAYS, MORE_NEVER),
)
def has_more_is_true(probe: Probe) -> None:
    """``has_more`` says whether another page follows."""
    _, after, _ = _whereabouts(probe, ids_of(make(probe, 2)))
    cursor = {"starting_after": after} if after else {}
    page = page_of(probe, {"limit": 1, **cursor})
    probe.expect(page["has_more"], "has_more true where another item follows", "false")
    for _ in range(2):  # twice: what followed may have gone just then
        if not _says_more_at_the_end(probe):
            return
    probe.expect(False, "has_more false on the last page", "true")  # noqa: FBT003 - seen twice


def _says_more_at_the_end(probe: Probe) -> bool:
    """Whether the list says that there are more and then shows none."""
    return any(not page["data"] for page in pages(probe, largest_page(probe)))


@requirement(
    id="lists.limit-is-respected",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(IGNORE_LIMIT,),
)
def limit_is_respected(probe: Probe) -> None:
    """A page holds no more items than ``limit`` says."""
    make(probe, 3)
    for limit in (1, 2):
        count = len(page_of(probe, {"limit": limit})["data"])
        probe.expect(count <= limit, f"at most {limit}", f"{count} items")


@requirement(
    id="lists.default-page-is-small",
    level=Level.SHOULD,
    source="vendor facts: limit is 25 by default",
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(on_requests("pages of 100 by default", _hundred_by_default),),
)
def default_page_is_small(probe: Probe) -> None:
    """Without ``limit`` a page holds no more items than the documented default."""
    default = bound(probe, "default", 25)
    there = len(page_of(probe, {"limit": min(largest_page(probe), default + 1)})["data"])
    if there <= default:
        make(probe, default + 1 - there)
    count = len(page_of(probe, {})["data"])
    probe.expect(count <= default, f"at most {default} items", f"{count}")


@requirement(
    id="lists.only-ones-own",
    level=Level.MUST,
    source="safety: nobody sees another partner's keys",
    applies_to=lists,
    needs=(Capability.LISTING, Capability.SECOND_PARTNER),
    sabotage=(
        on_requests("take all for one partner", _foreign),
        on_requests(
            "list for the one who owns the cursor",
            lambda one: replace(one, partner=1) if "starting_after" in _query(one) else one,
        ),
    ),
)
def only_ones_own(probe: Probe) -> None:
    """A list shows nothing that another partner has made, whatever the cursor."""
    foreign = make(probe, 2, partner=1)
    own = make(probe, 2)
    for answer in foreign:
        query = urlencode({"starting_after": answer.field("id"), "limit": 5})
        page = answer_to(probe, Request("GET", f"{probe.operation.path}?{query}"))
        shown = page.status < HTTPStatus.BAD_REQUEST and _shows(page, ids_of(foreign))
        probe.expect(not shown, "none of another partner's keys after its id", "one of them")
    for partner, hidden in ((0, ids_of(foreign)), (1, ids_of(own))):
        visible = set(ids_until(probe, hidden, partner))
        probe.expect(
            not hidden & visible, "none of another partner's keys", f"{len(hidden & visible)}"
        )


def _shows(answer: Answer, ids: set[str]) -> bool:
    return any(one.encode() in answer.body for one in ids)


@requirement(
    id="lists.no-secrets",
    level=Level.MUST,
    source="seed: client_secret, shown only once",
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(Sabotage("tell the secrets", _telling_secrets),),
)
def no_secrets(probe: Probe) -> None:
    """A list never shows the secret of a key, under any name."""
    made = make(probe, 2)
    secrets = [str(one.field("client_secret")) for one in made if one.field("client_secret")]
    missing = ids_of(made)
    for page in pages(probe, largest_page(probe)):
        text = json.dumps(page["data"], ensure_ascii=False)
        probe.expect(not any(one in text for one in secrets), "no secret in a list", "a secret")
        missing -= {one["id"] for one in page["data"]}
        if not missing:
            return
    raise NotVerified("the list does not show the keys whose secrets are known")


@requirement(
    id="lists.strange-parameters-are-no-failure",
    level=Level.MUST,
    source=SAFETY,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(on_answers("fail on what is wrong", _fail_on_strange),),
)
def strange_parameters_are_no_failure(probe: Probe) -> None:
    """Unknown cursors and limits out of range are refused or overlooked; nothing fails."""
    texts = ("", "0", "-1", "1.5", "x", "9" * 40, "null", "\0", "é", "'", "../..", "y" * 2000)
    queries = [urlencode({name: text}) for name in ("limit", "starting_after") for text in texts]
    for query in (*queries, "limit=1&limit=2", "limit[]=1", "starting_after=%ff", "limit=%"):
        answer = probe.send(Request("GET", f"{probe.operation.path}?{query}"))
        failed = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        probe.expect(not failed, "no server error", f"{answer.status} to ?{query[:40]}")


@requirement(
    id="lists.limit-out-of-range-is-no-larger-page",
    level=Level.SHOULD,
    source=VENDOR,
    applies_to=lists,
    needs=(Capability.LISTING,),
    sabotage=(on_answers("give pages of any size", _endless_page),),
)
def limit_out_of_range_is_no_larger_page(probe: Probe) -> None:
    """A limit out of range is refused, or gives a page of a permitted size."""
    largest = largest_page(probe)
    for limit in (0, -1, largest + 1, 1_000_000):
        answer = answer_to(probe, Request("GET", f"{probe.operation.path}?limit={limit}"))
        page = answer.field("data") if answer.status == HTTPStatus.OK else []
        count = len(page) if isinstance(page, list) else 0
        probe.expect(count <= largest, f"at most {largest} for limit {limit}", f"{count} items")
