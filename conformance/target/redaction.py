"""The secrets of a target's answers, known by the names of their members."""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from conformance.journal.json_secrets import replace_members
from conformance.journal.secret_names import is_credential, is_secret
from conformance.target.exchange import Answer
from conformance.target.members import strings_in
from dinie_contract.output import SECRETS, unescaped

_ENDS = tuple(
    f'{end}{plural}":'.encode()
    for end in ("secret", "token", "word", "phrase", "passwd", "pwd", "key", "assertion",
                "authorization", "jwt", "bearer")
    for plural in ("", "s", "_", "-")
)  # fmt: skip
"""How the name of a credential ends. Most bodies have none, and are long: this is quick."""


_SPACED = re.compile(rb'"\s+:')


_SHORTEST_VALUE, _SHORTEST_SECRET = 8, 20
"""A shorter value of a cookie, such as ``true``, is no session; a shorter one of a header without
a secret's name may be a word of prose."""


def hide_header(name: str, value: str) -> None:
    """Keep a header that the user has given out of what a target says.

    A script of ours holds the value of none. But what a target says may have a short word of some
    header in it by chance.
    """
    if name.lower() in {"cookie", "proxy-authorization"} or is_secret(name):
        values = (one.partition("=")[2].strip() for one in value.split(";"))
        SECRETS.give([value, *(one for one in values if len(one) >= _SHORTEST_VALUE)])
    if len(value) >= _SHORTEST_SECRET:
        SECRETS.give([value])
    SECRETS.add([value])


def issued_secrets(answer: Answer) -> tuple[str, ...]:
    """The values of an answer's headers and members that are named like a credential.

    They are looked for once: a large body takes long, and may be in the evidence of many results.
    """
    if answer.issued is None:
        headers = [value for name, value in answer.headers if is_credential(name)]
        found = (*headers, *cookies_of(answer), *_issued_in(answer.body))
        object.__setattr__(answer, "issued", found)
        return found
    return answer.issued


def cookies_of(answer: Answer) -> list[str]:
    """The values of the cookies that an answer sets."""
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    return [one.partition(";")[0].partition("=")[2].strip() for one in cookies]


def _issued_in(body: bytes) -> list[str]:
    if b"\0" in body[:4]:  # UTF-16 or UTF-32, which some readers of JSON take
        body = body.decode(json.detect_encoding(body), "replace").encode(errors="replace")
    lowered = body.lower()
    is_plain = b"\\" not in body and not _SPACED.search(body)
    if is_plain and not (b'":' in lowered and any(one in lowered for one in _ENDS)):
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
    return has_any([one.casefold() for one in texts], shown)


def places_of(answer: Answer, texts: Iterable[str]) -> list[str]:
    """Where an answer that shows one of these texts has it: headers, JSON pointers, or its body."""
    folded = [one.casefold() for one in texts]

    def shows(text: str) -> bool:
        return has_any(folded, unescaped(text).casefold())

    headers = [name for name, value in answer.headers if shows(value)]
    try:
        members = [place for place, text in strings_in(answer.json()) if shows(text)]
    except ValueError:
        members = []
    return [*headers, *members] or ["body"]


def has_any(texts: Sequence[str], shown: str) -> bool:
    """Whether a text shows one of others; fast where these begin alike, as secrets do."""
    first, last = min(texts, default=""), max(texts, default="")
    alike = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    if not alike:
        return any(one in shown for one in texts)
    known, lengths = set(texts), {len(one) for one in texts}
    places = (found.start() for found in re.finditer(f"(?={re.escape(first[:alike])})", shown))
    return any(shown[at : at + length] in known for at in places for length in lengths)
