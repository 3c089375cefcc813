"""Answers that are not the API's: of a proxy or a gateway in front, or of another server."""

import re
from contextlib import suppress
from html import unescape
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from conformance.target import transport
from conformance.target.errors import (
    AnswerOutOfBounds,
    AnswerOverdue,
    ConnectionClosed,
    TargetError,
)
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from dinie_contract.output import excerpt, one_line
from openapi.contract import Contract

_REDIRECTS = {301, 302, 303, 307, 308}
"""RFC 9110 section 15.4: the redirects whose Location is a URL to be asked instead."""

_REFUSALS = {401, 403, 407, 451, 511}
"""The statuses with which a proxy lets nobody through, or nobody to this target."""

_NOT_THERE = {404, 405, 501}

_LONGEST_LOCATION, _LONGEST_TITLE, _LONGEST_QUOTE = 200, 80, 200
_READ = 20_000
"""So many bytes of a page may hold its title."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_OF_CERTIFICATES = re.compile(
    r"\b(?:client|ssl|tls)[- ](?:\w+ )?certificate\b|\bcertificate (?:is )?required\b",
    re.IGNORECASE,
)
_BY_CERTIFICATE = {400, 401, 403, 495, 496}
"""The statuses of a gateway without the client certificate that it wants; two are of nginx."""


def expect_let_in(target: Target, answer: Answer) -> None:
    """Raise :class:`TargetError` if an answer leads elsewhere, or wants another way of connecting.

    The line names what may have answered, and what mends it.
    """
    url, connection = target.base_url, target.settings.connection
    _expect_no_redirect(target, answer)
    if answer.status == HTTPStatus.BAD_REQUEST and answer.json_object() is None:
        # That is what a server of TLS answers in plain HTTP.
        told = transport.scheme_reason(url, connection)
        if told:
            raise TargetError(told)
    said = _said(answer) if answer.status in _BY_CERTIFICATE else ""
    if url.startswith("https:") and _OF_CERTIFICATES.search(said):
        raise TargetError(
            f'{url} answered {answer.status} ("{_short(said)}"): a gateway in front wants'
            f" {transport.certificate_mend(connection)}"
        )


def expect_of_api(target: Target, answer: Answer) -> None:
    """As :func:`expect_let_in`, and for a web page as well, which is no answer of the API."""
    expect_let_in(target, answer)
    url = target.base_url
    proxy = transport.answering_proxy(url, target.settings.connection)
    # An API that refuses a token may well do so by a page.
    if not _is_page(answer) or (proxy is None and answer.status == HTTPStatus.UNAUTHORIZED):
        return
    mend = (
        f"the proxy {proxy} may have answered in its place: check --proxy, then --url"
        if proxy is not None
        else "a proxy or a gateway in front, or not the API's base URL"
    )
    raise TargetError(f"{url} answered {answer.status} with a web page{_titled(answer)}: {mend}")


def expect_way_through(target: Target, contract: Contract, partner: int | None) -> None:
    """Raise :class:`TargetError` if a plain GET does not get through a proxy.

    Only one that passes on plain HTTP can answer itself. It may close the connection of a POST
    before its answer is read, so that what is refused looks like a fault of the target.
    """
    url = target.base_url
    proxy = transport.answering_proxy(url, target.settings.connection)
    if proxy is None:
        return
    try:
        answer = target.send(plain_request(contract, partner))
    except (ConnectionClosed, AnswerOverdue, AnswerOutOfBounds):
        return  # the target may do that as well: it is for the checks to judge
    if _is_documented(contract, answer) or answer.status in _NOT_THERE:
        return
    _expect_no_redirect(target, answer)
    if _is_page(answer) or answer.status in _REFUSALS:
        page = f" with a web page{_titled(answer)}" if _is_page(answer) else ""
        raise TargetError(
            f"{url} answered {answer.status}{page}: the proxy {proxy} may have answered"
            " in its place: check --proxy and its user and password, then --url and --token"
        )


def expect_base_path(target: Target, contract: Contract, first: Answer | None) -> None:
    """Raise :class:`TargetError` if the API is below the base path that the URL does not have.

    That is so where a plain GET finds nothing, and something below the path of the contract's
    servers. It has had the ``first`` answer where it was asked for before.
    """
    url, base = target.base_url, contract.base_path
    path = urlsplit(url).path.rstrip("/")
    if not base or path.endswith(base):
        return
    below = base.removeprefix(path) if base.startswith(f"{path}/") else base
    plain = plain_request(contract)
    with suppress(ConnectionClosed, AnswerOverdue, AnswerOutOfBounds):
        first = first or target.send(plain)
        if first.status != HTTPStatus.NOT_FOUND:
            return
        answer = target.send(plain.at(f"{below}{plain.path}"))
        if not (answer.status in _NOT_THERE or answer.is_server_error or _is_page(answer)):
            raise TargetError(
                f"{url} answers {first.status} to GET {plain.path}, and {answer.status} below"
                f" {below}, the path of the contract's servers: give --url with it"
            )


def plain_request(contract: Contract, partner: int | None = None) -> Request:
    """A GET that any target can answer, if only by a refusal."""
    plain = [one for one in contract.operations.values() if "{" not in one.path]
    found = next((one for one in plain if one.method == "GET"), plain[0] if plain else None)
    places = contract.token_places(found) if found else None
    return Request("GET", found.path if found else "/", partner=partner, token_places=places)


def _expect_no_redirect(target: Target, answer: Answer) -> None:
    url, location = target.base_url, answer.header("location")
    # A redirect within the API is for the checks to judge.
    if (
        answer.status not in _REDIRECTS
        or location is None
        or f"{urljoin(f'{url}/', location)}/".startswith(f"{url}/")
    ):
        return
    led = f"{answer.status}, Location: {excerpt(location, _LONGEST_LOCATION)}"
    proxy = transport.answering_proxy(url, target.settings.connection)
    if proxy is not None:
        raise TargetError(
            f"{url} leads elsewhere ({led}), or the proxy {proxy} does in its place: check"
            " --proxy, then --url"
        )
    raise TargetError(
        f"{url} leads elsewhere ({led}): give the API's own base URL in --url,"
        " and what a login in front wants as --header"
    )


def _is_documented(contract: Contract, answer: Answer) -> bool:
    """Whether the contract has answers with this status, in this media type."""
    found = (one.response(answer.status) for one in contract.operations.values())
    return any(one and one.describes(answer.content_type) for one in found)


def _is_page(answer: Answer) -> bool:
    return answer.media_type == "text/html" and answer.body.lstrip().startswith(b"<")


def _title(answer: Answer) -> str:
    """The title of a web page; empty for any other answer, and a page without one."""
    found = _TITLE.search(_text(answer)) if _is_page(answer) else None
    return _plain(found[1]) if found else ""


def _titled(answer: Answer) -> str:
    title = _short(_title(answer))
    return f' ("{title}")' if title else ""


def quoted(answer: Answer) -> str:
    """The beginning of what an answer says, in quotes; empty where it says nothing."""
    text = excerpt(one_line(_said(answer)), _LONGEST_QUOTE)
    return f': "{text}"' if text else ""


def _said(answer: Answer) -> str:
    """The title of a page, or else its text; of any other answer the body."""
    return _title(answer) or _plain(_text(answer))


def _text(answer: Answer) -> str:
    return answer.body[:_READ].decode("utf-8", "replace")


def _plain(text: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", text)).split())


def _short(text: str) -> str:
    return excerpt(text, _LONGEST_TITLE)
