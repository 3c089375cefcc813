"""Secrets that somebody asks for again: no page, no single resource and no revocation shows one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from conformance.catalogue.judge import ANY_STATUS, Judge, JudgedExchange
from conformance.catalogue.mends import HIDE_SECRETS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, with_body
from conformance.probe.applicability import shows
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import items, largest_page, query_for
from conformance.probe.probe import Probe
from conformance.probe.revocation import revocation_of, revokes
from conformance.probe.values import hidden
from conformance.probe.violation import expect
from conformance.server.secrets.shown import (
    SAFETY,
    WITH_SECRETS,
    known_secrets,
    remembering,
    traces_of,
    with_items,
)
from conformance.target.exchange import Answer, Request, path_to, query_with
from conformance.target.members import identifier_in
from openapi.paging import Paging

_FOR_THE_MEMBER = ("expand", "include", "fields", "select", "embed", "with", "show", "reveal")
_FOR_ALL: Mapping[str, str] = {
    "expand[]": "data.{secret}",
    "view": "full",
    "with_secrets": "true",
    "include_secrets": "true",
    "show_secret": "true",
    "{secret}": "true",
    "unmask": "true",
    "verbose": "true",
    "debug": "1",
}
"""Query parameters in which APIs take what an answer is to show, beside those for a member."""


def _asking(secret: str) -> dict[str, str]:
    """Query parameters that ask for a secret, by the name of its member."""
    more = {
        name.format(secret=secret): text.format(secret=secret) for name, text in _FOR_ALL.items()
    }
    return {**dict.fromkeys(_FOR_THE_MEMBER, secret), **more}


def _on_pages(name: str, asks: Callable[[Mapping[str, list[str]]], bool]) -> Sabotage:
    """A list whose items have their secrets where the query asks for them."""

    def tell(request: Request, answer: Answer, known: dict[str, str]) -> Answer:
        asked = parse_qs(request.path.partition("?")[2])
        if request.method != "GET" or not asks(asked):
            return answer
        return with_items(answer, lambda one: {**one, "client_secret": known.get(one["id"])})

    return Sabotage(name, lambda: remembering(tell))


def _asks_for(name: str) -> Sabotage:
    return _on_pages(f"show secrets for {name}", lambda asked: name in asked)


def _on_one(name: str, method: str, *statuses: int) -> Sabotage:
    """The answers to a method on a single resource show its secret."""

    def tell(request: Request, answer: Answer, known: dict[str, str]) -> Answer:
        last = request.path.partition("?")[0].rpartition("/")[2]
        if request.method != method or last == "credentials" or not known:
            return answer
        if statuses and answer.status not in statuses:
            return answer
        status = HTTPStatus.OK if answer.status == HTTPStatus.NO_CONTENT else answer.status
        told = Answer(status, (("content-type", "application/json"),))
        return with_body(told, {"id": last, "client_secret": [*known.values()][-2:]})

    return Sabotage(name, lambda: remembering(tell))


def _show_revoked() -> Sabotage:
    def tell(_: Request, answer: Answer, known: dict[str, str]) -> Answer:
        def old(one: dict[str, Any]) -> dict[str, Any]:
            return {**one, "old": known.get(one["id"])} if one["status"] == "revoked" else one

        return with_items(answer, old)

    return Sabotage("list the secrets of what is revoked", lambda: remembering(tell))


def _no_secret_when_revoked(exchange: JudgedExchange) -> None:
    secrets = known_secrets(exchange)
    # An error with a secret breaks a requirement on errors.
    if not exchange.answer.is_error:
        told = hidden(exchange.answer, secrets)
        expect(not told, "no secret in the answer to a revocation", "a secret", *told)


@requirement(
    "secrets.never-shown-again",
    Level.MUST,
    SAFETY,
    shows(secret=True),
    judges=(Judge(_no_secret_when_revoked, WITH_SECRETS, ANY_STATUS, applies_to=revokes),),
    mend=HIDE_SECRETS,
)
@catches(
    *(_asks_for(name) for name in ("expand", "include", "fields", "with_secrets", "debug")),
    _on_one("show the secret of one resource", "GET"),
    _on_one("show the secret to who revokes", "DELETE", 204),
    _on_one("show the secret to who revokes again", "DELETE", 404, 409),
    _on_one("show the secret where options are asked for", "OPTIONS"),
    _show_revoked(),
)
def never_shown_again(probe: Probe) -> None:
    """Whoever asks for a secret again, of a list, one resource or a revocation, is shown none."""
    made, other = (probe.make() for _ in range(2))
    traces = {*traces_of(probe, made, other), *traces_of(probe, other, made)}
    if not traces:
        raise NotVerified("the secret is too short to be looked for")
    asking = _asking(str(probe.resource.secret))
    page = _page_beside(probe, made, other)
    for request in (
        *(_each_way(probe, page, asking) if page else ()),
        *_of_one(probe, made, asking),
        *_revoking(probe, made),
        *([page] if page else ()),
    ):
        answer = probe.try_to_send(request, tries=1)
        told = hidden(answer, traces)
        actual = f"one in a {answer.status}"
        probe.expect(not told, "no secret that was shown before", actual, *told)


def _page_beside(probe: Probe, made: Answer, other: Answer) -> Request | None:
    """The request for a page that shows one of two new resources; None where there is no list."""
    if not probe.is_listed:
        return None
    listing = probe.listing
    for after in (other, made, None):
        is_id = listing.page_members.paging is Paging.AFTER
        cursor = probe.known_id_of(after) if after and is_id else None
        query = query_for(listing, largest_page(listing), cursor)
        request = listing.request(query=query)
        shown = items(listing.operation, probe.send(request))
        ids = {identifier_in(one, probe.resource.id) for one in shown}
        if ids & {probe.known_id_of(one) for one in (made, other) if one is not after}:
            return request
    return None


def _each_way(probe: Probe, page: Request, asking: Mapping[str, str]) -> Iterator[Request]:
    """The page with all that asks for secrets, and one by one where that is refused together."""
    mark = "&" if "?" in page.path else "?"
    whole = page.at(f"{page.path}{mark}{query_with(asking)}")
    yield whole
    if probe.recording.exchanges[-1][1].status != HTTPStatus.OK:
        for name, text in asking.items():
            yield page.at(f"{page.path}{mark}{query_with({name: text})}")


def _of_one(probe: Probe, made: Answer, asking: Mapping[str, str]) -> Iterator[Request]:
    """Requests for one resource, which the contract need not have."""
    resource = probe.resource
    handle = made.identifier(resource.handle) or probe.known_id_of(made)
    path = f"{probe.creating.path()}{path_to('/{id}', handle)}"
    own = Request("GET", path, token_places=probe.creating.token_places)
    for method in ("GET", "HEAD", "OPTIONS"):
        yield replace(own, method=method)
    yield own.at(f"{path}?{query_with(asking)}")
    yield own.at(f"{path}/{resource.secret}")


def _revoking(probe: Probe, made: Answer) -> Iterator[Request]:
    """A revocation, and the same one again, where there are any."""
    if probe.is_revocable:
        yield from [revocation_of(probe.revoking, made)] * 2
