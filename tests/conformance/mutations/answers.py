"""Mutations of answers: members, whole bodies, headers and statuses that no server should send."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

_DEEP, _VERY_DEEP = 2_000, 100_000
_LONG = 300_000

JSON_VALUES: Sequence[str] = (
    "null", "true", "false", "0", "-0", "-1", "1.5", "1e999", "-1e999", "1e-5000", "NaN",
    "Infinity", "-Infinity", "1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 5000, "1e400",
    '""', '" "', r'"\ud800"', r'"a\udfffb"', r'"\udc80"', r'"\u0000"', r'"a\r\nX-Injected: 1"',
    r'"\r"', r'"\u001b[31m"', r'"\u202etxt.exe"', r'"\ufeff"', '"\N{PILE OF POO}é"', '"%"',
    '"/"', '"."', '".."', '"../.."', '"?a=b#c"', '"@host/"', '"a b"', '"active"', '"revoked"',
    '"0"', '"1e999"', '"NaN"', '"' + "9" * 400 + '"', '"' + "x" * _LONG + '"',
    '"' + "secret" * 20_000 + '"', r'"' + r"\\" * _LONG + '"',
    '"9999-12-31T23:59:59-23:59"', '"9999-12-31T23:59:60Z"', '"2026-02-30T00:00:00Z"',
    '"0000-00-00T00:00:00Z"', '"2026-01-01T00:00:00.' + "9" * 5000 + 'Z"', "[]", "{}", "[[]]",
    "[null]", "[1, [2, [3]]]", '["a", 1, null, {}]', '{"a": {"b": []}}', '{"name": {"a": 1}}',
    '{"": ""}', '{"id": []}', '[{"id": {}, "name": []}]', '[{"param": {}, "detail": 1}, 5, "x"]',
    "[" * _DEEP + "]" * _DEEP, "[" * _VERY_DEEP + "]" * _VERY_DEEP,
    '{"a":' * _DEEP + "1" + "}" * _DEEP, '{"a":' * _VERY_DEEP + "1" + "}" * _VERY_DEEP,
    "[" * 90 + "]" * 90, "[" * 400 + "]" * 400,
    "[" + ",".join(map(str, range(20_000))) + "]", '{"' + "k" * _LONG + '": 1}', r'{"\ud800": 1}',
    r'{"\u0000\u001b": {"\r\n": []}}', "[" * _DEEP, '"open', "{", "tru", "'a'", "01", "+1", ".5",
)  # fmt: skip
"""Texts that take the place of a JSON value; some are no JSON."""

_HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"

BODIES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "HTML": lambda _: _HTML,
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "UTF-16": lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    "UTF-32 without a mark": lambda body: body.decode("utf-8", "replace").encode("utf-32-le"),
    "no UTF-8": lambda body: body.replace(b'"', b'"\xff\xfe\xed\xa0\x80', 3),
    "half of a character in UTF-8": lambda body: body.replace(b'": "', b'": "\xed\xa0\x80', 2),
    "cut": lambda body: body[: len(body) // 2],
    "twice": lambda body: body + body,
    "in a list": lambda body: b"[" + body + b"]",
    "in a member": lambda body: b'{"data": ' + body + b"}",
    "in the member errors": lambda body: b'{"errors": [' + body + b"]}",
    "200 kB of blanks": lambda body: body + b" " * 200_000,
    "200 kB of quotes": lambda _: b'"' * 200_000,
    "200 kB of backslashes": lambda _: b'{"a": "' + b"\\" * 200_000,
    "200 kB of secrets": lambda _: b'{"' + b"secret" * 34_000 + b'": "x"}',
    "200 kB of brackets": lambda _: b"[" * 200_000,
    "200 kB of stack trace": lambda _: b"\n  at a (" * 20_000,
    "NUL": lambda _: b"\0" * 64,
    "a compressed body": lambda _: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}
"""Changes of a whole body, by name."""

HEADER_VALUES: Sequence[bytes] = (
    b"", b" ", b"\xe9", "é😀".encode(), b"\xff\xfe", b"x" * 1_000_000, b",", b";",
    b"=", b'"', b"-1", b"0", b"1.5", b"1" + b"0" * 400, b"9" * 5000, b"NaN", b"Infinity",
    b"soon", b"9" * 15, b"Thu, 01 Jan 0001 00:00:00 GMT", b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"Fri, 31 Dec 9999 23:59:60 -2359", b"Mon, 01 Jan 0000 00:00:00 GMT",
    b"Mon, 99 Foo 99999 99:99:99 GMT", b"Sun Nov  6 08:49:37 1994",
    b"01 Jan 2026 00:00 +9999999999",
    b"Thu, 01 Jan 1970 00:00:00 -0000", b"Thu, 01 Jan 1 00:00:00 -0000", b"(((((" * 1000,
    b"application/json", b"application/problem+json", b"text/html", b"/", b'"/json"',
    b'application/json; charset="', b"application/json; charset=utf-16", b"a/b;" * 10_000,
    b'Bearer error="', b'Bearer error="invalid_token"' * 1000, b"Bearer " + b" " * 100_000 + b"x",
    b"error" + b" " * 100_000, b"gzip", b"br, zstd, unknown", b"http://[", b"//x:99999999/",
    b"https://example.com/\\..", b"no-store", b"," * 100_000, b"GET, \xe9", b"chunked", b"99999999",
    b"dinie_at_" + b"x" * 60,
)  # fmt: skip

HEADERS = (
    b"Content-Type", b"Retry-After", b"Date", b"X-RateLimit-Limit", b"X-RateLimit-Remaining",
    b"X-RateLimit-Reset", b"RateLimit-Policy", b"Location", b"WWW-Authenticate", b"Allow",
    b"Cache-Control", b"Content-Length", b"Set-Cookie", b"Idempotent-Replayed",
    b"Content-Encoding", b"Connection", b"X-\xe9",
)  # fmt: skip

STATUSES = (
    *(100, 101, 103, 199, 200, 201, 202, 203, 204, 205, 206, 299, 300, 301, 302, 303, 304, 307),
    *(308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 425, 429, 431),
    *(451, 499, 500, 501, 502, 503, 504, 511, 599, 600, 999, 0),
)

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it stands on the wire."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of answers: always the same for the same answer."""

    name: str
    apply: Callable[[RawAnswer], RawAnswer]


def drawn(choice: random.Random) -> Mutation:
    """A mutation of any kind; members are mutated as often as all else together."""
    kinds = (_of_a_member, _of_a_member, _of_a_member, _of_the_body, _of_a_header, _of_the_status)
    return choice.choice(kinds)(choice)


def _of_a_member(choice: random.Random) -> Mutation:
    text, place = choice.choice(JSON_VALUES), choice.random()
    what = choice.choice(("delete", "double", "replace", "replace", "replace", "add"))
    name = f"{what} member at {place:.3f}" + ("" if what == "delete" else f": {text[:60]}")
    return Mutation(name, lambda one: replace(one, body=_with_member(one.body, what, place, text)))


def _with_member(body: bytes, what: str, place: float, text: str) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        return text.encode()
    places = list(_places(value))
    if not places:
        return text.encode()
    holder, key = places[int(place * len(places))]
    mark = "the place of the mutation"
    if what == "delete":
        del holder[key]
    elif what == "double" and isinstance(holder, dict):
        # The same name twice, once with each value: JSON does not forbid it.
        whole = json.dumps(value)
        member = json.dumps({key: holder[key]})[1:-1]
        return whole.replace(member, f"{member}, {json.dumps(key)}: {text}", 1).encode()
    elif what == "add" and isinstance(holder, dict):
        holder[f"{key}_secret"] = mark
    else:
        holder[key] = mark
    return json.dumps(value).replace(json.dumps(mark), text).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and item of a JSON value, as its container and key."""
    pending = [value]
    while pending:
        one = pending.pop()
        keys = (
            list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        )
        for key in keys:
            yield one, key
            pending.append(one[key])


def _of_the_body(choice: random.Random) -> Mutation:
    if choice.random() < 0.3:
        text = choice.choice(JSON_VALUES)
        return Mutation(f"body {text[:60]}", lambda one: replace(one, body=text.encode()))
    name, change = choice.choice(list(BODIES.items()))
    return Mutation(f"body: {name}", lambda one: replace(one, body=change(one.body)))


def _of_a_header(choice: random.Random) -> Mutation:
    name, value, place = choice.choice(HEADERS), choice.choice(HEADER_VALUES), choice.random()
    what = choice.choice(("drop", "double", "garble", "garble", "set", "set", "set"))

    def changed(one: RawAnswer) -> RawAnswer:
        headers = list(one.headers)
        at = int(place * len(headers))
        if what == "set" or not headers:
            kept = [pair for pair in headers if pair[0].lower() != name.lower()]
            headers = [*kept, (name, value)]
        elif what == "drop":
            del headers[at]
        else:
            other = (headers[at][0], value)
            headers[at : at + 1] = [headers[at], other] if what == "double" else [other]
        return replace(one, headers=tuple(headers))

    where = name.decode("latin-1") if what == "set" else f"at {place:.3f}"
    shown = "" if what == "drop" else f": {value[:60]!r}"
    return Mutation(f"{what} header {where}{shown}", changed)


def _of_the_status(choice: random.Random) -> Mutation:
    status = choice.choice(STATUSES)
    return Mutation(f"status {status}", lambda one: replace(one, status=status))
