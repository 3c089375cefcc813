"""Sabotage of validation: servers that accept, coerce or ignore invalid data."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.sabotage import Sabotage, body_of, on_answers, on_requests, with_body
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.target.exchange import Answer, Forward, Request, Tamper

_JSON = "application/json"
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def _accepting(change: Callable[[Request], Request]) -> Tamper:
    """Change refused requests so that the target accepts them."""

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method != "POST" or answer.status not in _REFUSED:
            return answer
        return forward(change(request))

    return tamper


def _corrected(request: Request) -> Request:
    return request.with_json({"name": f"{NAME_PREFIX} corrected"})


def _edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[Request], Request]:
    def change(request: Request) -> Request:
        value: Any = None
        with suppress(ValueError):
            value = json.loads(request.body)
        if not isinstance(value, dict):
            return request
        edit(value)
        return request.with_json(value)

    return change


def _drop(name: str) -> Callable[[Request], Request]:
    return _edited(lambda value: value.pop(name, None))


def _coerce(value: dict[str, Any]) -> None:
    for name, one in value.items():
        if isinstance(one, int | float) and not isinstance(one, bool):
            value[name] = str(one)


def _creating_what_is_refused(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    if request.method == "POST" and answer.status in _REFUSED:
        found = re.search(rb"dinie-conformance [0-9a-f]+", request.body)
        name = found[0].decode() if found else NAME_PREFIX
        forward(request.with_json({"name": name}))
    return answer


def answer_if(
    text: bytes, status: int, name: str, where: Callable[[Request], bytes] = lambda one: one.body
) -> Sabotage:
    """Answer with ``status`` where ``text`` is in the request."""
    return on_answers(
        name,
        lambda request, answer: (
            replace(answer, status=status) if text in where(request) else answer
        ),
    )


def content_type(request: Request) -> bytes:
    """The Content-Type of a request, for :func:`answer_if`."""
    return dict(request.headers).get("Content-Type", "").encode()


def adopting(*names: str) -> Sabotage:
    """Put these members of a request into the answer to it; all of them without names."""

    def changed(request: Request, answer: Answer) -> Answer:
        if answer.status != HTTPStatus.CREATED:
            return answer
        sent = json.loads(request.body)
        taken = {name: sent[name] for name in names or sent if name in sent}
        return with_body(answer, {**body_of(answer), **taken})

    return on_answers(f"take {' and '.join(names) or 'every member'} from the request", changed)


def without_offset(request: Request) -> Request:
    """The same request with every offset of a date-time replaced by ``Z``."""
    body = re.sub(rb"(T[0-9:.]+)[+-](?!00:00)\d\d:\d\d", rb"\1Z", request.body)
    return replace(request, body=body)


def _without_nulls(value: Any) -> Any:
    """A JSON value without the nulls in it."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value if one is not None]
    return value


def _drop_nested_nulls(value: dict[str, Any]) -> None:
    value.update({name: _without_nulls(one) for name, one in value.items()})


def _taking_what_is_nested() -> Tamper:
    """Replace the nested parts of refused bodies by those of an accepted one."""
    good: dict[str, Any] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        sent = Answer(0, body=request.body).json_object()
        if request.method != "POST" or sent is None:
            return answer
        if answer.is_success:
            good.update(sent)
        elif answer.status in _REFUSED and good:
            return forward(request.with_json({**good, **_plain_parts(sent)}))
        return answer

    return tamper


def _plain_parts(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if not isinstance(one, dict | list)}


ACCEPT_ALL = Sabotage("accept what must be refused", lambda: _accepting(_corrected))
COERCE = on_requests("take numbers for text", _edited(_coerce))
IGNORE_DATES = Sabotage("ignore what is no date", lambda: _accepting(_drop("expires_at")))
ANY_TYPE = on_requests("take any Content-Type", lambda one: one.with_header("Content-Type", _JSON))
REPLACE_NULL = on_requests(
    "take null for no name",
    _edited(lambda value: value.update(name="x") if value.get("name") is None else None),
)
CREATE_ALL = Sabotage("create what is refused", lambda: _creating_what_is_refused)
DROP_NESTED_NULLS = on_requests(
    "take null for nothing in nested fields", _edited(_drop_nested_nulls)
)
TAKE_NESTED = Sabotage("do not look at nested fields", _taking_what_is_nested)
