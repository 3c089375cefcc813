"""Sabotage: lists that lose or repeat items, or answer a wrong ``has_more``."""

import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conformance.catalogue.sabotage import Sabotage, body_of, on_answers, on_requests, with_body
from conformance.target.exchange import Answer, Forward, Request, Tamper

VENDOR = "vendor facts: lists give {data, has_more}, starting_after and limit (1 to 100)"


Page = dict[str, Any]
"""The JSON of a page, as the bundled contract has it."""


def query_of(request: Request) -> dict[str, str]:
    """The query parameters of a request."""
    return dict(parse_qsl(request.path.partition("?")[2]))


def is_list(request: Request) -> bool:
    """Whether a request reads a page of the list."""
    return request.method == "GET"


def on_pages(name: str, edit: Callable[[Request, Page], object]) -> Sabotage:
    """Edit every page, in place."""

    def changed(request: Request, answer: Answer) -> Answer:
        page = body_of(answer) if is_list(request) and answer.status == HTTPStatus.OK else None
        if not page:
            return answer
        edit(request, page)
        return with_body(answer, page)

    return on_answers(name, changed)


def _without(*names: str) -> Callable[[Request], Request]:
    def changed(request: Request) -> Request:
        if not is_list(request):
            return request
        query = {key: value for key, value in query_of(request).items() if key not in names}
        return replace(request, path=f"{request.path.partition('?')[0]}?{urlencode(query)}")

    return changed


def _lose_item(request: Request, page: Page) -> None:
    if "starting_after" in query_of(request):
        del page["data"][:1]


def _more_when_full(request: Request, page: Page) -> None:
    if len(page["data"]) == int(query_of(request).get("limit", "25")):
        page["has_more"] = True


def _repeating() -> Tamper:
    """The first item of a page is the last one of the page before."""
    seen: dict[str, Any] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        page = body_of(answer) if is_list(request) and answer.status == HTTPStatus.OK else None
        if not page:
            return answer
        with lock:
            before = seen.get(query_of(request).get("starting_after", ""))
            seen.update({item["id"]: item for item in page["data"]})
        if before:
            page["data"] = [before, *page["data"]]
        return with_body(answer, page)

    return tamper


IGNORE_LIMIT = on_requests("ignore limit", _without("limit"))
LOSE_ITEM = on_pages("lose an item between pages", _lose_item)
REPEAT_ITEM = Sabotage("repeat an item on the next page", _repeating)
IGNORE_CURSOR = on_requests("give the first page again", _without("starting_after"))
MORE_ALWAYS = on_pages("always say more", lambda _, page: page.update(has_more=True))
MORE_WHEN_FULL = on_pages("say more on every full page", _more_when_full)
MORE_NEVER = on_pages("never say more", lambda _, page: page.update(has_more=False))
HIDE_ALL = on_pages("list nothing", lambda _, page: page.update(data=[], has_more=False))
