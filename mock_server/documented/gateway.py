"""Answers beyond the contract, as a gateway before the API gives them."""

from http import HTTPStatus
from typing import Literal, get_args

import orjson

from mock_server.documented.answers import DocumentedAnswers, Wish
from mock_server.documented.error_texts import with_codes
from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.problems import BLANK, MEDIA_TYPE, Response
from openapi.media_types import is_json
from openapi.operation import Operation, media_type_of

GatewayBody = Literal["problem", "html", "empty"]
"""The body of such an answer: a problem document, a page, or nothing."""

GATEWAY_BODIES: tuple[GatewayBody, ...] = get_args(GatewayBody)

_NO_CONTENT = (204, 205, 304)
_FIRST_ERROR = 400


def is_gateways(status: int) -> bool:
    """Whether a gateway may answer a status to any request, whatever the operation documents."""
    return status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500  # noqa: PLR2004 - server errors


def response_with(
    answers: DocumentedAnswers,
    operation: Operation,
    status: int,
    body: GatewayBody | None = None,
    wish: Wish | None = None,
) -> Response:
    """The response with a status: the documented one, or a gateway's where there is none.

    A ``body`` makes it a gateway's in any case. A made-up error has codes that fit its status.
    Raises a 501 for a documented response that cannot be made.
    """
    documented = operation.response(status) if body is None else None
    if documented is None:
        return gateway_response(status, body)
    response = answers.response(operation, status, wish)
    name = response.media_type or ""
    made = media_type_of(documented.content, name) if is_json(name) else None
    if status >= _FIRST_ERROR and made and made.schema and not made.examples:
        value = with_codes(read_json(response.body), made.schema, status)
        response.body = write_json(value)
    return response


def gateway_response(status: int, body: GatewayBody | None = None) -> Response:
    """A gateway's response: by default a problem document for an error, and else without a body."""
    if status in _NO_CONTENT or body == "empty" or (body is None and status < _FIRST_ERROR):
        return Response(status)
    title = _title(status)
    if body == "html":
        name = f"{status} {title}"
        page = (
            f"<!DOCTYPE html>\n<html><head><title>{name}</title></head>\n"
            f"<body><h1>{name}</h1><hr><p>gateway</p></body></html>\n"
        )
        # A page must not be of the origin that the control plane trusts.
        headers = {"Content-Security-Policy": "sandbox"}
        return Response(status, page.encode(), "text/html; charset=utf-8", headers)
    detail = "A gateway answered this request in place of the API."
    problem = {"type": BLANK, "title": title, "status": status, "detail": detail}
    return Response(status, orjson.dumps(problem), MEDIA_TYPE)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status"
