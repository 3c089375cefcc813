"""Shrinking of requests that Schemathesis found: its engine shrinks nothing itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conformance.catalogue.judge import JudgedExchange
from conformance.catalogue.requirement import Requirement
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.exchange import Answer, Request

_MOST_REQUESTS = 30


def shrink(
    probe: Probe, rule: Requirement, exchange: JudgedExchange, violation: Violation
) -> tuple[JudgedExchange, Violation]:
    """The smallest exchange found that still breaks the rule, and its violation."""
    sent = 0
    while sent < _MOST_REQUESTS:
        for smaller in _smaller(probe, exchange.request):
            sent += 1
            tried = replace(exchange, request=smaller, answer=probe.try_to_send(smaller))
            found = rule.violation(tried)
            if found:
                exchange, violation = tried, found
                break
            if sent >= _MOST_REQUESTS:
                break
        else:
            break
    return exchange, violation


def _smaller(probe: Probe, request: Request) -> Iterator[Request]:
    for name, _ in request.headers:
        if name.lower() != "content-type":
            yield request.without_header(name)
    path, _, query = request.path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    for index in range(len(pairs)):
        rest = urlencode(pairs[:index] + pairs[index + 1 :])
        yield replace(request, path=f"{path}?{rest}" if rest else path)
    body = Answer(0, body=request.body).json_object()
    if body is not None:
        yield from map(request.with_json, _smaller_bodies(body, probe.plain_body()))


def _smaller_bodies(body: dict[str, Any], plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in body:
        yield {key: value for key, value in body.items() if key != name}
    for name, value in body.items():
        if isinstance(value, (list, str)) and len(value) > len(NAME_PREFIX):
            yield {**body, name: value[: len(value) // 2]}
        if isinstance(value, (list, dict)) and value:
            yield {**body, name: type(value)()}
        if name in plain and not str(value).startswith(NAME_PREFIX):
            yield {**body, name: plain[name]}
