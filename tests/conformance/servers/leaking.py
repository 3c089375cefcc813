"""A server that calls things by secrets: ids, members, states and media types."""

import itertools
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import KEYS, Application
from tests.conformance.servers.options import Options

TOKEN = "Wq7hN2bVx9Kd4Zs8Lm3Tf6Rg"
"""A token that has no known shape."""

NO_SHAPE = Options(secret_prefix="q7")
"""The secrets that it issues have none either."""


KNOWN_SECONDS = 2.0
"""The time in which an answer that issues a secret arrives."""


class Leaking(Application):
    """A first answer to a creation is right; lists, problems and some client ids tell secrets.

    ``secrets`` are all that were told, of every server of this class. Those before number ``first``
    belong to an earlier process, and a later one cannot know them.
    """

    secrets: ClassVar[list[str]] = [TOKEN]
    first: ClassVar[int] = 0

    def __init__(self, options: Options, tokens: Mapping[str, str]) -> None:
        super().__init__(options, tokens)
        self._numbers = itertools.count()
        self._fresh: deque[tuple[float, int]] = deque()
        self._known = [0]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer, number = super().answer(method, target, headers, body), next(self._numbers)
        # Who has not got the answer that issues a secret cannot know that it is one.
        while self._fresh and self._fresh[0][0] < time.monotonic() - KNOWN_SECONDS:
            self._known.append(self._fresh.popleft()[1])
        known = [one for one in self._known[-3:] if one >= self.first] or [0]
        secret = self.secrets[known[number % len(known)]]
        if method == "DELETE":
            # What is called by a secret cannot be revoked.
            refused = answer.status == 404 and target.rpartition("/")[2] in self.secrets
            return replace(answer, status=500) if refused else answer
        if KEYS not in target or not answer.body.startswith(b"{"):
            return answer
        value: dict[str, Any] = json.loads(answer.body)
        told = answer.headers
        if "client_secret" in value:
            self.secrets.append(value["client_secret"])
            self._fresh.append((time.monotonic(), len(self.secrets) - 1))
            if number % 5 == 0:
                value["client_id"] = value["client_secret"]
        elif "data" in value:
            for one in value["data"]:
                one |= {"note": secret, secret: None, "status": secret}
        else:
            value |= {"detail": f"{secret} {secret[:20]}", "title": secret[-20:], secret: secret}
            told = {"Content-Type": f"text/{secret}; note={secret}"}
        return replace(answer, headers=told, body=json.dumps(value).encode())


def told_in(folder: Path) -> Iterator[str]:
    """The files in a folder that hold a secret, or sixteen characters of one."""
    parts = {part.encode().lower() for one in Leaking.secrets for part in (one[:16], one[-16:])}
    for path in folder.rglob("*"):
        content = path.read_bytes().lower() if path.is_file() else b""
        yield from (f"{path}: {one!r}" for one in parts if one in content)
