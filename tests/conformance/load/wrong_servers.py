"""Servers that are wrong only now and then, as servers are under load."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import KEYS, Application
from tests.conformance.servers.options import Options


class FailsNowAndThen(Application):
    """One answer in fifty is a 500, and so is the very first one."""

    def __init__(self, options: Options, tokens: Mapping[str, str]) -> None:
        super().__init__(options, tokens)
        self._numbers = itertools.count()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if next(self._numbers) % 50 == 0:
            return self.failure(500, target.partition("?")[0])
        return super().answer(method, target, headers, body)


class RefusesNowAndThen(Application):
    """One creation in five is refused."""

    def __init__(self, options: Options, tokens: Mapping[str, str]) -> None:
        super().__init__(options, tokens)
        self._numbers = itertools.count(1)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method == "POST" and next(self._numbers) % 5 == 0:
            return self.failure(422, target)
        return super().answer(method, target, headers, body)


_GATEWAY_PAGE = Answer(502, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})


class IsAwayNowAndThen(Application):
    """A gateway in front answers one request in ten."""

    def __init__(self, options: Options, tokens: Mapping[str, str]) -> None:
        super().__init__(options, tokens)
        self._numbers = itertools.count(1)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if next(self._numbers) % 10 == 0:
            return _GATEWAY_PAGE
        return super().answer(method, target, headers, body)


class RevokesBehindAGatewayThatFails(Application):
    """A gateway in front answers each revocation."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method == "DELETE":
            return _GATEWAY_PAGE
        return super().answer(method, target, headers, body)


class OmitsFromList(Application):
    """Every tenth key is in no list."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, target, headers, body)
        if method != "GET" or KEYS not in target or answer.status != 200:
            return answer
        page: dict[str, Any] = json.loads(answer.body)
        shown = [one for one in page["data"] if int(one["created_at"][-3:-1]) % 10]
        return replace(answer, body=json.dumps({**page, "data": shown}).encode())


class RepeatsItsList(Application):
    """Its list begins again after each page, and says that there is more."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method == "GET":
            target = target.partition("&starting_after")[0]
        answer = super().answer(method, target, headers, body)
        if method != "GET" or KEYS not in target or answer.status != 200:
            return answer
        page: dict[str, Any] = json.loads(answer.body)
        return replace(answer, body=json.dumps({**page, "has_more": True}).encode())
