"""Sabotage of generated requirements: servers that fail on a few requests only."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from conformance.catalogue.sabotage import Sabotage
from conformance.target.exchange import Answer, Forward, Request, Tamper


def sent_name(request: Request) -> str:
    """The ``name`` in a request's JSON body; empty where there is none."""
    name = Answer(0, body=request.body).field("name")
    return name if isinstance(name, str) else ""


def now_and_then(name: str, change: Callable[[Answer], Answer]) -> Sabotage:
    """Every fourth answer that holds a JSON object is changed."""

    def make() -> Tamper:
        number = count()

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = forward(request)
            if answer.json_object() is None or next(number) % 4:
                return answer
            return change(answer)

        return tamper

    return Sabotage(name, make)


def taking(name: str, is_taken: Callable[[Any], bool]) -> Sabotage:
    """Invalid bodies that ``is_taken`` picks are accepted as if they were plain ones."""

    def tamper(request: Request, forward: Forward) -> Answer:
        try:
            body = json.loads(request.body)
        except ValueError:
            return forward(request)
        taken = request.method == "POST" and b"grant_type" not in request.body and is_taken(body)
        return forward(request.with_json({"name": "dinie-conformance"}) if taken else request)

    return Sabotage(name, lambda: tamper)


def member(name: str, *types: type) -> Callable[[Any], bool]:
    """Whether a body has a member of one of these types."""
    return lambda body: isinstance(body, dict) and type(body.get(name)) in types
