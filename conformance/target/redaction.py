"""The secrets of a target's answers, known by the names of their members."""

import re
from collections.abc import Iterable

from conformance.journal.json_secrets import replace_members
from conformance.journal.secret_names import is_credential
from conformance.target.exchange import Answer
from dinie_contract.output import unescaped

_ENDS = tuple(
    f'{end}{plural}":'.encode()
    for end in ("secret", "token", "word", "passwd", "pwd", "key", "assertion", "authorization",
                "jwt", "bearer")
    for plural in ("", "s")
)  # fmt: skip
"""How the name of a credential ends. Most bodies have none, and are long: this is quick."""


_SPACED = re.compile(rb'"\s+:')


def issued_secrets(body: bytes) -> list[str]:
    """The values of an answer's members that are named like a credential, however spelled."""
    lowered = body.lower()
    is_plain = b"\\" not in body and not _SPACED.search(body)
    if is_plain and not any(one in lowered for one in _ENDS):
        return []
    found: list[str] = []

    def collect(secret: str) -> str:
        found.append(secret)
        return secret

    replace_members(body.decode("utf-8", "replace"), collect, is_credential)
    return found


def without_secrets(text: str) -> str:
    """The text of a request's JSON body with each secret and token replaced by ``REDACTED``."""
    return replace_members(text, lambda _: "REDACTED", is_credential)


def holds(answer: Answer, texts: Iterable[str]) -> bool:
    """Whether an answer shows one of these texts, in its body or a header, however spelled."""
    values = (value for _, value in answer.headers)
    shown = unescaped("\n".join((answer.body.decode("utf-8", "replace"), *values))).casefold()
    return any(one.casefold() in shown for one in texts)
