"""Sabotage of the token endpoint."""

import threading
from collections.abc import Callable
from http import HTTPStatus

from conformance.catalogue.sabotage import Sabotage, on_answers
from conformance.target.exchange import Answer, Forward, Request, Tamper


def is_exchange(request: Request) -> bool:
    """Whether a request asks for a token, in JSON."""
    return b'"grant_type"' in request.body


def issued_in(answer: Answer) -> dict[str, str]:
    """The secret that a healthy target shows in an answer, by its client id; empty without one."""
    client_id, secret = answer.text("client_id"), answer.text("client_secret")
    return {client_id: secret} if client_id and secret else {}


def on_tokens(name: str, change: Callable[[Answer], Answer]) -> Sabotage:
    """Change the answers that hold a token."""
    return on_answers(
        name, lambda _, one: change(one) if one.field("access_token") is not None else one
    )


def good_answer_again() -> Tamper:
    """Replay the first token answer to each credential for ever."""
    kept: dict[str, Answer] = {}
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        if not is_exchange(request):
            return forward(request)
        client_id = Answer(200, body=request.body).text("client_id") or ""
        answer = forward(request)
        with lock:
            if answer.status == HTTPStatus.OK:
                kept[client_id] = answer
            return kept.get(client_id, answer)

    return tamper
